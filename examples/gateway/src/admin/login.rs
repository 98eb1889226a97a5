//! Logging in and out.

use std::time::Instant;

use axum::extract::{ConnectInfo, State};
use axum::http::header::SET_COOKIE;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Form, Router, routing::get};
use core::net::SocketAddr;
use maud::{Markup, html};
use serde::Deserialize;

use super::page::frame;
use super::session::{LIFETIME_S, NAME, Session};
use crate::app::App;
use crate::client_ip::client_ip;
use crate::gates;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/admin/login", get(form).post(log_in))
}

async fn form() -> Markup {
    show("")
}

fn show(fault: &str) -> Markup {
    frame(
        "Log in",
        &html! {
            main class="login" {
                h1 { "Gateway" }
                form method="post" action="/admin/login" {
                    label for="token" { "Admin token" }
                    input id="token" name="token" type="password" required autofocus
                        autocomplete="current-password";
                    @if !fault.is_empty() { p class="fault" role="alert" { (fault) } }
                    button { "Log in" }
                }
            }
        },
    )
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

/// An address with too many wrong tokens waits, as one with too many forged webhooks does.
async fn log_in(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(login): Form<Login>,
) -> Response {
    let mut connection = Extensions::new();
    connection.insert(ConnectInfo(peer));
    let ip = client_ip(&connection, &headers, &app.settings.trusted_proxies);
    let ip = ip.unwrap_or_else(|| peer.ip());
    if app.limit.wait(ip, Instant::now()).is_some() {
        return (StatusCode::TOO_MANY_REQUESTS, show("Too many attempts: wait a minute."))
            .into_response();
    }
    let token = app.admin.as_ref().filter(|token| token.is(&login.token));
    let Some(cookie) = token.and_then(Session::begin) else {
        app.limit.count(ip, Instant::now());
        tracing::warn!(event_type = "admin_login_refused", ip_address = %ip, "login refused");
        return (StatusCode::FORBIDDEN, show("That is not the token.")).into_response();
    };
    tracing::info!(event_type = "admin_login", ip_address = %ip, "logged in");
    let is_https = gates::public_url(&app.settings).starts_with("https:");
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = format!(
        "{NAME}={cookie}; Path=/admin; HttpOnly; SameSite=Strict; Max-Age={LIFETIME_S}{secure}"
    );
    ([(SET_COOKIE, cookie)], Redirect::to("/admin")).into_response()
}

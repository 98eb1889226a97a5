//! `/admin`: pages for operators. No script, and nothing from elsewhere.

mod attempts;
mod chart;
mod jobs;
mod login;
mod page;
mod session;
mod tenants;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use self::session::Session;
use crate::app::App;

/// What a page may load and where its forms may go.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (CACHE_CONTROL, "no-store"),
];

/// All pages; behind the login, but for the login and the style. None without an admin token.
pub(crate) fn routes(app: &App) -> Router<App> {
    if app.admin.is_none() {
        return Router::new();
    }
    let pages = Router::new()
        .merge(attempts::routes())
        .merge(tenants::routes())
        .merge(jobs::routes())
        .layer(from_fn_with_state(app.clone(), operators_only));
    Router::new()
        .merge(pages)
        .merge(login::routes())
        .route("/admin/style.css", get(style))
        .layer(from_fn(with_headers))
}

/// Puts the session into the request, or asks for a login.
async fn operators_only(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match Session::of(&app, request.headers()) {
        Some(session) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        None => Redirect::to("/admin/login").into_response(),
    }
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("admin/style.css")).into_response()
}

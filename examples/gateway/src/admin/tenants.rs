//! The tenants: which keys are in use, and their rotation.

use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::{Form, Router, routing::get, routing::post};
use maud::{Markup, html};
use serde::Deserialize;
use twilio_sig::AuthToken;
use zeroize::Zeroizing;

use super::page::{button, page, segment};
use super::session::Session;
use crate::app::App;
use crate::clock;
use crate::fault::Fault;
use crate::tenants::rows::{self, Tenant};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/admin/tenants", get(list))
        .route("/admin/tenants/{id}/rotate", post(rotate))
        .route("/admin/tenants/{id}/{change}", post(press))
}

async fn list(State(app): State<App>, session: Session) -> Result<Markup, Fault> {
    let rows = rows::all(&app.store).await?;
    Ok(page(
        "Tenants",
        &html! {
            @if rows.is_empty() {
                p { "There is none in the database. Add one with " code { "gateway tenant add" } "." }
            }
            @for row in &rows { (tenant(&session, row)) }
        },
    ))
}

fn tenant(session: &Session, row: &Tenant) -> Markup {
    let path = format!("/admin/tenants/{}", segment(&row.id));
    let used = |at: Option<i64>| match at {
        Some(at) => format!("last used {}", clock::show(at)),
        None => "not used yet".to_owned(),
    };
    html! {
        section {
            h2 { (row.id) @if !row.active { " " span class="key error" { "disabled" } } }
            dl {
                dt { "Account" } dd { code { (row.account_sid.as_deref().unwrap_or("any")) } }
                dt { "Numbers" } dd { (row.numbers.join(", ")) }
                dt { "Path" } dd { code { "/t/" (row.id) "/…" } }
                dt { "Primary token" } dd { (used(row.primary_used_at)) }
                @if row.secondary_token.is_some() {
                    dt { "Old token" } dd { (used(row.secondary_used_at)) }
                }
            }
            form method="post" action={ (path) "/rotate" } {
                input type="hidden" name="csrf" value=(session.csrf());
                label { "New primary token "
                    input name="token" type="password" required autocomplete="off";
                }
                button { "Rotate" }
            }
            @if row.secondary_token.is_some() {
                (button(session, &format!("{path}/drop-secondary"), "Remove the old token"))
            }
            @if row.active { (button(session, &format!("{path}/disable"), "Disable")) }
            @else { (button(session, &format!("{path}/enable"), "Enable")) }
        }
    }
}

#[derive(Deserialize)]
struct Rotation {
    #[serde(default)]
    csrf: String,
    token: String,
}

async fn rotate(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Form(rotation): Form<Rotation>,
) -> Result<Redirect, Fault> {
    session.check(&rotation.csrf)?;
    let token = Zeroizing::new(rotation.token);
    AuthToken::new(token.as_str()).map_err(|_| Fault::Malformed("that is no auth token"))?;
    let directory = &app.tenants;
    let sealed = directory.vault().seal(&id, &token);
    let sealed = sealed.map_err(|error| Fault::Unavailable(error.to_string()))?;
    changed(&app, "rotated", &id, rows::rotate(&app.store, &id, &sealed).await?).await
}

/// What a button changes.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Change {
    DropSecondary,
    Disable,
    Enable,
}

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    csrf: String,
}

async fn press(
    State(app): State<App>,
    session: Session,
    Path((id, change)): Path<(String, Change)>,
    Form(form): Form<Button>,
) -> Result<Redirect, Fault> {
    session.check(&form.csrf)?;
    let (what, found) = match change {
        Change::DropSecondary => ("old token removed", rows::drop_secondary(&app.store, &id).await),
        Change::Disable => ("disabled", rows::set_active(&app.store, &id, false).await),
        Change::Enable => ("enabled", rows::set_active(&app.store, &id, true).await),
    };
    changed(&app, what, &id, found?).await
}

/// Takes effect at once here, and in two seconds in other processes.
async fn changed(app: &App, what: &str, id: &str, found: bool) -> Result<Redirect, Fault> {
    if !found {
        return Err(Fault::Unknown("no such tenant"));
    }
    tracing::info!(event_type = "tenant_changed", tenant_id = id, change = what, "tenant changed");
    let loaded = app.tenants.load().await;
    loaded.map_err(|error| Fault::Unavailable(error.to_string()))?;
    Ok(Redirect::to("/admin/tenants"))
}

//! The jobs that were given up, and a button that tries them anew.

use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::{Form, Router, routing::get, routing::post};
use maud::{Markup, html};
use serde::Deserialize;

use super::page::{button, page, segment};
use super::session::Session;
use crate::app::App;
use crate::fault::Fault;
use crate::{clock, jobs};

/// How many are shown.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/admin/jobs", get(list)).route("/admin/jobs/{id}/replay", post(replay))
}

async fn list(State(app): State<App>, session: Session) -> Result<Markup, Fault> {
    let dead = jobs::dead(&app.store, ROWS).await?;
    Ok(page(
        "Dead jobs",
        &html! {
            @if dead.is_empty() { p { "There is none." } } @else {
                table {
                    thead { tr { th { "Job" } th { "Died" } th { "Attempts" } th { "Why" } th {} } }
                    tbody {
                        @for job in &dead {
                            tr {
                                td data-label="Job" { code { (job.id) } }
                                td data-label="Died" { (clock::show(job.died_at)) }
                                td data-label="Attempts" { (job.attempts) }
                                td data-label="Why" { (job.last_error) }
                                td {
                                    (button(&session, &format!("/admin/jobs/{}/replay", segment(&job.id)), "Replay"))
                                }
                            }
                        }
                    }
                }
            }
        },
    ))
}

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    csrf: String,
}

async fn replay(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Form(form): Form<Button>,
) -> Result<Redirect, Fault> {
    session.check(&form.csrf)?;
    if !jobs::replay(&app.store, &id).await? {
        return Err(Fault::Unknown("no such dead job"));
    }
    tracing::info!(event_type = "job_replayed", job = id, "a dead job is tried anew");
    app.events.queue.wake();
    Ok(Redirect::to("/admin/jobs"))
}

//! Jobs, and a button that tries anew what was given up or is done.

use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::{Form, Router, routing::get, routing::post};
use maud::{Markup, html};
use serde::Deserialize;

use super::page::{button, page};
use super::session::Session;
use crate::app::App;
use crate::clock;
use crate::fault::Fault;
use crate::jobs::{self, Seen};

/// How many are shown.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/admin/jobs", get(list)).route("/admin/jobs/{number}/replay", post(replay))
}

async fn list(State(app): State<App>, session: Session) -> Result<Markup, Fault> {
    let dead = jobs::dead(&app.store, ROWS).await?;
    Ok(page("Dead jobs", &table(&session, &dead)))
}

/// Jobs, each with a button if it is over.
pub(super) fn table(session: &Session, jobs: &[Seen]) -> Markup {
    let is_over = |job: &Seen| job.state == "dead" || job.state == "done";
    html! {
        @if jobs.is_empty() { p { "There is none." } } @else {
            table {
                thead { tr {
                    th { "Job" } th { "State" } th { "When" } th { "Attempts" } th { "Why" } th {}
                } }
                tbody {
                    @for job in jobs {
                        tr {
                            td data-label="Job" { code { (job.number) " " (job.event) ":" (job.kind) } }
                            td data-label="State" { (job.state) }
                            td.whole data-label="When" { (clock::show(job.at)) }
                            td data-label="Attempts" { (job.attempts) }
                            td data-label="Why" { (job.last_error) }
                            td {
                                @if is_over(job) {
                                    (button(session, &format!("/admin/jobs/{}/replay", job.number), "Replay"))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    csrf: String,
}

async fn replay(
    State(app): State<App>,
    session: Session,
    Path(number): Path<i64>,
    Form(form): Form<Button>,
) -> Result<Redirect, Fault> {
    session.check(&form.csrf)?;
    if !jobs::replay(&app.store, number).await? {
        return Err(Fault::Unknown("no such job that is over"));
    }
    tracing::info!(event_type = "job_replayed", job = number, "a job is tried anew");
    app.events.queue.wake();
    Ok(Redirect::to("/admin/jobs"))
}

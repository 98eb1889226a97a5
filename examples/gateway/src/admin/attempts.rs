//! The webhook log: filtered, and one attempt with its diagnosis.

use axum::extract::{Path, Query, State};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde::Deserialize;

use super::chart::chart;
use super::page::{page, segment};
use super::session::Session;
use crate::app::App;
use crate::attempts;
use crate::clock;
use crate::fault::Fault;
use crate::jobs;
use crate::store::Row;

/// Rows of a page.
const ROWS: i64 = 50;
/// So many characters are shown in a row of a path that no route is for.
const MAX_PATH: usize = 60;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/admin", get(list)).route("/admin/attempts/{id}", get(one))
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Filter {
    status: String,
    tenant: String,
    sid: String,
    /// Those with a lower id.
    before: Option<i64>,
}

/// Everything that matches, the newest first. An empty filter matches all.
async fn list(State(app): State<App>, Query(filter): Query<Filter>) -> Result<Markup, Fault> {
    let Filter { status, tenant, sid, before } = filter.clone();
    let rows = app.store.read(move |sql| {
        sql.query(
            "SELECT id, at, event_type, url, status, http_status, reason, tenant, ip, sid, duration_us
            FROM attempts WHERE (?1 = '' OR status = ?1) AND (?2 = '' OR tenant = ?2)
                AND (?3 = '' OR sid = ?3) AND id < ?4 ORDER BY id DESC LIMIT ?5",
            &[
                (&status).into(),
                (&tenant).into(),
                (&sid).into(),
                before.unwrap_or(i64::MAX).into(),
                ROWS.into(),
            ],
        )
    });
    let rows = rows.await?;
    let attempts = rows.iter().map(Attempt::of).collect::<Result<Vec<_>, _>>()?;
    let chart = chart(&app.store).await?;
    Ok(page(
        "Attempts",
        &html! {
            (chart)
            (filters(&filter))
            (table(&attempts))
            @if let Some(last) = attempts.last().filter(|_| rows.len() >= usize::try_from(ROWS).unwrap_or(0)) {
                p {
                    a href={ "/admin?status=" (segment(&filter.status)) "&tenant="
                        (segment(&filter.tenant)) "&sid=" (segment(&filter.sid)) "&before="
                        (last.id) } { "Older" }
                }
            }
        },
    ))
}

fn filters(filter: &Filter) -> Markup {
    html! {
        form class="filters" method="get" action="/admin" {
            label { "Status "
                select name="status" {
                    @for status in ["", "success", "duplicate", "unauthorized", "error"] {
                        option value=(status) selected[status == filter.status] {
                            @if status.is_empty() { "any" } @else { (status) }
                        }
                    }
                }
            }
            label { "Tenant " input name="tenant" value=(filter.tenant); }
            label { "Message or call SID " input name="sid" value=(filter.sid); }
            button { "Show" }
        }
    }
}

fn table(attempts: &[Attempt]) -> Markup {
    html! {
        @if attempts.is_empty() { p { "There is none." } } @else {
            table {
                thead { tr {
                    th { "When" } th { "Status" } th { "Route" } th { "Tenant" } th { "SID" }
                    th { "From" } th { "ms" }
                } }
                tbody {
                    @for attempt in attempts {
                        tr {
                            td.whole data-label="When" {
                                a href={ "/admin/attempts/" (attempt.id) } { (clock::show(attempt.at)) }
                            }
                            td data-label="Status" {
                                span {
                                    span class={ "key " (attempt.status) } { (attempt.status) }
                                    " " (attempt.http_status) " "
                                    (attempt.reason.as_deref().unwrap_or_default())
                                }
                            }
                            td data-label="Route" { (attempt.route) }
                            td data-label="Tenant" { (attempt.tenant) }
                            td data-label="SID" { code { (attempt.sid) } }
                            td.whole data-label="From" { (attempt.ip) }
                            td.whole data-label="ms" { (millis(attempt.duration_us)) }
                        }
                    }
                }
            }
        }
    }
}

async fn one(
    State(app): State<App>,
    session: Session,
    Path(id): Path<i64>,
) -> Result<Markup, Fault> {
    let rows = app.store.read(move |sql| {
        sql.query(
            "SELECT id, at, event_type, url, status, http_status, reason, tenant, ip, sid, duration_us,
                request_id, headers, payload, diagnosis, inbox_id
            FROM attempts WHERE id = ?1",
            &[id.into()],
        )
    });
    let rows = rows.await?;
    let row = rows.first().ok_or(Fault::Unknown("no such attempt"))?;
    let attempt = Attempt::of(row)?;
    let [request_id, headers, payload] = [row.get::<String>(11)?, row.get(12)?, row.get(13)?];
    let url: String = row.get(3)?;
    let diagnosis: Option<String> = row.get(14)?;
    let event: Option<String> = row.get(15)?;
    let (jobs, payload) = match &event {
        Some(event) => {
            // A gateway of before has logged it here.
            let payload =
                if payload.is_empty() { body(&app, event.clone()).await? } else { payload };
            (jobs::of_event(&app.store, event.clone()).await?, payload)
        }
        None => (Vec::new(), payload),
    };
    Ok(page(
        "Attempt",
        &html! {
            p {
                span class={ "key " (attempt.status) } { (attempt.status) }
                " " (attempt.http_status) " " (meaning(attempt.reason.as_deref()))
            }
            @if let Some(diagnosis) = &diagnosis {
                h2 { "Diagnosis" }
                pre { (diagnosis) }
            }
            @if let Some(event) = &event {
                h2 { "Event" }
                p { code { (event) } }
                (super::jobs::table(&session, &jobs))
            }
            h2 { "Request" }
            dl {
                dt { "When" } dd { (clock::show(attempt.at)) }
                dt { "Id" } dd { code { (request_id) } }
                dt { "URL" } dd { code { (url) } " (the query is not kept)" }
                dt { "Tenant" } dd { (attempt.tenant) }
                dt { "SID" } dd { code { (attempt.sid) } }
                dt { "From" } dd { (attempt.ip) }
                dt { "Took" } dd { (millis(attempt.duration_us)) " ms" }
                dt { "Headers" } dd { code { (headers) } }
                dt { "Parameters" } dd {
                    p { "In brackets: the length of a value that is not kept." }
                    @for param in payload.split('&') { code { (param) } br; }
                }
            }
        },
    ))
}

/// What may be shown of the body of an event.
async fn body(app: &App, event: String) -> Result<String, Fault> {
    let rows = app
        .store
        .read(move |sql| sql.query("SELECT body FROM inbox WHERE id = ?1", &[(&event).into()]));
    let Some(row) = rows.await?.pop() else { return Ok("It is not kept any more.".into()) };
    Ok(attempts::payload(&row.get::<Vec<u8>>(0)?, app.settings.log_payloads))
}

/// What a reason means, for a person.
fn meaning(reason: Option<&str>) -> &str {
    match reason {
        None => "",
        Some("mismatch") => "The signature does not match: no key of the tenant signed this.",
        Some("missing_signature") => "There is no signature: it does not come from Twilio.",
        Some("unknown_tenant") => "No tenant has this number, account or path.",
        Some("inactive_tenant") => "The tenant is switched off.",
        Some("wrong_account") => "It is signed, and of another account than the tenant's.",
        Some("stale") => "The signed timestamp is too old.",
        Some("early") => "The signed timestamp lies in the future, or our clock is wrong.",
        Some("replayed") => "The very same request was seen before.",
        Some("in_progress") => "The same event is being handled.",
        Some("store_unavailable" | "store_full") => "What was seen could not be looked up.",
        Some(other) => other,
    }
}

struct Attempt {
    id: i64,
    at: i64,
    /// Its path, where no route is its own.
    route: String,
    status: String,
    http_status: i64,
    reason: Option<String>,
    tenant: String,
    ip: String,
    sid: String,
    duration_us: i64,
}

impl Attempt {
    /// From these columns: id, at, `event_type`, url, status, `http_status`, reason, tenant, ip, sid, `duration_us`.
    fn of(row: &Row) -> Result<Self, Fault> {
        let or_dash = |position| {
            let text = row.get::<Option<String>>(position)?;
            Ok::<_, Fault>(text.unwrap_or_else(|| "–".to_owned()))
        };
        let mut route: String = row.get(2)?;
        if route == attempts::NO_ROUTE {
            route = row.get::<String>(3)?.chars().take(MAX_PATH).collect();
        }
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            route,
            status: row.get(4)?,
            http_status: row.get(5)?,
            reason: row.get(6)?,
            tenant: or_dash(7)?,
            ip: or_dash(8)?,
            sid: or_dash(9)?,
            duration_us: row.get(10)?,
        })
    }
}

fn millis(micros: i64) -> String {
    format!("{}.{}", micros.div_euclid(1_000), micros.rem_euclid(1_000).div_euclid(100))
}

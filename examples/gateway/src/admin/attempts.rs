//! The webhook log: filtered, and one attempt with its diagnosis.

use axum::extract::{Path, Query, State};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde::Deserialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::chart::chart;
use super::page::{page, segment};
use super::session::Session;
use crate::app::App;
use crate::attempts;
use crate::clock;
use crate::fault::Fault;
use crate::jobs;

/// Rows of a page.
const ROWS: i64 = 50;
/// So many characters are shown in a row of a path that no route is for.
const MAX_PATH: usize = 60;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/admin", get(list)).route("/admin/attempts/{id}", get(one))
}

#[derive(Default, Deserialize)]
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
    let query = sqlx::query(
        "SELECT id, at, event_type, url, status, http_status, reason, tenant, ip, sid, duration_us
        FROM attempts WHERE ($1 = '' OR status = $1) AND ($2 = '' OR tenant = $2)
            AND ($3 = '' OR sid = $3) AND id < $4 ORDER BY id DESC LIMIT $5",
    );
    let query = query.bind(&filter.status).bind(&filter.tenant).bind(&filter.sid);
    let query = query.bind(filter.before.unwrap_or(i64::MAX)).bind(ROWS);
    let rows = query.fetch_all(app.store.reader()).await?;
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
    let query = sqlx::query("SELECT * FROM attempts WHERE id = $1").bind(id);
    let row = query.fetch_optional(app.store.reader()).await?;
    let row = row.ok_or(Fault::Unknown("no such attempt"))?;
    let attempt = Attempt::of(&row)?;
    let text = |name| row.try_get::<String, _>(name);
    let diagnosis = row.try_get::<Option<String>, _>("diagnosis")?;
    let event = row.try_get::<Option<String>, _>("inbox_id")?;
    let jobs = match &event {
        Some(event) => jobs::of_event(&app.store, event).await?,
        None => Vec::new(),
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
                dt { "Id" } dd { code { (text("request_id")?) } }
                dt { "URL" } dd { code { (text("url")?) } " (the query is not kept)" }
                dt { "Tenant" } dd { (attempt.tenant) }
                dt { "SID" } dd { code { (attempt.sid) } }
                dt { "From" } dd { (attempt.ip) }
                dt { "Took" } dd { (millis(attempt.duration_us)) " ms" }
                dt { "Headers" } dd { code { (text("headers")?) } }
                dt { "Parameters" } dd {
                    p { "In brackets: the length of a value that is not kept." }
                    @for param in text("payload")?.split('&') { code { (param) } br; }
                }
            }
        },
    ))
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
    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let or_dash = |name| {
            let text = row.try_get::<Option<String>, _>(name)?;
            Ok::<_, sqlx::Error>(text.unwrap_or_else(|| "–".to_owned()))
        };
        let mut route: String = row.try_get("event_type")?;
        if route == attempts::NO_ROUTE {
            route = row.try_get::<String, _>("url")?.chars().take(MAX_PATH).collect();
        }
        Ok(Self {
            id: row.try_get("id")?,
            at: row.try_get("at")?,
            route,
            status: row.try_get("status")?,
            http_status: row.try_get("http_status")?,
            reason: row.try_get("reason")?,
            tenant: or_dash("tenant")?,
            ip: or_dash("ip")?,
            sid: or_dash("sid")?,
            duration_us: row.try_get("duration_us")?,
        })
    }
}

fn millis(micros: i64) -> String {
    format!("{}.{}", micros.div_euclid(1_000), micros.rem_euclid(1_000).div_euclid(100))
}

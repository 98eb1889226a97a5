//! Every attempt is counted and logged: success, error, unauthorized or duplicate.
//!
//! The outermost layer. It gives the request an id and the address of its client, and writes down what
//! became of it.
//!
//! An address that was refused too often gets 429 for what is refused, and nothing of it is kept. **A
//! genuine request passes from any address**: most come from Twilio's own, and so do forged ones, if a
//! stranger with an account there gives it our URL.

mod diagnosis;
mod log;
mod record;
mod redact;

use alloc::sync::Arc;
use core::cell::RefCell;
use core::net::IpAddr;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use twilio_sig_tower::{Event, GateResponse, Outcome, PeerAddr, Refusal};

pub(crate) use self::diagnosis::Diagnosis;
pub(crate) use self::log::Log;
use self::record::Record;
pub(crate) use self::redact::payload;
use crate::client_ip::client_ip;
use crate::limit::Limit;
use crate::settings::Payloads;

/// What is kept of a body for the log and for a diagnosis, in bytes. A webhook has some kilobytes.
const MAX_SEEN: usize = 65_536;

/// What is counted and logged as the route of a path that is none of ours, as every path of an app is.
pub(crate) const NO_ROUTE: &str = "none";

/// What the layer needs.
pub(crate) struct Attempts {
    pub(crate) limit: Arc<Limit>,
    pub(crate) log: Log,
    pub(crate) diagnosis: Diagnosis,
    pub(crate) trusted_proxies: Arc<[IpAddr]>,
    pub(crate) payloads: Payloads,
}

/// What the gate has said of the request at hand.
#[derive(Clone, Debug, Default)]
struct Notes {
    request: String,
    tenant: Option<String>,
    sid: Option<String>,
    refusal: Option<Refusal>,
    /// The event that it was the first to tell of.
    event: Option<String>,
    /// Whether its address was refused too often.
    is_limited: bool,
}

impl Notes {
    fn of(request: String, wait: Option<Duration>) -> Self {
        Self { request, is_limited: wait.is_some(), ..Self::default() }
    }
}

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

/// Notes what the gate says of the request that this task is about.
pub(crate) fn note(event: &Event<'_>) {
    // What goes on after its caller hung up is about no request any more.
    let _ = NOTES.try_with(|notes| {
        if let Ok(mut notes) = notes.try_borrow_mut() {
            notes.tenant = event.tenant.map(str::to_owned);
            notes.sid = event.sid.as_deref().map(str::to_owned);
            if let Outcome::Refused(refusal) = event.outcome {
                notes.refusal = Some(refusal);
            }
        }
    });
}

/// Notes that the request that this task is about was the first to tell of an event.
pub(crate) fn note_event(id: &str) {
    let _ = NOTES.try_with(|notes| {
        if let Ok(mut notes) = notes.try_borrow_mut() {
            notes.event = Some(id.to_owned());
        }
    });
}

/// Whether this task is about a request from an address that was refused too often.
pub(crate) fn is_limited() -> bool {
    let is_limited = NOTES.try_with(|notes| notes.try_borrow().is_ok_and(|notes| notes.is_limited));
    is_limited.unwrap_or(false)
}

/// The id of the request that this task is about.
pub(crate) fn current_request() -> Option<String> {
    NOTES.try_with(|notes| notes.try_borrow().ok().map(|notes| notes.request.clone())).ok()?
}

/// The layer.
pub(crate) async fn layer(
    State(attempts): State<Arc<Attempts>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let ip = client_ip(request.extensions(), request.headers(), &attempts.trusted_proxies);
    let wait = ip.and_then(|ip| attempts.limit.wait(ip, started));
    if let Some(ip) = ip {
        request.extensions_mut().insert(PeerAddr(ip));
    }
    let id = request_id();
    let span = tracing::info_span!("request", request_id = id, otel.kind = "server");
    let head = Head::of(&request);
    let (request, seen) = watched(request);
    let handling = NOTES.scope(RefCell::new(Notes::of(id.clone(), wait)), async move {
        let response = next.run(request).await;
        (response, NOTES.with(RefCell::take))
    });
    let (mut response, notes) = handling.instrument(span.clone()).await;

    if let Some(ip) = ip
        && notes.refusal.is_some_and(is_by_a_stranger)
    {
        if let Some(wait) = wait {
            return too_many(wait);
        }
        if attempts.limit.count(ip, Instant::now()) {
            tracing::warn!(event_type = "rate_limited", ip_address = %ip, "refused too often");
        }
    }
    for_traces(&span, &head, &response, &notes);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let body = seen.lock().unwrap_or_else(PoisonError::into_inner).concat();
    attempts.write(id, head, ip, notes, &response, body, started.elapsed());
    response
}

/// What a trace says of a request. No field of the span, which each line of the log would repeat.
fn for_traces(span: &Span, head: &Head, response: &Response, notes: &Notes) {
    if span.is_disabled() {
        return;
    }
    span.set_attribute("http.route", head.route.clone());
    span.set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
    if let Some(tenant) = &notes.tenant {
        span.set_attribute("twilio.tenant", tenant.clone());
    }
    if let Some(refusal) = notes.refusal {
        span.set_attribute("twilio.reason", refusal.code());
    }
}

impl Attempts {
    #[expect(clippy::too_many_arguments, reason = "all that is known of an attempt")]
    fn write(
        &self,
        id: String,
        head: Head,
        ip: Option<IpAddr>,
        notes: Notes,
        response: &Response,
        body: Vec<u8>,
        elapsed: Duration,
    ) {
        let is_replayed = response.headers().contains_key(GateResponse::REPLAYED_HEADER);
        let status = status_of(response.status(), is_replayed, notes.refusal);
        let reason = notes.refusal.map(Refusal::code);
        let Head { route, uri, headers } = head;
        metrics::counter!(
            "gateway_attempts_total",
            "route" => route.clone(), "status" => status, "reason" => reason.unwrap_or("none")
        )
        .increment(1);
        metrics::histogram!("gateway_request_seconds", "route" => route.clone()).record(elapsed);
        // That of an event is in the inbox.
        let is_kept = notes.event.is_some();
        let payload = if is_kept { String::new() } else { payload(&body, self.payloads) };
        let record = Record {
            request_id: id,
            at: crate::clock::now(),
            event_type: route,
            status,
            http_status: response.status().as_u16(),
            reason,
            tenant: notes.tenant,
            ip: ip.map(|ip| ip.to_string()),
            url: redact::url(&uri),
            sid: notes.sid,
            inbox_id: notes.event,
            headers: redact::headers(&headers),
            payload,
            duration_us: i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX),
            diagnosis: None,
        };
        if notes.refusal.is_some_and(Diagnosis::explains) {
            self.diagnosis.explain(self.log.clone(), record, uri, headers, body);
        } else {
            self.log.push(record);
        }
    }
}

/// The request, and what is read of its body.
fn watched(request: Request) -> (Request, Arc<Mutex<Vec<Bytes>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (watcher, mut room) = (Arc::clone(&seen), MAX_SEEN);
    let request = request.map(|body| {
        Body::new(body.map_frame(move |frame| {
            if let Some(data) = frame.data_ref() {
                let data = data.slice(..data.len().min(room));
                room = room.saturating_sub(data.len());
                watcher.lock().unwrap_or_else(PoisonError::into_inner).push(data);
            }
            frame
        }))
    });
    (request, seen)
}

fn too_many(wait: Duration) -> Response {
    metrics::counter!("gateway_rate_limited_total").increment(1);
    let seconds = wait.as_secs().saturating_add(1);
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)]).into_response()
}

/// Whether it was refused before anything was proven. What Twilio signed counts for nothing, late,
/// repeated or unwanted as it may be.
const fn is_by_a_stranger(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::RepeatedHeader(_)
            | Refusal::Origin(_)
            | Refusal::BodyTooLong
            | Refusal::BodyUnreadable
            | Refusal::UnknownTenant
            | Refusal::InactiveTenant
            | Refusal::Verify(_)
    )
}

fn status_of(status: StatusCode, is_replayed: bool, refusal: Option<Refusal>) -> &'static str {
    match refusal {
        _ if is_replayed || status == StatusCode::CONFLICT => "duplicate",
        Some(_) if status.is_client_error() => "unauthorized",
        _ if status.as_u16() < 400 => "success",
        _ => "error",
    }
}

/// What is kept of the head of a request, which the route takes.
struct Head {
    /// The route that matched, the same with and without its tenant.
    route: String,
    uri: Uri,
    headers: HeaderMap,
}

impl Head {
    fn of(request: &Request) -> Self {
        let path = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str);
        let route = path.strip_prefix("/t/{tenant}").unwrap_or(path).to_owned();
        Self { route, uri: request.uri().clone(), headers: request.headers().clone() }
    }
}

/// 64 random bits. Without randomness there is an id all the same.
fn request_id() -> String {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

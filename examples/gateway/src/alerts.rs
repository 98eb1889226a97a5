//! Alerts to Sentry: what is refused, and what is out of order. Only with the setting `SENTRY_DSN`.
//!
//! The crate makes the events out of what is logged; they are sent by the client that the gateway has
//! anyway, off the way of any request. What finds no room is dropped.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use sentry::integrations::tracing::{EventFilter, layer as tracing_layer};
use sentry::protocol::Event;
use sentry::types::Dsn;
use sentry::{
    ClientInitGuard, ClientOptions, Envelope, Transport, TransportFactory, TransportOptions,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::attempts;
use crate::budget::Budget;
use crate::client::{Client, chain, client_for};
use crate::exit::Failure;

/// How many are sent in a minute: a sender of forged requests must not use up what Sentry takes.
const PER_MINUTE: i64 = 30;
/// How many may wait. One more is dropped.
const MAX_WAITING: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer that is read, so that its connection can be used again, in bytes.
const MAX_ANSWER: usize = 16_384;
const AGENT: &str = concat!("twilio-gateway/", env!("CARGO_PKG_VERSION"));

/// Sentry, until it is finished.
pub(crate) struct Alerts {
    guard: ClientInitGuard,
    sending: JoinHandle<()>,
}

impl Alerts {
    /// Sends from now on what the layer hands over.
    pub(crate) fn start(dsn: &str) -> Result<Self, Failure> {
        // What cannot be read is not repeated: it holds a key.
        let dsn: Dsn = dsn.parse().map_err(|error| format!("SENTRY_DSN: {error}"))?;
        let uri: Uri = dsn.envelope_api_url().as_str().parse()?;
        let client = client_for(&uri)?;
        let (sender, receiver) = channel(MAX_WAITING);
        let auth = dsn.to_auth(Some(AGENT)).to_string();
        let sending = tokio::spawn(send_all(client, uri, auth, receiver));
        let budget = Budget::new(PER_MINUTE);
        let options = ClientOptions::new()
            .release(Cow::Borrowed(AGENT))
            .transport(Waiting(Arc::new(Mutex::new(Some(sender)))))
            .before_send(move |event| budget.take().then(|| with_request(event)));
        let guard = sentry::init((dsn, options));
        Ok(Self { guard, sending })
    }

    /// Sends what waits.
    pub(crate) async fn finish(self) {
        drop(self.guard);
        let _ = self.sending.await;
    }
}

/// Hands over what Sentry is told: errors, and what the gate refuses, unless its address was refused too
/// often.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> + Send + Sync {
    let is_wanted = |event: &Metadata<'_>| {
        let (target, level) = (event.target(), *event.level());
        let is_refusal = level == Level::WARN && target.starts_with("twilio_sig_gate");
        let is_error = level == Level::ERROR
            && (target.starts_with("twilio_sig") || target.starts_with("gateway"));
        event.is_event() && (is_refusal || is_error) && !attempts::is_limited()
    };
    let layer = tracing_layer().event_filter(|_| EventFilter::Event).span_filter(|_| false);
    layer.with_filter(dynamic_filter_fn(move |event, _| is_wanted(event)))
}

/// The event with the id of the request that it is about.
fn with_request(mut event: Event<'static>) -> Event<'static> {
    if let Some(id) = attempts::current_request() {
        event.tags.insert("request_id".into(), id);
    }
    event
}

/// What waits to be sent. It is emptied once the client closes.
#[derive(Clone)]
struct Waiting(Arc<Mutex<Option<Sender<Vec<u8>>>>>);

impl TransportFactory for Waiting {
    fn create_transport_with_options(&self, _: TransportOptions) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }
}

impl Transport for Waiting {
    fn send_envelope(&self, envelope: Envelope) {
        let mut bytes = Vec::new();
        if envelope.to_writer(&mut bytes).is_ok()
            && let Some(sender) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner)
            && sender.try_send(bytes).is_err()
        {
            metrics::counter!("gateway_alerts_lost_total").increment(1);
        }
    }

    fn shutdown(&self, _: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        true
    }
}

async fn send_all(client: Client, uri: Uri, auth: String, mut receiver: Receiver<Vec<u8>>) {
    while let Some(envelope) = receiver.recv().await {
        let sent = tokio::time::timeout(TIMEOUT, send(&client, &uri, &auth, envelope)).await;
        let sent = sent.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}")));
        if let Err(reason) = sent {
            metrics::counter!("gateway_alerts_lost_total").increment(1);
            // No error: it would be an alert, which cannot be sent either.
            tracing::warn!(event_type = "alert_lost", reason, "Sentry was not told");
        }
    }
}

async fn send(client: &Client, uri: &Uri, auth: &str, envelope: Vec<u8>) -> Result<(), String> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(uri.clone())
        .header("x-sentry-auth", auth)
        .header("content-type", "application/x-sentry-envelope")
        .body(Full::new(Bytes::from(envelope)));
    let request = request.map_err(|error| error.to_string())?;
    let answer = client.request(request).await.map_err(|error| chain(&error))?;
    let status = answer.status();
    let _ = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    if status.is_success() { Ok(()) } else { Err(format!("Sentry answered {status}")) }
}

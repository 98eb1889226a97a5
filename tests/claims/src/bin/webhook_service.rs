//! A service behind the layer, which says in a journal what it does. See `claims_live::service`.

use alloc::sync::Arc;
use core::error::Error;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::env;
use std::io::{Write, stdout};
use std::path::Path;
use std::process;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use claims_live::journal::Journal;
use claims_live::{Store, twilio};
use tokio::net::TcpListener;
use twilio_sig::replay::Guard;
use twilio_sig::{AuthToken, Origin, Verifier};
use twilio_sig_tower::{ClaimPolicy, Dedup, Event, Gate, Outcome, VerifiedWebhook, WebhookLayer};

extern crate alloc;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [url, port, lease, steps, journal] = &arguments[..] else {
        return Err("webhook_service STORE PORT LEASE_MILLIS both|guard JOURNAL".into());
    };
    let journal = Arc::new(Journal::open(Path::new(journal))?);
    let store = Store::connect(url).await?;
    let policy = ClaimPolicy::new().lease(Duration::from_millis(lease.parse()?))?;
    let told = Arc::clone(&journal);
    let verifier = Verifier::new(AuthToken::new(twilio::TOKEN)?);
    let gate = Gate::new(verifier, Origin::fixed(twilio::BASE)?)
        .guard(Guard::new(store.clone()))
        .claim_policy(policy)
        .on_event(move |event| tell(&told, event));
    let gate = if steps == "both" { gate.dedup(Dedup::new(store)) } else { gate };
    let app = Router::new()
        .route(twilio::PATH, post(handle))
        .with_state(journal)
        .layer(WebhookLayer::new(gate));
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    writeln!(stdout(), "port {}", listener.local_addr()?.port())?;
    stdout().flush()?;
    Ok(axum::serve(listener, app).await?)
}

fn tell(journal: &Journal, event: &Event<'_>) {
    let word = match event.outcome {
        Outcome::LeaseLost => "lease_lost",
        Outcome::Unsettled => "unsettled",
        Outcome::Handled { .. } => "settled",
        _ => return,
    };
    let sid = event.sid.as_deref().unwrap_or_default();
    // What is not in the journal has not happened: the test fails.
    let _ = journal.write(format_args!("{word} {sid} {}", process::id()));
}

async fn handle(
    State(journal): State<Arc<Journal>>,
    Extension(webhook): Extension<VerifiedWebhook>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    static RUNS: AtomicU32 = AtomicU32::new(1);
    let event = webhook.param("MessageSid").unwrap_or_default();
    let run = format!("{event} {} {}", process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
    let write = |word: &str, rest: &str| {
        let line = format!("{word} {run}{rest}");
        journal.write(line).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    };
    write("start", "")?;
    let order = headers.get("x-do").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if order == "fail" {
        write("end", " 500")?;
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if let Some(millis) = order.strip_prefix("work ").and_then(|text| text.parse().ok()) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if order == "until lost" {
        while !webhook.lease_is_lost() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        write("lost", "")?;
    }
    write("end", " 200")?;
    let body = format!("<Response><Message>{run}</Message></Response>");
    Ok(([(CONTENT_TYPE, "text/xml")], body).into_response())
}

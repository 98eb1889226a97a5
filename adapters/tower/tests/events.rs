//! What an operator learns, and what nobody does. Alone in its process: `tracing` remembers of each
//! place in the code whether anybody listens, and a test without a subscriber beside it would matter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/explained/recorder.rs"]
mod recorder;
mod stack;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::future::pending;
use core::time::Duration;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use recorder::Recorder;
use stack::{FORM, full, gate, send, signed};
use tower::{Layer as _, ServiceExt as _, service_fn};
use twilio_sig::claim::MemoryStore;
use twilio_sig::replay::Guard;
use twilio_sig::{Origin, TrustedProxy, Verifier};
use twilio_sig_gate::ClaimPolicy;
use twilio_sig_tower::{Gate, PeerAddr, TenantMap, WebhookLayer};

/// The lines of every event.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<String>>);

impl Record {
    fn recorder(&self) -> Recorder<impl Fn(String) + use<>> {
        let lines = Arc::clone(&self.0);
        Recorder(move |line: String| lines.lock().unwrap().push_str(&(line + "\n")))
    }
}

/// The lines that these requests write, one after the other.
fn traced(gate: &Gate, requests: impl IntoIterator<Item = (Request<Full<Bytes>>, u16)>) -> String {
    let record = Record::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(record.recorder(), || {
        for (request, status) in requests {
            assert_eq!(runtime.block_on(send(gate.clone(), request)).0, status);
        }
    });
    record.0.lock().unwrap().clone()
}

/// A request that nobody signed is no fault of ours, whatever the configuration makes of it.
#[test]
fn nobody_writes_error_lines_by_knocking() {
    // A MAC of an algorithm that no key is bound to.
    let mut no_key = signed(FORM, full(FORM));
    let mac = format!("{}=", "A".repeat(43));
    no_key.headers_mut().insert("x-twilio-signature", mac.parse().unwrap());
    let origin = || Origin::fixed("https://example.com").unwrap();
    let tenants = TenantMap::by_path().with_inactive("/sms");
    let proxy = TrustedProxy::x_forwarded().peers(["192.0.2.1"]).unwrap();
    let proxied = Origin::behind_proxy(proxy, ["example.com"]).unwrap();
    for (gate, request, status) in [
        (gate(), no_key, 500),
        (gate(), signed(FORM, full("Body=Evil")), 403),
        (Gate::for_tenants(tenants, origin()), signed(FORM, full(FORM)), 503),
        (Gate::new(Verifier::new(stack::token()), proxied), signed(FORM, full(FORM)), 500),
    ] {
        let text = traced(&gate, [(request, status)]);
        assert!(text.starts_with("WARN") && text.lines().count() == 1, "{text}");
    }
}

/// A store that is out of order is ours, and the line says why; a retry is what honest senders do.
#[test]
fn a_line_says_what_is_out_of_order_and_how_long_it_took() {
    let form = "MessageSid=SM00000000000000000000000000000001&Body=Ahoy";
    let guard = Guard::new(MemoryStore::new(1).unwrap());
    let mut first = signed(form, full(form));
    first.headers_mut().insert("i-twilio-idempotency-token", "3f0c".parse().unwrap());
    let requests = [(first, 200), (signed(form, full(form)), 200), (signed(FORM, full(FORM)), 503)];
    let text = traced(&gate().guard(guard), requests);
    let lines: Vec<_> = text.lines().collect();
    let [verified, handled, replayed, full] = lines[..] else { panic!("{text}") };
    for (line, fields) in [
        (verified, &["DEBUG", "event_type=verified_webhook", "idempotency_token=3f0c"][..]),
        (handled, &["DEBUG", "event_type=handled_webhook", "status=200", "done=true"]),
        (replayed, &["INFO", "event_type=webhook_replayed"]),
        (full, &["ERROR", "reason=store_full", "detail=the claim store is full"]),
    ] {
        for field in fields {
            assert!(line.contains(field), "{field} is not in {line}");
        }
        assert!(line.contains("elapsed_us="), "{line}");
    }
    assert!(handled.contains("sid=SM00000000000000000000000000000001"), "{handled}");
}

/// What is normal is no warning: Twilio's retry comes while the first delivery is at work.
#[test]
fn a_request_in_progress_is_information() {
    let (record, reached) = (Record::default(), tokio::sync::Notify::new());
    let policy = ClaimPolicy::new().wait(Duration::ZERO);
    let gate = gate().guard(Guard::new(MemoryStore::new(8).unwrap())).claim_policy(policy);
    let reached = Arc::new(reached);
    let handler = {
        let reached = Arc::clone(&reached);
        service_fn(move |_| {
            reached.notify_one();
            pending::<Result<Response<Full<Bytes>>, Infallible>>()
        })
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(record.recorder(), || {
        runtime.block_on(async {
            let first = WebhookLayer::new(gate.clone()).layer(handler);
            tokio::select! {
                _ = first.oneshot(signed(FORM, full(FORM))) => panic!("the handler has answered"),
                () = async {
                    reached.notified().await;
                    assert_eq!(send(gate, signed(FORM, full(FORM))).await.0, 503);
                } => {}
            }
        });
    });
    let text = record.0.lock().unwrap();
    let retry = text.lines().find(|line| line.contains("event_type=webhook_in_progress"));
    let retry = retry.unwrap_or_else(|| panic!("{text}"));
    assert!(retry.starts_with("INFO") && retry.contains("reason=in_progress"), "{retry}");
    assert!(!text.contains("WARN") && !text.contains("ERROR"), "{text}");
}

/// A route that forgot its layer answers 500, and says so in the log.
#[cfg(feature = "axum")]
#[test]
fn a_route_without_the_layer_is_logged() {
    let record = Record::default();
    tracing::subscriber::with_default(record.recorder(), || {
        twilio_sig_tower::VerifiedWebhook::required(None, None).unwrap_err();
        let unverified = Some(&twilio_sig_tower::Unverified);
        twilio_sig_tower::VerifiedWebhook::required(None, unverified).unwrap_err();
    });
    let text = record.0.lock().unwrap();
    let expected =
        [("reason=no_proof", "Router::layer"), ("reason=report_only", "Gate::report_only")];
    for (line, (reason, fix)) in text.lines().zip(expected) {
        assert!(line.starts_with("WARN") && line.contains(reason), "{text}");
        assert!(line.split_once("fix=").is_some_and(|(_, rest)| rest.contains(fix)), "{text}");
        assert!(line.contains("event_type=webhook_unprotected"), "{text}");
    }
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn a_refusal_is_a_security_event_without_secrets() {
    let record = Record::default();
    let genuine = signed(FORM, full("Body=Evil"));
    let signature = genuine.headers()["x-twilio-signature"].to_str().unwrap().to_owned();
    let (mut parts, body) = genuine.into_parts();
    parts.uri = "/sms?pin=1234".parse().unwrap();
    parts.headers.insert("user-agent", "TwilioProxy/1.1".parse().unwrap());
    parts.extensions.insert(PeerAddr([192, 0, 2, 1].into()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tracing::subscriber::with_default(record.recorder(), || {
        let request = Request::from_parts(parts, body);
        assert_eq!(runtime.block_on(send(gate(), request)).0, 403);
    });
    let text = record.0.lock().unwrap();
    assert_eq!(text.lines().count(), 1);
    for field in [
        "WARN",
        "event_type=invalid_webhook_signature",
        "provider=twilio",
        "tenant_id=",
        "ip_address=192.0.2.1",
        "url=https://example.com/sms ",
        "user_agent=TwilioProxy/1.1",
        "reason=mismatch",
    ] {
        assert!(text.contains(field), "{field} is not in {text}");
    }
    for secret in ["1234", "Evil", "an auth token", &signature] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

//! What an operator learns, and what nobody does. Alone in its process: `tracing` remembers of each
//! place in the code whether anybody listens, and a test without a subscriber beside it would matter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

mod stack;

use alloc::sync::Arc;
use core::fmt::{Debug, Write as _};
use std::sync::Mutex;

use http::Request;
use stack::{FORM, full, gate, send, signed};
use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};
use twilio_sig_tower::PeerAddr;

/// Writes every event as `level name=value name=value`.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {}={value}", field.name()).unwrap();
    }
}

impl Subscriber for Record {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "{}", event.metadata().level()).unwrap();
        event.record(&mut Line(&mut text));
        text.push('\n');
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
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
    tracing::subscriber::with_default(record.clone(), || {
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

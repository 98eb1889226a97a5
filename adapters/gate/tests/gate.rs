//! What the gate promises to the author of an adapter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

use alloc::sync::Arc;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Mutex;

use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_gate::{Admitted, Decision, Gate, Head};
#[cfg(feature = "claim")]
use twilio_sig_gate::{Tenant, TenantMap};

const URL: &str = "https://example.com/sms";

fn token() -> AuthToken {
    AuthToken::new("an auth token of the tests").unwrap()
}

fn gate() -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed("https://example.com").unwrap())
}

/// A form that is signed, as an adapter hands it over.
fn decide(gate: &Gate, form: &'static [u8]) -> Decision<Admitted> {
    let signature = Signer::auth_token(&token()).sign_form(URL, form).unwrap().header_value();
    let head = Head::new("POST", "/sms", [("x-twilio-signature", signature.as_bytes())]);
    let Decision::Continue(opened) = gate.open(&head) else { panic!("the head is refused") };
    // With one verifier and no store there is nothing to wait for.
    let decided = pin!(gate.clone().decide(opened, form.into()));
    match decided.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(decision) => decision,
        Poll::Pending => panic!("it waits"),
    }
}

/// An adapter that forgot the bound is no hole.
#[test]
fn a_body_over_the_bound_is_refused_by_whomever_it_was_read() {
    let gate = gate().body_limit(9);
    assert!(matches!(decide(&gate, b"Body=Ahoy"), Decision::Continue(_)));
    let Decision::Answer(answer) = decide(&gate, b"Body=Ahoy!") else { panic!("it passes") };
    assert_eq!(answer.status(), 413);
}

#[test]
fn report_only_never_gives_a_proof() {
    assert!(matches!(decide(&gate().report_only(), b"Body=Ahoy"), Decision::PassUnverified));
    let head = Head::new("POST", "/sms", []);
    assert!(matches!(gate().report_only().open(&head), Decision::PassUnverified));
}

/// A handler that claims for itself claims what the gate would have claimed, by tenant and header too.
#[test]
#[cfg(feature = "claim")]
fn a_handler_is_given_what_a_key_is_made_of() {
    use twilio_sig::dedup::DedupKey;

    const FORM: &[u8] = b"MessageSid=SM00000000000000000000000000000001&MessageStatus=sent";
    let key_of = |gate: &Gate| {
        let Decision::Continue(admitted) = decide(gate, FORM) else { panic!("it is refused") };
        let webhook = admitted.webhook();
        let seen = webhook.delivery(|delivery| {
            assert_eq!(delivery.params().get("MessageStatus"), Some("sent"));
            (delivery.tenant.map(str::to_owned), DedupKey::of(delivery).unwrap().claim_key())
        });
        seen.unwrap()
    };
    let (tenant, of_none) = key_of(&gate());
    assert_eq!(tenant, None);

    let tenants = TenantMap::by_param("MessageStatus")
        .with("sent", Tenant::new("acme", Verifier::new(token())));
    let acme = Gate::for_tenants(tenants, Origin::fixed("https://example.com").unwrap());
    let (tenant, of_acme) = key_of(&acme);
    assert_eq!(tenant.as_deref(), Some("acme"));
    assert_ne!(of_none, of_acme);
}

/// A service may have a runtime for each of its threads, and one that stands still holds up no other.
#[test]
#[cfg(feature = "claim")]
fn claims_are_renewed_wherever_they_were_made() {
    use core::time::Duration;
    use tokio::runtime::{Builder, Runtime};
    use twilio_sig::claim::MemoryStore;
    use twilio_sig::replay::Guard;
    use twilio_sig_gate::ClaimPolicy;

    const LEASE: Duration = Duration::from_millis(600);
    let policy = ClaimPolicy::new().lease(LEASE).unwrap().wait(Duration::ZERO);
    let guard = Guard::new(MemoryStore::new(100).unwrap());
    let gate = gate().guard(guard).claim_policy(policy);
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let admit = |runtime: &Runtime, form| match runtime.block_on(async { decide(&gate, form) }) {
        Decision::Continue(admitted) => Some(admitted),
        _ => None,
    };
    let still = runtime();
    let left_alone = admit(&still, b"Body=left+alone").unwrap();
    let forms: [&[u8]; 2] = [b"Body=first", b"Body=after+a+runtime+that+has+ended"];
    for form in forms {
        let runtime = runtime();
        let held = admit(&runtime, form).unwrap();
        runtime.block_on(async { tokio::time::sleep(2 * LEASE).await });
        assert!(admit(&runtime, form).is_none(), "it is at work");
        // It ends while it has a claim to look after.
        let other = admit(&runtime, b"Body=held+to+the+end").unwrap();
        drop(runtime);
        drop((held, other));
        assert!(admit(&still, form).is_some(), "what is given up is for the retry");
    }
    assert!(admit(&still, b"Body=left+alone").is_some(), "nothing has renewed it");
    drop(left_alone);
}

/// A middleware that has read the body leaves an empty one, and the head still states its length.
#[test]
fn a_body_that_is_shorter_than_stated_is_told() {
    let told = |length: &'static str, body: &'static [u8]| {
        let details = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&details);
        let gate = gate().on_event(move |event| {
            heard.lock().unwrap().push(event.detail.map(str::to_owned));
        });
        let signature = Signer::auth_token(&token()).sign_form(URL, b"Body=Ahoy").unwrap();
        let signature = signature.header_value();
        let lines = [("x-twilio-signature", &*signature), ("content-length", length)];
        let lines = lines.map(|(name, value)| (name, value.as_bytes()));
        let Decision::Continue(opened) = gate.open(&Head::new("POST", "/sms", lines)) else {
            panic!("the head is refused")
        };
        let decided = pin!(gate.decide(opened, body.into()));
        let Poll::Ready(Decision::Answer(_)) =
            decided.poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("it passes")
        };
        details.lock().unwrap().pop().unwrap()
    };
    assert!(told("9", b"").is_some_and(|text| text.contains("Content-Length")));
    assert_eq!(told("9", b"Body=Evil"), None);
    assert_eq!(told("x", b""), None);
}

/// A signature is a credential, and a body is somebody's message.
#[test]
fn nothing_secret_is_shown() {
    let gate = gate();
    let signature = Signer::auth_token(&token()).sign_form(URL, b"Body=Ahoy").unwrap();
    let signature = signature.header_value();
    let lines = [("x-twilio-signature", signature.as_bytes())];
    let head = Head::new("POST", "/sms?pin=1234", lines);
    let Decision::Continue(admitted) = decide(&gate, b"Body=Ahoy") else { panic!("refused") };
    let opened = gate.open(&head);
    let shown = format!("{gate:?} {head:?} {opened:?} {admitted:?} {:?}", admitted.webhook());
    for secret in [&*signature, "an auth token", "Ahoy", "pin=1234"] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}

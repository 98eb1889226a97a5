//! What an attacker can do to a captured request, and what an honest Twilio does with its own.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

extern crate alloc;

use alloc::sync::Arc;
use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::time::SystemTime;

use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimOutcome, MemoryStore};
use twilio_sig::replay::{Guard, ReplayError};
use twilio_sig::{AuthToken, Coverage, Signer, Verifier, Webhook};

const TOKEN: &str = "12345";
const URL: &str = "https://example.com/hook";
/// Wed, 16 Feb 2022 16:11:53 +0000
const NOW: Duration = Duration::from_secs(1_645_027_913);

/// A service: a verifier, a guard and a clock.
struct Service {
    verifier: Verifier,
    guard: Guard<MemoryStore>,
    clock: Arc<AtomicU64>,
}

/// A request as it was captured.
#[derive(Clone)]
struct Request {
    url: String,
    body: Vec<u8>,
    signature: String,
}

fn signer() -> Signer {
    Signer::auth_token(&AuthToken::new(TOKEN).unwrap())
}

fn form(url: &str, body: &str) -> Request {
    let signature = signer().sign_form(url, body.as_bytes()).unwrap().header_value();
    Request { url: url.into(), body: body.into(), signature }
}

impl Service {
    fn new(entries: usize, set: impl FnOnce(Guard<MemoryStore>) -> Guard<MemoryStore>) -> Self {
        let clock = Arc::new(AtomicU64::new(0));
        let time = Arc::clone(&clock);
        let time = move || Duration::from_secs(time.load(Ordering::Relaxed));
        let store = MemoryStore::builder(entries).clock(time).build().unwrap();
        let verifier = Verifier::new(AuthToken::new(TOKEN).unwrap());
        Self { verifier, guard: set(Guard::new(store)), clock }
    }

    fn later(&self, time: Duration) {
        self.clock.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    /// The verifier must accept it: what is refused here is refused by the guard alone.
    fn receive(&self, request: &Request) -> Result<(Claim, ClaimOutcome), ReplayError> {
        let webhook = Webhook::new(&request.url).body(&request.body).signature(&request.signature);
        let verified = self.verifier.verify(&webhook).expect("a captured request verifies");
        let passed = Duration::from_secs(self.clock.load(Ordering::Relaxed));
        let now = SystemTime::UNIX_EPOCH.checked_add(NOW.saturating_add(passed)).unwrap();
        ready(self.guard.admit(&verified, now))
    }

    fn receive_fresh(&self, request: &Request) -> Claim {
        match self.receive(request) {
            Ok((claim, ClaimOutcome::Acquired)) => claim,
            other => panic!("not fresh: {other:?}"),
        }
    }

    /// Receives it, and completes the work.
    fn handle(&self, request: &Request) {
        let claim = self.receive_fresh(request);
        ready(self.guard.complete(&claim, &Answer::EMPTY)).unwrap();
    }

    fn is_done(&self, request: &Request) -> bool {
        matches!(self.receive(request), Ok((_, ClaimOutcome::Done(_))))
    }
}

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("memory is always ready"),
    }
}

#[test]
fn a_replay_is_refused() {
    let service = Service::new(100, |guard| guard);
    let captured = form(URL, "Body=Ahoy&From=%2B15005550006");
    service.handle(&captured);
    for _ in 0..3 {
        assert!(service.is_done(&captured));
    }
}

#[test]
fn a_header_spelled_anew_is_no_other_request() {
    let service = Service::new(100, |guard| guard);
    let captured = form(URL, "Body=Ahoy&From=%2B15005550006");
    service.handle(&captured);
    let text = &captured.signature;
    let spellings = [
        format!(" {text}"),
        format!("{text} "),
        format!("{text}, {text}"),
        text.trim_end_matches('=').to_owned(),
        text.replace('+', "-").replace('/', "_") + "=",
        format!("{}B=", text.split_at(text.len() - 2).0),
        text.to_lowercase(),
    ];
    for spelling in spellings {
        let webhook =
            Webhook::new(&captured.url).body(&captured.body).signature(spelling.as_bytes());
        // Either it is no signature at all, or it is the same bytes and the same key.
        if let Ok(verified) = service.verifier.verify(&webhook) {
            let outcome = ready(service.guard.admit(&verified, SystemTime::UNIX_EPOCH + NOW));
            assert!(matches!(outcome, Ok((_, ClaimOutcome::Done(_)))), "{spelling:?}");
        }
    }
}

#[test]
fn parameters_split_anew_are_no_other_request() {
    let service = Service::new(100, |guard| guard);
    service.handle(&form(URL, "Body=ab&MessageSid=SM1"));
    let signature = form(URL, "Body=ab&MessageSid=SM1").signature;
    for body in [
        "Body=abMessageSidSM1",
        "Bod=yab&MessageSid=SM1",
        "Body=ab&MessageSi=dSM1",
        "MessageSid=SM1&Body=ab",
        "Body=ab&Body=ab&MessageSid=SM1",
        "%42ody=%61b&MessageSid=SM1&&",
    ] {
        let request = Request { body: body.into(), signature: signature.clone(), url: URL.into() };
        assert!(service.is_done(&request), "{body}");
    }
}

#[test]
fn a_moved_url_boundary_is_no_other_request() {
    let service = Service::new(100, |guard| guard);
    let captured = form(URL, "A=1&B=2");
    service.handle(&captured);
    for (url, body) in [
        ("https://example.com/hookA", "1B=2"),
        ("https://example.com/hookA1", "B=2"),
        ("https://example.com/hookA1B", "2="),
        ("https://example.com/hookA1B2", ""),
        ("https://example.com/hoo", "kA1B=2"),
        ("https://example.com:443/hook", "A=1&B=2"),
        ("https://user:password@example.com/hook", "A=1&B=2"),
        ("https://example.com/hook#fragment", "A=1&B=2"),
    ] {
        let request =
            Request { url: url.into(), body: body.into(), signature: captured.signature.clone() };
        assert!(service.is_done(&request), "{url} {body}");
    }
}

/// Nothing that is not signed reaches the guard: its key is a function of scope and MAC alone.
#[test]
fn what_is_not_signed_is_not_asked_for() {
    let service = Service::new(100, |guard| guard);
    let captured = form(URL, "A=1");
    service.handle(&captured);
    let webhook = Webhook::new(&captured.url)
        .body(&captured.body)
        .signature(&captured.signature)
        .signature_settings(" ");
    let verified = service.verifier.verify(&webhook).unwrap();
    let outcome = ready(service.guard.admit(&verified, SystemTime::UNIX_EPOCH + NOW));
    assert!(matches!(outcome, Ok((_, ClaimOutcome::Done(_)))));

    // The header that names a retry is not one of its arguments, so changing it changes nothing.
    let key = service.guard.key(&verified);
    let other = Webhook::new("https://example.com/hookA1").signature(&captured.signature);
    assert_eq!(service.guard.key(&service.verifier.verify(&other).unwrap()), key);
}

#[test]
fn a_flood_of_other_requests_pushes_nothing_out() {
    const ENTRIES: usize = 500;
    let service = Service::new(ENTRIES, |guard| guard);
    let captured = form(URL, "Body=pay");
    service.handle(&captured);
    let mut refused = 0;
    for number in 0..4 * ENTRIES {
        match service.receive(&form(URL, &format!("Body={number}"))) {
            Ok((_, ClaimOutcome::Acquired)) => {}
            Err(ReplayError::Store(ClaimError::Full)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 4 * ENTRIES - (ENTRIES - 1));
    assert!(service.is_done(&captured));
}

/// What is not verified cannot reach the guard: `admit` takes a `Verified`, and only a verifier
/// makes one. So a forger cannot mark a request as seen before it arrives.
#[test]
fn a_forgery_marks_nothing_as_seen() {
    let service = Service::new(100, |guard| guard);
    let honest = form(URL, "Body=Ahoy");
    let forged = Webhook::new(URL).body(b"Body=Ahoi").signature(&honest.signature);
    assert!(service.verifier.verify(&forged).is_err());
    service.handle(&honest);
}

#[test]
fn twilios_retry_after_a_503_is_processed() {
    let service = Service::new(100, |guard| guard);
    let request = form(URL, "Body=Ahoy&MessageSid=SM1");
    let claim = service.receive_fresh(&request);
    // Our handler fails and answers 503, so the claim is released.
    ready(service.guard.release(&claim)).unwrap();
    // Twilio sends the same bytes.
    service.handle(&request);
    assert!(service.is_done(&request));
}

#[test]
fn a_retry_while_the_first_is_at_work_waits_and_after_a_crash_is_processed() {
    let service = Service::new(100, |guard| guard.lease(Duration::from_secs(60)));
    let request = form(URL, "Body=Ahoy&MessageSid=SM1");
    let late = service.receive_fresh(&request);
    service.later(Duration::from_secs(15));
    assert!(matches!(
        service.receive(&request),
        Ok((_, ClaimOutcome::InProgress { retry_after })) if retry_after == Duration::from_secs(45)
    ));
    // Nobody completes it: its owner has crashed.
    service.later(Duration::from_secs(46));
    service.handle(&request);
    assert!(matches!(ready(service.guard.complete(&late, &Answer::EMPTY)), Err(ClaimError::Lost)));
}

/// A `<Redirect>` that leads to the same URL again with the same parameters is signed the same: the
/// guard takes the second turn for a replay. A URL of its own for each turn is the remedy.
#[test]
fn a_redirect_loop_needs_a_url_for_each_turn() {
    let service = Service::new(100, |guard| guard);
    let body = "CallSid=CA1&CallStatus=in-progress&Digits=1";
    service.handle(&form("https://example.com/menu", body));
    assert!(service.is_done(&form("https://example.com/menu", body)));
    for turn in 1..5 {
        service.handle(&form(&format!("https://example.com/menu?turn={turn}"), body));
    }
}

#[test]
fn a_timestamp_must_be_within_the_window() {
    let service = Service::new(100, |guard| guard);
    let at = |second: u64| form(URL, &format!("Sid=EV1&Timestamp={}", NOW.as_secs() + second));
    let before = |second: u64| form(URL, &format!("Sid=EV2&Timestamp={}", NOW.as_secs() - second));
    for fresh in [at(0), at(30), before(1), before(300)] {
        service.handle(&fresh);
    }
    for stale in [before(301), before(1_000_000)] {
        assert!(matches!(service.receive(&stale), Err(ReplayError::Stale)));
    }
    for early in [at(31), at(1_000_000)] {
        assert!(matches!(service.receive(&early), Err(ReplayError::Early)));
    }
    let strict =
        Service::new(100, |guard| guard.window(Duration::from_secs(10)).skew(Duration::ZERO));
    assert!(matches!(strict.receive(&before(11)), Err(ReplayError::Stale)));
    assert!(matches!(strict.receive(&at(1)), Err(ReplayError::Early)));
    strict.handle(&before(10));
}

#[test]
fn every_kind_of_timestamp_is_read() {
    for (kind, timestamp) in [
        ("CallStatus=completed", "Wed%2C+16+Feb+2022+16%3A11%3A53+%2B0000"),
        ("StreamEvent=stream-started", "2022-02-16T16%3A11%3A53.123Z"),
        ("Level=ERROR", "2022-02-16T16%3A11%3A53Z"),
        ("ResourceType=task", "1645027913"),
    ] {
        let service = Service::new(100, Guard::require_timestamp);
        let request = form(URL, &format!("{kind}&Timestamp={timestamp}"));
        service.handle(&request);
        // A GET webhook has its parameters in the query.
        let url = format!("{URL}?{kind}&Timestamp={timestamp}");
        let signature = signer().sign_url(&url).header_value();
        let get = Request { url, body: Vec::new(), signature };
        service.handle(&get);
        service.later(Duration::from_secs(302));
        for request in [request, get] {
            assert!(matches!(service.receive(&request), Err(ReplayError::Stale)), "{kind}");
        }
    }
}

#[test]
fn a_timestamp_that_is_no_time_or_is_doubled_is_refused() {
    let service = Service::new(100, |guard| guard);
    let unreadable = form(URL, "Timestamp=yesterday");
    assert!(matches!(service.receive(&unreadable), Err(ReplayError::MalformedTimestamp)));
    let now = NOW.as_secs();
    let doubled = form(URL, &format!("Timestamp={now}&Timestamp={}", now - 1_000));
    assert!(matches!(service.receive(&doubled), Err(ReplayError::Stale)));
}

#[test]
fn a_missing_timestamp_is_allowed_unless_required() {
    Service::new(100, |guard| guard).handle(&form(URL, "Body=Ahoy"));
    let strict = Service::new(100, Guard::require_timestamp);
    for request in [form(URL, "Body=Ahoy"), form(URL, "timestamp=1645027913")] {
        assert!(matches!(strict.receive(&request), Err(ReplayError::MissingTimestamp)));
    }
}

/// A header is not signed, and neither is a body that only the URL's hash covers a form.
#[test]
fn only_a_signed_timestamp_counts() {
    let service = Service::new(100, Guard::require_timestamp);
    let body = b"Timestamp=1645027913";
    let (url, signature) = signer().sign_body_hash(URL, body);
    let signature = signature.header_value();
    let webhook = Webhook::new(&url).body(body).signature(&signature);
    let verified = service.verifier.verify(&webhook).unwrap();
    assert_eq!(verified.coverage(), Coverage::BodyHash);
    let outcome = ready(service.guard.admit(&verified, SystemTime::UNIX_EPOCH + NOW));
    assert!(matches!(outcome, Err(ReplayError::MissingTimestamp)));
}

/// The timestamp of a captured request can be hidden by splitting it anew. So it is remembered for
/// as long as one without, and `require_timestamp` closes the rest.
#[test]
fn a_hidden_timestamp_does_not_outlive_the_nonce() {
    let captured = form(URL, "Sid=EV1&Timestamp=1645027913");
    let hidden = Request { body: "Sid=EV1&Timestam=p1645027913".into(), ..captured.clone() };
    let service = Service::new(100, |guard| guard);
    service.handle(&captured);
    service.later(Duration::from_secs(331));
    assert!(matches!(service.receive(&captured), Err(ReplayError::Stale)));
    assert!(service.is_done(&hidden));

    let strict = Service::new(100, Guard::require_timestamp);
    strict.handle(&captured);
    strict.later(Duration::from_secs(10 * 24 * 3_600));
    assert!(matches!(strict.receive(&captured), Err(ReplayError::Stale)));
    assert!(matches!(strict.receive(&hidden), Err(ReplayError::MissingTimestamp)));
}

#[test]
fn a_request_is_kept_at_least_for_window_and_skew() {
    let service = Service::new(100, |guard| guard.keep(Duration::from_secs(1)));
    let early = form(URL, &format!("Timestamp={}", NOW.as_secs() + 30));
    service.handle(&early);
    for _ in 0..3 {
        service.later(Duration::from_secs(109));
        assert!(service.is_done(&early));
    }
    service.later(Duration::from_secs(4));
    assert!(matches!(service.receive(&early), Err(ReplayError::Stale)));
}

#[test]
fn a_request_without_timestamp_is_kept_for_as_long_as_is_set() {
    let service = Service::new(100, |guard| guard.keep(Duration::from_secs(1_000)));
    let captured = form(URL, "Body=Ahoy");
    service.handle(&captured);
    service.later(Duration::from_secs(999));
    assert!(service.is_done(&captured));
    service.later(Duration::from_secs(1));
    service.handle(&captured);
}

#[test]
fn scopes_share_a_store_and_no_request() {
    let store = Arc::new(MemoryStore::new(100).unwrap());
    let [sms, voice] = ["sms", "voice"].map(|scope| Guard::new(Arc::clone(&store)).scope(scope));
    let token = AuthToken::new(TOKEN).unwrap();
    let request = form(URL, "Body=Ahoy");
    let webhook = Webhook::new(&request.url).body(&request.body).signature(&request.signature);
    let verified = Verifier::new(token).verify(&webhook).unwrap();
    for guard in [&sms, &voice] {
        let outcome = ready(guard.admit(&verified, SystemTime::UNIX_EPOCH + NOW));
        assert!(matches!(outcome, Ok((_, ClaimOutcome::Acquired))));
    }
    let again = ready(sms.admit(&verified, SystemTime::UNIX_EPOCH + NOW));
    assert!(matches!(again, Ok((_, ClaimOutcome::InProgress { .. }))));
}

#[test]
fn each_error_has_its_status() {
    for error in [
        ReplayError::Stale,
        ReplayError::Early,
        ReplayError::MalformedTimestamp,
        ReplayError::MissingTimestamp,
    ] {
        assert_eq!(error.http_status(), 400, "{error}");
    }
    assert_eq!(ReplayError::Store(ClaimError::Full).http_status(), 503);
}

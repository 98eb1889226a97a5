//! What an attacker can do to a captured request, and what an honest Twilio does with its own.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod replays;
mod settings;
mod splits;
mod timestamps;

use alloc::sync::Arc;
use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use twilio_sig::claim::{Answer, Claim, MemoryStore};
use twilio_sig::replay::{Freshness, FreshnessError, Guard, ReplayError, SettingError};
use twilio_sig::{AuthToken, Signer, Verifier, Webhook};

const TOKEN: &str = "12345";
const URL: &str = "https://example.com/hook";
/// Wed, 16 Feb 2022 16:11:53 +0000
const NOW: Duration = Duration::from_secs(1_645_027_913);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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

impl Request {
    /// The same signature with another URL and body.
    fn split(&self, url: &str, body: &str) -> Self {
        Self { url: url.into(), body: body.into(), signature: self.signature.clone() }
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn answer() -> Answer {
    Answer::new(b"<Response/>").unwrap()
}

impl Service {
    fn new(entries: usize) -> Self {
        Self::with(entries, Ok)
    }

    /// A service whose guard requires a timestamp.
    fn strict() -> Self {
        Self::with(100, |guard| Ok(guard.freshness(Freshness::new().required())))
    }

    fn with(
        entries: usize,
        set: impl FnOnce(Guard<MemoryStore>) -> Result<Guard<MemoryStore>, SettingError>,
    ) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW.as_secs()));
        let time = || {
            let clock = Arc::clone(&clock);
            move || seconds(clock.load(Ordering::Relaxed))
        };
        let store = MemoryStore::builder(entries).clock(time()).build().unwrap();
        let guard = set(Guard::with_sources(store, time(), Claim::random)).unwrap();
        Self { verifier: Verifier::new(AuthToken::new(TOKEN).unwrap()), guard, clock }
    }

    fn later(&self, time: Duration) {
        self.clock.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    /// The verifier must accept it: what is refused here is refused by the guard alone, and of the proof
    /// alike.
    fn receive(&self, request: &Request) -> Result<Claim, ReplayError> {
        let webhook = Webhook::post(&request.url, &request.body).signature(&request.signature);
        let (verified, proof) = self.verifier.prove(&webhook).expect("a captured request verifies");
        assert_eq!(self.guard.check_proof(&proof), self.guard.check(&verified));
        assert_eq!(self.guard.key(&proof), self.guard.key(&verified));
        ready(self.guard.admit(&verified))
    }

    /// Receives it, and completes the work.
    fn handle(&self, request: &Request) {
        let claim = self.receive(request).expect("it is admitted");
        ready(self.guard.complete(&claim, &answer())).unwrap();
    }

    fn is_seen(&self, request: &Request) -> bool {
        matches!(self.receive(request), Err(ReplayError::Replayed(stored)) if stored == answer())
    }

    fn refuses(&self, request: &Request, error: FreshnessError) -> bool {
        matches!(self.receive(request), Err(ReplayError::Freshness(own)) if own == error)
    }
}

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("memory is always ready"),
    }
}

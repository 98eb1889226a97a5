//! What is claimed for a request that goes away.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

mod stack;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::future::ready;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use stack::{FORM, full, gate, send, signed};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use twilio_sig::Verified;
use twilio_sig::claim::{self, Claim, ClaimError, ClaimKey, ClaimStore, MemoryStore};
use twilio_sig::dedup::DedupKey;
use twilio_sig::replay::Guard;
use twilio_sig_gate::Dedup;
use twilio_sig_tower::{RequestBody, WebhookLayer};

/// A store whose every answer takes a while.
#[derive(Clone)]
struct Slow(Arc<MemoryStore>);

impl ClaimStore for Slow {
    async fn claim(&self, key: &ClaimKey, lease: Duration) -> Result<claim::Outcome, ClaimError> {
        tokio::task::yield_now().await;
        self.0.claim(key, lease).await
    }

    async fn complete(&self, claim: &Claim, keep: Duration) -> Result<(), ClaimError> {
        tokio::task::yield_now().await;
        self.0.complete(claim, keep).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        tokio::task::yield_now().await;
        self.0.release(claim).await
    }
}

/// Never answers.
fn stuck() -> impl Service<
    Request<RequestBody<Full<Bytes>>>,
    Response = Response<Empty<Bytes>>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    service_fn(|_| core::future::pending())
}

/// While a request is at work its twin is told to wait; when it goes away its twin gets through.
#[tokio::test]
async fn a_request_that_goes_away_gives_its_claim_back() {
    let memory = || MemoryStore::new(10).unwrap();
    let gates =
        [gate().guard(Guard::new(memory())), gate().guard(Guard::new(Slow(Arc::new(memory()))))];
    for gate in gates {
        let at_work = WebhookLayer::new(gate.clone()).layer(stuck());
        let mut at_work = Box::pin(at_work.oneshot(signed(FORM, full(FORM))));
        for _ in 0..10 {
            assert!(futures_util::poll!(&mut at_work).is_pending());
        }
        assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await.0, 503);
        drop(at_work);
        // A slow store is told by a task of its own.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await.0, 200);
        assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await.0, 409);
    }
}

/// Whoever goes away while the work is being marked as done does not undo it.
#[tokio::test]
async fn done_stays_done_when_the_sender_goes_away() {
    let slow = || Slow(Arc::new(MemoryStore::new(10).unwrap()));
    let by_text = |verified: &Verified<'_>| DedupKey::from_template(verified, "{Body}");
    let gate = gate().guard(Guard::new(slow())).dedup(Dedup::new(slow()).key(by_text));
    let called = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&called);
    let handler = service_fn(move |_: Request<RequestBody<Full<Bytes>>>| {
        counter.fetch_add(1, Ordering::SeqCst);
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let request = WebhookLayer::new(gate.clone()).layer(handler);
    let mut request = Box::pin(request.oneshot(signed(FORM, full(FORM))));
    while called.load(Ordering::SeqCst) == 0 {
        assert!(futures_util::poll!(&mut request).is_pending());
    }
    drop(request);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await.0, 409);
    let other = "Body=Ahoy&From=%2B15005550007";
    assert_eq!(send(gate, signed(other, full(other))).await, (200, None, false), "a duplicate");
}

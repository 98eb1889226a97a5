//! What is claimed for a request that goes away.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

mod stack;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::future::ready;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use stack::{FORM, full, gate, send, signed};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore, MemoryStore};
use twilio_sig::dedup::{Delivery, Template};
use twilio_sig::replay::Guard;
use twilio_sig_gate::{ClaimPolicy, Dedup};
use twilio_sig_tower::{Outcome, RequestBody, WebhookLayer};

/// A store whose every answer takes a while.
#[derive(Clone)]
struct Slow(Arc<MemoryStore>);

impl ClaimStore for Slow {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.0.claim(claim, lease).await
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.0.complete(claim, ttl, answer).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.0.release(claim).await
    }
}

/// A store that works until `ok` answers are given, and then fails: with an error or a panic.
#[derive(Clone)]
struct Failing {
    memory: Arc<MemoryStore>,
    ok: Arc<AtomicUsize>,
    panics: bool,
}

impl Failing {
    fn after(ok: usize, panics: bool) -> Self {
        let memory = Arc::new(MemoryStore::new(10).unwrap());
        Self { memory, ok: Arc::new(AtomicUsize::new(ok)), panics }
    }

    fn answer(&self) -> Result<(), ClaimError> {
        let left = self.ok.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |ok| ok.checked_sub(1));
        assert!(left.is_ok() || !self.panics, "a store that panics");
        left.map(drop).map_err(|_| ClaimError::unavailable("connection refused"))
    }
}

impl ClaimStore for Failing {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        self.answer()?;
        self.memory.claim(claim, lease).await
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        self.answer()?;
        self.memory.complete(claim, ttl, answer).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.answer()?;
        self.memory.release(claim).await
    }
}

/// An event that has an identity.
const STATUS: &str = "AccountSid=AC00000000000000000000000000000001&\
                      MessageSid=SM00000000000000000000000000000001&MessageStatus=sent";

/// Answers never, as far as these tests are concerned.
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

/// While a request is at work its twin is told to wait, also when its caller has gone away. A
/// handler that takes longer than the longest time is ended, and its twin gets through.
#[tokio::test]
async fn a_request_that_goes_away_and_never_ends_gives_its_claim_back() {
    let memory = || MemoryStore::new(10).unwrap();
    let gates =
        [gate().guard(Guard::new(memory())), gate().guard(Guard::new(Slow(Arc::new(memory()))))];
    let longest = Duration::from_millis(200);
    let policy = ClaimPolicy::new().wait(Duration::ZERO).longest(longest);
    for gate in gates.map(|gate| gate.claim_policy(policy.clone())) {
        let at_work = WebhookLayer::new(gate.clone()).layer(stuck());
        let mut at_work = Box::pin(at_work.oneshot(signed(FORM, full(FORM))));
        for _ in 0..20 {
            assert!(futures_util::poll!(&mut at_work).is_pending());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await.0, 503);
        drop(at_work);
        assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await.0, 503);
        tokio::time::sleep(longest.saturating_mul(2)).await;
        assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await, handled());
        assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await, (200, None, false));
    }
}

/// The handler was called, with a proof.
fn handled() -> (u16, Option<Bytes>, bool) {
    (200, Some(Bytes::from_static(FORM.as_bytes())), true)
}

/// A caller that goes away while the work is being marked as done does not undo it.
#[tokio::test]
async fn done_stays_done_when_the_sender_goes_away() {
    let slow = || Slow(Arc::new(MemoryStore::new(10).unwrap()));
    let by_text = Template::parse("{Body}").unwrap();
    let by_text = move |delivery: Delivery<'_>| by_text.key(delivery);
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
        tokio::task::yield_now().await;
    }
    drop(request);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await, (200, None, false), "a replay");
    let other = "Body=Ahoy&From=%2B15005550007";
    assert_eq!(send(gate, signed(other, full(other))).await, (200, None, false), "a duplicate");
}

/// Nobody knows whether the request is new, so it is not handled.
#[tokio::test]
async fn a_store_that_is_down_lets_nothing_through() {
    let down = || Failing::after(0, false);
    for gate in [gate().guard(Guard::new(down())), gate().dedup(Dedup::new(down()))] {
        assert_eq!(send(gate.clone(), signed(STATUS, full(STATUS))).await, (503, None, false));
        assert_eq!(send(gate, signed(STATUS, full("Body=Evil"))).await.0, 403);
    }
}

/// The guard's claim is given back when the store of events is down: the retry is no replay.
#[tokio::test]
async fn the_first_claim_is_given_back_when_the_second_fails() {
    let guard = || Guard::new(Slow(Arc::new(MemoryStore::new(10).unwrap())));
    let store = Failing::after(0, false);
    let gate = gate().guard(guard()).dedup(Dedup::new(store.clone()));
    assert_eq!(send(gate.clone(), signed(STATUS, full(STATUS))).await.0, 503);
    store.ok.store(10, Ordering::SeqCst);
    let (status, body, _) = send(gate.clone(), signed(STATUS, full(STATUS))).await;
    assert_eq!((status, body.is_some()), (200, true));
    assert_eq!(send(gate, signed(STATUS, full(STATUS))).await, (200, None, false));
}

/// The answer stands, and the operator learns that a duplicate may follow.
#[tokio::test]
async fn work_that_cannot_be_marked_as_done_is_reported() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&outcomes);
    let gate = gate()
        .dedup(Dedup::new(Failing::after(1, false)))
        .on_event(move |event| seen.lock().unwrap().push(event.outcome));
    assert_eq!(send(gate, signed(STATUS, full(STATUS))).await.0, 200);
    let outcomes = outcomes.lock().unwrap();
    assert!(outcomes.contains(&Outcome::Unsettled), "{outcomes:?}");
}

/// A request that goes away while the store is claiming leaves no claim behind.
#[tokio::test]
async fn a_claim_that_nobody_waits_for_is_given_back() {
    let gate = gate().guard(Guard::new(Slow(Arc::new(MemoryStore::new(10).unwrap()))));
    let service = WebhookLayer::new(gate.clone()).layer(stuck());
    let mut asking = Box::pin(service.oneshot(signed(FORM, full(FORM))));
    assert!(futures_util::poll!(&mut asking).is_pending(), "the store is asked");
    drop(asking);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(send(gate, signed(FORM, full(FORM))).await, handled());
}

/// A handler that panics over a store that panics: the task ends, and not the process.
#[tokio::test]
async fn a_store_that_panics_beside_a_handler_is_survived() {
    let gate = gate().guard(Guard::new(Failing::after(1, true)));
    let handler = service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
        assert!(!FORM.is_empty() && FORM.is_empty(), "a handler that panics");
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let service = WebhookLayer::new(gate).layer(handler);
    let request = tokio::spawn(service.oneshot(signed(FORM, full(FORM))));
    assert!(request.await.unwrap_err().is_panic());
}

/// A store that is away when the handler ends is asked again: the retry gets the answer, and no handler.
#[tokio::test]
async fn work_is_marked_as_done_when_the_store_is_back() {
    let store = Failing::after(1, false);
    let gate = gate().guard(Guard::new(store.clone()));
    assert_eq!(send(gate.clone(), signed(FORM, full(FORM))).await, handled());
    store.ok.store(1_000, Ordering::SeqCst);
    for _ in 0..100 {
        let (status, body, _) = send(gate.clone(), signed(FORM, full(FORM))).await;
        assert_eq!(body, None, "it is handled a second time");
        if status == 200 {
            return;
        }
    }
    panic!("it was never marked as done");
}

/// Where there is no tokio runtime there is nothing to go on in, and no panic.
#[test]
fn without_a_runtime_a_store_that_is_away_is_survived() {
    let gate = gate().guard(Guard::new(Failing::after(1, false)));
    let mut request = core::pin::pin!(send(gate, signed(FORM, full(FORM))));
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    let polled = request.as_mut().poll(&mut context);
    assert!(matches!(polled, core::task::Poll::Ready((200, Some(_), true))));
}

/// What follows an upgrade is no answer that could be given again.
#[tokio::test]
async fn an_upgrade_is_not_stored() {
    let gate = gate().guard(Guard::new(MemoryStore::new(10).unwrap()));
    let handler = service_fn(|_: Request<RequestBody<Full<Bytes>>>| {
        let upgrade = Response::builder().status(101).body(Empty::<Bytes>::new());
        ready(Ok::<_, Infallible>(upgrade.unwrap()))
    });
    let service = WebhookLayer::new(gate).layer(handler);
    for (status, replayed) in [(101, false), (204, true)] {
        let response = service.clone().oneshot(signed(FORM, full(FORM))).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key("twilio-sig-replayed"), replayed);
    }
}

/// What is streamed is not held up, so there is no answer to give again.
#[tokio::test]
async fn a_streamed_answer_is_not_stored() {
    let gate = gate().guard(Guard::new(MemoryStore::new(10).unwrap()));
    let handler = service_fn(|_: Request<RequestBody<Full<Bytes>>>| {
        let frame = Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"<Response/>")));
        let body = StreamBody::new(futures_util::stream::iter([frame]));
        ready(Ok::<_, Infallible>(Response::new(body)))
    });
    let service = WebhookLayer::new(gate).layer(handler);
    for (status, replayed, body) in [(200, false, &b"<Response/>"[..]), (204, true, b"")] {
        let response = service.clone().oneshot(signed(FORM, full(FORM))).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key("twilio-sig-replayed"), replayed);
        assert_eq!(&response.into_body().collect().await.unwrap().to_bytes()[..], body);
    }
}

//! The service as `tower` sees it: readiness, cancellation, bodies, extensions, events.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::future::{Ready, ready};
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use tower::{Layer as _, Service, ServiceExt, service_fn};
use twilio_sig::claim::{self, Claim, ClaimError, ClaimKey, ClaimStore, MemoryStore};
use twilio_sig::replay::Guard;
use twilio_sig::{AuthToken, Origin, Signer, Verifier, VerifyError};
use twilio_sig_tower::{
    Event, Gate, Outcome, PeerAddr, Refusal, RequestBody, VerifiedWebhook, WebhookLayer,
};

const FORM: &str = "Body=Ahoy&From=%2B15005550006";

fn full(body: &'static str) -> Full<Bytes> {
    Full::from(body)
}

fn token() -> AuthToken {
    AuthToken::new("an auth token of the tests").unwrap()
}

fn gate() -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed("https://example.com").unwrap())
}

/// A request to `/sms` with this body, signed as if it were `form`.
fn signed<B>(form: &str, body: B) -> Request<B> {
    let signature =
        Signer::auth_token(&token()).sign_form("https://example.com/sms", form.as_bytes());
    let header = signature.unwrap().header_value();
    Request::post("/sms").header("x-twilio-signature", header).body(body).unwrap()
}

/// Sends one request through the layer. Gives the status, the body that the handler read (`None`:
/// it was not called), and whether there was a proof.
async fn send<B>(gate: Gate, request: Request<B>) -> (u16, Option<Bytes>, bool)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: core::fmt::Debug + Send,
{
    let seen = Arc::new(Mutex::new((None, false)));
    let handler = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<RequestBody<B>>| {
            let seen = Arc::clone(&seen);
            let (parts, body) = request.into_parts();
            let proof = parts.extensions.get::<VerifiedWebhook>().is_some();
            async move {
                let body = body.collect().await.unwrap().to_bytes();
                *seen.lock().unwrap() = (Some(body), proof);
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            }
        })
    };
    let response = WebhookLayer::new(gate).layer(handler).oneshot(request).await.unwrap();
    let (body, proof) = seen.lock().unwrap().clone();
    (response.status().as_u16(), body, proof)
}

/// A service that may be called only after this very clone was polled ready.
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl<B> Service<Request<B>> for Strict {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        assert!(self.ready, "a clone is called that was never polled ready");
        self.ready = false;
        ready(Ok(Response::new(Empty::new())))
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_called() {
    let mut service = WebhookLayer::new(gate()).layer(Strict { ready: false });
    for _ in 0..3 {
        ServiceExt::<Request<Full<Bytes>>>::ready(&mut service).await.unwrap();
        let response = service.call(signed(FORM, full(FORM))).await;
        assert_eq!(response.unwrap().status(), 200);
    }
}

#[test]
fn a_future_can_be_dropped_at_any_time() {
    let mut service = WebhookLayer::new(gate()).layer(Strict { ready: false });
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready_unpin(&mut context));
    // Not polled, and polled while the body has not come.
    drop(service.call(signed(FORM, StreamBody::new(never()))));
    assert!(service.poll_ready_unpin(&mut context));
    let mut waiting = pin!(service.call(signed(FORM, StreamBody::new(never()))));
    assert!(waiting.as_mut().poll(&mut context).is_pending());
}

type Frames = Result<Frame<Bytes>, io::Error>;

fn never() -> stream::Pending<Frames> {
    stream::pending()
}

trait PollReady {
    fn poll_ready_unpin(&mut self, context: &mut Context<'_>) -> bool;
}

impl<S: Service<Request<StreamBody<stream::Pending<Frames>>>>> PollReady for S {
    fn poll_ready_unpin(&mut self, context: &mut Context<'_>) -> bool {
        matches!(self.poll_ready(context), Poll::Ready(Ok(())))
    }
}

/// A body of these frames; `None` is an error.
fn frames(
    parts: &[Option<&'static str>],
) -> impl Body<Data = Bytes, Error = io::Error> + Send + 'static {
    let frame = |part: Option<&'static str>| match part {
        Some(text) => Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
        None => Err(io::Error::other("gone")),
    };
    StreamBody::new(stream::iter(parts.iter().copied().map(frame).collect::<Vec<_>>()))
}

#[tokio::test]
async fn frames_are_handed_on_as_one_body_byte_for_byte() {
    let whole = (200, Some(Bytes::from(FORM)), true);
    assert_eq!(send(gate(), signed(FORM, full(FORM))).await, whole);
    let (start, end) = FORM.split_at(9);
    let (middle, end) = end.split_at(1);
    let parts = [Some(""), Some(start), Some(""), Some(middle), Some(end), Some("")];
    assert_eq!(send(gate(), signed(FORM, frames(&parts))).await, whole);
    let trailed: [Frames; 2] = [
        Ok(Frame::data(Bytes::from_static(FORM.as_bytes()))),
        Ok(Frame::trailers(HeaderMap::new())),
    ];
    assert_eq!(send(gate(), signed(FORM, StreamBody::new(stream::iter(trailed)))).await, whole);
}

#[tokio::test]
async fn a_body_that_fails_is_neither_empty_nor_short() {
    for (form, parts) in
        [("", &[None][..]), (FORM, &[Some(FORM), None]), (FORM, &[Some(FORM), None, Some("")])]
    {
        for gate in [gate(), gate().report_only()] {
            let (status, handled, _) = send(gate, signed(form, frames(parts))).await;
            assert_eq!((status, handled), (400, None), "{form}");
        }
    }
}

/// A body without end, and how much of it was taken.
fn endless() -> (impl Body<Data = Bytes, Error = io::Error> + Send + 'static, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let body = StreamBody::new(stream::repeat_with(move || {
        counter.fetch_add(100, Ordering::SeqCst);
        Ok(Frame::data(Bytes::from_static(&[b'x'; 100])))
    }));
    (body, taken)
}

#[tokio::test]
async fn no_more_of_a_body_is_read_than_the_limit_and_a_frame() {
    let (body, taken) = endless();
    let (status, handled, _) = send(gate().body_limit(1_000), signed(FORM, body)).await;
    assert_eq!((status, handled), (413, None));
    assert_eq!(taken.load(Ordering::SeqCst), 1_100);
}

#[tokio::test]
async fn a_head_that_is_refused_costs_no_body() {
    let too_long = ("content-length", "1001", 413);
    let repeated = ("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", 400);
    for (name, value, expected) in [too_long, repeated] {
        let (body, taken) = endless();
        let mut request = signed(FORM, body);
        request.headers_mut().append(name, value.parse().unwrap());
        let (status, handled, _) = send(gate().body_limit(1_000), request).await;
        assert_eq!((status, handled), (expected, None));
        assert_eq!(taken.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn the_proof_of_another_gate_counts_for_nothing() {
    let stolen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&stolen);
    let thief = service_fn(move |request: Request<RequestBody<Full<Bytes>>>| {
        *keep.lock().unwrap() = request.extensions().get::<VerifiedWebhook>().cloned();
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let request = signed(FORM, full(FORM));
    WebhookLayer::new(gate()).layer(thief).oneshot(request).await.unwrap();
    let proof = stolen.lock().unwrap().clone().expect("the genuine request has a proof");

    let mut request = signed(FORM, full("Body=Evil"));
    request.extensions_mut().insert(proof);
    let (status, handled, verified) = send(gate().report_only(), request).await;
    assert_eq!((status, handled, verified), (200, Some(Bytes::from("Body=Evil")), false));
}

#[tokio::test]
async fn every_request_is_one_event() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let outcomes = Arc::clone(&outcomes);
        move |event: &Event<'_>| outcomes.lock().unwrap().push(event.outcome)
    };
    let gate = gate().on_event(listener);
    send(gate.clone(), signed(FORM, full(FORM))).await;
    send(gate.clone(), signed(FORM, full("Body=Evil"))).await;
    send(gate.clone(), Request::post("/sms").body(full(FORM)).unwrap()).await;
    send(gate.body_limit(5), signed(FORM, full(FORM))).await;
    let outcomes = outcomes.lock().unwrap();
    assert!(matches!(outcomes[0], Outcome::Verified { key: 0, .. }));
    assert_eq!(
        outcomes[1..],
        [
            Outcome::Refused(Refusal::Verify(VerifyError::Mismatch)),
            Outcome::Refused(Refusal::Verify(VerifyError::MissingSignature)),
            Outcome::Refused(Refusal::BodyTooLong),
        ]
    );
}

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
    let gate = gate().guard(Guard::new(Slow(Arc::new(MemoryStore::new(10).unwrap()))));
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
    assert_eq!(send(gate, signed(FORM, full(FORM))).await.0, 409);
}

mod tracing_events {
    use core::fmt::{Debug, Write as _};

    use tracing::field::{Field, Visit};
    use tracing::{Metadata, Subscriber, span};

    use super::*;

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
}

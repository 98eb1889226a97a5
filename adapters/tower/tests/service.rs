//! The service as `tower` sees it: readiness, cancellation, bodies, extensions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

mod stack;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::future::{Ready, ready};
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{Empty, Full, StreamBody};
use stack::{FORM, full, gate, send, signed};
use tower::{Layer as _, Service, ServiceExt, service_fn};
use twilio_sig::VerifyError;
use twilio_sig::claim::MemoryStore;
use twilio_sig::replay::Guard;
use twilio_sig_tower::{Event, Outcome, Refusal, RequestBody, VerifiedWebhook, WebhookLayer};

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

/// As on nested routers: it is verified, claimed and settled once, with the proof that was made.
#[tokio::test]
async fn the_same_layer_twice_is_once() {
    let settled = Arc::new(AtomicUsize::new(0));
    let settles = Arc::clone(&settled);
    let guard = Guard::new(MemoryStore::new(10).unwrap());
    let gate = gate().guard(guard).on_event(move |event| {
        let is_handled = matches!(event.outcome, Outcome::Handled { .. });
        settles.fetch_add(usize::from(is_handled), Ordering::SeqCst);
    });
    let layer = WebhookLayer::new(gate);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = service_fn(move |request: Request<RequestBody<RequestBody<Full<Bytes>>>>| {
        let is_proven = request.extensions().get::<VerifiedWebhook>().is_some();
        counted.fetch_add(usize::from(is_proven), Ordering::SeqCst);
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let service = layer.layer(layer.layer(handler));
    for _ in 0..2 {
        let response = service.clone().oneshot(signed(FORM, full(FORM))).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!((calls.load(Ordering::SeqCst), settled.load(Ordering::SeqCst)), (1, 1));
}

/// The proof that this very gate made of another request counts for nothing either.
#[tokio::test]
async fn the_proof_of_another_request_counts_for_nothing() {
    let gate = gate();
    let stolen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&stolen);
    let thief = service_fn(move |request: Request<RequestBody<Full<Bytes>>>| {
        *keep.lock().unwrap() = request.extensions().get::<VerifiedWebhook>().cloned();
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let request = signed(FORM, full(FORM));
    WebhookLayer::new(gate.clone()).layer(thief).oneshot(request).await.unwrap();
    let proof = stolen.lock().unwrap().clone().expect("the genuine request has a proof");
    let mut request = signed(FORM, full("Body=Evil"));
    request.extensions_mut().insert(proof);
    assert_eq!(send(gate, request).await, (403, None, false));
}

#[tokio::test]
async fn every_request_is_an_event_and_every_answer_of_a_handler_another() {
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
    assert!(matches!(outcomes[1], Outcome::Handled { status: 200, done: true, .. }));
    assert_eq!(
        outcomes[2..],
        [
            Outcome::Refused(Refusal::Verify(VerifyError::Mismatch)),
            Outcome::Refused(Refusal::Verify(VerifyError::MissingSignature)),
            Outcome::Refused(Refusal::BodyTooLong),
        ]
    );
}

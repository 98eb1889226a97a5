//! The service: asks the gate, and calls the inner service with what was verified.

use alloc::boxed::Box;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::uri::Authority;
use http::{Request, Response, StatusCode, Uri};
use http_body::Body;
use tower_service::Service;
use twilio_sig_gate::{
    Admitted, Decision, Gate, GateResponse, MAX_STORED_BODY_LEN, Opened, Refusal, Uncancelled,
    Unverified, VerifiedWebhook,
};

use crate::body::{RequestBody, ResponseBody};
use crate::peer::peer_of;
use crate::read::{Read, read};

/// The header that says that no handler made this answer.
const REPLAYED: HeaderName = HeaderName::from_static(GateResponse::REPLAYED_HEADER);

/// The service of a [`WebhookLayer`](crate::WebhookLayer).
#[derive(Clone, Debug)]
#[must_use]
pub struct VerifyWebhook<S> {
    inner: S,
    gate: Gate,
}

impl<S> VerifyWebhook<S> {
    /// A service that asks `gate` before it calls `inner`.
    pub const fn new(inner: S, gate: Gate) -> Self {
        Self { inner, gate }
    }
}

impl<S, B, R> Service<Request<B>> for VerifyWebhook<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
    R: Body + Send + 'static,
    R::Data: Send,
    R::Error: Send,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone is not ready.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let gate = self.gate.clone();
        let (mut parts, body) = request.into_parts();
        // A proof counts only if this very gate has made it of this very request.
        let previous = parts.extensions.remove::<VerifiedWebhook>();
        ResponseFuture(Box::pin(async move {
            let (admitted, body) = match decide(gate, previous, &parts, body).await {
                (Decision::Answer(answer), _) => return Ok(respond(answer)),
                (Decision::Continue(admitted), body) => (Some(admitted), body),
                (Decision::PassUnverified, body) => (None, body),
            };
            let Some(admitted) = admitted else {
                let mut inner = inner;
                parts.extensions.insert(Unverified);
                let response = inner.call(Request::from_parts(parts, body)).await;
                return Ok(response?.map(ResponseBody::of_handler));
            };
            parts.extensions.insert(admitted.webhook().clone());
            let limit = admitted.has_claims();
            let handling = handle(inner, Request::from_parts(parts, body), admitted);
            match limit {
                // Claimed work is finished, whether its caller waits or not.
                Some(limit) => Uncancelled::new(limit, handling).await,
                None => handling.await,
            }
        }))
    }
}

/// Calls the handler, and tells the gate its answer.
async fn handle<S, B, R>(
    mut inner: S,
    request: Request<RequestBody<B>>,
    admitted: Admitted,
) -> Result<Response<ResponseBody<R>>, S::Error>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    R: Body,
{
    let response = match inner.call(request).await {
        Ok(response) => response,
        Err(error) => {
            // An error of the service is no answer.
            admitted.settle(500, None).await;
            return Err(error);
        }
    };
    let status = response.status().as_u16();
    if !admitted.stores_answer(status) || !is_short(response.body()) {
        let other = admitted.settle(status, None).await;
        return Ok(other.map_or_else(|| response.map(ResponseBody::of_handler), respond));
    }
    let (parts, body) = response.into_parts();
    let Read::Whole(bytes) = read(body, MAX_STORED_BODY_LEN).await else {
        // No byte has been sent yet, and half an answer is none.
        admitted.settle(500, None).await;
        return Ok(respond(GateResponse::new(500)));
    };
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let answer = match content_type {
        Some(text) => GateResponse::new(status).with_body(text.to_owned(), bytes.clone()),
        None => GateResponse::new(status).with_bytes(bytes.clone()),
    };
    let other = admitted.settle(status, Some(&answer)).await;
    Ok(other.map_or_else(|| Response::from_parts(parts, ResponseBody::own(bytes)), respond))
}

/// Whether the body says how long it is, and may be stored. A stream is not held up.
fn is_short<R: Body>(body: &R) -> bool {
    let length = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    length.is_some_and(|length| length <= MAX_STORED_BODY_LEN)
}

/// The gate's decision, and the body to hand on.
async fn decide<B: Body>(
    gate: Gate,
    previous: Option<VerifiedWebhook>,
    parts: &Parts,
    body: B,
) -> (Decision<Admitted>, RequestBody<B>) {
    let opened = match open(&gate, parts) {
        Decision::Continue(opened) => opened,
        Decision::PassUnverified => {
            return (Decision::PassUnverified, RequestBody::partial(Bytes::new(), Box::pin(body)));
        }
        Decision::Answer(answer) => return (Decision::Answer(answer), RequestBody::empty()),
    };
    match read(body, gate.max_body_len()).await {
        Read::Whole(bytes) => {
            let decision = gate.decide_after(previous, opened, bytes.clone()).await;
            (decision, RequestBody::whole(bytes))
        }
        Read::TooLong(bytes, rest) => {
            let decision = gate.refuse_body(&opened, Refusal::BodyTooLong);
            (decision, RequestBody::partial(bytes, rest))
        }
        Read::Broken => {
            let decision = match gate.refuse_body(&opened, Refusal::BodyUnreadable) {
                // There is no body to hand on.
                Decision::PassUnverified => {
                    Decision::Answer(GateResponse::new(Refusal::BodyUnreadable.http_status()))
                }
                decision => decision,
            };
            (decision, RequestBody::empty())
        }
    }
}

fn open(gate: &Gate, parts: &Parts) -> Decision<Opened> {
    let uri = original_uri(parts);
    // The authority form of `CONNECT` has no target that could be signed.
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let lines = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let head = gate
        .head(parts.method.as_str(), target, lines)
        .authority(uri.authority().map(Authority::as_str))
        .peer(peer_of(&parts.extensions));
    gate.open(&head)
}

/// The URI as it was received: axum cuts the prefix off before a nested router is asked.
fn original_uri(parts: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(uri) = crate::extract::original_uri(&parts.extensions) {
        return uri;
    }
    &parts.uri
}

fn respond<R>(answer: GateResponse) -> Response<ResponseBody<R>> {
    let status = StatusCode::from_u16(answer.status());
    let content_type = answer.content_type().and_then(|text| HeaderValue::from_str(text).ok());
    let (retry_after, is_replayed) = (answer.retry_after(), answer.is_replayed());
    let mut response = Response::new(ResponseBody::own(answer.into_body()));
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(value) = content_type {
        headers.insert(CONTENT_TYPE, value);
    }
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if is_replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The future of [`VerifyWebhook`]. It may be dropped at any time; a handler goes on then if something was
/// claimed for its request.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<R, E>(BoxFuture<Result<Response<ResponseBody<R>>, E>>);

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<R, E> Future for ResponseFuture<R, E> {
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<R, E> fmt::Debug for ResponseFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

//! The middleware: asks the gate, and calls the inner service with what was verified.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::fmt;
use core::future::{Ready, ready};
use core::pin::Pin;
use core::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::uri::Authority;
use actix_web::http::{StatusCode, Version, header};
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use twilio_sig_gate::{Admitted, Answer, Decision, Gate, Head, Opened, Refusal, VerifiedWebhook};

use crate::payload::{Read, payload, read};

/// Lets only those requests through that Twilio signed.
///
/// Wrap it around the app or a scope, outside of whatever changes the path or the body.
///
/// # Examples
/// ```
/// use actix_web::{App, web};
/// use twilio_sig::{AuthToken, Origin, Verifier};
/// use twilio_sig_actix::{Gate, Verified, VerifyWebhook};
///
/// async fn sms(body: Verified<web::Bytes>) -> web::Bytes {
///     body.into_inner()
/// }
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?);
/// let app = App::new().route("/sms", web::post().to(sms)).wrap(VerifyWebhook::new(gate));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct VerifyWebhook {
    gate: Gate,
}

impl VerifyWebhook {
    /// A middleware that asks `gate`.
    pub const fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

impl<S, B> Transform<S, ServiceRequest> for VerifyWebhook
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = VerifyWebhookService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let gate = self.gate.clone();
        ready(Ok(VerifyWebhookService { service: Rc::new(service), gate }))
    }
}

/// The service of [`VerifyWebhook`].
pub struct VerifyWebhookService<S> {
    service: Rc<S>,
    gate: Gate,
}

impl<S> fmt::Debug for VerifyWebhookService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyWebhookService").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl<S, B> Service<ServiceRequest> for VerifyWebhookService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (service, gate) = (Rc::clone(&self.service), self.gate.clone());
        Box::pin(async move {
            // An outer middleware's proof is none for this gate.
            request.extensions_mut().remove::<VerifiedWebhook>();
            let admitted = match decide(&gate, &mut request).await {
                Decision::Answer(answer) => {
                    return Ok(request.into_response(respond(answer)).map_into_right_body());
                }
                Decision::Continue(admitted) => Some(admitted),
                Decision::PassUnverified => None,
            };
            if let Some(admitted) = &admitted {
                request.extensions_mut().insert(admitted.webhook().clone());
            }
            let response = service.call(request).await;
            if let Some(admitted) = admitted {
                let status = match &response {
                    Ok(response) => response.status(),
                    Err(error) => error.as_response_error().status_code(),
                };
                admitted.settle(status.as_u16()).await;
            }
            Ok(response?.map_into_left_body())
        })
    }
}

/// The gate's decision. The request keeps the body to hand on.
async fn decide(gate: &Gate, request: &mut ServiceRequest) -> Decision<Admitted> {
    let opened = match open(gate, request) {
        Decision::Continue(opened) => opened,
        Decision::PassUnverified => return Decision::PassUnverified,
        Decision::Answer(answer) => return Decision::Answer(answer),
    };
    // What follows a handshake is the WebSocket itself, not a body.
    if opened.is_websocket() && request.version() == Version::HTTP_11 {
        return gate.decide(opened, Bytes::new()).await;
    }
    match read(request.take_payload(), gate.max_body_len()).await {
        Read::Whole(bytes) => {
            request.set_payload(payload(bytes.clone(), Payload::None));
            gate.decide(opened, bytes).await
        }
        Read::TooLong(bytes, rest) => {
            request.set_payload(payload(bytes, rest));
            gate.refuse_body(&opened, Refusal::BodyTooLong)
        }
        Read::Broken => match gate.refuse_body(&opened, Refusal::BodyUnreadable) {
            // Nor is there anything to hand on.
            Decision::PassUnverified => {
                Decision::Answer(Answer::new(Refusal::BodyUnreadable.http_status()))
            }
            decision => decision,
        },
    }
}

fn open(gate: &Gate, request: &ServiceRequest) -> Decision<Opened> {
    let uri = request.uri();
    // The authority form of `CONNECT` has no target that could be signed.
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let lines = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let head = Head::new(request.method().as_str(), target, lines)
        .authority(uri.authority().map(Authority::as_str))
        .peer(request.peer_addr().map(|address| address.ip()));
    gate.open(&head)
}

fn respond(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    if let Some(text) = answer.content_type() {
        response.content_type(text);
    }
    if let Some(seconds) = answer.retry_after() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    response.body(answer.into_body())
}

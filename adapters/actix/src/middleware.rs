//! The middleware: asks the gate, and calls the inner service with what was verified.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::fmt;
use core::future::{Ready, ready};
use core::pin::Pin;
use core::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody, to_bytes_limited};
use actix_web::dev::{Payload, RequestHead, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::InternalError;
use actix_web::http::uri::Authority;
use actix_web::http::{StatusCode, Version, header};
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use twilio_sig_gate::{
    Admitted, Decision, Gate, GateResponse, MAX_STORED_BODY_LEN, Opened, Refusal, Unverified,
    VerifiedWebhook,
};

use crate::payload::{Read, payload, read};
use crate::uncancelled::Uncancelled;

/// Lets only those requests through that Twilio signed.
///
/// Wrap this around the app or a scope, outside of every middleware that changes the path or the body. A
/// route outside of it is open: a handler with [`Proven`](crate::Proven) answers 500 there, and one with a
/// plain `Form` answers every client.
///
/// # Examples
/// ```
/// use actix_web::{App, web};
/// use twilio_sig::{AuthToken, Origin, Verifier};
/// use twilio_sig_actix::{Gate, Proven, VerifyWebhook};
///
/// async fn sms(body: Proven<web::Bytes>) -> web::Bytes {
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

    /// Whether the sender of this head may send its body: the answer to `Expect: 100-continue`.
    ///
    /// For `actix_http::HttpServiceBuilder::expect`. `HttpServer` says `100 Continue` to everyone
    /// before any middleware is asked, and has no setting for it; then a refusal follows at once, and
    /// no byte of the body is waited for.
    ///
    /// # Errors
    /// The answer that the middleware gives to this head: 403, 413 and the like.
    ///
    /// # Examples
    /// ```no_run
    /// use core::future::ready;
    ///
    /// use actix_http::{HttpService, Request};
    /// use actix_service::{fn_service, map_config};
    /// use actix_web::{App, dev::AppConfig};
    /// # use twilio_sig_actix::{Gate, VerifyWebhook};
    ///
    /// # fn serve(gate: Gate) -> std::io::Result<()> {
    /// actix_server::Server::build().bind("webhooks", "127.0.0.1:8080", move || {
    ///     let verify = VerifyWebhook::new(gate.clone());
    ///     let app = App::new().wrap(verify.clone());
    ///     let expect = move |request: Request| {
    ///         ready(verify.check_head(request.head()).map(|()| request))
    ///     };
    ///     HttpService::build()
    ///         .expect(fn_service(expect))
    ///         .finish(map_config(app, |()| AppConfig::default()))
    ///         .tcp()
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn check_head(&self, head: &RequestHead) -> Result<(), Error> {
        match open(&self.gate, head) {
            Decision::Answer(answer) => {
                Err(InternalError::from_response("refused by its head", respond(answer)).into())
            }
            Decision::Continue(_) | Decision::PassUnverified => Ok(()),
        }
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
            // A proof counts only if this very gate has made it of this very request.
            let previous = request.extensions_mut().remove::<VerifiedWebhook>();
            let admitted = match decide(gate, previous, &mut request).await {
                Decision::Answer(answer) => {
                    return Ok(request.into_response(respond(answer)).map_into_right_body());
                }
                Decision::Continue(admitted) => admitted,
                Decision::PassUnverified => {
                    request.extensions_mut().insert(Unverified);
                    return Ok(service.call(request).await?.map_into_left_body());
                }
            };
            request.extensions_mut().insert(admitted.webhook().clone());
            let limit = admitted.has_claims();
            let handling = handle(service, request, admitted);
            match limit {
                // Claimed work is finished, whether its caller waits or not.
                Some(limit) => Uncancelled::new(limit, handling).await,
                None => handling.await,
            }
        })
    }
}

/// Calls the handler, and tells the gate its answer.
async fn handle<S, B>(
    service: Rc<S>,
    request: ServiceRequest,
    admitted: Admitted,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    let response = match service.call(request).await {
        Ok(response) => response,
        Err(error) => {
            admitted.settle(error.as_response_error().status_code().as_u16(), None).await;
            return Err(error);
        }
    };
    let status = response.status().as_u16();
    let is_short = match response.response().body().size() {
        BodySize::None => true,
        BodySize::Sized(length) => {
            usize::try_from(length).is_ok_and(|length| length <= MAX_STORED_BODY_LEN)
        }
        // A stream is not held up.
        BodySize::Stream => false,
    };
    if !is_short || !admitted.stores_answer(status) {
        return Ok(match admitted.settle(status, None).await {
            Some(other) => response.into_response(respond(other)).map_into_right_body(),
            None => response.map_into_left_body(),
        });
    }
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let Ok(Ok(bytes)) = to_bytes_limited(body, MAX_STORED_BODY_LEN).await else {
        // No byte has been sent yet, and half an answer is none.
        admitted.settle(500, None).await;
        let failed = HttpResponse::InternalServerError().finish();
        return Ok(ServiceResponse::new(request, failed).map_into_right_body());
    };
    let content_type = head.headers().get(header::CONTENT_TYPE);
    let answer = match content_type.and_then(|value| value.to_str().ok()) {
        Some(text) => GateResponse::new(status).with_body(text.to_owned(), bytes.clone()),
        None => GateResponse::new(status).with_bytes(bytes.clone()),
    };
    let response = match admitted.settle(status, Some(&answer)).await {
        Some(other) => respond(other).map_into_right_body(),
        None => head.set_body(EitherBody::right(BoxBody::new(bytes))),
    };
    Ok(ServiceResponse::new(request, response))
}

/// The gate's decision. The request keeps the body to hand on.
async fn decide(
    gate: Gate,
    previous: Option<VerifiedWebhook>,
    request: &mut ServiceRequest,
) -> Decision<Admitted> {
    let opened = match open(&gate, request.head()) {
        Decision::Continue(opened) => opened,
        Decision::PassUnverified => return Decision::PassUnverified,
        Decision::Answer(answer) => return Decision::Answer(answer),
    };
    // The bytes behind a handshake are the WebSocket's, and no body.
    if opened.is_websocket() && request.version() == Version::HTTP_11 {
        return gate.decide_after(previous, opened, Bytes::new()).await;
    }
    match read(request.take_payload(), gate.max_body_len()).await {
        Read::Whole(bytes) => {
            request.set_payload(payload(bytes.clone(), Payload::None));
            gate.decide_after(previous, opened, bytes).await
        }
        Read::TooLong(bytes, rest) => {
            request.set_payload(payload(bytes, rest));
            gate.refuse_body(&opened, Refusal::BodyTooLong)
        }
        Read::Broken => match gate.refuse_body(&opened, Refusal::BodyUnreadable) {
            // There is no body to hand on.
            Decision::PassUnverified => {
                Decision::Answer(GateResponse::new(Refusal::BodyUnreadable.http_status()))
            }
            decision => decision,
        },
    }
}

fn open(gate: &Gate, request: &RequestHead) -> Decision<Opened> {
    let uri = &request.uri;
    // The authority form of `CONNECT` has no target that could be signed.
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let lines = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let head = gate
        .head(request.method.as_str(), target, lines)
        .authority(uri.authority().map(Authority::as_str))
        .peer(request.peer_addr.map(|address| address.ip()));
    gate.open(&head)
}

fn respond(answer: GateResponse) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    if let Some(text) = answer.content_type() {
        response.content_type(text);
    }
    if let Some(seconds) = answer.retry_after() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if answer.is_replayed() {
        response.insert_header((GateResponse::REPLAYED_HEADER, "true"));
    }
    response.body(answer.into_body())
}

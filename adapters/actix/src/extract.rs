//! Extractors that exist only behind the middleware.
//!
//! Extractors read the proof that the middleware has put into the request, and no other part of it.

use core::fmt;
use core::future::{Ready, ready};
use core::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Form, Json, Query};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use serde::de::DeserializeOwned;

use crate::{ExtractError, VerifiedWebhook};

/// What `T` reads of a request that Twilio signed.
///
/// | Extractor | reads | demands |
/// |---|---|---|
/// | `Proven<Form<T>>` | the body | `Coverage::Form` |
/// | `Proven<Json<T>>` | the body | `Coverage::BodyHash` |
/// | `Proven<Query<T>>` | the query of the public URL | |
/// | `Proven<Bytes>` | the body as it came | |
/// | `Proven<VerifiedWebhook>` | the whole proof | |
///
/// The Content-Type is not signed, so extractors do not ask for it. On a route that the middleware does not
/// cover, the handler is never called: the answer is 500.
///
/// Only extraction makes a `Proven`, so a handler that takes one cannot run without the check. A
/// `Proven` dereferences to `T`, and through `Form`, `Json` and `Query` to their content.
///
/// ```
/// use actix_web::web::Form;
/// use twilio_sig_actix::Proven;
///
/// #[derive(serde::Deserialize)]
/// struct Sms {
///     #[serde(rename = "Body")]
///     body: String,
/// }
///
/// async fn sms(sms: Proven<Form<Sms>>) -> String {
///     format!("you said {}", sms.body)
/// }
/// ```
///
/// No other code can make one:
///
/// ```compile_fail,E0423
/// let forged = twilio_sig_actix::Proven("never checked");
/// ```
#[derive(Clone, Debug)]
pub struct Proven<T>(T);

impl<T> Proven<T> {
    /// The value that was extracted.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Proven<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Why an extractor gave nothing: [`ExtractError`] as a response, its text in the body.
///
/// # Examples
/// ```
/// use actix_web::ResponseError;
/// use twilio_sig_actix::{ExtractError, ProvenRejection};
///
/// assert_eq!(ProvenRejection::from(ExtractError::NoProof).status_code(), 500);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvenRejection(ExtractError);

impl ProvenRejection {
    /// The reason.
    #[must_use]
    pub const fn reason(&self) -> &ExtractError {
        &self.0
    }
}

impl From<ExtractError> for ProvenRejection {
    fn from(error: ExtractError) -> Self {
        Self(error)
    }
}

impl fmt::Display for ProvenRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for ProvenRejection {
    fn status_code(&self) -> StatusCode {
        let status = StatusCode::from_u16(self.0.http_status());
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).body(self.to_string())
    }
}

/// The proof in the extensions of the request.
fn proof(request: &HttpRequest) -> Result<VerifiedWebhook, ExtractError> {
    let extensions = request.extensions();
    VerifiedWebhook::required(extensions.get(), extensions.get()).cloned()
}

/// What `read` makes of the proof.
fn extract<T>(
    request: &HttpRequest,
    read: impl FnOnce(VerifiedWebhook) -> Result<T, ExtractError>,
) -> Ready<Result<Proven<T>, ProvenRejection>> {
    ready(proof(request).and_then(read).map(Proven).map_err(ProvenRejection))
}

impl FromRequest for Proven<VerifiedWebhook> {
    type Error = ProvenRejection;
    type Future = Ready<Result<Self, ProvenRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, Ok)
    }
}

impl FromRequest for Proven<Bytes> {
    type Error = ProvenRejection;
    type Future = Ready<Result<Self, ProvenRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, |webhook| Ok(webhook.body().clone()))
    }
}

impl<T: DeserializeOwned> FromRequest for Proven<Form<T>> {
    type Error = ProvenRejection;
    type Future = Ready<Result<Self, ProvenRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, |webhook| webhook.form().map(Form))
    }
}

impl<T: DeserializeOwned> FromRequest for Proven<Json<T>> {
    type Error = ProvenRejection;
    type Future = Ready<Result<Self, ProvenRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, |webhook| webhook.json().map(Json))
    }
}

impl<T: DeserializeOwned> FromRequest for Proven<Query<T>> {
    type Error = ProvenRejection;
    type Future = Ready<Result<Self, ProvenRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, |webhook| webhook.query().map(Query))
    }
}

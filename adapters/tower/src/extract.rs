//! Extractors that exist only behind the layer.
//!
//! Extractors read the proof that the layer has put into the request, and neither the request's body nor its
//! URI. A handler that takes one sees what Twilio signed, whatever a middleware in between did. On a route
//! that the layer does not cover the handler is never called: the answer is 500, from the first request on.
//!
//! | Extractor | reads | demands |
//! |---|---|---|
//! | `Proven<Form<T>>` | the body | `Coverage::Form` |
//! | `Proven<Json<T>>` | the body | `Coverage::BodyHash` |
//! | `Proven<Query<T>>` | the query of the public URL | |
//! | `Proven<Bytes>` | the body as it came | |
//! | `Proven<VerifiedWebhook>` | the whole proof | |
//!
//! The Content-Type is not signed, so extractors do not ask for it.

use core::net::{IpAddr, SocketAddr};
use core::ops::Deref;

use alloc::string::ToString;
use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri, Query};
use axum::http::request::Parts;
use axum::http::{Extensions, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::{ExtractError, VerifiedWebhook};

/// What `T` reads of a request that Twilio signed.
///
/// Only extraction makes a `Proven`, so a handler that takes one cannot run without the check. A
/// `Proven` dereferences to `T`, and through `Form`, `Json` and `Query` to their content.
///
/// # Examples
/// ```
/// use axum::{Form, Router, routing::post};
/// use twilio_sig::{AuthToken, Origin, Verifier};
/// use twilio_sig_tower::extract::Proven;
/// use twilio_sig_tower::{Gate, WebhookLayer};
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
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?);
/// let app: Router = Router::new().route("/sms", post(sms)).layer(WebhookLayer::new(gate));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// No other code can make one:
///
/// ```compile_fail,E0423
/// let forged = twilio_sig_tower::extract::Proven("never checked");
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
/// use axum::response::IntoResponse;
/// use twilio_sig_tower::extract::ProvenRejection;
/// use twilio_sig_tower::ExtractError;
///
/// assert_eq!(ProvenRejection::from(ExtractError::NoProof).into_response().status(), 500);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvenRejection(ExtractError);

impl From<ExtractError> for ProvenRejection {
    fn from(error: ExtractError) -> Self {
        Self(error)
    }
}

impl ProvenRejection {
    /// The reason.
    #[must_use]
    pub const fn reason(&self) -> &ExtractError {
        &self.0
    }
}

impl IntoResponse for ProvenRejection {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.http_status());
        (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), self.0.to_string()).into_response()
    }
}

impl<S: Sync> FromRequestParts<S> for Proven<VerifiedWebhook> {
    type Rejection = ProvenRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProvenRejection> {
        Ok(Self(proof(parts)?.clone()))
    }
}

impl<S: Sync> FromRequestParts<S> for Proven<Bytes> {
    type Rejection = ProvenRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProvenRejection> {
        Ok(Self(proof(parts)?.body().clone()))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Proven<Form<T>> {
    type Rejection = ProvenRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProvenRejection> {
        Ok(Self(Form(proof(parts)?.form()?)))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Proven<Json<T>> {
    type Rejection = ProvenRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProvenRejection> {
        Ok(Self(Json(proof(parts)?.json()?)))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Proven<Query<T>> {
    type Rejection = ProvenRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProvenRejection> {
        Ok(Self(Query(proof(parts)?.query()?)))
    }
}

fn proof(parts: &Parts) -> Result<&VerifiedWebhook, ExtractError> {
    VerifiedWebhook::required(parts.extensions.get(), parts.extensions.get())
}

/// The peer, if axum serves with `into_make_service_with_connect_info`.
pub(crate) fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get().map(|ConnectInfo::<SocketAddr>(address)| address.ip())
}

/// The URI before a router nested the request.
pub(crate) fn original_uri(extensions: &Extensions) -> Option<&Uri> {
    extensions.get().map(|OriginalUri(uri)| uri)
}

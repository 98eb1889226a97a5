//! Extractors that exist only behind the layer.
//!
//! They read the proof that the layer has put into the request, and nothing else: not the body of
//! the request, not its URI. So a handler that takes one sees what Twilio signed, whatever a
//! middleware in between did; and on a route that the layer does not cover it is never called: the
//! answer is 500, from the first request on.
//!
//! | Extractor | reads | demands |
//! |---|---|---|
//! | `Verified<Form<T>>` | the body | [`Coverage::Form`] or [`Coverage::BodyHash`] |
//! | `Verified<Json<T>>` | the body | [`Coverage::BodyHash`] |
//! | `Verified<Query<T>>` | the query of the public URL | |
//! | `Verified<Bytes>` | the body as it came | |
//! | `Verified<VerifiedWebhook>` | the whole proof | |
//!
//! The Content-Type is not signed, so it is not asked for.

use core::net::{IpAddr, SocketAddr};

use alloc::string::{String, ToString};
use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri, Query};
use axum::http::request::Parts;
use axum::http::{Extensions, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use thiserror::Error;
use twilio_sig::Coverage;

use crate::VerifiedWebhook;

/// What `T` reads of a request that Twilio signed.
///
/// Only extraction makes one, so a handler that asks for it cannot run without the check. In a
/// pattern, write two dots for what may be added to it: `Verified(Form(sms), ..)`.
///
/// # Examples
/// ```
/// use axum::{Form, Router, routing::post};
/// use twilio_sig::{AuthToken, Origin, Verifier};
/// use twilio_sig_tower::axum::Verified;
/// use twilio_sig_tower::{Gate, WebhookLayer};
///
/// #[derive(serde::Deserialize)]
/// struct Sms {
///     #[serde(rename = "Body")]
///     body: String,
/// }
///
/// async fn sms(Verified(Form(sms), ..): Verified<Form<Sms>>) -> String {
///     sms.body
/// }
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?);
/// let app: Router = Router::new().route("/sms", post(sms)).layer(WebhookLayer::new(gate));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Nobody else can make one:
///
/// ```compile_fail,E0423
/// let forged = twilio_sig_tower::axum::Verified("never checked");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified<T>(pub T);

/// Why an extractor gave nothing.
///
/// # Examples
/// ```
/// use axum::response::IntoResponse;
/// use twilio_sig_tower::axum::VerifiedRejection;
///
/// assert_eq!(VerifiedRejection::NoLayer.into_response().status(), 500);
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum VerifiedRejection {
    /// The route is not behind an enforcing [`WebhookLayer`](crate::WebhookLayer): 500.
    #[error("this route is not behind a layer that verifies webhooks")]
    NoLayer,
    /// The signature does not cover the body in a way that lets it be read so: 403.
    #[error("the signature does not cover the body as this handler reads it")]
    Coverage,
    /// The signed bytes are not what the handler expects: 422.
    #[error("the signed request is not what this handler reads: {0}")]
    Unreadable(String),
}

impl VerifiedRejection {
    fn unreadable(error: &impl ToString) -> Self {
        Self::Unreadable(error.to_string())
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::NoLayer => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Coverage => StatusCode::FORBIDDEN,
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

impl IntoResponse for VerifiedRejection {
    fn into_response(self) -> Response {
        (self.status(), self.to_string()).into_response()
    }
}

impl<S: Sync> FromRequestParts<S> for Verified<VerifiedWebhook> {
    type Rejection = VerifiedRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, VerifiedRejection> {
        proof(parts).cloned().map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Verified<Bytes> {
    type Rejection = VerifiedRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, VerifiedRejection> {
        proof(parts).map(|webhook| Self(webhook.body().clone()))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Verified<Form<T>> {
    type Rejection = VerifiedRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, VerifiedRejection> {
        let webhook = proof(parts)?;
        if webhook.coverage() == Coverage::UrlOnly {
            return Err(VerifiedRejection::Coverage);
        }
        let form = serde_urlencoded::from_bytes(webhook.body());
        form.map(|form| Self(Form(form))).map_err(|error| VerifiedRejection::unreadable(&error))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Verified<Json<T>> {
    type Rejection = VerifiedRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, VerifiedRejection> {
        let webhook = proof(parts)?;
        if webhook.coverage() != Coverage::BodyHash {
            return Err(VerifiedRejection::Coverage);
        }
        let json = serde_json::from_slice(webhook.body());
        json.map(|json| Self(Json(json))).map_err(|error| VerifiedRejection::unreadable(&error))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Verified<Query<T>> {
    type Rejection = VerifiedRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, VerifiedRejection> {
        let url = proof(parts)?.url();
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let query = serde_urlencoded::from_str(query);
        query.map(|query| Self(Query(query))).map_err(|error| VerifiedRejection::unreadable(&error))
    }
}

fn proof(parts: &Parts) -> Result<&VerifiedWebhook, VerifiedRejection> {
    parts.extensions.get().ok_or(VerifiedRejection::NoLayer)
}

/// The peer, if axum serves with `into_make_service_with_connect_info`.
pub(crate) fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get().map(|ConnectInfo::<SocketAddr>(address)| address.ip())
}

/// The URI before a router nested the request.
pub(crate) fn original_uri(extensions: &Extensions) -> Option<&Uri> {
    extensions.get().map(|OriginalUri(uri)| uri)
}

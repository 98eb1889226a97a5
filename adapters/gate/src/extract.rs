//! Reading what was signed, the same way in every framework.

use alloc::string::{String, ToString};

use serde::de::DeserializeOwned;
use thiserror::Error;
use twilio_sig::Coverage;

use crate::{Unverified, VerifiedWebhook, form};

/// Why an extractor gave nothing.
///
/// # Examples
/// ```
/// assert_eq!(twilio_sig_gate::ExtractError::NoProof.http_status(), 500);
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ExtractError {
    /// The route is not behind an adapter that verifies: 500.
    #[error("this route is not behind a middleware that verifies webhooks")]
    NoProof,
    /// The gate only reports ([`Gate::report_only`](crate::Gate::report_only)), so no request counts
    /// as verified: 500.
    #[error("the gate only reports, so this request does not count as verified")]
    ReportOnly,
    /// The signature does not cover the body in a way that lets it be read so: 403.
    #[error("the signature does not cover the body as this handler reads it")]
    Coverage,
    /// The signed bytes are not what the handler expects: 422.
    #[error("the signed request is not what this handler reads: {0}")]
    Unreadable(String),
}

impl ExtractError {
    /// The HTTP status of each variant.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::NoProof | Self::ReportOnly => 500,
            Self::Coverage => 403,
            Self::Unreadable(_) => 422,
        }
    }
}

/// Turns the error of a reader into its text. The request is proven, so its sender may be told why.
fn readable<T, E: ToString>(result: Result<T, E>) -> Result<T, ExtractError> {
    result.map_err(|error| ExtractError::Unreadable(error.to_string()))
}

impl VerifiedWebhook {
    /// The proof among the extensions of a request, for extractors, which also tell whether the
    /// request was [handed on unverified](Unverified).
    ///
    /// # Errors
    /// [`ExtractError::NoProof`] if there is none, [`ExtractError::ReportOnly`] if the gate only
    /// reports. Both are logged, since the service is at fault; as a warning, since every client can cause it.
    pub fn required<'a>(
        found: Option<&'a Self>,
        unverified: Option<&Unverified>,
    ) -> Result<&'a Self, ExtractError> {
        let error = match unverified {
            None => ExtractError::NoProof,
            Some(Unverified) => ExtractError::ReportOnly,
        };
        #[cfg(feature = "tracing")]
        if found.is_none() {
            let (reason, fix) = if unverified.is_none() {
                (
                    "no_proof",
                    "Put the route behind the layer: axum's Router::layer covers the routes that were \
                     added before it, actix-web's wrap those of its App or scope.",
                )
            } else {
                (
                    "report_only",
                    "Remove Gate::report_only once its log is quiet; until then the handler takes what \
                     it took before, such as Form<T>, and nothing is verified.",
                )
            };
            tracing::warn!(
                event_type = "webhook_unprotected",
                provider = "twilio",
                reason,
                fix,
                "{error}"
            );
        }
        found.ok_or(error)
    }

    /// The signed parameters of the form, read into a type: sorted, equal ones once. Their order in the body
    /// and their repetition are not signed, so neither is read.
    ///
    /// # Errors
    /// [`ExtractError::Coverage`] unless the coverage is [`Coverage::Form`],
    /// [`ExtractError::Unreadable`].
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, ExtractError> {
        if self.coverage() != Coverage::Form {
            return Err(ExtractError::Coverage);
        }
        readable(form::read(self.params()))
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`ExtractError::Coverage`] unless the coverage is [`Coverage::BodyHash`]: a form's signature
    /// says nothing about bytes that are not a form. [`ExtractError::Unreadable`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ExtractError> {
        if self.coverage() != Coverage::BodyHash {
            return Err(ExtractError::Coverage);
        }
        readable(serde_json::from_slice(self.body()))
    }

    /// The query of the public URL: all that a `GET` webhook has.
    ///
    /// # Errors
    /// [`ExtractError::Unreadable`].
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, ExtractError> {
        readable(form::read(&self.query_params()))
    }
}

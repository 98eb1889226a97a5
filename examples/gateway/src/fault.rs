//! What a handler answers that cannot do its work.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use thiserror::Error;
use twilio_sig::claim::ClaimError;

use crate::store::{StoreError, disk};

/// What Twilio is told to wait, in seconds. It waits for 15 in all.
const RETRY_AFTER_S: u64 = 3;

/// Why there is no answer. What was claimed is given back, so that a retry is handled.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    /// 400: the URL lacks what the route needs.
    #[error("{0}")]
    Malformed(&'static str),
    /// 403: the sender may not do it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 404: it tells of what is not known.
    #[error("{0}")]
    Unknown(&'static str),
    /// 503: the database, or the app behind, is out of order.
    #[error("{0}")]
    Unavailable(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Fault {
    fn from(error: &StoreError) -> Self {
        disk::note(error);
        Self::Unavailable(error.to_string())
    }
}

impl From<ClaimError> for Fault {
    fn from(error: ClaimError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Self::Malformed(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
            Self::Forbidden(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
            Self::Unknown(reason) => (StatusCode::NOT_FOUND, reason).into_response(),
            Self::Unavailable(reason) => {
                tracing::error!(event_type = "webhook_unavailable", reason, "no answer");
                let headers = [(RETRY_AFTER, RETRY_AFTER_S)];
                (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
            }
        }
    }
}

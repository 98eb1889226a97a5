//! Why a request does not reach the handler.

use core::time::Duration;

use thiserror::Error;
use twilio_sig::{OriginError, VerifyError};

use crate::GateResponse;

/// What a store or a directory of tenants that is in trouble tells its callers to wait.
pub(crate) const OUTAGE_WAIT: Duration = Duration::from_secs(5);

/// Why a request was refused. It carries no byte of the request.
///
/// The reason is for the operator. The sender gets the status alone, unless
/// [`Gate::refusal_answer`](crate::Gate::refusal_answer) says otherwise.
///
/// # Examples
/// ```
/// use twilio_sig_gate::Refusal;
/// use twilio_sig::VerifyError;
///
/// let refusal = Refusal::Verify(VerifyError::Mismatch);
/// assert_eq!((refusal.http_status(), refusal.code()), (403, "mismatch"));
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// A header that the verdict depends on came in several lines, whose order no rule settles.
    #[error("header {0} is there more than once")]
    RepeatedHeader(&'static str),
    /// The public URL of the request cannot be told.
    #[error(transparent)]
    Origin(OriginError),
    /// The body is longer than the gate's bound.
    #[error("the body is longer than the gate allows")]
    BodyTooLong,
    /// The body could not be read to its end: the sender went away, or broke the protocol.
    #[error("the body could not be read to its end")]
    BodyUnreadable,
    /// There is no tenant of the name that the request claims.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The tenant is known and switched off.
    #[error("the tenant is not active")]
    InactiveTenant,
    /// The source of verifiers could not answer.
    #[error("the source of verifiers is out of order")]
    TenantsUnavailable,
    /// No holder of a key has signed this request.
    #[error(transparent)]
    Verify(VerifyError),
    /// The guard has seen this very signature before, what it asked for is done, and the gate
    /// refuses such requests instead of answering them.
    #[error("the request was seen before")]
    Replayed,
    /// The signed timestamp is older than the guard's window.
    #[error("the signed timestamp is too old")]
    Stale,
    /// The signed timestamp lies in the future, or the clock is wrong.
    #[error("the signed timestamp lies in the future")]
    Early,
    /// The signed timestamp cannot be read.
    #[error("the signed timestamp cannot be read")]
    MalformedTimestamp,
    /// The guard requires a signed timestamp, and there is none.
    #[error("no timestamp is signed")]
    MissingTimestamp,
    /// The same request, or one about the same event, is being handled; for at most this long.
    #[error("the request or its event is being handled")]
    InProgress(Duration),
    /// The claim store is full, so it cannot remember the request.
    #[error("the claim store is full")]
    StoreFull,
    /// The claim store did not answer, so the gate cannot know whether the request is new. The event says
    /// why.
    #[error("the claim store is out of order")]
    StoreUnavailable,
}

impl Refusal {
    /// The HTTP status: 403 for what is refused, 400 for what is malformed or too old, 404 and 503
    /// for tenants that are unknown and inactive, 409 for a replay, 413 and 414 for what is too
    /// long, 503 for what is in progress or out of order here, 500 for a configuration at fault.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Origin(error) => error.http_status(),
            Self::Verify(error) => error.http_status(),
            Self::RepeatedHeader(_)
            | Self::BodyUnreadable
            | Self::Stale
            | Self::Early
            | Self::MalformedTimestamp
            | Self::MissingTimestamp => 400,
            Self::UnknownTenant => 404,
            Self::Replayed => 409,
            Self::BodyTooLong => 413,
            Self::InactiveTenant
            | Self::TenantsUnavailable
            | Self::InProgress(_)
            | Self::StoreFull
            | Self::StoreUnavailable => 503,
        }
    }

    /// A stable label in snake case, for logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RepeatedHeader(_) => "repeated_header",
            Self::Origin(_) => "origin",
            Self::BodyTooLong => "body_too_long",
            Self::BodyUnreadable => "body_unreadable",
            Self::UnknownTenant => "unknown_tenant",
            Self::InactiveTenant => "inactive_tenant",
            Self::TenantsUnavailable => "tenants_unavailable",
            Self::Verify(error) => error.code(),
            Self::Replayed => "replayed",
            Self::Stale => "stale",
            Self::Early => "early",
            Self::MalformedTimestamp => "malformed_timestamp",
            Self::MissingTimestamp => "missing_timestamp",
            Self::InProgress(_) => "in_progress",
            Self::StoreFull => "store_full",
            Self::StoreUnavailable => "store_unavailable",
        }
    }

    /// The type of the event that reports it.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::TenantsUnavailable | Self::StoreFull | Self::StoreUnavailable => {
                "webhook_unavailable"
            }
            Self::Replayed
            | Self::Stale
            | Self::Early
            | Self::MalformedTimestamp
            | Self::MissingTimestamp => "webhook_replayed",
            Self::InProgress(_) => "webhook_in_progress",
            _ => "invalid_webhook_signature",
        }
    }

    /// Whether the fault is the service's, and only a proven request meets it: an error in the log. Other
    /// senders must not be able to cause such lines.
    #[cfg(feature = "tracing")]
    pub(crate) const fn is_our_fault(self) -> bool {
        matches!(self, Self::StoreFull | Self::StoreUnavailable)
    }

    /// Whether it tells whether there is a tenant: see [`Gate::hide_tenants`](crate::Gate::hide_tenants).
    pub(crate) const fn tells_tenant(self) -> bool {
        matches!(self, Self::UnknownTenant | Self::InactiveTenant | Self::Verify(_))
    }

    /// The answer unless another is configured: the status, and no word of the reason.
    pub(crate) const fn answer(self) -> GateResponse {
        let answer = GateResponse::new(self.http_status());
        match self {
            Self::TenantsUnavailable | Self::StoreFull | Self::StoreUnavailable => {
                answer.with_retry_after(OUTAGE_WAIT)
            }
            Self::InProgress(wait) => answer.with_retry_after(wait),
            _ => answer,
        }
    }
}

//! Why a request is not admitted, and why a setting is refused.

use core::fmt;
use core::time::Duration;

use thiserror::Error;

#[cfg(doc)]
use super::{Freshness, Guard};
use crate::claim::{Answer, ClaimError};

/// Why a request is not fresh.
///
/// # Examples
/// ```
/// use twilio_sig::replay::FreshnessError;
///
/// assert_eq!(FreshnessError::Stale.to_string(), "the signed timestamp is too old");
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum FreshnessError {
    /// A timestamp is required, and the word `Timestamp` is signed where it is no name: a value with the
    /// word could have been split off as the timestamp, or hide the one that Twilio signed.
    #[error("the word Timestamp is signed within another name or value, or in the URL")]
    Ambiguous,
    /// The signed timestamp is more than the skew ahead of the clock: one of the two is wrong.
    #[error("the signed timestamp lies in the future")]
    Early,
    /// A timestamp is required, and a signed `Timestamp` is no RFC 2822, ISO 8601, SQL or epoch
    /// timestamp.
    #[error("the signed timestamp cannot be read")]
    Malformed,
    /// A timestamp is required, and none is signed.
    #[error("no timestamp is signed")]
    Missing,
    /// The signed timestamp is older than the window.
    #[error("the signed timestamp is too old")]
    Stale,
    /// A parameter is signed that the endpoint does not [expect](Freshness::expects).
    #[error("a parameter is signed that the endpoint does not expect")]
    Unexpected,
}

/// Why a request is not admitted. Only a [`Claim`](crate::claim::Claim) admits one.
///
/// # Examples
/// ```
/// use twilio_sig::replay::{FreshnessError, ReplayError};
///
/// assert_eq!(ReplayError::from(FreshnessError::Stale).http_status(), 400);
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The request is too old, or does not say how old it is.
    #[error(transparent)]
    Freshness(#[from] FreshnessError),
    /// The same request is at work. Answer 503, or wait and ask again.
    #[error("the same request is at work")]
    InProgress {
        /// The rest of its lease, never zero.
        retry_after: Duration,
    },
    /// The request was seen before, and is done: a replay, or Twilio's retry. The variant holds the first
    /// answer. Give that answer again, or answer 409, and do not act on the request.
    #[error("the request was seen before")]
    Replayed(Answer),
    /// The store gave no answer. Answer 503, and Twilio retries.
    #[error(transparent)]
    Store(#[from] ClaimError),
}

impl ReplayError {
    /// The HTTP status to answer with: 400 for the timestamp, 409 for a replay, 503 for a request at work
    /// and for the store.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Freshness(_) => 400,
            Self::Replayed(_) => 409,
            Self::InProgress { .. } | Self::Store(_) => 503,
        }
    }
}

/// Why a setting of [`Guard`] or [`Freshness`] is refused. `Debug` says what `Display` says, because it
/// is what `main` prints.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig::replay::{Freshness, SettingError};
///
/// assert_eq!(Freshness::new().window(Duration::ZERO).unwrap_err(), SettingError::Window);
/// ```
#[derive(Clone, Copy, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum SettingError {
    /// The list of expected names is empty or has more than [`Freshness::MAX_NAMES`].
    #[error("the list of expected names is empty or too long")]
    Expected,
    /// The lease is zero, or longer than [`MAX_DURATION`](crate::claim::MAX_DURATION).
    #[error("the lease is zero or longer than 366 days")]
    Lease,
    /// The skew is longer than [`Freshness::MAX_SKEW`].
    #[error("the skew is longer than a day")]
    Skew,
    /// The ttl is zero, or longer than [`MAX_DURATION`](crate::claim::MAX_DURATION).
    #[error("the ttl is zero or longer than 366 days")]
    Ttl,
    /// The window is zero, or longer than [`Freshness::MAX_WINDOW`].
    #[error("the window is zero or longer than 365 days")]
    Window,
}

/// As [`Display`](fmt::Display): it is what `main` prints of an error that it returns.
impl fmt::Debug for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

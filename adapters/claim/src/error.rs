//! Why a store could not do what it was asked.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;

/// Why a claim could not be made, renewed, completed or released. None of them is
/// [`Acquired`](crate::ClaimOutcome::Acquired).
///
/// `Display` says the reason, so that one line of a log is enough. `Debug` says the same, because it
/// is what `main` prints.
///
/// # Examples
/// ```
/// # #[cfg(all(feature = "std", feature = "getrandom"))] {
/// use core::time::Duration;
/// use twilio_sig_claim::{Claim, ClaimError, ClaimKey, MemoryStore};
///
/// let store = MemoryStore::new(1)?;
/// let [first, second] = [b"CA1", b"CA2"].map(|sid| ClaimKey::new("example", &[sid]));
/// let _outcome = store.try_claim(&Claim::random(first)?, Duration::from_secs(5))?;
/// let refused = store.try_claim(&Claim::random(second)?, Duration::from_secs(5));
/// assert!(matches!(refused, Err(ClaimError::Full)));
/// assert_eq!(format!("{:?}", ClaimError::Full), "the claim store is full");
/// # }
/// # Ok::<(), twilio_sig_claim::ClaimError>(())
/// ```
#[derive(Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The store has no room for another key, or for the answer, and evicts nothing. Nothing has
    /// changed. Answer 503, and enlarge the store; complete with [`Answer::EMPTY`], which needs no
    /// room for a key that is held.
    ///
    /// [`Answer::EMPTY`]: crate::Answer::EMPTY
    #[error("the claim store is full")]
    Full,
    /// The key is no longer yours: its lease ran out and another owner has claimed it, or it is
    /// completed. What the other owner has is untouched.
    #[error("the claim is lost: its lease ran out, and the key has another owner or is done")]
    Lost,
    /// A duration is zero or above [`MAX_DURATION`](crate::MAX_DURATION), an answer longer than
    /// [`MAX_ANSWER_LEN`](crate::MAX_ANSWER_LEN), or a bound zero or above its limit.
    #[error("a duration, an answer or a bound is out of range")]
    OutOfRange,
    /// The store did not answer, or its answer made no sense. Whether the call took effect is
    /// unknown; if a claim did, its lease will run out, or [`release`](crate::ClaimStore::release)
    /// ends it. Answer 503.
    #[error("the claim store is unavailable: {0}")]
    Unavailable(Box<dyn core::error::Error + Send + Sync>),
}

impl fmt::Debug for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ClaimError {
    /// [`Unavailable`](Self::Unavailable) for this reason: for those who write a store. The reason
    /// is shown, so it must hold no secret.
    ///
    /// # Examples
    /// ```
    /// let error = twilio_sig_claim::ClaimError::unavailable("connection refused");
    /// assert_eq!(error.to_string(), "the claim store is unavailable: connection refused");
    /// ```
    pub fn unavailable(reason: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(reason.into())
    }

    /// The kind of error as a label of a metric or an event: `full`, `lost`, `out_of_range` or
    /// `unavailable`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(twilio_sig_claim::ClaimError::Full.label(), "full");
    /// ```
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Lost => "lost",
            Self::OutOfRange => "out_of_range",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

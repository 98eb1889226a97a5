//! Why a store could not do what it was asked.

use alloc::boxed::Box;

use thiserror::Error;

/// Why a claim could not be made, completed or released. None of them is `Fresh`.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig::claim::{ClaimError, ClaimKey, MemoryStore};
///
/// let store = MemoryStore::new(1)?;
/// let lease = Duration::from_secs(30);
/// let _claim = store.try_claim(&ClaimKey::new("example", &[b"CA1"]), lease)?;
/// let refused = store.try_claim(&ClaimKey::new("example", &[b"CA2"]), lease);
/// assert!(matches!(refused, Err(ClaimError::Full)));
/// # Ok::<(), ClaimError>(())
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The store has no room for another key, and evicts none. Answer 503; enlarge the store.
    #[error("the claim store is full")]
    Full,
    /// The lease ran out and the key is no longer yours: somebody else claimed it, or it is
    /// completed. What they have is untouched.
    #[error("the claim belongs to somebody else by now")]
    Lost,
    /// A duration is zero or above [`MAX_DURATION`](crate::claim::MAX_DURATION), or a bound is
    /// zero or above its limit.
    #[error("a duration or a bound is zero or above its limit")]
    OutOfRange,
    /// The store did not answer, or its answer made no sense. Whether the key is claimed is
    /// unknown; if it is, the lease will run out. Answer 503.
    #[error("the claim store is unavailable")]
    Unavailable(#[source] Box<dyn core::error::Error + Send + Sync>),
}

impl ClaimError {
    /// [`Unavailable`](Self::Unavailable) for this reason: for those who write a store.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::claim::ClaimError;
    ///
    /// let error = ClaimError::unavailable("connection refused");
    /// assert_eq!(error.to_string(), "the claim store is unavailable");
    /// ```
    pub fn unavailable(reason: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(reason.into())
    }
}

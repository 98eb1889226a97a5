//! What became of a claim.

use core::time::Duration;

use super::Answer;

/// What a store says to a claim.
///
/// # Examples
/// ```
/// # #[cfg(all(feature = "std", feature = "getrandom"))] {
/// use core::time::Duration;
/// use twilio_sig_claim::{Claim, ClaimKey, ClaimOutcome, MemoryStore};
///
/// let store = MemoryStore::new(1_000)?;
/// let key = ClaimKey::new("example", &[b"CA1"]);
/// let first = store.try_claim(&Claim::random(key)?, Duration::from_secs(5))?;
/// let second = store.try_claim(&Claim::random(key)?, Duration::from_secs(5))?;
/// assert!(matches!(first, ClaimOutcome::Acquired));
/// assert!(matches!(second, ClaimOutcome::InProgress { .. }));
/// # }
/// # Ok::<(), twilio_sig_claim::ClaimError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub enum ClaimOutcome {
    /// The key is yours until the lease ends. Do the work, then complete or release the claim.
    Acquired,
    /// Another owner is at work. The work is not done yet, and perhaps never: do not answer as if
    /// it were. [Watch](crate::ClaimStore::watch) the key, or ask again later.
    InProgress {
        /// The rest of the owner's lease, never zero. The owner may renew it.
        retry_after: Duration,
    },
    /// The work is done, and this is its answer, byte for byte.
    Done(Answer),
}

//! Claims: who may act on a key, and who already has.
//!
//! A captured request and Twilio's honest retry are the same bytes, so replay protection and
//! idempotency rest on one idea: **claim** a key, do the work, then **complete** or **release** the
//! claim. A [`ClaimStore`] keeps the keys. The features `replay` and `dedup` make them.
//!
//! ```text
//!             claim ──> Fresh ── work done ───> complete ──> Done until `keep` ends, then vacant
//!   vacant ──────────>   │  └─── work failed ──> release ───> vacant
//!             claim by   │
//!             others: InProgress ── the owner died, the lease runs out ──> vacant
//! ```
//!
//! # What is promised
//!
//! | promise | it holds | it ends |
//! |---|---|---|
//! | exactly one owner | of any number of concurrent claims of a key one is `Fresh` | when the lease runs out: make it longer than the work |
//! | at least once | a released or abandoned key can be claimed again, by Twilio's retry | when Twilio stops to retry |
//! | at most once | a completed key stays `Done` until `keep` ends | if the work outlives its lease, or is done but not completed: see below |
//!
//! No store can promise both "at least once" and "at most once" about work that happens elsewhere: a
//! process that dies between the work and [`complete`](ClaimStore::complete) has done it, and nobody
//! knows. Then the lease runs out and the work is done again. Only a claim that is part of the same
//! transaction as the work has no such gap; the PostgreSQL store offers one.
//!
//! # Which store
//!
//! | deployment | store |
//! |---|---|
//! | one process, and a restart may forget what was done | [`MemoryStore`] |
//! | several processes, many claims, and Redis is there | `twilio_sig_redis` |
//! | several processes, and nothing that is done may be forgotten | `twilio_sig_postgres` |
//! | the work is a change in PostgreSQL | `twilio_sig_postgres`, in the work's transaction |
//!
//! # What each store promises when something fails
//!
//! | | `MemoryStore` | `twilio_sig_redis` | `twilio_sig_postgres` |
//! |---|---|---|---|
//! | exactly one owner | in its process | on one server, until it forgets | yes |
//! | at least once, if the owner dies | everything is forgotten with the process, so the retry is `Fresh` | `Fresh` when the lease ends | `Fresh` when the lease ends; in a transaction at once |
//! | at most once, after a restart | no | what its persistence kept: all with `appendfsync always`, up to a second less with `everysec`, nothing without | yes, unless `synchronous_commit` or `fsync` is off |
//! | at most once, after a failover | – | no: replication is asynchronous | if replication is synchronous |
//! | both at once, with the work | no | no | in the work's transaction |
//! | no room | [`Full`](ClaimError::Full) | `Full`, and it never evicts | `Full` |
//! | unreachable | cannot be | [`Unavailable`](ClaimError::Unavailable) within 2 s | `Unavailable` within 5 s |
//! | its answer is lost | cannot be | `Unavailable`; a claim made comes back with its lease, and the rest can be repeated | the same |
//! | its clock goes back | cannot be, and would not be followed | keys are held longer, and none is `Fresh` too early | the same |
//! | its clock jumps ahead | cannot be | leases and keeps end earlier by as much | the same |
//!
//! Every error means *not claimed as far as you know*: answer 503, and Twilio's retry or the next
//! webhook tries again. Nothing is ever evicted before its time, because whoever can push out a key
//! can replay it.

#[cfg(feature = "conformance")]
pub mod conformance;
mod entry;
mod error;
mod key;
mod memory;
mod shard;
mod wheel;

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

pub use self::error::ClaimError;
pub use self::key::ClaimKey;
pub use self::memory::{MAX_ENTRIES, MemoryStore};

/// The longest lease or keep: 366 days. Longer is no claim but an archive.
pub const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A store of claims. All stores keep one contract, which the feature `conformance` tests:
///
/// - Of concurrent claims of one key, exactly one is [`Outcome::Fresh`].
/// - Only the owner, who holds the [`Claim`], can complete or release it.
/// - A lease that ran out can be claimed again. An owner who comes late is told
///   [`ClaimError::Lost`] if somebody else holds the key, or has completed it, by then.
/// - A completed key stays [`Outcome::Done`] until its time ends. Nothing is evicted before.
/// - A store that is full or unreachable gives an error, never `Fresh`.
///
/// Time is the store's own: one clock for all who share it, so that no caller's wrong clock can end
/// the lease of another.
///
/// Durations are rounded up to whole milliseconds. One that is zero, or above [`MAX_DURATION`], is
/// [`ClaimError::OutOfRange`].
///
/// The futures do nothing until they are polled. One that is dropped may have had its effect:
/// the key is then held until the lease runs out.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig::claim::{ClaimError, ClaimKey, ClaimStore, Outcome};
///
/// async fn once<S: ClaimStore>(store: &S, key: &ClaimKey) -> Result<&'static str, ClaimError> {
///     match store.claim(key, Duration::from_secs(30)).await? {
///         Outcome::Fresh(claim) => {
///             // The work goes here. If it fails: `store.release(&claim).await?`.
///             store.complete(&claim, Duration::from_secs(86_400)).await?;
///             Ok("done now")
///         }
///         Outcome::Done => Ok("done before"),
///         _ => Ok("in progress: answer 503, and let Twilio retry"),
///     }
/// }
/// ```
pub trait ClaimStore: Send + Sync {
    /// Claims `key` for `lease`, if it is vacant. Make the lease longer than the work can take.
    ///
    /// # Errors
    /// [`ClaimError::Full`] if the key is vacant and there is no room for it,
    /// [`ClaimError::Unavailable`] if the store did not answer, [`ClaimError::OutOfRange`].
    fn claim(
        &self,
        key: &ClaimKey,
        lease: Duration,
    ) -> impl Future<Output = Result<Outcome, ClaimError>> + Send;

    /// Marks the key as done for `keep` from now. May be called again if the answer was lost.
    ///
    /// Where the lease ran out and the key is vacant, it is marked too: the work *was* done.
    ///
    /// # Errors
    /// [`ClaimError::Lost`] if somebody else has the key, and as [`claim`](Self::claim).
    fn complete(
        &self,
        claim: &Claim,
        keep: Duration,
    ) -> impl Future<Output = Result<(), ClaimError>> + Send;

    /// Makes the key vacant, so that the next one to claim it gets it. May be called again.
    ///
    /// # Errors
    /// [`ClaimError::Lost`] if somebody else has the key, or it is completed;
    /// [`ClaimError::Unavailable`].
    fn release(&self, claim: &Claim) -> impl Future<Output = Result<(), ClaimError>> + Send;
}

/// What became of a claim.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig::claim::{ClaimKey, MemoryStore, Outcome};
///
/// let store = MemoryStore::new(1_000)?;
/// let key = ClaimKey::new("example", &[b"CA1"]);
/// let first = store.try_claim(&key, Duration::from_secs(30))?;
/// let second = store.try_claim(&key, Duration::from_secs(30))?;
/// assert!(matches!(first, Outcome::Fresh(_)));
/// assert!(matches!(second, Outcome::InProgress { .. }));
/// # Ok::<(), twilio_sig::claim::ClaimError>(())
/// ```
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Outcome {
    /// It is yours. Do the work, then complete or release it.
    Fresh(Claim),
    /// Somebody is at work. Not done yet, and perhaps never: do not answer as if it were.
    InProgress {
        /// The rest of the owner's lease, never zero.
        retry_after: Duration,
    },
    /// Somebody has completed it.
    Done,
}

/// The right to complete or release a key: the key, and a token that no other claim has.
///
/// `Debug` does not show the token.
#[derive(Clone, Eq, PartialEq)]
#[must_use]
pub struct Claim {
    key: ClaimKey,
    token: [u8; Self::TOKEN_LEN],
}

impl Claim {
    /// Bytes of a token: 128 bits, so that no two claims of any process ever have the same.
    pub const TOKEN_LEN: usize = 16;

    /// A claim with a random token: for those who write a store.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the system gives no random bytes.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::claim::{Claim, ClaimKey};
    ///
    /// let key = ClaimKey::new("example", &[b"CA1"]);
    /// assert_ne!(Claim::random(key)?.token(), Claim::random(key)?.token());
    /// # Ok::<(), twilio_sig::claim::ClaimError>(())
    /// ```
    pub fn random(key: ClaimKey) -> Result<Self, ClaimError> {
        let mut token = [0; Self::TOKEN_LEN];
        getrandom::fill(&mut token).map_err(ClaimError::unavailable)?;
        Ok(Self { key, token })
    }

    /// A claim with a token of the store's choice, which must never be given out twice.
    pub const fn with_token(key: ClaimKey, token: [u8; Self::TOKEN_LEN]) -> Self {
        Self { key, token }
    }

    /// What is claimed.
    #[must_use]
    pub const fn key(&self) -> &ClaimKey {
        &self.key
    }

    /// What the owner has and nobody else.
    #[must_use]
    pub const fn token(&self) -> &[u8; Self::TOKEN_LEN] {
        &self.token
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A lease or keep in whole milliseconds, rounded up: for those who write a store.
///
/// # Errors
/// [`ClaimError::OutOfRange`] if it is zero or above [`MAX_DURATION`].
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig::claim::whole_millis;
///
/// assert_eq!(whole_millis(Duration::from_micros(1_001))?, 2);
/// assert!(whole_millis(Duration::ZERO).is_err());
/// # Ok::<(), twilio_sig::claim::ClaimError>(())
/// ```
pub fn whole_millis(duration: Duration) -> Result<u64, ClaimError> {
    if duration.is_zero() || duration > MAX_DURATION {
        return Err(ClaimError::OutOfRange);
    }
    let millis = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).map_err(|_| ClaimError::OutOfRange)
}

/// One store, shared.
impl<S: ClaimStore> ClaimStore for Arc<S> {
    async fn claim(&self, key: &ClaimKey, lease: Duration) -> Result<Outcome, ClaimError> {
        (**self).claim(key, lease).await
    }

    async fn complete(&self, claim: &Claim, keep: Duration) -> Result<(), ClaimError> {
        (**self).complete(claim, keep).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        (**self).release(claim).await
    }
}

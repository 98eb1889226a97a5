//! The contract of [`ClaimStore`] as a test suite that any store can run.
//!
//! It needs no test framework, no runtime and no randomness: the caller polls, says how to let time
//! pass, and gives a seed. Keys and tokens are made of the seed, so a random one lets the suite run
//! on a store that holds something already, or that others use. It takes a few seconds with a store
//! that goes by the real time.
//!
//! # Examples
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//! use twilio_sig_claim::{MemoryStore, conformance};
//!
//! let millis = Arc::new(AtomicU64::new(0));
//! let clock = Arc::clone(&millis);
//! let clock = move || Duration::from_millis(clock.load(Relaxed));
//! let store = MemoryStore::builder(1_000).clock(clock).build()?;
//! let wait = async |time: Duration| {
//!     millis.fetch_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Relaxed);
//! };
//!
//! let mut check = core::pin::pin!(conformance::check(&store, b"any seed", wait));
//! let mut context = core::task::Context::from_waker(core::task::Waker::noop());
//! assert!(matches!(check.as_mut().poll(&mut context), core::task::Poll::Ready(Ok(()))));
//! # Ok::<(), twilio_sig_claim::ClaimError>(())
//! ```

mod answers;
mod bounds;
mod owners;
mod races;

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use thiserror::Error;

use super::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore};

/// What a store did that the contract forbids.
///
/// # Examples
/// ```
/// # fn report(violation: twilio_sig_claim::conformance::Violation) {
/// eprintln!("{violation}");
/// # }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Violation {
    /// It broke this rule.
    #[error("the store breaks the rule: {0}")]
    Rule(&'static str),
    /// It gave an error where the contract asks for an answer.
    #[error("the store failed where it had to answer: {0}")]
    Error(#[from] ClaimError),
}

/// A lease or ttl that the suite waits for.
const SHORT: Duration = Duration::from_millis(400);
/// Enough for a short one to end, and for a store whose clock ticks in tenths of a second.
const PAST_SHORT: Duration = Duration::from_millis(650);
/// One that does not end while the suite runs.
const LONG: Duration = Duration::from_secs(600);

/// Runs the whole suite on `store`. `wait` lets that much of the store's time pass.
///
/// # Errors
/// The first [`Violation`].
pub async fn check<S: ClaimStore>(
    store: &S,
    seed: &[u8],
    wait: impl AsyncFn(Duration),
) -> Result<(), Violation> {
    let suite = Suite { store, seed, wait, made: AtomicUsize::new(0) };
    suite.owners().await?;
    suite.answers().await?;
    suite.bounds().await?;
    suite.races().await
}

/// A store, and what the rules need besides.
struct Suite<'s, S, W> {
    store: &'s S,
    seed: &'s [u8],
    wait: W,
    /// Keys and tokens made so far.
    made: AtomicUsize,
}

impl<S: ClaimStore, W: AsyncFn(Duration)> Suite<'_, S, W> {
    /// A key that nothing else uses.
    fn key(&self) -> ClaimKey {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        ClaimKey::new("conformance", &[self.seed, &number.to_be_bytes()])
    }

    /// A claim of the key with a token that nothing else has.
    fn claim_of(&self, key: ClaimKey) -> Claim {
        let hash = *self.key().as_bytes();
        let (token, _) = hash.split_first_chunk().unwrap_or((&[0; Claim::TOKEN_LEN], &[]));
        Claim::with_token(key, *token)
    }

    /// Lets a short lease or ttl end.
    async fn wait_past_short(&self) {
        (self.wait)(PAST_SHORT).await;
    }

    /// Claims the key with a new token, which must succeed.
    async fn acquire(
        &self,
        key: ClaimKey,
        lease: Duration,
        rule: &'static str,
    ) -> Result<Claim, Violation> {
        let claim = self.claim_of(key);
        let outcome = self.store.claim(&claim, lease).await?;
        require(matches!(outcome, ClaimOutcome::Acquired), rule)?;
        Ok(claim)
    }

    /// The key must be in progress for others.
    async fn in_progress(&self, key: ClaimKey, rule: &'static str) -> Result<(), Violation> {
        let outcome = self.store.claim(&self.claim_of(key), LONG).await?;
        let holds = matches!(outcome, ClaimOutcome::InProgress { retry_after }
            if !retry_after.is_zero() && retry_after <= LONG);
        require(holds, rule)
    }

    /// The key must be done, with this answer.
    async fn done(
        &self,
        key: ClaimKey,
        answer: &Answer,
        rule: &'static str,
    ) -> Result<(), Violation> {
        let outcome = self.store.claim(&self.claim_of(key), LONG).await?;
        require(matches!(outcome, ClaimOutcome::Done(given) if given == *answer), rule)
    }
}

fn lost(result: Result<(), ClaimError>, rule: &'static str) -> Result<(), Violation> {
    match result {
        Err(ClaimError::Lost) => Ok(()),
        Ok(()) => Err(Violation::Rule(rule)),
        Err(error) => Err(error.into()),
    }
}

fn require(holds: bool, rule: &'static str) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::Rule(rule)) }
}

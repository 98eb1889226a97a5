//! The guard: freshness, and a claim of the MAC.

mod settings;

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::{Freshness, FreshnessError, ReplayError};
use crate::claim::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore};
use crate::verifier::{Proof, Verdict, Verified};

/// Refuses a request that was seen before, or whose signed timestamp is too old.
///
/// A guard asks the store once for each request. It takes a [`Verified`], its [`Proof`] or its [`Verdict`], so
/// that without the key nothing can fill the store, or mark a request as seen.
#[derive(Clone)]
#[must_use]
pub struct Guard<S> {
    store: S,
    scope: String,
    freshness: Freshness,
    ttl: Duration,
    lease: Duration,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    make_claim: Arc<dyn Fn(ClaimKey) -> Result<Claim, ClaimError> + Send + Sync>,
}

impl<S: ClaimStore> Guard<S> {
    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Admits the request, once: checks that it is fresh, and claims it. Act on the request only with the
    /// claim that is given back.
    ///
    /// # Errors
    /// A [`ReplayError`]: the request is not admitted. The error of a replay carries the first answer.
    pub async fn admit(&self, verified: &Verified<'_>) -> Result<Claim, ReplayError> {
        self.check(verified)?;
        let claim = self.claim(verified)?;
        self.acquire(&claim).await?;
        Ok(claim)
    }

    /// The first step of [`admit`](Self::admit): whether the request is fresh.
    ///
    /// # Errors
    /// As [`Freshness::check`].
    pub fn check(&self, verified: &Verified<'_>) -> Result<(), FreshnessError> {
        self.freshness.check(verified, (self.clock)())
    }

    /// The first step of [`admit`](Self::admit) of a proof: no form is read again.
    ///
    /// # Errors
    /// As [`Freshness::check`].
    pub fn check_proof(&self, proof: &Proof) -> Result<(), FreshnessError> {
        self.freshness.check_proof(proof, (self.clock)())
    }

    /// The second step of [`admit`](Self::admit): makes the claim, and does not ask the store. The token is
    /// known from now on, so the claim can be released if the store's answer does not come. The verdict is
    /// that of a [`Verified`] or of a [`Proof`].
    ///
    /// # Errors
    /// The errors of the source of randomness.
    pub fn claim(&self, verdict: &Verdict) -> Result<Claim, ClaimError> {
        (self.make_claim)(self.key(verdict))
    }

    /// The last step of [`admit`](Self::admit): asks the store for the claim.
    ///
    /// # Errors
    /// [`ReplayError::InProgress`], [`ReplayError::Replayed`] or [`ReplayError::Store`]: the claim
    /// does not hold the request.
    pub async fn acquire(&self, claim: &Claim) -> Result<(), ReplayError> {
        match self.store.claim(claim, self.lease).await? {
            ClaimOutcome::Acquired => Ok(()),
            ClaimOutcome::InProgress { retry_after } => {
                Err(ReplayError::InProgress { retry_after })
            }
            ClaimOutcome::Done(answer) => Err(ReplayError::Replayed(answer)),
            other => {
                Err(ClaimError::unavailable(alloc::format!("unknown outcome {other:?}")).into())
            }
        }
    }

    /// Lets the lease begin anew, while the work goes on.
    ///
    /// # Errors
    /// As [`ClaimStore::renew`]. After [`ClaimError::Lost`] another process may be at work: stop.
    pub async fn renew(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.store.renew(claim, self.lease).await
    }

    /// Remembers the request as done, with this answer.
    ///
    /// # Errors
    /// As [`ClaimStore::complete`].
    pub async fn complete(&self, claim: &Claim, answer: &Answer) -> Result<(), ClaimError> {
        self.store.complete(claim, self.ttl.max(self.freshness.longest()), answer).await
    }

    /// Forgets the request, so that Twilio's retry is admitted.
    ///
    /// # Errors
    /// As [`ClaimStore::release`].
    pub async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.store.release(claim).await
    }

    /// The key under which the request is remembered: scope and the bytes of the MAC.
    ///
    /// No other key is safe. The text of the header can be spelled in other ways, URL and parameters can
    /// be split anew under one MAC, and headers are not signed. Each of these would give a replay a key of
    /// its own.
    #[must_use]
    pub fn key(&self, verdict: &Verdict) -> ClaimKey {
        ClaimKey::new("replay", &[self.scope.as_bytes(), verdict.signature().as_bytes()])
    }
}

impl<S> fmt::Debug for Guard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("scope", &self.scope)
            .field("freshness", &self.freshness)
            .field("ttl", &self.ttl)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

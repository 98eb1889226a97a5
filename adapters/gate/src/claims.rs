//! Replay protection and idempotency as steps of the gate.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use twilio_sig::Verified;
use twilio_sig::claim::{Answer, Claim, ClaimOutcome, ClaimStore};
use twilio_sig::dedup::{DedupKey, NoIdentity};
use twilio_sig::replay::{FreshnessError, Guard, ReplayError};

use crate::Refusal;
use crate::once::{BoxFuture, Held, Step, Stop};

/// Lets each event through once, by what Twilio signed about it. A duplicate gets an answer of its
/// own and no handler.
///
/// A request that nothing identifies goes to the handler every time, and so does a batch of several
/// events: its handler claims each by itself, with
/// [`DedupKey::each`](twilio_sig::dedup::DedupKey::each).
///
/// # Examples
/// ```
/// use twilio_sig::claim::MemoryStore;
/// use twilio_sig::dedup::Template;
/// use twilio_sig_gate::Dedup;
///
/// let by_kind = Dedup::new(MemoryStore::new(100_000)?);
/// let voice = Template::parse("{CallSid}:voice")?;
/// let own = Dedup::new(MemoryStore::new(100_000)?).key(move |verified| voice.key(verified));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Dedup<S> {
    store: S,
    key: KeyOf,
    lease: Duration,
    keep: Duration,
}

type KeyOf = Box<dyn Fn(&Verified<'_>) -> Result<DedupKey, NoIdentity> + Send + Sync>;

impl<S: ClaimStore + 'static> Dedup<S> {
    /// Idempotency with [`DedupKey::of`] and the defaults that each setting names.
    pub fn new(store: S) -> Self {
        Self {
            store,
            key: Box::new(|verified| DedupKey::of(verified)),
            lease: Duration::from_secs(60),
            keep: Duration::from_secs(24 * 60 * 60),
        }
    }

    /// Sets what identifies an event. Two endpoints that are told of one event, and share a store,
    /// need keys of their own: [`DedupKey::endpoint`](twilio_sig::dedup::DedupKey::endpoint).
    pub fn key(
        mut self,
        key: impl Fn(&Verified<'_>) -> Result<DedupKey, NoIdentity> + Send + Sync + 'static,
    ) -> Self {
        self.key = Box::new(key);
        self
    }

    /// Sets how long the handler may take before the event may be claimed again. Default: 60
    /// seconds.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets for how long an event is remembered. Default: 24 hours.
    pub const fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }
}

impl<S> fmt::Debug for Dedup<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dedup")
            .field("lease", &self.lease)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// The replay guard as a step.
pub(crate) struct GuardStep<S>(pub(crate) Arc<Guard<S>>);

impl<S: ClaimStore + 'static> Step for GuardStep<S> {
    fn admit<'a>(
        &'a self,
        verified: &'a Verified<'a>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Held>>, Stop>> {
        Box::pin(async move {
            let claim = self.0.admit(verified).await;
            let claim = claim.map_err(|error| Stop::Refuse(Refusal::from(error)))?;
            let held: Arc<dyn Held> = Arc::new(Guarded { guard: Arc::clone(&self.0), claim });
            Ok(Some(held))
        })
    }
}

struct Guarded<S> {
    guard: Arc<Guard<S>>,
    claim: Claim,
}

impl<S: ClaimStore + 'static> Held for Guarded<S> {
    fn settle(self: Arc<Self>, done: bool) -> BoxFuture<'static, bool> {
        Box::pin(async move {
            let settled = if done {
                self.guard.complete(&self.claim, &Answer::EMPTY).await
            } else {
                self.guard.release(&self.claim).await
            };
            settled.is_ok()
        })
    }
}

/// Idempotency as a step.
pub(crate) struct DedupStep<S>(pub(crate) Arc<Dedup<S>>);

impl<S: ClaimStore + 'static> Step for DedupStep<S> {
    fn admit<'a>(
        &'a self,
        verified: &'a Verified<'a>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Held>>, Stop>> {
        Box::pin(async move {
            let Ok(key) = (self.0.key)(verified) else { return Ok(None) };
            let unavailable = |_| Stop::Refuse(Refusal::StoreUnavailable);
            let claim = Claim::random(key.claim_key()).map_err(unavailable)?;
            let claimed = self.0.store.claim(&claim, self.0.lease).await;
            match claimed.map_err(unavailable)? {
                ClaimOutcome::Acquired => {
                    let held: Arc<dyn Held> =
                        Arc::new(Deduped { dedup: Arc::clone(&self.0), claim });
                    Ok(Some(held))
                }
                ClaimOutcome::InProgress { retry_after } => {
                    Err(Stop::Refuse(Refusal::InProgress(retry_after)))
                }
                ClaimOutcome::Done(_) => Err(Stop::Duplicate),
                _ => Err(Stop::Refuse(Refusal::StoreUnavailable)),
            }
        })
    }
}

struct Deduped<S> {
    dedup: Arc<Dedup<S>>,
    claim: Claim,
}

impl<S: ClaimStore + 'static> Held for Deduped<S> {
    fn settle(self: Arc<Self>, done: bool) -> BoxFuture<'static, bool> {
        Box::pin(async move {
            let Dedup { store, keep, .. } = &*self.dedup;
            let settled = if done {
                store.complete(&self.claim, *keep, &Answer::EMPTY).await
            } else {
                store.release(&self.claim).await
            };
            settled.is_ok()
        })
    }
}

impl From<ReplayError> for Refusal {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Freshness(FreshnessError::Stale) => Self::Stale,
            ReplayError::Freshness(FreshnessError::Early) => Self::Early,
            ReplayError::Freshness(FreshnessError::Missing) => Self::MissingTimestamp,
            ReplayError::Freshness(_) => Self::MalformedTimestamp,
            ReplayError::InProgress { retry_after } => Self::InProgress(retry_after),
            ReplayError::Replayed(_) => Self::Replayed,
            _ => Self::StoreUnavailable,
        }
    }
}

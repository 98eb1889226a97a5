//! A claim in whatever store, and the two steps that make one of a verified request.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::time::Duration;

use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore};
use twilio_sig::dedup::{Delivery, NoIdentity};
use twilio_sig::replay::{FreshnessError, Guard};
use twilio_sig::{Proof, Verified};

use crate::owned_webhook::OwnedWebhook;
use crate::uncancelled::BoxFuture;
use crate::{Dedup, Refusal};

pub(crate) type Call<T> = BoxFuture<'static, Result<T, ClaimError>>;

/// What makes the claim of a request, when it is verified and before any store is asked.
pub(crate) trait Step: Send + Sync {
    fn prepare(&self, proven: &Proven<'_>) -> Result<Arc<dyn Slot>, Unclaimable>;
}

/// A request that has just been verified.
pub(crate) struct Proven<'a> {
    pub(crate) verified: &'a Verified<'a>,
    pub(crate) proof: &'a Proof,
    pub(crate) arrived: &'a OwnedWebhook,
    pub(crate) tenant: Option<&'a str>,
}

impl<'a> Proven<'a> {
    /// What its key is made of. The proof has the parameters, and of a body it has only the hash.
    fn delivery(&self) -> Delivery<'a> {
        let of_proof = Delivery::of_proof(self.proof, &[]);
        let delivery = of_proof.unwrap_or_else(|_| Delivery::new(self.verified));
        self.arrived.delivery(delivery, self.tenant)
    }
}

/// Why there is nothing to claim.
pub(crate) enum Unclaimable {
    Refuse(Refusal, Option<String>),
    NoIdentity(NoIdentity),
}

/// A claim and its store. The calls do nothing until they are polled.
pub(crate) trait Slot: Send + Sync {
    /// Whether it is the guard's: the key is the MAC.
    fn is_guard(&self) -> bool;
    fn claim(self: Arc<Self>, lease: Duration) -> Call<ClaimOutcome>;
    fn renew(self: Arc<Self>, lease: Duration) -> Call<()>;
    fn complete(self: Arc<Self>, answer: Answer) -> Call<()>;
    fn release(self: Arc<Self>) -> Call<()>;
    fn watch(self: Arc<Self>) -> BoxFuture<'static, ()>;
}

impl<S: ClaimStore + 'static> Step for Arc<Guard<S>> {
    fn prepare(&self, proven: &Proven<'_>) -> Result<Arc<dyn Slot>, Unclaimable> {
        let checked = self.check_proof(proven.proof);
        checked.map_err(|error| Unclaimable::Refuse(error.into(), None))?;
        let claim = self.claim(proven.proof).map_err(Unclaimable::from)?;
        Ok(Arc::new(Guarded { guard: Self::clone(self), claim }))
    }
}

impl<S: ClaimStore + 'static> Step for Arc<Dedup<S>> {
    fn prepare(&self, proven: &Proven<'_>) -> Result<Arc<dyn Slot>, Unclaimable> {
        let key = (self.key)(proven.delivery()).map_err(Unclaimable::NoIdentity)?;
        let claim = Claim::random(key.claim_key()).map_err(Unclaimable::from)?;
        Ok(Arc::new(Deduped { dedup: Self::clone(self), claim }))
    }
}

struct Guarded<S> {
    guard: Arc<Guard<S>>,
    claim: Claim,
}

impl<S: ClaimStore + 'static> Slot for Guarded<S> {
    fn is_guard(&self) -> bool {
        true
    }

    fn claim(self: Arc<Self>, lease: Duration) -> Call<ClaimOutcome> {
        Box::pin(async move { self.guard.store().claim(&self.claim, lease).await })
    }

    fn renew(self: Arc<Self>, lease: Duration) -> Call<()> {
        Box::pin(async move { self.guard.store().renew(&self.claim, lease).await })
    }

    fn complete(self: Arc<Self>, answer: Answer) -> Call<()> {
        Box::pin(async move { self.guard.complete(&self.claim, &answer).await })
    }

    fn release(self: Arc<Self>) -> Call<()> {
        Box::pin(async move { self.guard.release(&self.claim).await })
    }

    fn watch(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.guard.store().watch(self.claim.key()).await })
    }
}

struct Deduped<S> {
    dedup: Arc<Dedup<S>>,
    claim: Claim,
}

impl<S: ClaimStore + 'static> Slot for Deduped<S> {
    fn is_guard(&self) -> bool {
        false
    }

    fn claim(self: Arc<Self>, lease: Duration) -> Call<ClaimOutcome> {
        Box::pin(async move { self.dedup.store.claim(&self.claim, lease).await })
    }

    fn renew(self: Arc<Self>, lease: Duration) -> Call<()> {
        Box::pin(async move { self.dedup.store.renew(&self.claim, lease).await })
    }

    fn complete(self: Arc<Self>, answer: Answer) -> Call<()> {
        Box::pin(
            async move { self.dedup.store.complete(&self.claim, self.dedup.ttl, &answer).await },
        )
    }

    fn release(self: Arc<Self>) -> Call<()> {
        Box::pin(async move { self.dedup.store.release(&self.claim).await })
    }

    fn watch(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.dedup.store.watch(self.claim.key()).await })
    }
}

impl From<ClaimError> for Unclaimable {
    fn from(error: ClaimError) -> Self {
        Self::Refuse(Refusal::of_store(&error), Some(error.to_string()))
    }
}

impl Refusal {
    pub(crate) const fn of_store(error: &ClaimError) -> Self {
        match error {
            ClaimError::Full => Self::StoreFull,
            _ => Self::StoreUnavailable,
        }
    }
}

impl From<FreshnessError> for Refusal {
    fn from(error: FreshnessError) -> Self {
        match error {
            FreshnessError::Stale => Self::Stale,
            FreshnessError::Early => Self::Early,
            FreshnessError::Missing => Self::MissingTimestamp,
            _ => Self::MalformedTimestamp,
        }
    }
}

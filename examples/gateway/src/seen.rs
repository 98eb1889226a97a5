//! What this process has just seen, where there is no Redis.

use alloc::sync::Arc;
use core::time::Duration;

use twilio_sig::claim::{
    Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore, MemoryStore,
};

/// The most requests that are at work or were seen within [`TTL`]. Beyond: 503.
const MAX_SEEN: usize = 200_000;
/// For how long they are known here. The database knows each for as long as the setting `KEEP_DAYS`
/// says; here a second delivery waits for the first, and has its answer without the database. Were
/// it longer, a busy day would fill the memory, and a full store refuses.
const TTL: Duration = Duration::from_secs(10);

/// Claims in memory, of those that are at work and those that just were. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Recent(Arc<MemoryStore>);

impl Recent {
    pub(crate) fn new() -> Result<Self, ClaimError> {
        Ok(Self(Arc::new(MemoryStore::new(MAX_SEEN)?)))
    }
}

impl ClaimStore for Recent {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        self.0.claim(claim, lease).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), ClaimError> {
        self.0.renew(claim, lease).await
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        self.0.complete(claim, ttl.min(TTL), answer).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.0.release(claim).await
    }

    async fn watch(&self, key: &ClaimKey) {
        self.0.watch(key).await;
    }
}

//! Claims while the handler is at work: renewed, and settled with its answer.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use twilio_sig::claim::{Answer, ClaimError};

use crate::VerifiedWebhook;
use crate::once::{Slots, settle};
use crate::renewals::Renewals;
use crate::slot::Slot;
use crate::uncancelled::Uncancelled;

/// The claims of a request that is at work. Released when dropped.
pub(crate) struct HeldClaim {
    slots: Slots,
    renewals: Renewals,
    /// Its number among those, where there is a runtime.
    number: Option<u64>,
    limit: Duration,
}

impl HeldClaim {
    /// Renews the claims from now on, where there is a runtime.
    pub(crate) fn new(
        slots: Slots,
        webhook: &VerifiedWebhook,
        renewals: &Renewals,
        limit: Duration,
    ) -> Self {
        let number = renewals.add(webhook, slots.to_vec());
        Self { slots, renewals: renewals.clone(), number, limit }
    }

    /// The claims, to be looked at when they are settled.
    pub(crate) fn slots(&self) -> Vec<Arc<dyn Slot>> {
        self.slots.to_vec()
    }

    /// Completes the claims with this answer, or releases them.
    pub(crate) async fn settle(mut self, answer: Option<Answer>) -> Result<(), ClaimError> {
        // If the future is dropped now, a task goes on.
        Uncancelled::new(self.limit.saturating_mul(2), self.finish(answer)).await
    }

    fn finish(
        &mut self,
        answer: Option<Answer>,
    ) -> impl Future<Output = Result<(), ClaimError>> + Send + 'static {
        let (slots, limit) = (self.slots.take(), self.limit);
        let renewal = self.number.take().and_then(|number| self.renewals.take(number));
        async move {
            match renewal {
                Some(renewal) if answer.is_some() => renewal.abort(),
                // A renewal that is on its way would hold again what is released before it.
                Some(renewal) => renewal.finish(limit).await,
                None => {}
            }
            settle(slots, answer, limit).await
        }
    }
}

impl Drop for HeldClaim {
    fn drop(&mut self) {
        if self.slots.len() > 0 {
            drop(Uncancelled::new(self.limit.saturating_mul(2), self.finish(None)));
        }
    }
}

impl fmt::Debug for HeldClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HeldClaim").field(&self.slots.len()).finish()
    }
}

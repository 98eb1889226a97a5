//! Claims while the handler is at work: renewed, and settled with its answer.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use twilio_sig::claim::{Answer, ClaimError};

use crate::deadline::within;
use crate::once::{Slots, settle, timed_out};
use crate::slot::Slot;
use crate::uncancelled::Uncancelled;
use crate::{Outcome, VerifiedWebhook};

/// The claims of a request that is at work. Released when dropped.
pub(crate) struct HeldClaim {
    slots: Slots,
    renewal: Option<Renewal>,
    limit: Duration,
}

struct Renewal {
    /// Its end is the signal.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl HeldClaim {
    /// Renews the claims from now on, where there is a runtime.
    pub(crate) fn new(slots: Slots, webhook: &VerifiedWebhook, limit: Duration) -> Self {
        let renewal = Handle::try_current().ok().map(|runtime| {
            let (stop, stopped) = oneshot::channel();
            let task = runtime.spawn(renew(webhook.clone(), slots.to_vec(), stopped));
            Renewal { stop, task }
        });
        Self { slots, renewal, limit }
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
        let (slots, renewal, limit) = (self.slots.take(), self.renewal.take(), self.limit);
        async move {
            if let Some(Renewal { stop, task }) = renewal {
                drop(stop);
                if answer.is_some() {
                    task.abort();
                } else {
                    // A renewal that is on its way would hold again what is released before it.
                    let _ = within(limit, task).await;
                }
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

/// Renews until it is stopped, or until the claims are lost.
async fn renew(
    webhook: VerifiedWebhook,
    slots: Vec<Arc<dyn Slot>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let policy = webhook.gate().policy();
    let pause = policy.lease.checked_div(3).unwrap_or(policy.lease);
    let limit = pause.min(webhook.gate().limit());
    let started = Instant::now();
    let mut renewed = started;
    let reason: String = loop {
        if timeout(pause, &mut stopped).await.is_ok() {
            return;
        }
        if started.elapsed() >= policy.longest {
            break "the handler takes longer than a claim is renewed".into();
        }
        let asked = Instant::now();
        match renew_all(&slots, policy.lease, limit).await {
            Ok(()) => renewed = asked,
            Err(ClaimError::Unavailable(_)) if renewed.elapsed() < policy.lease => {}
            Err(error) => break error.to_string(),
        }
    };
    webhook.lose_lease();
    webhook.gate().report(Outcome::LeaseLost, webhook.about().with_detail(Some(&reason)));
}

async fn renew_all(
    slots: &[Arc<dyn Slot>],
    lease: Duration,
    limit: Duration,
) -> Result<(), ClaimError> {
    let calls = slots.iter().map(|slot| {
        let call = Arc::clone(slot).renew(lease);
        async move { within(limit, call).await.unwrap_or_else(|| Err(timed_out(limit))) }
    });
    join_all(calls).await.into_iter().collect()
}

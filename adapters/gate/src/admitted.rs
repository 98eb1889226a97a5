//! From the proof to the handler's answer.

use twilio_sig::{Proof, Verified};

use crate::event::Outcome;
use crate::owned_webhook::{Keys, OwnedWebhook};
use crate::{Decision, GateResponse, VerifiedWebhook};
#[cfg(feature = "claim")]
use {crate::held::HeldClaim, crate::slot::Proven, alloc::boxed::Box, core::time::Duration};

/// A request that goes to the handler. A request that is dropped before it is [settled](Self::settle)
/// releases its claims, so that Twilio's retry is handled.
#[derive(Debug)]
#[must_use]
pub struct Admitted {
    webhook: VerifiedWebhook,
    /// Whether an outer adapter of the same gate settles it.
    again: bool,
    #[cfg(feature = "claim")]
    held: Option<HeldClaim>,
}

/// What is to be claimed for a request, made of the verdict.
#[cfg(feature = "claim")]
pub(crate) use crate::claims::Prepared;

/// Nothing is claimed.
#[cfg(not(feature = "claim"))]
pub(crate) struct Prepared;

#[cfg(not(feature = "claim"))]
impl Prepared {
    pub(crate) const fn of(_: &Verified<'_>, _: &Proof, _: &OwnedWebhook, _: &Keys) -> Self {
        Self
    }

    #[expect(clippy::unused_async, reason = "it waits where something is claimed")]
    pub(crate) async fn claim(
        self,
        webhook: &VerifiedWebhook,
    ) -> Result<Admitted, Decision<Admitted>> {
        Ok(Admitted { webhook: webhook.clone(), again: false })
    }
}

#[cfg(feature = "claim")]
impl Prepared {
    pub(crate) fn of(
        verified: &Verified<'_>,
        proof: &Proof,
        arrived: &OwnedWebhook,
        keys: &Keys,
    ) -> Self {
        keys.gate.prepare(&Proven { verified, proof, arrived, tenant: keys.tenant_id() })
    }

    /// Claims it, or decides otherwise.
    pub(crate) async fn claim(
        self,
        webhook: &VerifiedWebhook,
    ) -> Result<Admitted, Decision<Admitted>> {
        let held = webhook.gate().claim(webhook, self).await?;
        Ok(Admitted { webhook: webhook.clone(), again: false, held })
    }
}

impl Admitted {
    /// A request that this gate has admitted before.
    pub(crate) const fn again(webhook: VerifiedWebhook) -> Self {
        Self {
            webhook,
            again: true,
            #[cfg(feature = "claim")]
            held: None,
        }
    }

    /// The proof, for the handler.
    pub const fn webhook(&self) -> &VerifiedWebhook {
        &self.webhook
    }

    /// For how long the handler may go on if its caller hangs up; `None` if nothing was claimed, so
    /// that it may be dropped.
    #[cfg(feature = "claim")]
    #[must_use]
    pub fn has_claims(&self) -> Option<Duration> {
        self.held.as_ref().map(|_| self.webhook.gate().policy().longest)
    }

    /// For how long the handler may go on if its caller hangs up: nothing was claimed.
    #[cfg(not(feature = "claim"))]
    #[must_use]
    pub const fn has_claims(&self) -> Option<core::time::Duration> {
        None
    }

    /// Whether an answer with this status is stored, if its body is whole and at most
    /// `MAX_STORED_BODY_LEN` bytes. [Settle](Self::settle) with an answer that is stored.
    #[must_use]
    pub fn stores_answer(&self, status: u16) -> bool {
        #[cfg(feature = "claim")]
        if self.held.is_some() {
            let policy = self.webhook.gate().policy();
            return policy.stores_answers && status != 101 && (policy.done)(status);
        }
        let _ = status;
        false
    }

    /// Tells what the handler answered: its status, 500 for one that failed, and the answer if it
    /// is [to be stored](Self::stores_answer). What was claimed is marked as done, or given back.
    /// What is dropped before it ends goes on by itself where there is a tokio runtime.
    ///
    /// Gives the answer to send instead, if there is one: where the claim was lost, and another owner
    /// has done the same, its answer is the one that all retries get.
    #[cfg_attr(
        not(feature = "claim"),
        expect(clippy::unused_async, reason = "it waits where something is claimed")
    )]
    pub async fn settle(self, status: u16, answer: Option<&GateResponse>) -> Option<GateResponse> {
        if self.again {
            return None;
        }
        let gate = self.webhook.gate();
        #[cfg(feature = "claim")]
        let (done, other) = match self.held {
            // Boxed, so that a request that claims nothing is not as large.
            Some(held) => Box::pin(gate.settle(&self.webhook, held, status, answer)).await,
            None => ((gate.policy().done)(status), None),
        };
        #[cfg(not(feature = "claim"))]
        let (done, other) = {
            let _ = answer;
            (status < 400, None)
        };
        gate.report(Outcome::Handled { status, done }, self.webhook.about());
        other
    }
}

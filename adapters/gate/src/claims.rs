//! What the gate claims, and what it answers if the work is done already.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use twilio_sig::Coverage;
use twilio_sig::claim::{self, ClaimError, ClaimStore};
use twilio_sig::dedup::NoIdentity;
use twilio_sig::replay::Guard;

use crate::admitted::Admitted;
use crate::event::Outcome;
use crate::held::HeldClaim;
use crate::once::{self, Stop, Waiters};
use crate::renewals::Renewals;
use crate::slot::{Proven, Slot, Step, Unclaimable};
use crate::{ClaimPolicy, Decision, Dedup, Gate, GateResponse, Refusal, VerifiedWebhook, stored};

/// What a gate claims with.
#[derive(Clone, Default)]
pub(crate) struct ClaimSettings {
    guard: Option<Arc<dyn Step>>,
    dedup: Option<Arc<dyn Step>>,
    policy: ClaimPolicy,
    waiters: Waiters,
    renewals: Renewals,
    duplicate_answer: Option<DuplicateAnswer>,
}

type DuplicateAnswer = Arc<dyn Fn(&VerifiedWebhook) -> GateResponse + Send + Sync>;

/// What is to be claimed for a request. No store has been asked yet.
#[derive(Default)]
pub(crate) struct Prepared {
    slots: Vec<Arc<dyn Slot>>,
    refusal: Option<(Refusal, Option<String>)>,
    no_identity: Option<NoIdentity>,
}

impl Gate {
    /// Lets each request through once, by its signature, and refuses one that is too old (400). A request
    /// that was handled before gets the first answer again.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::claim::MemoryStore;
    /// use twilio_sig::replay::Guard;
    /// use twilio_sig::{AuthToken, Origin, Verifier};
    /// use twilio_sig_gate::Gate;
    ///
    /// let verifier = Verifier::new(AuthToken::new("12345")?);
    /// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?)
    ///     .guard(Guard::new(MemoryStore::new(100_000)?)); // at most so many requests, for 24 hours
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn guard<S: ClaimStore + 'static>(self, guard: Guard<S>) -> Self {
        self.edit(|config| config.claims.guard = Some(Arc::new(Arc::new(guard))))
    }

    /// Lets each event through once. The gate asks this store and the guard's at the same time.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::claim::MemoryStore;
    /// use twilio_sig::{AuthToken, Origin, Verifier};
    /// use twilio_sig_gate::{Dedup, Gate};
    ///
    /// let verifier = Verifier::new(AuthToken::new("12345")?);
    /// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?)
    ///     .dedup(Dedup::new(MemoryStore::new(100_000)?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dedup<S: ClaimStore + 'static>(self, dedup: Dedup<S>) -> Self {
        self.edit(|config| config.claims.dedup = Some(Arc::new(Arc::new(dedup))))
    }

    /// Sets how claims are held, waited for and settled. Default: [`ClaimPolicy::new`].
    pub fn claim_policy(self, policy: ClaimPolicy) -> Self {
        self.edit(|config| {
            config.claims.policy = policy;
            // They have the lease of one policy.
            config.claims.renewals = Renewals::default();
        })
    }

    /// Sets what a request gets that is done and has no stored answer: it was too long, streamed, an
    /// upgrade, or is not stored. Default: 200 and `<Response/>` where Twilio expects TwiML, that is
    /// of a call or a message that is no status callback; otherwise 204.
    ///
    /// An endpoint whose sender reads JSON says `|_| GateResponse::duplicate()`.
    pub fn duplicate_answer(
        self,
        answer: impl Fn(&VerifiedWebhook) -> GateResponse + Send + Sync + 'static,
    ) -> Self {
        self.edit(|config| config.claims.duplicate_answer = Some(Arc::new(answer)))
    }

    pub(crate) fn policy(&self) -> &ClaimPolicy {
        &self.0.claims.policy
    }

    /// How long the stores may take.
    pub(crate) fn limit(&self) -> Duration {
        self.0.deadline
    }

    pub(crate) fn prepare(&self, proven: &Proven<'_>) -> Prepared {
        let mut prepared = Prepared::default();
        if self.0.report_only {
            return prepared;
        }
        let ClaimSettings { guard, dedup, .. } = &self.0.claims;
        for step in [guard, dedup].into_iter().flatten() {
            match step.prepare(proven) {
                Ok(slot) => prepared.slots.push(slot),
                Err(Unclaimable::NoIdentity(reason)) => prepared.no_identity = Some(reason),
                Err(Unclaimable::Refuse(refusal, detail)) => {
                    prepared.refusal = Some((refusal, detail));
                    break;
                }
            }
        }
        prepared
    }

    pub(crate) async fn claim(
        &self,
        webhook: &VerifiedWebhook,
        prepared: Prepared,
    ) -> Result<Option<HeldClaim>, Decision<Admitted>> {
        let Prepared { slots, refusal, no_identity } = prepared;
        if let Some((refusal, detail)) = refusal {
            return Err(self.refuse(refusal, webhook.about().with_detail(detail.as_deref())));
        }
        if let Some(reason) = no_identity {
            let detail = reason.to_string();
            let outcome = Outcome::NotDeduplicated(reason.reason());
            self.report(outcome, webhook.about().with_detail(Some(&detail)));
        }
        if slots.is_empty() {
            return Ok(None);
        }
        let ClaimSettings { policy, waiters, renewals, .. } = &self.0.claims;
        // Boxed, so that a request that claims nothing is not as large.
        match Box::pin(once::claim(slots, policy, waiters, self.limit())).await {
            Ok(slots) => Ok(Some(HeldClaim::new(slots, webhook, renewals, self.limit()))),
            Err(Stop::Refuse(refusal, detail)) => {
                Err(self.refuse(refusal, webhook.about().with_detail(detail.as_deref())))
            }
            Err(Stop::Done { is_replay: true, .. }) if policy.refuses_replays => {
                Err(self.refuse(Refusal::Replayed, webhook.about()))
            }
            Err(Stop::Done { is_replay, answer }) => {
                let outcome = if is_replay { Outcome::Replayed } else { Outcome::Duplicate };
                self.report(outcome, webhook.about());
                Err(Decision::Answer(self.answer_again(webhook, &answer).mark_replayed()))
            }
        }
    }

    fn answer_again(&self, webhook: &VerifiedWebhook, first: &claim::Answer) -> GateResponse {
        let ClaimSettings { policy, duplicate_answer, .. } = &self.0.claims;
        let first = stored::decode(first).filter(|_| policy.stores_answers);
        first.unwrap_or_else(|| match duplicate_answer {
            Some(answer) => answer(webhook),
            None if expects_twiml(webhook) => {
                GateResponse::new(200).with_body("text/xml", "<Response/>")
            }
            None => GateResponse::new(204),
        })
    }

    /// Settles what is held. Whether the work counts as done, and the answer of another owner that
    /// has done the same.
    pub(crate) async fn settle(
        &self,
        webhook: &VerifiedWebhook,
        held: HeldClaim,
        status: u16,
        answer: Option<&GateResponse>,
    ) -> (bool, Option<GateResponse>) {
        let policy = self.policy();
        let done = (policy.done)(status);
        let answer = answer.filter(|_| policy.stores_answers).and_then(stored::encode);
        let answer = done.then(|| answer.unwrap_or_default());
        let slots = held.slots();
        let Err(error) = held.settle(answer.clone()).await else { return (done, None) };
        let detail = error.to_string();
        self.report(Outcome::Unsettled, webhook.about().with_detail(Some(&detail)));
        let (ClaimError::Lost, Some(answer)) = (error, answer) else { return (done, None) };
        (done, self.answer_of_other(slots, answer).await)
    }

    /// What another owner has answered, or answers soon. If it has failed, the work was done here, and
    /// this `answer` is stored.
    async fn answer_of_other(
        &self,
        slots: Vec<Arc<dyn Slot>>,
        answer: claim::Answer,
    ) -> Option<GateResponse> {
        let ClaimSettings { policy, waiters, .. } = &self.0.claims;
        match once::claim(slots, policy, waiters, self.limit()).await {
            Ok(mut slots) => {
                let _ = once::settle(slots.take(), Some(answer), self.limit()).await;
                None
            }
            Err(Stop::Done { answer, .. }) if policy.stores_answers => {
                stored::decode(&answer).map(GateResponse::mark_replayed)
            }
            Err(_) => None,
        }
    }
}

/// Whether Twilio reads the answer as TwiML: of a call or a message, and no status callback. Source:
/// <https://www.twilio.com/docs/usage/webhooks/webhooks-overview>.
fn expects_twiml(webhook: &VerifiedWebhook) -> bool {
    if webhook.coverage() == Coverage::BodyHash || webhook.is_websocket() {
        return false;
    }
    let query = webhook.query_params();
    let has = |name: &&str| webhook.param(name).is_some() || query.get(name).is_some();
    ["CallSid", "MessageSid", "SmsSid"].iter().any(has)
        && !["MessageStatus", "CallbackSource", "RecordingStatus"].iter().any(has)
}

//! Events for the subscriber of `tracing`.

use crate::{Event, Outcome};

impl Event<'_> {
    /// Hands the event to the `tracing` subscriber.
    ///
    /// | level | what |
    /// |---|---|
    /// | error | a fault of ours that a proven request met: the claim store |
    /// | warn | a refusal, and what explains it; a lost lease |
    /// | info | what Twilio's retry meets: in progress, done before |
    /// | debug | what goes well |
    pub(crate) fn trace(&self) {
        /// An event of this level, with the fields that all have, its own, and its message.
        macro_rules! emit {
            ($level:ident, $event_type:expr, $message:expr $(, $field:ident = $value:expr)*) => {
                tracing::$level!(
                    event_type = $event_type,
                    provider = "twilio",
                    tenant_id = self.tenant.unwrap_or_default(),
                    ip_address = self.ip.map(display),
                    url = &*self.url,
                    user_agent = self.user_agent.as_deref().unwrap_or_default(),
                    sid = self.sid.as_deref(),
                    idempotency_token = self.idempotency_token.as_deref(),
                    elapsed_us = u64::try_from(self.elapsed.as_micros()).unwrap_or(u64::MAX),
                    report_only = self.report_only,
                    detail = self.detail,
                    $($field = $value,)*
                    "{}", $message
                )
            };
        }
        match self.outcome {
            Outcome::Refused(refusal) => {
                let (event_type, code) = (refusal.event_type(), refusal.code());
                if refusal.is_our_fault() {
                    emit!(error, event_type, refusal, reason = code);
                } else if matches!(refusal, crate::Refusal::InProgress(_)) {
                    emit!(info, event_type, refusal, reason = code);
                } else {
                    emit!(warn, event_type, refusal, reason = code);
                }
            }
            Outcome::Verified { coverage, candidate, key } => emit!(
                debug,
                "verified_webhook",
                "verified",
                coverage = display(coverage),
                candidate = display(candidate),
                key = key
            ),
            #[cfg(feature = "explain")]
            Outcome::Explained(refusal) => {
                let Some(explained) = self.explained else { return };
                emit!(
                    warn,
                    "webhook_refusal_explained",
                    explained,
                    reason = refusal.code(),
                    causes = &*explained.codes(),
                    fix = &*explained.fixes.join(" "),
                    seen = explained.seen.as_deref(),
                    url_given = explained.url_given.as_deref(),
                    url_signed = explained.url_signed.as_deref(),
                    proven = explained.is_proven,
                    exhausted = explained.is_exhausted,
                    skipped = explained.skipped
                );
            }
            Outcome::Replayed => {
                emit!(info, "webhook_replayed", "the request was seen before, and is done");
            }
            Outcome::Duplicate => emit!(info, "duplicate_webhook", "the event is done"),
            Outcome::NotDeduplicated(reason) => emit!(
                debug,
                "webhook_not_deduplicated",
                "nothing identifies the event",
                reason = reason
            ),
            Outcome::Handled { status, done } => {
                emit!(debug, "handled_webhook", "handled", status = status, done = done);
            }
            Outcome::LeaseLost => emit!(
                warn,
                "webhook_lease_lost",
                "the event may be handled twice",
                reason = "lease_lost"
            ),
            Outcome::Unsettled => emit!(
                error,
                "webhook_unavailable",
                "the claim store did not mark the event as done",
                reason = "unsettled"
            ),
        }
    }
}

//! A refused request, kept until it is explained.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;
use twilio_sig::{Diagnosis, Verifier, diagnose};
use zeroize::{Zeroize as _, Zeroizing};

use super::queue::Kept;
use super::{ExplainPolicy, Explained, configured};
use crate::event::{EventContext, Outcome};
use crate::gate::Verifiers;
use crate::owned_webhook::{Keys, OwnedWebhook};
use crate::tenant::Untrusted;
use crate::{Head, Refusal};

/// A request to be explained. Its URL, signature and body are wiped on drop: under another key the
/// signature may be a valid credential, and the body is a private message.
pub(super) struct Job {
    keys: Keys,
    arrived: Box<OwnedWebhook>,
    body: Zeroizing<Vec<u8>>,
    refusal: Refusal,
    /// Whether its body was not read.
    is_head: bool,
    /// What an origin that refused it looked at.
    seen: Option<String>,
    /// The subscriber that was told of the refusal.
    #[cfg(feature = "tracing")]
    subscriber: tracing::Dispatch,
    /// Its part of the bytes that may be kept.
    _kept: Kept,
}

impl Job {
    /// A whole request. Its body is copied, so that the copy can be wiped, and the server's buffer
    /// is free.
    pub(super) fn new(
        keys: Keys,
        mut arrived: Box<OwnedWebhook>,
        refusal: Refusal,
        kept: Kept,
    ) -> Self {
        let body = Zeroizing::new(mem::take::<Bytes>(&mut arrived.body).to_vec());
        Self {
            keys,
            arrived,
            body,
            refusal,
            is_head: false,
            seen: None,
            #[cfg(feature = "tracing")]
            subscriber: tracing::dispatcher::get_default(Clone::clone),
            _kept: kept,
        }
    }

    /// The same, of which the head alone was read.
    pub(super) fn of_head(mut self, head: &Head<'_>) -> Self {
        self.is_head = true;
        if let Refusal::Origin(error) = self.refusal {
            self.seen = configured::seen(error, head);
        }
        self
    }

    /// Finds the causes and tells them.
    pub(super) fn run(self) {
        let gate = &self.keys.gate;
        let Some(bounds) = &gate.0.explainer else { return };
        let Some(mut explained) = self.explain(bounds.policy().max_macs) else { return };
        explained.skipped = bounds.take_skipped();
        let about = EventContext::of_arrived(&self.arrived, self.keys.tenant_id());
        let about = about.with_explained(&explained);
        let tell = || gate.report(Outcome::Explained(self.refusal), about);
        #[cfg(feature = "tracing")]
        tracing::dispatcher::with_default(&self.subscriber, tell);
        #[cfg(not(feature = "tracing"))]
        tell();
    }

    /// Nothing if there is no key to try: among tenants, of a head without a signature to know one by.
    fn explain(&self, max_macs: u32) -> Option<Explained> {
        if let Refusal::Origin(error) = self.refusal {
            return Some(Explained::by_origin(error, self.seen.clone()));
        }
        // A header is judged by its looks.
        let diagnosis = self.diagnose(if self.is_head { 1 } else { max_macs });
        match self.refusal {
            Refusal::Verify(_) => diagnosis.map(|found| Explained::of(&found, self.is_head)),
            refusal => Some(Explained::by_tenants(refusal, diagnosis.as_ref())),
        }
    }

    /// Nothing if there is no key.
    fn diagnose(&self, max_macs: u32) -> Option<Diagnosis> {
        let webhook = self.arrived.webhook_of(&self.body);
        let tenant = self.keys.tenant.as_ref();
        let (own, others) = match &self.keys.gate.0.source {
            Verifiers::One(verifier) => (Some(verifier), Vec::new()),
            Verifiers::Many(source) => {
                let request = Untrusted { url: &self.arrived.url, webhook };
                let most = ExplainPolicy::MAX_OTHER_TENANTS;
                let mut others = source.other_tenants(request, most);
                others.truncate(most);
                others.retain(|other| tenant.is_none_or(|own| own.id != other.id));
                (tenant.map(|tenant| &tenant.verifier), others)
            }
        };
        let hints = self.arrived.hints.as_deref().cloned().unwrap_or_default().max_macs(max_macs);
        let hints = others
            .iter()
            .fold(hints, |hints, other| hints.other_verifier(&other.id, &other.verifier));
        let own: &Verifier = own.or_else(|| others.first().map(|other| &other.verifier))?;
        Some(diagnose(own, &webhook, &hints))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.arrived.url.zeroize();
        self.arrived.signature.zeroize();
        self.arrived.settings.zeroize();
    }
}

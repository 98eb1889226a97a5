//! The proof that a handler gets.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use twilio_sig::{Candidate, Coverage, Params, Proof, Signature, Verified, VerifyError, Webhook};

use crate::event::{EventContext, MAX_TEXT_LEN};
use crate::{Gate, Head, Tenant};

/// What is kept of an idempotency token, in bytes. A key takes at most 1,024.
const MAX_TOKEN_LEN: usize = 1_025;

/// A request as it arrived, owned. It is handed on in a box, so that a request that waits for its body takes
/// little memory.
pub(crate) struct OwnedWebhook {
    pub(crate) url: String,
    pub(crate) signature: Box<[u8]>,
    pub(crate) settings: Box<[u8]>,
    pub(crate) body: Bytes,
    /// How long the body is, if the head states it.
    pub(crate) content_length: Option<u64>,
    pub(crate) websocket: bool,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) user_agent: Option<Box<[u8]>>,
    pub(crate) idempotency_token: Option<Box<[u8]>>,
    pub(crate) started: Instant,
    /// What may explain a refusal, if the gate explains.
    #[cfg(feature = "explain")]
    pub(crate) hints: Option<Box<twilio_sig::Hints>>,
}

impl OwnedWebhook {
    /// A request of which the body has not arrived yet.
    pub(crate) fn of_head(head: &Head<'_>, url: String, signature: &[u8], settings: &[u8]) -> Self {
        // One byte more than the longest that is a key: it is too long still.
        let bounded = |text: &[u8]| text.get(..MAX_TOKEN_LEN).unwrap_or(text).into();
        let loggable = |text: &[u8]| text.get(..MAX_TEXT_LEN).unwrap_or(text).into();
        Self {
            url,
            signature: signature.into(),
            settings: settings.into(),
            body: Bytes::new(),
            content_length: head.content_length,
            websocket: head.websocket,
            peer: head.peer,
            user_agent: head.user_agent.map(loggable),
            idempotency_token: head.idempotency_token.map(bounded),
            started: head.started,
            #[cfg(feature = "explain")]
            hints: None,
        }
    }

    /// What an event says of a body that is shorter than its head states. A server hands on all or
    /// nothing, so something behind it has read the body.
    pub(crate) fn lost_body(&self) -> Option<&'static str> {
        let arrived = u64::try_from(self.body.len()).unwrap_or(u64::MAX);
        let is_lost = self.content_length.is_some_and(|length| length > arrived);
        is_lost.then_some(
            "less of the body arrived than Content-Length states: something read it before the gate",
        )
    }

    /// How many bytes of the request it keeps.
    #[cfg(feature = "explain")]
    pub(crate) fn len(&self) -> usize {
        let parts = [self.url.len(), self.signature.len(), self.settings.len(), self.body.len()];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    pub(crate) fn webhook(&self) -> Webhook<'_> {
        self.webhook_of(&self.body)
    }

    /// What a key is made of: what is proven, and what came besides.
    #[cfg(feature = "claim")]
    pub(crate) fn delivery<'a>(
        &'a self,
        mut delivery: twilio_sig::dedup::Delivery<'a>,
        tenant: Option<&'a str>,
    ) -> twilio_sig::dedup::Delivery<'a> {
        delivery.tenant = tenant;
        let token = self.idempotency_token.as_deref();
        delivery.idempotency_token = token.and_then(|token| str::from_utf8(token).ok());
        delivery
    }

    /// The request with this body.
    pub(crate) fn webhook_of<'a>(&'a self, body: &'a [u8]) -> Webhook<'a> {
        let webhook = if self.websocket {
            Webhook::websocket(&self.url)
        } else {
            Webhook::post(&self.url, body)
        };
        webhook.signature(&self.signature).signature_settings(&self.settings)
    }
}

/// A webhook that Twilio signed: the owned proof, which an adapter puts into the extensions of the
/// request. Only a [`Gate`](crate::Gate) makes one. Cheap to clone.
///
/// `Debug` shows neither URL nor body nor signature.
#[derive(Clone)]
#[must_use]
pub struct VerifiedWebhook(Arc<Shown>);

/// Marks a request that an adapter hands on unverified, because its gate
/// [only reports](crate::Gate::report_only). The adapter puts it into the extensions of the request, so
/// that extractors can say why there is no proof. It proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "it is a mark and nothing else")]
pub struct Unverified;

/// The gate that decides about a request, and the tenant if there are several.
///
/// The proof keeps the gate instead of its verifier: a counter less that all requests share.
pub(crate) struct Keys {
    pub(crate) gate: Gate,
    pub(crate) tenant: Option<Tenant>,
}

impl Keys {
    fn prove<'a>(&self, webhook: &Webhook<'a>) -> Result<(Verified<'a>, Proof), VerifyError> {
        match &self.tenant {
            Some(tenant) => tenant.verifier.prove(webhook),
            None => self.gate.prove(webhook),
        }
    }

    pub(crate) fn tenant_id(&self) -> Option<&str> {
        self.tenant.as_ref().map(|tenant| &*tenant.id)
    }
}

struct Shown {
    arrived: Box<OwnedWebhook>,
    keys: Keys,
    proof: Proof,
    /// Whether another process may be at work on the same event.
    lost: AtomicBool,
}

impl VerifiedWebhook {
    /// The only way to make one. What `also` makes of the verdict comes with it: it is shown what
    /// was verified while that is still borrowed, so that nothing is verified twice.
    pub(crate) fn prove<T>(
        arrived: Box<OwnedWebhook>,
        keys: Keys,
        also: impl FnOnce(&Verified<'_>, &Proof, &OwnedWebhook, &Keys) -> T,
    ) -> Result<(Self, T), (Box<OwnedWebhook>, Keys, VerifyError)> {
        // A handshake proves no body, and its handler must not find one.
        let verdict = if arrived.websocket && !arrived.body.is_empty() {
            Err(VerifyError::UncoveredBody)
        } else {
            keys.prove(&arrived.webhook()).map(|(verified, proof)| {
                let also = also(&verified, &proof, &arrived, &keys);
                (proof, also)
            })
        };
        match verdict {
            Ok((proof, also)) => {
                let lost = AtomicBool::new(false);
                Ok((Self(Arc::new(Shown { arrived, keys, proof, lost })), also))
            }
            Err(error) => Err((arrived, keys, error)),
        }
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.keys.gate
    }

    pub(crate) fn about(&self) -> EventContext<'_> {
        EventContext::of_arrived(&self.0.arrived, self.tenant()).with_proof(self)
    }

    /// Whether this gate has made it of the very same request.
    pub(crate) fn is_of(&self, gate: &Gate, arrived: &OwnedWebhook) -> bool {
        let own = &self.0.arrived;
        self.gate().is(gate)
            && own.websocket == arrived.websocket
            && own.url == arrived.url
            && own.signature == arrived.signature
            && own.settings == arrived.settings
            && own.body == arrived.body
    }

    #[cfg(feature = "claim")]
    pub(crate) fn lose_lease(&self) {
        self.0.lost.store(true, Ordering::Relaxed);
    }

    /// Whether the claim of this request is lost or no longer renewed, so that the same event may be
    /// handled elsewhere. A handler that works for seconds asks before each step that must not be
    /// taken twice. False if nothing was claimed.
    #[must_use]
    pub fn lease_is_lost(&self) -> bool {
        self.0.lost.load(Ordering::Relaxed)
    }

    /// The public URL. [`Verified::url`] says which parts are proven.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.arrived.url
    }

    /// The body, byte for byte.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.arrived.body
    }

    /// How the signature covers the body.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.0.proof.coverage()
    }

    /// The spelling of the URL that was signed.
    #[must_use]
    pub fn candidate(&self) -> Candidate {
        self.0.proof.candidate()
    }

    /// The position of the key that matched.
    #[must_use]
    pub fn key(&self) -> usize {
        self.0.proof.key()
    }

    /// The signature: its bytes are what a request may be remembered by.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        self.0.proof.signature()
    }

    /// The id of the tenant whose key matched; `None` if the gate has one verifier for all.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.0.keys.tenant_id()
    }

    /// Whether it is a WebSocket handshake.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        self.0.arrived.websocket
    }

    /// The signed parameters, made once: decoded, sorted, equal ones once. Those of a `GET` stand in
    /// its URL: [`query_params`](Self::query_params).
    #[must_use]
    pub fn params(&self) -> &Params {
        self.0.proof.params()
    }

    /// The signed parameter called `name`, if its value is UTF-8.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.0.proof.params().get(name)
    }

    /// The parameters of the URL's query, decoded, in their order: all that a `GET` webhook has.
    #[must_use]
    pub fn query_params(&self) -> Params {
        self.0.proof.query_params()
    }

    /// Gives `read` the delivery that a [`Dedup`](crate::Dedup) makes its key of: for a handler that claims in
    /// the transaction of its work, or claims each event of a batch. Nothing is verified again but the
    /// hash of a body that has one.
    ///
    /// # Errors
    /// What [`Delivery::of_proof`](twilio_sig::dedup::Delivery::of_proof) says. The body is the one that was
    /// proven, so no request is known that fails here.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::claim::ClaimKey;
    /// use twilio_sig::dedup::DedupKey;
    /// use twilio_sig_gate::VerifiedWebhook;
    ///
    /// fn event(webhook: &VerifiedWebhook) -> Result<ClaimKey, Box<dyn std::error::Error>> {
    ///     let key = webhook.delivery(|delivery| DedupKey::of(delivery))??;
    ///     Ok(key.claim_key())
    /// }
    /// ```
    #[cfg(feature = "claim")]
    pub fn delivery<T>(
        &self,
        read: impl FnOnce(twilio_sig::dedup::Delivery<'_>) -> T,
    ) -> Result<T, VerifyError> {
        let Shown { arrived, keys, proof, .. } = &*self.0;
        let delivery = twilio_sig::dedup::Delivery::of_proof(proof, &arrived.body)?;
        Ok(read(arrived.delivery(delivery, keys.tenant_id())))
    }

    /// The proof without the request: for tasks and queues.
    pub fn proof(&self) -> &Proof {
        &self.0.proof
    }
}

impl fmt::Debug for VerifiedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedWebhook")
            .field("coverage", &self.coverage())
            .field("key", &self.key())
            .field("tenant", &self.tenant())
            .field("body_len", &self.0.arrived.body.len())
            .finish_non_exhaustive()
    }
}

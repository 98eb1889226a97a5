//! The order of the steps, in one place: head, body, tenant, proof.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use twilio_sig::{Origin, Proof, Signature, Verified, Verifier, VerifyError, Webhook};

use crate::admitted::{Admitted, Prepared};
use crate::deadline::within;
use crate::event::{Event, EventContext, Outcome};
use crate::head::Head;
use crate::owned_webhook::{Keys, OwnedWebhook};
use crate::tenant::{AnySource, Tenant, Untrusted};
use crate::{GateResponse, Refusal, TenantError, VerifiedWebhook, VerifierSource};

/// Default bound on the body, in bytes: 1 MiB. Twilio's forms have some kilobytes, its batches of events at
/// most some hundred kilobytes. A server holds as many bodies as it has requests.
pub const DEFAULT_BODY_LIMIT: usize = 1_048_576;

/// How long a store or a source of verifiers may take, unless set.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(2);

/// Decides which requests reach a handler. Cheap to clone, and shared by all requests.
///
/// An adapter asks it twice: [`open`](Self::open) with the head, before a byte of the body is read,
/// and [`decide`](Self::decide) with the whole body. Everything that is not proven is refused.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Origin, Verifier};
/// use twilio_sig_gate::Gate;
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?).body_limit(65_536);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Gate(pub(crate) Arc<GateConfig>);

#[derive(Clone)]
pub(crate) struct GateConfig {
    pub(crate) source: Verifiers,
    pub(crate) origin: Origin,
    body_limit: usize,
    pub(crate) report_only: bool,
    hide_tenants: bool,
    pub(crate) deadline: Duration,
    #[cfg(feature = "claim")]
    pub(crate) claims: crate::claims::ClaimSettings,
    #[cfg(feature = "explain")]
    pub(crate) explainer: Option<Arc<crate::explain::Explainer>>,
    refusal_answer: Option<RefusalAnswer>,
    on_event: Option<Listener>,
}

type RefusalAnswer = Arc<dyn Fn(Refusal) -> GateResponse + Send + Sync>;
type Listener = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Verifiers {
    One(Verifier),
    Many(Arc<dyn AnySource>),
}

/// What becomes of a request.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "an adapter must treat every decision")]
pub enum Decision<T> {
    /// Go on.
    Continue(T),
    /// Hand the request on as it came, and **not verified**: the gate only reports.
    PassUnverified,
    /// Answer; the handler is not asked.
    Answer(GateResponse),
}

/// A request whose head has passed. Next is its body.
#[must_use]
pub struct Opened(Box<OwnedWebhook>);

impl Gate {
    /// A gate with one verifier.
    pub fn new(verifier: Verifier, origin: Origin) -> Self {
        Self::with(Verifiers::One(verifier), origin)
    }

    /// A gate that asks `source` for the verifier of each request.
    pub fn for_tenants(source: impl VerifierSource, origin: Origin) -> Self {
        Self::with(Verifiers::Many(Arc::new(source)), origin)
    }

    fn with(source: Verifiers, origin: Origin) -> Self {
        Self(Arc::new(GateConfig {
            source,
            origin,
            body_limit: DEFAULT_BODY_LIMIT,
            report_only: false,
            hide_tenants: false,
            deadline: DEFAULT_DEADLINE,
            #[cfg(feature = "claim")]
            claims: crate::claims::ClaimSettings::default(),
            #[cfg(feature = "explain")]
            explainer: None,
            refusal_answer: None,
            on_event: None,
        }))
    }

    /// Sets the longest body, in bytes, that is read into memory. A longer one is answered with
    /// 413, and no more of it is read than this and one chunk. Default: [`DEFAULT_BODY_LIMIT`].
    ///
    /// The verifier has bounds of its own, 256 KiB for a form by default; the lower one counts.
    pub fn body_limit(self, bytes: usize) -> Self {
        self.edit(|config| config.body_limit = bytes)
    }

    /// Lets every request through and reports what would have been refused: for the first days of
    /// a service that did not verify until now.
    ///
    /// **No request counts as verified then**, a genuine one neither: there is no
    /// [`VerifiedWebhook`] in its extensions, but [`Unverified`](crate::Unverified), and extractors
    /// that need a proof answer 500 and say so.
    pub fn report_only(self) -> Self {
        self.edit(|config| config.report_only = true)
    }

    /// Sets what a refused request gets. Default: [`Refusal::http_status`] and an empty body.
    ///
    /// Do not tell the sender more than the status: the reason helps an attacker.
    pub fn refusal_answer(
        self,
        answer: impl Fn(Refusal) -> GateResponse + Send + Sync + 'static,
    ) -> Self {
        self.edit(|config| config.refusal_answer = Some(Arc::new(answer)))
    }

    /// Gives one answer, the empty 403 of a wrong signature, to every request that no known and active
    /// tenant has signed, so that no status shows which tenants there are. Events still tell. How long an
    /// answer takes may tell too: an unknown tenant's costs no MAC.
    pub fn hide_tenants(self) -> Self {
        self.edit(|config| config.hide_tenants = true)
    }

    /// Sets how long a request waits for the source of verifiers, and for its claim stores, each time
    /// they are asked: both stores at once. A request that waited so long is answered with 503. Default: 2
    /// seconds.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.edit(|config| config.deadline = deadline)
    }

    /// Sets what is called for every request, besides `tracing`: for metrics and audit. It is
    /// called while the request waits, so it must not block.
    pub fn on_event(self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.edit(|config| config.on_event = Some(Arc::new(listener)))
    }

    pub(crate) fn edit(mut self, change: impl FnOnce(&mut GateConfig)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The longest body, in bytes.
    #[must_use]
    pub fn max_body_len(&self) -> usize {
        self.0.body_limit
    }

    /// The head of a request, as [`Head::new`] makes it, without what only a gate that
    /// explains looks at: in less time.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Origin, Verifier};
    /// use twilio_sig_gate::{Decision, Gate};
    ///
    /// let verifier = Verifier::new(AuthToken::new("12345")?);
    /// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?);
    /// let head = gate.head("POST", "/sms", [("x-twilio-signature", &b"no signature"[..])]);
    /// assert!(matches!(gate.open(&head), Decision::Answer(answer) if answer.status() == 400));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn head<'a>(
        &self,
        method: &str,
        target: &'a str,
        lines: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Head<'a> {
        #[cfg(feature = "explain")]
        let explains = self.0.explainer.is_some();
        #[cfg(not(feature = "explain"))]
        let explains = false;
        Head::read(method, target, lines, explains)
    }

    /// Decides by the head alone. A request without a well-formed signature, from an origin that is
    /// not ours, or with a body that says it is too long, costs no body.
    pub fn open(&self, head: &Head<'_>) -> Decision<Opened> {
        let refusal = match self.read_head(head) {
            Ok(opened) => return Decision::Continue(opened),
            Err(refusal) => refusal,
        };
        let decision = self.refuse(refusal, EventContext::of_head(head));
        #[cfg(feature = "explain")]
        self.explain_head(head, refusal);
        decision
    }

    fn read_head(&self, head: &Head<'_>) -> Result<Opened, Refusal> {
        let signature = head.signature.single()?.ok_or(VerifyError::MissingSignature);
        let settings = head.settings.single()?.unwrap_or_default();
        let signature = signature
            .and_then(|signature| Signature::from_header(signature).map(|_| signature))
            .map_err(Refusal::Verify)?;
        let url = self.0.origin.url(&head.request).map_err(Refusal::Origin)?;
        let limit = u64::try_from(self.0.body_limit).unwrap_or(u64::MAX);
        if head.content_length.is_some_and(|length| length > limit) {
            return Err(Refusal::BodyTooLong);
        }
        let arrived = Box::new(OwnedWebhook::of_head(head, url, signature, settings));
        #[cfg(feature = "explain")]
        let arrived = self.with_hints(arrived, head);
        Ok(Opened(arrived))
    }

    /// Decides about a request whose body could not be read: [`Refusal::BodyTooLong`] or
    /// [`Refusal::BodyUnreadable`].
    pub fn refuse_body(&self, opened: &Opened, refusal: Refusal) -> Decision<Admitted> {
        self.refuse(refusal, EventContext::of_arrived(&opened.0, None))
    }

    /// Decides about the whole request. The future may be dropped at any time.
    ///
    /// A body beyond [`max_body_len`](Self::max_body_len) is refused here too, although it has been read.
    /// The gate goes along with the proof: hand over a clone.
    pub async fn decide(self, opened: Opened, body: Bytes) -> Decision<Admitted> {
        self.decide_after(None, opened, body).await
    }

    /// [`decide`](Self::decide) about a request that has a proof already. If this very gate has made
    /// it, and of the same request, byte for byte, that proof counts: an adapter that is wrapped
    /// around a route twice asks once. Any other proof counts for nothing.
    pub async fn decide_after(
        self,
        previous: Option<VerifiedWebhook>,
        opened: Opened,
        body: Bytes,
    ) -> Decision<Admitted> {
        if body.len() > self.0.body_limit {
            return self.refuse_body(&opened, Refusal::BodyTooLong);
        }
        let Opened(mut arrived) = opened;
        arrived.body = body;
        if let Some(webhook) = previous.filter(|webhook| webhook.is_of(&self, &arrived)) {
            return Decision::Continue(Admitted::again(webhook));
        }
        let tenant = match self.tenant(&arrived).await {
            Ok(tenant) => tenant,
            Err(error) => {
                let refusal = error.into();
                let decision = self.refuse(refusal, EventContext::of_arrived(&arrived, None));
                #[cfg(feature = "explain")]
                Keys { gate: self, tenant: None }.explain(arrived, refusal);
                return decision;
            }
        };
        match VerifiedWebhook::prove(arrived, Keys { gate: self, tenant }, Prepared::of) {
            Ok((webhook, prepared)) => Self::admit(webhook, prepared).await,
            Err((arrived, keys, error)) => {
                let about = EventContext::of_arrived(&arrived, keys.tenant_id());
                let about = about.with_detail(arrived.lost_body());
                let decision = keys.gate.refuse(Refusal::Verify(error), about);
                #[cfg(feature = "explain")]
                keys.explain(arrived, Refusal::Verify(error));
                decision
            }
        }
    }

    async fn admit(webhook: VerifiedWebhook, prepared: Prepared) -> Decision<Admitted> {
        let gate = webhook.gate();
        if gate.0.report_only {
            gate.report(Outcome::verified(&webhook), webhook.about());
            return Decision::PassUnverified;
        }
        let admitted = match prepared.claim(&webhook).await {
            Ok(admitted) => admitted,
            Err(decision) => return decision,
        };
        gate.report(Outcome::verified(&webhook), webhook.about());
        Decision::Continue(admitted)
    }

    async fn tenant(&self, arrived: &OwnedWebhook) -> Result<Option<Tenant>, TenantError> {
        match &self.0.source {
            Verifiers::One(_) => Ok(None),
            Verifiers::Many(source) => {
                let request = Untrusted { url: &arrived.url, webhook: arrived.webhook() };
                let found = within(self.0.deadline, source.find(request)).await;
                found.unwrap_or(Err(TenantError::Unavailable)).map(Some)
            }
        }
    }

    /// With the one verifier. Where there are tenants nothing is known without one.
    pub(crate) fn prove<'a>(
        &self,
        webhook: &Webhook<'a>,
    ) -> Result<(Verified<'a>, Proof), VerifyError> {
        match &self.0.source {
            Verifiers::One(verifier) => verifier.prove(webhook),
            Verifiers::Many(_) => Err(VerifyError::Mismatch),
        }
    }

    /// Whether it is the same one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn refuse<T>(&self, refusal: Refusal, about: EventContext<'_>) -> Decision<T> {
        self.report(Outcome::Refused(refusal), about);
        if self.0.report_only {
            return Decision::PassUnverified;
        }
        if self.0.hide_tenants && refusal.tells_tenant() {
            return Decision::Answer(GateResponse::new(403));
        }
        Decision::Answer(match &self.0.refusal_answer {
            Some(answer) => answer(refusal),
            None => refusal.answer(),
        })
    }

    pub(crate) fn report(&self, outcome: Outcome, about: EventContext<'_>) {
        let is_wanted = self.0.on_event.is_some();
        #[cfg(feature = "tracing")]
        let is_wanted = is_wanted || outcome.is_traced();
        if !is_wanted {
            return;
        }
        let event = about.event(outcome, self.0.report_only);
        #[cfg(feature = "tracing")]
        event.trace();
        if let Some(listener) = &self.0.on_event {
            listener(&event);
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("origin", &self.0.origin)
            .field("body_limit", &self.0.body_limit)
            .field("report_only", &self.0.report_only)
            .finish_non_exhaustive()
    }
}

impl Opened {
    /// Whether it is a WebSocket handshake, which has no body.
    #[must_use]
    pub const fn is_websocket(&self) -> bool {
        self.0.websocket
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("websocket", &self.0.websocket).finish_non_exhaustive()
    }
}

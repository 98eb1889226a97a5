//! The order of the steps, in one place: head, body, tenant, proof.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use twilio_sig::{Origin, Signature, Verified, Verifier, VerifyError, Webhook};

use crate::event::{About, Event, MAX_TEXT_LEN, Outcome};
use crate::head::Head;
use crate::once::{self, Claims, Step, Stop};
use crate::tenant::{AnySource, Tenant, Untrusted};
use crate::webhook::{Arrived, Keys};
use crate::{Answer, Refusal, TenantError, VerifiedWebhook, VerifierSource};
#[cfg(feature = "claims")]
use {
    crate::claims::{Dedup, DedupStep, GuardStep},
    twilio_sig::{claim::ClaimStore, replay::Guard},
};

/// Default bound on the body, in bytes: 1 MiB. Twilio's forms have some kilobytes, its batches of
/// events at most some hundred. A server holds as many bodies as it has requests.
pub const DEFAULT_BODY_LIMIT: usize = 1_048_576;

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
pub struct Gate(Arc<Config>);

#[derive(Clone)]
struct Config {
    source: Source,
    origin: Origin,
    body_limit: usize,
    report_only: bool,
    guard: Option<Arc<dyn Step>>,
    dedup: Option<Arc<dyn Step>>,
    duplicate_answer: Option<DuplicateAnswer>,
    refusal_answer: Option<RefusalAnswer>,
    on_event: Option<Listener>,
}

type DuplicateAnswer = Arc<dyn Fn(&VerifiedWebhook) -> Answer + Send + Sync>;
type RefusalAnswer = Arc<dyn Fn(Refusal) -> Answer + Send + Sync>;
type Listener = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

#[derive(Clone)]
enum Source {
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
    Answer(Answer),
}

/// A request whose head has passed. Next is its body.
#[must_use]
pub struct Opened(Box<Arrived>);

/// A request that goes to the handler. If it is dropped before it is [settled](Self::settle), what
/// was claimed for it is released, so that Twilio's retry is handled.
#[derive(Debug)]
#[must_use]
pub struct Admitted {
    webhook: VerifiedWebhook,
    claims: Option<Claims>,
}

impl Gate {
    /// A gate with one verifier.
    pub fn new(verifier: Verifier, origin: Origin) -> Self {
        Self::with(Source::One(verifier), origin)
    }

    /// A gate that asks `source` for the verifier of each request.
    pub fn for_tenants(source: impl VerifierSource, origin: Origin) -> Self {
        Self::with(Source::Many(Arc::new(source)), origin)
    }

    fn with(source: Source, origin: Origin) -> Self {
        Self(Arc::new(Config {
            source,
            origin,
            body_limit: DEFAULT_BODY_LIMIT,
            report_only: false,
            guard: None,
            dedup: None,
            duplicate_answer: None,
            refusal_answer: None,
            on_event: None,
        }))
    }

    /// Sets the longest body, in bytes, that is read into memory. A longer one is answered with
    /// 413, and no more of it is read than this and one chunk. Default: [`DEFAULT_BODY_LIMIT`].
    ///
    /// The verifier has a bound of its own, 2 MiB by default; the lower one counts.
    pub fn body_limit(self, bytes: usize) -> Self {
        self.edit(|config| config.body_limit = bytes)
    }

    /// Lets every request through and reports what would have been refused: for the first days of
    /// a service that did not verify until now.
    ///
    /// **No request counts as verified then**, a genuine one neither: there is no
    /// [`VerifiedWebhook`] in its extensions, and extractors that need one fail.
    pub fn report_only(self) -> Self {
        self.edit(|config| config.report_only = true)
    }

    /// Sets what a refused request gets. Default: [`Refusal::http_status`] and an empty body.
    ///
    /// Do not tell the sender more than the status: the reason helps whoever is trying to get past.
    pub fn refusal_answer(
        self,
        answer: impl Fn(Refusal) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.edit(|config| config.refusal_answer = Some(Arc::new(answer)))
    }

    /// Refuses what `guard` has seen before (409), or what is too old (400).
    #[cfg(feature = "claims")]
    pub fn guard<S: ClaimStore + 'static>(self, guard: Guard<S>) -> Self {
        self.edit(|config| config.guard = Some(Arc::new(GuardStep(Arc::new(guard)))))
    }

    /// Lets each event through once. It is asked after the guard.
    #[cfg(feature = "claims")]
    pub fn dedup<S: ClaimStore + 'static>(self, dedup: Dedup<S>) -> Self {
        self.edit(|config| config.dedup = Some(Arc::new(DedupStep(Arc::new(dedup)))))
    }

    /// Sets what a duplicate gets. Default: [`Answer::duplicate`].
    ///
    /// A voice webhook expects TwiML: `Answer::new(200).with_body("text/xml", "<Response/>")`.
    pub fn duplicate_answer(
        self,
        answer: impl Fn(&VerifiedWebhook) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.edit(|config| config.duplicate_answer = Some(Arc::new(answer)))
    }

    /// Sets what is called for every request, besides `tracing`: for metrics and audit. It is
    /// called while the request waits, so it must not block.
    pub fn on_event(self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.edit(|config| config.on_event = Some(Arc::new(listener)))
    }

    fn edit(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The longest body, in bytes.
    #[must_use]
    pub fn max_body_len(&self) -> usize {
        self.0.body_limit
    }

    /// Decides by the head alone. A request without a well-formed signature, from an origin that is
    /// not ours, or with a body that says it is too long, costs no body.
    pub fn open(&self, head: &Head<'_>) -> Decision<Opened> {
        self.read_head(head)
            .map_or_else(|refusal| self.refuse(refusal, About::of_head(head)), Decision::Continue)
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
        let loggable = |text: &[u8]| text.get(..MAX_TEXT_LEN).unwrap_or(text).into();
        Ok(Opened(Box::new(Arrived {
            url,
            signature: signature.into(),
            settings: settings.into(),
            body: Bytes::new(),
            websocket: head.websocket,
            peer: head.peer,
            user_agent: head.user_agent.map(loggable),
        })))
    }

    /// Decides about a request whose body could not be read: [`Refusal::BodyTooLong`] or
    /// [`Refusal::BodyUnreadable`].
    pub fn refuse_body(&self, opened: &Opened, refusal: Refusal) -> Decision<Admitted> {
        self.refuse(refusal, About::of_arrived(&opened.0, None))
    }

    /// Decides about the whole request. The future may be dropped at any time.
    ///
    /// A body beyond [`max_body_len`](Self::max_body_len) is refused here too, whoever has read it.
    /// The gate goes along with the proof: hand over a clone.
    pub async fn decide(self, opened: Opened, body: Bytes) -> Decision<Admitted> {
        if body.len() > self.0.body_limit {
            return self.refuse_body(&opened, Refusal::BodyTooLong);
        }
        let Opened(mut arrived) = opened;
        arrived.body = body;
        let tenant = match self.tenant(&arrived).await {
            Ok(tenant) => tenant,
            Err(error) => return self.refuse(error.into(), About::of_arrived(&arrived, None)),
        };
        match VerifiedWebhook::prove(arrived, Keys { gate: self, tenant }) {
            Ok(webhook) => Self::admit(webhook).await,
            Err((arrived, keys, error)) => {
                let about = About::of_arrived(&arrived, keys.tenant_id());
                keys.gate.refuse(Refusal::Verify(error), about)
            }
        }
    }

    async fn admit(webhook: VerifiedWebhook) -> Decision<Admitted> {
        let gate = webhook.gate();
        if gate.0.report_only {
            gate.report(Outcome::verified(&webhook), webhook.about());
            return Decision::PassUnverified;
        }
        match gate.claim(&webhook).await {
            Ok(claims) => {
                gate.report(Outcome::verified(&webhook), webhook.about());
                Decision::Continue(Admitted { webhook, claims })
            }
            Err(Stop::Refuse(refusal)) => gate.refuse(refusal, webhook.about()),
            Err(Stop::Duplicate) => {
                gate.report(Outcome::Duplicate, webhook.about());
                Decision::Answer(match &gate.0.duplicate_answer {
                    Some(answer) => answer(&webhook),
                    None => Answer::duplicate(),
                })
            }
        }
    }

    async fn tenant(&self, arrived: &Arrived) -> Result<Option<Tenant>, TenantError> {
        match &self.0.source {
            Source::One(_) => Ok(None),
            Source::Many(source) => {
                let request = Untrusted { url: &arrived.url, webhook: arrived.webhook() };
                source.find(request).await.map(Some)
            }
        }
    }

    /// With the one verifier. Where there are tenants nothing is known without one.
    pub(crate) fn verify<'a>(&self, webhook: &Webhook<'a>) -> Result<Verified<'a>, VerifyError> {
        match &self.0.source {
            Source::One(verifier) => verifier.verify(webhook),
            Source::Many(_) => Err(VerifyError::Mismatch),
        }
    }

    /// What the guard and the event's identity are claimed with; all of it or nothing.
    async fn claim(&self, webhook: &VerifiedWebhook) -> Result<Option<Claims>, Stop> {
        let steps: Vec<_> = [&self.0.guard, &self.0.dedup].into_iter().flatten().cloned().collect();
        if steps.is_empty() {
            return Ok(None);
        }
        once::claim(webhook.clone(), steps).await.map(Some)
    }

    fn refuse<T>(&self, refusal: Refusal, about: About<'_>) -> Decision<T> {
        self.report(Outcome::Refused(refusal), about);
        if self.0.report_only {
            return Decision::PassUnverified;
        }
        Decision::Answer(match &self.0.refusal_answer {
            Some(answer) => answer(refusal),
            None => refusal.answer(),
        })
    }

    fn report(&self, outcome: Outcome, about: About<'_>) {
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

impl Admitted {
    /// The proof, for the handler.
    pub const fn webhook(&self) -> &VerifiedWebhook {
        &self.webhook
    }

    /// Tells what the handler answered: with a status of 500 and above the work counts as not done.
    /// What is dropped before it ends goes on by itself where there is a tokio runtime.
    pub async fn settle(self, status: u16) {
        let Self { webhook, claims } = self;
        if let Some(claims) = claims
            && !claims.settle(status < 500).await
        {
            webhook.gate().report(Outcome::Unsettled, webhook.about());
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

//! The order of the steps, in one place: head, body, tenant, proof.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;

use bytes::Bytes;
use twilio_sig::{Origin, Signature, Verifier, VerifyError};

use crate::event::{Event, Outcome, loggable, loggable_url};
use crate::head::{Head, Line};
use crate::once::{Claims, Step, Stop};
use crate::tenant::{AnySource, Tenant, Untrusted};
use crate::webhook::Arrived;
use crate::{Answer, Refusal, VerifiedWebhook, VerifierSource};
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
pub struct Opened {
    url: String,
    signature: Box<[u8]>,
    settings: Box<[u8]>,
    user_agent: Option<Box<[u8]>>,
    peer: Option<IpAddr>,
    websocket: bool,
}

/// A request that goes to the handler. If it is dropped before it is [settled](Self::settle), what
/// was claimed for it is released, so that Twilio's retry is handled.
#[derive(Debug)]
#[must_use]
pub struct Admitted {
    webhook: VerifiedWebhook,
    claims: Claims,
    gate: Gate,
    peer: Option<IpAddr>,
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
    /// 413, and at most this much of it is held. Default: [`DEFAULT_BODY_LIMIT`].
    ///
    /// The verifier has a bound of its own, 4 MiB by default; the lower one counts.
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
            .map_or_else(|refusal| self.refuse(refusal, &About::of_head(head)), Decision::Continue)
    }

    fn read_head(&self, head: &Head<'_>) -> Result<Opened, Refusal> {
        let signature = single(&head.signature)?.ok_or(VerifyError::MissingSignature);
        let settings = single(&head.settings)?.unwrap_or_default();
        let signature = signature
            .and_then(|signature| Signature::from_header(signature).map(|_| signature))
            .map_err(Refusal::Verify)?;
        let url = self.0.origin.url(&head.request).map_err(Refusal::Origin)?;
        let limit = u64::try_from(self.0.body_limit).unwrap_or(u64::MAX);
        if head.content_length.is_some_and(|length| length > limit) {
            return Err(Refusal::BodyTooLong);
        }
        Ok(Opened {
            url,
            signature: signature.into(),
            settings: settings.into(),
            user_agent: head.user_agent.map(Into::into),
            peer: head.peer,
            websocket: head.websocket,
        })
    }

    /// Decides about a request whose body could not be read: [`Refusal::BodyTooLong`] or
    /// [`Refusal::BodyUnreadable`].
    pub fn refuse_body(&self, opened: &Opened, refusal: Refusal) -> Decision<Admitted> {
        self.refuse(refusal, &About::of_opened(opened))
    }

    /// Decides about the whole request. The future may be dropped at any time.
    pub async fn decide(&self, opened: Opened, body: Bytes) -> Decision<Admitted> {
        let Opened { url, signature, settings, user_agent, peer, websocket } = opened;
        let arrived = Arrived { url, signature, settings, body, websocket };
        let about = |url, tenant| About {
            url: loggable_url(url),
            tenant,
            peer,
            user_agent: user_agent.as_deref(),
        };
        let (verifier, tenant) = match &self.0.source {
            Source::One(verifier) => (Cow::Borrowed(verifier), None),
            Source::Many(source) => {
                let request = Untrusted { url: &arrived.url, webhook: arrived.webhook() };
                match source.find(request).await {
                    Ok(Tenant { id, verifier }) => (Cow::Owned(verifier), Some(id)),
                    Err(error) => return self.refuse(error.into(), &about(&arrived.url, None)),
                }
            }
        };
        let webhook = match VerifiedWebhook::prove(arrived, &verifier, tenant.clone()) {
            Ok(webhook) => webhook,
            Err((arrived, error)) => {
                let about = about(&arrived.url, tenant.as_deref());
                return self.refuse(Refusal::Verify(error), &about);
            }
        };
        let about = about(webhook.url(), tenant.as_deref());
        if !self.0.report_only {
            match self.claim(&webhook).await {
                Ok(claims) => {
                    self.report(Outcome::verified(&webhook), &about);
                    let (gate, webhook) = (self.clone(), webhook.clone());
                    return Decision::Continue(Admitted { webhook, claims, gate, peer });
                }
                Err(Stop::Refuse(refusal)) => return self.refuse(refusal, &about),
                Err(Stop::Duplicate) => {
                    self.report(Outcome::Duplicate, &about);
                    return Decision::Answer(match &self.0.duplicate_answer {
                        Some(answer) => answer(&webhook),
                        None => Answer::duplicate(),
                    });
                }
            }
        }
        self.report(Outcome::verified(&webhook), &about);
        Decision::PassUnverified
    }

    /// What the guard and the event's identity are claimed with; all of it or nothing.
    async fn claim(&self, webhook: &VerifiedWebhook) -> Result<Claims, Stop> {
        let mut claims = Claims::default();
        if self.0.guard.is_none() && self.0.dedup.is_none() {
            return Ok(claims);
        }
        let verified = webhook.verified().map_err(|error| Stop::Refuse(Refusal::Verify(error)))?;
        for step in [&self.0.guard, &self.0.dedup].into_iter().flatten() {
            match step.admit(&verified).await {
                Ok(held) => claims.extend(held),
                Err(Stop::Duplicate) => {
                    // This request has been answered: to send it again is a replay.
                    claims.settle(true).await;
                    return Err(Stop::Duplicate);
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(claims)
    }

    fn refuse<T>(&self, refusal: Refusal, about: &About<'_>) -> Decision<T> {
        self.report(Outcome::Refused(refusal), about);
        if self.0.report_only {
            return Decision::PassUnverified;
        }
        Decision::Answer(match &self.0.refusal_answer {
            Some(answer) => answer(refusal),
            None => refusal.answer(),
        })
    }

    fn report(&self, outcome: Outcome, about: &About<'_>) {
        if self.0.on_event.is_none() && !cfg!(feature = "tracing") {
            return;
        }
        let event = Event {
            outcome,
            tenant: about.tenant,
            ip: about.peer,
            url: Cow::Borrowed(&about.url),
            user_agent: about.user_agent.map(loggable),
            report_only: self.0.report_only,
        };
        #[cfg(feature = "tracing")]
        event.trace();
        if let Some(listener) = &self.0.on_event {
            listener(&event);
        }
    }
}

/// What an event says of a request besides its outcome.
struct About<'a> {
    url: Cow<'a, str>,
    tenant: Option<&'a str>,
    peer: Option<IpAddr>,
    user_agent: Option<&'a [u8]>,
}

impl<'a> About<'a> {
    fn of_head(head: &Head<'a>) -> Self {
        Self {
            url: loggable_url(head.target),
            tenant: None,
            peer: head.peer,
            user_agent: head.user_agent,
        }
    }

    fn of_opened(opened: &'a Opened) -> Self {
        Self {
            url: loggable_url(&opened.url),
            tenant: None,
            peer: opened.peer,
            user_agent: opened.user_agent.as_deref(),
        }
    }
}

/// The value of a header that must not come twice.
const fn single<'a>(line: &Line<'a>) -> Result<Option<&'a [u8]>, Refusal> {
    if line.repeated { Err(Refusal::RepeatedHeader(line.name)) } else { Ok(line.value) }
}

impl Admitted {
    /// The proof, for the handler.
    pub const fn webhook(&self) -> &VerifiedWebhook {
        &self.webhook
    }

    /// Tells what the handler answered: with a status of 500 and above the work counts as not done.
    /// What is dropped before it ends goes on by itself where there is a tokio runtime.
    pub async fn settle(self, status: u16) {
        if !self.claims.settle(status < 500).await {
            let about = About {
                url: loggable_url(self.webhook.url()),
                tenant: self.webhook.tenant(),
                peer: self.peer,
                user_agent: None,
            };
            self.gate.report(Outcome::Unsettled, &about);
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
        self.websocket
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("websocket", &self.websocket).finish_non_exhaustive()
    }
}

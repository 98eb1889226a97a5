//! Why a request was refused, found out after it was answered.
//!
//! A sender of forged requests chooses what is looked into, so everything here is bounded: how many requests
//! a minute, the work for each, how many wait and how much memory they take. Only taking a place in the queue
//! happens on the way of a request.

mod clues;
mod configured;
mod explained;
mod job;
mod queue;
mod window;

use alloc::boxed::Box;
use alloc::sync::Arc;

pub(crate) use clues::Clues;
pub use explained::Explained;
use job::Job;
pub(crate) use queue::Explainer;

use crate::event::MAX_TEXT_LEN;
use crate::owned_webhook::{Keys, OwnedWebhook};
use crate::{Gate, Head, Refusal};

/// How many refused requests a gate explains, and what that may cost.
///
/// # What a sender of forged requests gains
/// - **CPU**: `per_minute` times `max_macs`. By default that is 10 diagnoses a minute of at most some
///   milliseconds each, on one thread of its own.
/// - **Memory**: `max_queued_bytes`, and for each request that waits at most 4 KiB of its headers.
///   URL, signature and body are wiped when they have been looked into.
/// - **Lines in the log**: `per_minute`, each of bounded length and printable ASCII, beside the one
///   that every refusal has anyway.
/// - **Silence**: forged requests take the place of others, so in a flood a mistake of your own may
///   stay unexplained. Those that come without a well-formed signature, as scanners send them, get
///   half of the places at most. [`Explained::skipped`] tells how many were not looked into.
/// - No more: the answer is the same, and has been given before. A [proven](Explained::is_proven)
///   explanation cannot be made without a key or a captured signature.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Origin, Verifier};
/// use twilio_sig_gate::{ExplainPolicy, Gate};
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let gate = Gate::new(verifier, Origin::fixed("https://example.com")?)
///     .explain(ExplainPolicy::new().per_minute(30));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ExplainPolicy {
    per_minute: usize,
    max_macs: u32,
    max_queued: usize,
    max_queued_bytes: usize,
}

impl ExplainPolicy {
    /// Default of [`per_minute`](Self::per_minute): a configuration that is wrong is wrong for every
    /// request, so a few tell all.
    pub const DEFAULT_PER_MINUTE: usize = 10;
    /// The most that [`per_minute`](Self::per_minute) can be set to: the time of each is remembered.
    pub const MAX_PER_MINUTE: usize = 600;
    /// Default of [`max_macs`](Self::max_macs): some milliseconds, which find every single mistake
    /// and most pairs of two.
    pub const DEFAULT_MAX_MACS: u32 = 2_000;
    /// Default of [`max_queued`](Self::max_queued).
    pub const DEFAULT_MAX_QUEUED: usize = 16;
    /// The most that [`max_queued`](Self::max_queued) can be set to: room for all is there at once.
    pub const MAX_QUEUED: usize = 1_024;
    /// Default of [`max_queued_bytes`](Self::max_queued_bytes): 1 MiB.
    pub const DEFAULT_MAX_QUEUED_BYTES: usize = 1_048_576;
    /// The most tenants that a [`VerifierSource`](crate::VerifierSource) is asked for.
    pub const MAX_OTHER_TENANTS: usize = 64;

    /// The defaults that each setting names.
    pub const fn new() -> Self {
        Self {
            per_minute: Self::DEFAULT_PER_MINUTE,
            max_macs: Self::DEFAULT_MAX_MACS,
            max_queued: Self::DEFAULT_MAX_QUEUED,
            max_queued_bytes: Self::DEFAULT_MAX_QUEUED_BYTES,
        }
    }

    /// Sets how many refused requests are looked into within any 60 seconds, at most
    /// [`MAX_PER_MINUTE`](Self::MAX_PER_MINUTE). Default:
    /// [`DEFAULT_PER_MINUTE`](Self::DEFAULT_PER_MINUTE). Zero: none.
    pub fn per_minute(mut self, requests: usize) -> Self {
        self.per_minute = requests.min(Self::MAX_PER_MINUTE);
        self
    }

    /// Sets the most MACs that are computed for each, and with it the bytes that are hashed: see
    /// [`Hints::max_macs`](twilio_sig::Hints::max_macs), which also bounds it. Default:
    /// [`DEFAULT_MAX_MACS`](Self::DEFAULT_MAX_MACS).
    pub const fn max_macs(mut self, macs: u32) -> Self {
        self.max_macs = macs;
        self
    }

    /// Sets how many requests may wait to be looked into, 1 to [`MAX_QUEUED`](Self::MAX_QUEUED). One
    /// more is skipped. Default: [`DEFAULT_MAX_QUEUED`](Self::DEFAULT_MAX_QUEUED).
    pub fn max_queued(mut self, requests: usize) -> Self {
        self.max_queued = requests.clamp(1, Self::MAX_QUEUED);
        self
    }

    /// Sets how many bytes of requests are kept at a time, in all: bodies, URLs and signatures. A
    /// request with which it would be more is skipped. Default:
    /// [`DEFAULT_MAX_QUEUED_BYTES`](Self::DEFAULT_MAX_QUEUED_BYTES).
    pub const fn max_queued_bytes(mut self, bytes: usize) -> Self {
        self.max_queued_bytes = bytes;
        self
    }
}

impl Default for ExplainPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// Explains requests that no holder of a key has signed: an event
    /// ([`Outcome::Explained`](crate::Outcome::Explained), at `warn`) tells the causes, the part of
    /// the URL that differs, and the fix. Off unless this is called.
    ///
    /// A request is looked into after its answer, on a thread that starts with the first one and
    /// ends with the gate. It works with any runtime, and with none. What the gate knows is used: the
    /// URL that its origin gives, the headers that a proxy sets (`Host`, `Forwarded`,
    /// `X-Forwarded-*` and their like), and
    /// [`VerifierSource::other_tenants`](crate::VerifierSource::other_tenants), and the first
    /// eight hosts that the origin allows. A request without a
    /// well-formed signature is refused before its body is read, so only what its header shows is
    /// told. Where the [`Origin`](twilio_sig::Origin) refuses a request, or no tenant is found for it, the
    /// event tells the setting that refused it, and what of the request it looked at.
    ///
    /// Clones of the gate share the bounds.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc::channel;
    /// use twilio_sig::{AuthToken, Cause, Origin, Signer, Verifier};
    /// use twilio_sig_gate::{Decision, ExplainPolicy, Gate, Head};
    ///
    /// # async fn handle() -> Result<(), Box<dyn std::error::Error>> {
    /// let token = AuthToken::new("12345")?;
    /// let signature = Signer::auth_token(&token).sign_form("https://example.com/sms", b"Body=Ahoy")?;
    ///
    /// // The origin says http, and Twilio calls https.
    /// let (tell, told) = channel();
    /// let gate = Gate::new(Verifier::new(token), Origin::fixed("http://example.com")?)
    ///     .explain(ExplainPolicy::new())
    ///     .on_event(move |event| {
    ///         let _ = event.explained.map(|explained| tell.send(explained.clone()));
    ///     });
    ///
    /// let signature = signature.header_value();
    /// let head = Head::new("POST", "/sms", [("x-twilio-signature", signature.as_bytes())]);
    /// let Decision::Continue(opened) = gate.open(&head) else { panic!("refused") };
    /// let Decision::Answer(answer) = gate.decide(opened, "Body=Ahoy".into()).await else { panic!() };
    /// assert_eq!(answer.status(), 403);
    ///
    /// let explained = told.recv()?;
    /// assert_eq!(explained.causes, [Cause::TlsTerminated]);
    /// assert_eq!(explained.url_signed.as_deref(), Some("https://example.com/sms"));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(handle())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(self, policy: ExplainPolicy) -> Self {
        self.edit(|config| config.explainer = Some(Arc::new(Explainer::new(policy))))
    }

    /// The request with what its head tells, if this gate explains.
    pub(crate) fn with_hints(
        &self,
        mut arrived: Box<OwnedWebhook>,
        head: &Head<'_>,
    ) -> Box<OwnedWebhook> {
        if self.0.explainer.is_some() {
            arrived.hints = head.clues.as_ref().map(|clues| {
                let hosts = self.0.origin.hosts();
                Box::new(hosts.fold(clues.hints(), |hints, host| hints.allowed_host(&host)))
            });
        }
        arrived
    }

    /// Has a refusal explained that the head alone has met.
    pub(crate) fn explain_head(&self, head: &Head<'_>, refusal: Refusal) {
        let Some(explainer) = &self.0.explainer else { return };
        let is_explained = matches!(refusal, Refusal::Verify(_) | Refusal::Origin(_));
        if !is_explained || !explainer.admits_head() {
            return;
        }
        // Where there is no URL, the event has the path alone.
        let path = || head.target.chars().take_while(|char| *char != '?').take(MAX_TEXT_LEN);
        let url = self.0.origin.url(&head.request).unwrap_or_else(|_| path().collect());
        let (signature, settings) = (head.signature.value(), head.settings.value());
        let arrived = Box::new(OwnedWebhook::of_head(head, url, signature, settings));
        let arrived = self.with_hints(arrived, head);
        let keys = Keys { gate: self.clone(), tenant: None };
        explainer.queue(arrived.len(), |kept| Job::new(keys, arrived, refusal, kept).of_head(head));
    }
}

impl Keys {
    /// Has the refusal of a whole request explained.
    pub(crate) fn explain(self, arrived: Box<OwnedWebhook>, refusal: Refusal) {
        let Some(explainer) = self.gate.0.explainer.clone() else { return };
        // Directories that are out of order say so themselves.
        if refusal != Refusal::TenantsUnavailable && explainer.admits() {
            explainer.queue(arrived.len(), |kept| Job::new(self, arrived, refusal, kept));
        }
    }
}

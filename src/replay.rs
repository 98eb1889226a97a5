//! Replay protection: a request is acted on once, and not when it is too old.
//!
//! Twilio signs no nonce and, for most webhooks, no timestamp: whoever captures a request can send
//! it again. [`Guard`] claims what cannot be changed without the key, the bytes of the MAC, and
//! looks at a signed `Timestamp` where there is one.
//!
//! # What it does with honest requests
//!
//! - **Twilio's retry** after a timeout, a 5xx or a crash has the same bytes as the first request.
//!   Release the claim when you answer 5xx, and the retry is [`ClaimOutcome::Acquired`]. While the
//!   first is still at work it is [`ClaimOutcome::InProgress`]; after it was completed it is
//!   [`ClaimOutcome::Done`],
//!   and 200 is the answer, for the work is done.
//! - **Two honest requests can be the same bytes.** A `<Redirect>` or `<Gather>` that leads a call
//!   to the same URL again, with the same digits, is signed the same, and nobody can tell it from a
//!   replay: the second is `Done`. Give each turn a URL of its own (`/menu?turn=2`), or leave such a
//!   URL unguarded and make what it does harmless to repeat.
//!
//! # Examples
//! ```
//! use std::time::SystemTime;
//! use twilio_sig::claim::{Answer, ClaimOutcome, MemoryStore};
//! use twilio_sig::replay::Guard;
//! use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = Guard::new(MemoryStore::new(100_000)?);
//!
//! let token = AuthToken::new("12345")?;
//! let (url, body) = ("https://example.com/sms", b"Body=Ahoy&MessageSid=SM1");
//! let signature = Signer::auth_token(&token).sign_form(url, body)?.header_value();
//! let webhook = Webhook::new(url).body(body).signature(&signature);
//! let verified = Verifier::new(token).verify(&webhook)?;
//!
//! let (claim, outcome) = guard.admit(&verified, SystemTime::now()).await?;
//! let ClaimOutcome::Acquired = outcome else {
//!     return Err("refused: 409".into());
//! };
//! // The work goes here. If it fails: `guard.release(&claim).await?`.
//! guard.complete(&claim, &Answer::EMPTY).await?;
//! let (_, outcome) = guard.admit(&verified, SystemTime::now()).await?;
//! assert!(matches!(outcome, ClaimOutcome::Done(_)));
//! # Ok(())
//! # }
//! # let mut future = core::pin::pin!(example());
//! # let mut context = core::task::Context::from_waker(core::task::Waker::noop());
//! # assert!(matches!(future.as_mut().poll(&mut context), core::task::Poll::Ready(Ok(()))));
//! ```

mod timestamp;

use alloc::borrow::Cow;
use alloc::string::String;
use core::time::Duration;
use std::time::SystemTime;

use thiserror::Error;

use crate::claim::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore};
use crate::verifier::{Coverage, Verified};

/// Refuses a request that was seen before, or whose signed timestamp is too old.
///
/// It asks the store once for each request. What it takes is a [`Verified`], so that nobody can fill
/// the store, or mark a request as seen, without the key.
#[derive(Clone, Debug)]
pub struct Guard<S> {
    store: S,
    scope: String,
    window: Duration,
    skew: Duration,
    keep: Duration,
    lease: Duration,
    require_timestamp: bool,
}

/// Why a request was not admitted, besides being a replay.
///
/// # Examples
/// ```
/// assert_eq!(twilio_sig::replay::ReplayError::Stale.http_status(), 400);
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The signed timestamp is more than the skew ahead of the clock: one of the two is wrong.
    #[error("the signed timestamp lies in the future")]
    Early,
    /// A signed parameter `Timestamp` is no RFC 2822, ISO 8601 or epoch timestamp.
    #[error("the signed timestamp cannot be read")]
    MalformedTimestamp,
    /// There is no signed timestamp, and the guard requires one.
    #[error("no timestamp is signed")]
    MissingTimestamp,
    /// The signed timestamp is older than the window.
    #[error("the signed timestamp is too old")]
    Stale,
    /// The store gave no answer. The request is not admitted: answer 503, and Twilio retries.
    #[error(transparent)]
    Store(#[from] ClaimError),
}

impl ReplayError {
    /// The HTTP status to answer with: 400 for the timestamp, 503 for the store.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Early | Self::MalformedTimestamp | Self::MissingTimestamp | Self::Stale => 400,
            Self::Store(_) => 503,
        }
    }
}

impl<S: ClaimStore> Guard<S> {
    /// A guard with the defaults that each setting names.
    pub const fn new(store: S) -> Self {
        Self {
            store,
            scope: String::new(),
            window: Duration::from_secs(300),
            skew: Duration::from_secs(30),
            keep: Duration::from_secs(24 * 60 * 60),
            lease: Duration::from_secs(60),
            require_timestamp: false,
        }
    }

    /// Sets the name under which requests are remembered. Default: none.
    ///
    /// Services that share a store and a key, and may each get the same request, need one each.
    /// Never take it from the request: whoever can change the scope can replay.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Sets how old a signed timestamp may be. Default: 300 seconds.
    ///
    /// It is the time of the event. Twilio may deliver late, most of all where it retries for hours
    /// (Event Streams sign no `Timestamp`, so they are not concerned).
    #[must_use]
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets how far ahead of the clock a signed timestamp may be. Default: 30 seconds.
    #[must_use]
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Sets for how long a completed request is remembered. Default: 24 hours, and never less than
    /// window and skew together.
    ///
    /// Where no timestamp is signed, and an attacker may be able to split a signed one off
    /// (`SECURITY.md`, "No separators"), **this is how long the protection lasts**. It is the same
    /// for requests with a timestamp, for that reason.
    #[must_use]
    pub const fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// Sets how long the work may take before the request may be claimed again. Default: 60
    /// seconds. Twilio waits for an answer for 15 seconds at most.
    #[must_use]
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Refuses what has no signed timestamp. Default: no, because incoming messages and calls have
    /// none. With it, no replay succeeds ever: before `keep` ends it is seen, after the window it is
    /// stale.
    #[must_use]
    pub const fn require_timestamp(mut self) -> Self {
        self.require_timestamp = true;
        self
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Claims the request. `now` is what its timestamp is compared with.
    ///
    /// Only [`ClaimOutcome::Acquired`] may be acted on. `Done` is a replay, or Twilio's retry of what is
    /// done: 409, or 200 without acting. `InProgress`: 503.
    ///
    /// # Errors
    /// A [`ReplayError`]: the request is not admitted.
    pub async fn admit(
        &self,
        verified: &Verified<'_>,
        now: SystemTime,
    ) -> Result<(Claim, ClaimOutcome), ReplayError> {
        self.check_timestamps(verified, now)?;
        let claim = Claim::random(self.key(verified))?;
        let outcome = self.store.claim(&claim, self.lease).await?;
        Ok((claim, outcome))
    }

    /// Remembers the request as done, with this answer.
    ///
    /// # Errors
    /// As [`ClaimStore::complete`].
    pub async fn complete(&self, claim: &Claim, answer: &Answer) -> Result<(), ClaimError> {
        let keep = self.keep.max(self.window.saturating_add(self.skew));
        self.store.complete(claim, keep, answer).await
    }

    /// Forgets the request, so that Twilio's retry is admitted.
    ///
    /// # Errors
    /// As [`ClaimStore::release`].
    pub async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.store.release(claim).await
    }

    /// The key under which the request is remembered: scope and the bytes of the MAC.
    ///
    /// Nothing else will do. The text of the header can be spelled in other ways; URL and
    /// parameters can be split anew under one MAC; and the headers are not signed at all. All of
    /// these would give a replay a key of its own.
    #[must_use]
    pub fn key(&self, verified: &Verified<'_>) -> ClaimKey {
        ClaimKey::new("replay", &[self.scope.as_bytes(), verified.signature().as_bytes()])
    }

    /// Each of the signed timestamps must be within the window.
    fn check_timestamps(
        &self,
        verified: &Verified<'_>,
        now: SystemTime,
    ) -> Result<(), ReplayError> {
        let mut missing = true;
        for (name, text) in signed_params(verified) {
            if *name != *b"Timestamp" {
                continue;
            }
            missing = false;
            let time = timestamp::read(&text).ok_or(ReplayError::MalformedTimestamp)?;
            let age = now.duration_since(time);
            match age {
                Ok(age) if age > self.window => return Err(ReplayError::Stale),
                Err(ahead) if ahead.duration() > self.skew => return Err(ReplayError::Early),
                Ok(_) | Err(_) => {}
            }
        }
        if missing && self.require_timestamp {
            return Err(ReplayError::MissingTimestamp);
        }
        Ok(())
    }
}

/// What Twilio signed as parameters: those of the form, or of a `GET` webhook's query.
pub(crate) fn signed_params<'a>(
    verified: &Verified<'a>,
) -> impl Iterator<Item = (Cow<'a, [u8]>, Cow<'a, [u8]>)> + use<'a> {
    let query = (verified.coverage() == Coverage::UrlOnly).then(|| verified.query_params());
    verified.params().chain(query.into_iter().flatten())
}

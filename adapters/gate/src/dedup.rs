//! Idempotency: its settings.

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use twilio_sig::claim::{ClaimStore, MAX_DURATION};
use twilio_sig::dedup::{DedupKey, Delivery, NoIdentity};
use twilio_sig::replay::SettingError;

/// For how long an event and its answer are remembered, unless set.
pub const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// Lets each event through once, by what Twilio signed about it. A duplicate gets the first answer
/// and no handler.
///
/// A request that nothing identifies goes to the handler every time, with an event that says why,
/// and so does a batch of several events: its handler claims each by itself, with
/// [`DedupKey::each`](twilio_sig::dedup::DedupKey::each) and
/// [`VerifiedWebhook::delivery`](crate::VerifiedWebhook::delivery).
///
/// # Examples
/// ```
/// use twilio_sig::claim::MemoryStore;
/// use twilio_sig::dedup::Template;
/// use twilio_sig_gate::Dedup;
///
/// let by_kind = Dedup::new(MemoryStore::new(100_000)?);
/// let voice = Template::parse("{CallSid}:voice")?;
/// let own = Dedup::new(MemoryStore::new(100_000)?).key(move |delivery| voice.key(delivery));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Dedup<S> {
    pub(crate) store: S,
    pub(crate) key: KeyOf,
    pub(crate) ttl: Duration,
}

type KeyOf = Box<dyn Fn(Delivery<'_>) -> Result<DedupKey, NoIdentity> + Send + Sync>;

impl<S: ClaimStore + 'static> Dedup<S> {
    /// Idempotency with [`DedupKey::of`] and the defaults that each setting names.
    pub fn new(store: S) -> Self {
        Self { store, key: Box::new(|delivery| DedupKey::of(delivery)), ttl: DEFAULT_TTL }
    }

    /// Sets what identifies an event. The delivery has the proof, the tenant and Twilio's idempotency
    /// token, which is not signed.
    pub fn key(
        mut self,
        key: impl Fn(Delivery<'_>) -> Result<DedupKey, NoIdentity> + Send + Sync + 'static,
    ) -> Self {
        self.key = Box::new(key);
        self
    }

    /// Sets for how long an event and its answer are remembered. Default: 24 hours.
    ///
    /// # Errors
    /// [`SettingError::Ttl`] if it is zero or longer than [`MAX_DURATION`].
    pub fn ttl(mut self, ttl: Duration) -> Result<Self, SettingError> {
        if ttl.is_zero() || ttl > MAX_DURATION {
            return Err(SettingError::Ttl);
        }
        self.ttl = ttl;
        Ok(self)
    }
}

impl<S> fmt::Debug for Dedup<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dedup").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

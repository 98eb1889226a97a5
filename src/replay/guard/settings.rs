//! How a guard is made and set.

use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use super::Guard;
use crate::claim::{Claim, ClaimError, ClaimKey, ClaimStore, MAX_DURATION};
use crate::replay::{Freshness, SettingError};

impl<S: ClaimStore> Guard<S> {
    /// A guard with the defaults that each setting names, and the system's clock and random bytes.
    #[cfg(feature = "std")]
    pub fn new(store: S) -> Self {
        use std::time::SystemTime;

        let clock = || SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self::with_sources(store, clock, Claim::random)
    }

    /// A guard with a clock and a source of randomness of your own: where there is no `std`, and in
    /// tests.
    ///
    /// `clock` gives the time since 1970-01-01 00:00:00 UTC. `make_claim` makes a claim of a key, with
    /// 128 random bits; an error refuses the request.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use core::time::Duration;
    /// use twilio_sig::claim::{Claim, MemoryStore};
    /// use twilio_sig::replay::Guard;
    ///
    /// let clock = || Duration::from_secs(1_645_027_913);
    /// let make_claim = |key| Ok(Claim::with_token(key, *b"128 random bits."));
    /// let guard = Guard::with_sources(MemoryStore::new(10)?, clock, make_claim);
    /// # }
    /// # Ok::<(), twilio_sig::claim::ClaimError>(())
    /// ```
    pub fn with_sources(
        store: S,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
        make_claim: impl Fn(ClaimKey) -> Result<Claim, ClaimError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            store,
            scope: String::new(),
            freshness: Freshness::new(),
            ttl: Duration::from_secs(24 * 60 * 60),
            lease: Duration::from_secs(15),
            clock: Arc::new(clock),
            make_claim: Arc::new(make_claim),
        }
    }

    /// Sets the name under which requests are remembered. Default: none.
    ///
    /// Services that share a store and a key, and may each get the same request, need one each.
    /// Never take it from the request: a client that can change the scope can replay.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Sets how old a request may be. Default: [`Freshness::new`].
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// Sets for how long a completed request is remembered. Default: 24 hours, and never less than
    /// window and skew together.
    ///
    /// Where no timestamp is required, **this is how long the protection lasts**. It is the same for
    /// requests with a timestamp, which can be split anew so that it is hidden.
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

    /// Sets how long the work may take before the request may be claimed again, unless the claim is
    /// [renewed](Self::renew). Default: 15 seconds, for which Twilio waits at most.
    ///
    /// # Errors
    /// [`SettingError::Lease`] if it is zero or longer than [`MAX_DURATION`].
    pub fn lease(mut self, lease: Duration) -> Result<Self, SettingError> {
        if lease.is_zero() || lease > MAX_DURATION {
            return Err(SettingError::Lease);
        }
        self.lease = lease;
        Ok(self)
    }
}

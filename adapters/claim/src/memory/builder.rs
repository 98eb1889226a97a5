//! The settings of a memory store.

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;
use std::time::Instant;

use super::shard::Seeds;
use super::{MAX_ENTRIES, MemoryStore};
use crate::ClaimError;

/// The bytes of answers that a [`MemoryStore`] holds at most, if nothing else is set: 64 MiB, a
/// thousand of the longest.
pub const DEFAULT_ANSWER_BYTES: usize = 64 << 20;
/// How many may [watch](crate::ClaimStore::watch) the keys of a [`MemoryStore`] at a time, if
/// nothing else is set.
pub const DEFAULT_WATCHERS: usize = 4_096;

/// Settings of a [`MemoryStore`]: [`MemoryStore::builder`].
#[must_use]
pub struct MemoryStoreBuilder {
    pub(super) entries: usize,
    pub(super) answer_bytes: usize,
    pub(super) watchers: usize,
    clock: Option<GivenClock>,
    seeds: Option<Seeds>,
}

type GivenClock = Box<dyn Fn() -> Duration + Send + Sync>;

/// The time since the store was built.
pub(super) enum Clock {
    System(Instant),
    Given { clock: GivenClock, start: Duration },
}

impl Clock {
    pub(super) fn elapsed(&self) -> Duration {
        match self {
            Self::System(start) => start.elapsed(),
            Self::Given { clock, start } => clock().saturating_sub(*start),
        }
    }
}

impl MemoryStoreBuilder {
    pub(super) const fn new(entries: usize) -> Self {
        Self {
            entries,
            answer_bytes: DEFAULT_ANSWER_BYTES,
            watchers: DEFAULT_WATCHERS,
            clock: None,
            seeds: None,
        }
    }

    /// Sets how many bytes of answers it holds at most. Default: [`DEFAULT_ANSWER_BYTES`]. With 0
    /// it takes empty answers alone.
    pub const fn answer_bytes(mut self, bytes: usize) -> Self {
        self.answer_bytes = bytes;
        self
    }

    /// Sets how many may watch its keys at a time. Default: [`DEFAULT_WATCHERS`]. One more is never
    /// woken, and polls.
    pub const fn watchers(mut self, watchers: usize) -> Self {
        self.watchers = watchers;
        self
    }

    /// Sets the clock: the time since a moment of the caller's choice. Default: [`Instant`]. A
    /// clock that goes back is taken to stand still.
    ///
    /// `wasm32-unknown-unknown` has no clock of its own.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// use twilio_sig_claim::{Claim, ClaimKey, ClaimOutcome, MemoryStore};
    ///
    /// let seconds = Arc::new(AtomicU64::new(0));
    /// let clock = Arc::clone(&seconds);
    /// let clock = move || Duration::from_secs(clock.load(Relaxed));
    /// let store = MemoryStore::builder(10).clock(clock).build()?;
    ///
    /// let key = ClaimKey::new("example", &[b"CA1"]);
    /// let claim =
    ///     |token| store.try_claim(&Claim::with_token(key, [token; 16]), Duration::from_secs(5));
    /// assert!(matches!(claim(1)?, ClaimOutcome::Acquired));
    /// seconds.store(4, Relaxed);
    /// assert!(matches!(claim(2)?, ClaimOutcome::InProgress { .. }));
    /// seconds.store(5, Relaxed);
    /// assert!(matches!(claim(2)?, ClaimOutcome::Acquired));
    /// # Ok::<(), twilio_sig_claim::ClaimError>(())
    /// ```
    pub fn clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Sets 128 secret random bits, which spread the keys. Default: those of the standard library.
    ///
    /// Keys that are found slowly can be chosen by those who know them. `wasm32-unknown-unknown` has no
    /// randomness of its own, so there the default can be guessed.
    pub const fn seed(mut self, seed: [u64; 2]) -> Self {
        self.seeds = Some(Seeds::new(seed));
        self
    }

    /// The store.
    ///
    /// # Errors
    /// [`ClaimError::OutOfRange`] if the number of entries is zero or above
    /// [`MAX_ENTRIES`](crate::MAX_ENTRIES); [`ClaimError::Unavailable`] if no clock is set and the
    /// platform has none.
    pub fn build(mut self) -> Result<MemoryStore, ClaimError> {
        if self.entries == 0 || self.entries > MAX_ENTRIES {
            return Err(ClaimError::OutOfRange);
        }
        let clock = match self.clock.take() {
            Some(clock) => Clock::Given { start: clock(), clock },
            None => system_clock()?,
        };
        let seeds = self.seeds.unwrap_or_else(Seeds::random);
        Ok(MemoryStore::build(&self, clock, seeds))
    }
}

fn system_clock() -> Result<Clock, ClaimError> {
    // There, reading the clock panics.
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        return Err(ClaimError::unavailable("this platform has no clock: set one"));
    }
    Ok(Clock::System(Instant::now()))
}

impl fmt::Debug for MemoryStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStoreBuilder")
            .field("entries", &self.entries)
            .field("answer_bytes", &self.answer_bytes)
            .field("watchers", &self.watchers)
            .finish_non_exhaustive()
    }
}

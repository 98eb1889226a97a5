//! Claims in the memory of one process.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use super::error::ClaimError;
use super::key::ClaimKey;
use super::shard::{Answer, Hashed, Room, Seeds, Shard};
use super::{Claim, ClaimStore, Outcome, whole_millis};

/// The most entries that a [`MemoryStore`] can be built for: 2^30, which take 80 GB.
pub const MAX_ENTRIES: usize = 1 << 30;

/// Claims in memory: for a service of one process.
///
/// - **Bounded.** It holds exactly as many keys as it was built for, in progress or done, and says
///   [`ClaimError::Full`] to one more. Nothing is evicted before its time. What has expired makes room
///   when later calls have removed it; of a million keys, ten thousand may wait for that.
/// - **Small.** An entry takes 64 bytes and its share of the index, which is allocated at the start:
///   at most 96 bytes together when the store is full. [`heap_bytes`](Self::heap_bytes) says how
///   many it is.
/// - **Even.** There is no background thread: each call removes some entries that have expired.
///   Nothing is ever copied to grow.
/// - **Forgetful.** It lives and dies with its process, and another process does not see it. Behind
///   a load balancer it protects nothing; after a restart every key is vacant.
///
/// Time is [`Instant`], which no change of the system's clock can turn back.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig::claim::{ClaimKey, MemoryStore, Outcome};
///
/// let store = MemoryStore::new(100_000)?;
/// let key = ClaimKey::new("example", &[b"CA1"]);
/// if let Outcome::Fresh(claim) = store.try_claim(&key, Duration::from_secs(30))? {
///     store.try_complete(&claim, Duration::from_secs(3_600))?;
/// }
/// assert!(matches!(store.try_claim(&key, Duration::from_secs(30))?, Outcome::Done));
/// # Ok::<(), twilio_sig::claim::ClaimError>(())
/// ```
pub struct MemoryStore {
    shards: Box<[Line<Mutex<Shard>>]>,
    room: Line<Room>,
    clock: Clock,
    seeds: Seeds,
    /// Half of every token: a claim of another store is nobody's here.
    id: u64,
}

/// A cache line of its own, so that two threads with different shards do not wait for one line.
#[repr(align(128))]
struct Line<T>(T);

enum Clock {
    Since(Instant),
    Given(Box<dyn Fn() -> Duration + Send + Sync>),
}

/// Locks of a store. Sixteen threads seldom meet; more locks cost memory.
const SHARDS: usize = 16;
/// A store for fewer entries than this has one lock, because sixteen indexes cost more than the
/// entries.
const SHARDED_FROM: usize = 4_096;

impl MemoryStore {
    /// A store for `entries` keys.
    ///
    /// Leave room: for replay protection, the most requests that arrive within the time for which
    /// a key is kept.
    ///
    /// # Errors
    /// [`ClaimError::OutOfRange`] if `entries` is zero or above [`MAX_ENTRIES`].
    pub fn new(entries: usize) -> Result<Self, ClaimError> {
        Self::build(entries, Clock::Since(Instant::now()))
    }

    /// A store that goes by `clock`, the time since a moment of the caller's choice: for tests. A
    /// clock that goes back is taken to stand still.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// use twilio_sig::claim::{ClaimKey, MemoryStore, Outcome};
    ///
    /// let seconds = Arc::new(AtomicU64::new(0));
    /// let clock = Arc::clone(&seconds);
    /// let clock = move || Duration::from_secs(clock.load(Relaxed));
    /// let store = MemoryStore::with_clock(10, clock)?;
    ///
    /// let key = ClaimKey::new("example", &[b"CA1"]);
    /// let claim = || store.try_claim(&key, Duration::from_secs(30));
    /// assert!(matches!(claim()?, Outcome::Fresh(_)));
    /// seconds.store(29, Relaxed);
    /// assert!(matches!(claim()?, Outcome::InProgress { .. }));
    /// seconds.store(30, Relaxed);
    /// assert!(matches!(claim()?, Outcome::Fresh(_)));
    /// # Ok::<(), twilio_sig::claim::ClaimError>(())
    /// ```
    pub fn with_clock(
        entries: usize,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Result<Self, ClaimError> {
        Self::build(entries, Clock::Given(Box::new(clock)))
    }

    fn build(entries: usize, clock: Clock) -> Result<Self, ClaimError> {
        if entries == 0 || entries > MAX_ENTRIES {
            return Err(ClaimError::OutOfRange);
        }
        let shards = if entries < SHARDED_FROM { 1 } else { SHARDS };
        let seeds = Seeds::random();
        let shard = |_| Line(Mutex::new(Shard::new(entries.div_ceil(shards), seeds)));
        Ok(Self {
            shards: (0..shards).map(shard).collect::<Vec<_>>().into_boxed_slice(),
            room: Line(Room { limit: entries, taken: AtomicUsize::new(0) }),
            clock,
            seeds,
            id: Seeds::random().hash(&[0; 32]),
        })
    }

    /// [`ClaimStore::claim`], without a future.
    ///
    /// # Errors
    /// [`ClaimError::Full`] and [`ClaimError::OutOfRange`], as there.
    pub fn try_claim(&self, key: &ClaimKey, lease: Duration) -> Result<Outcome, ClaimError> {
        let lease = whole_millis(lease)?;
        let (hashed, now) = (self.hashed(key), self.now());
        let mut answer = self.shard(hashed.hash)?.claim(hashed, lease, now, &self.room.0);
        if matches!(answer, Err(ClaimError::Full)) && self.make_room(now)? {
            answer = self.shard(hashed.hash)?.claim(hashed, lease, now, &self.room.0);
        }
        Ok(match answer? {
            Answer::Fresh { owner } => Outcome::Fresh(Claim::with_token(*key, self.token(owner))),
            Answer::InProgress { millis } => {
                Outcome::InProgress { retry_after: Duration::from_millis(millis) }
            }
            Answer::Done => Outcome::Done,
        })
    }

    /// [`ClaimStore::complete`], without a future.
    ///
    /// # Errors
    /// [`ClaimError::Lost`], [`ClaimError::Full`] and [`ClaimError::OutOfRange`], as there.
    pub fn try_complete(&self, claim: &Claim, keep: Duration) -> Result<(), ClaimError> {
        let keep = whole_millis(keep)?;
        let owner = self.owner(claim)?;
        let (hashed, now) = (self.hashed(claim.key()), self.now());
        let answer = self.shard(hashed.hash)?.complete(hashed, owner, keep, now, &self.room.0);
        if matches!(answer, Err(ClaimError::Full)) && self.make_room(now)? {
            return self.shard(hashed.hash)?.complete(hashed, owner, keep, now, &self.room.0);
        }
        answer
    }

    /// [`ClaimStore::release`], without a future: what a guard can call when it is dropped.
    ///
    /// # Errors
    /// [`ClaimError::Lost`], as there.
    pub fn try_release(&self, claim: &Claim) -> Result<(), ClaimError> {
        let owner = self.owner(claim)?;
        let (hashed, now) = (self.hashed(claim.key()), self.now());
        self.shard(hashed.hash)?.release(hashed, owner, now)
    }

    /// How many keys it holds. Those that have expired count until a later call removes them.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if a thread panicked while it held a lock.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(twilio_sig::claim::MemoryStore::new(10)?.entries()?, 0);
    /// # Ok::<(), twilio_sig::claim::ClaimError>(())
    /// ```
    pub fn entries(&self) -> Result<usize, ClaimError> {
        let mut spare: usize = 0;
        for shard in &self.shards {
            spare = spare.saturating_add(lock(shard)?.spare());
        }
        Ok(self.room.0.taken.load(Ordering::Relaxed).saturating_sub(spare))
    }

    /// Bytes that the store has taken from the heap. Memory of keys that are gone is used again
    /// and not given back.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if a thread panicked while it held a lock.
    ///
    /// # Examples
    /// ```
    /// assert!(twilio_sig::claim::MemoryStore::new(1_000_000)?.heap_bytes()? < 16_000_000);
    /// # Ok::<(), twilio_sig::claim::ClaimError>(())
    /// ```
    pub fn heap_bytes(&self) -> Result<usize, ClaimError> {
        let mut bytes = size_of_val(&*self.shards);
        for shard in &self.shards {
            bytes = bytes.saturating_add(lock(shard)?.bytes());
        }
        Ok(bytes)
    }

    /// Removes what has expired, a bounded part of it from each shard. Whether there is room now.
    fn make_room(&self, now: u64) -> Result<bool, ClaimError> {
        for shard in &self.shards {
            lock(shard)?.make_room(now, &self.room.0);
        }
        Ok(!self.room.0.is_full())
    }

    fn hashed<'k>(&self, key: &'k ClaimKey) -> Hashed<'k> {
        Hashed { key: key.as_bytes(), hash: self.seeds.hash(key.as_bytes()) }
    }

    /// The shard of a hash, by its upper half. Its buckets go by the lower one.
    #[expect(clippy::indexing_slicing, reason = "masked: there is a power of two of shards")]
    fn shard(&self, hash: u64) -> Result<MutexGuard<'_, Shard>, ClaimError> {
        let upper = usize::try_from(hash >> 32).unwrap_or_default();
        lock(&self.shards[upper & self.shards.len().wrapping_sub(1)])
    }

    fn token(&self, owner: u64) -> [u8; Claim::TOKEN_LEN] {
        let token = u128::from(self.id) << 64 | u128::from(owner);
        token.to_be_bytes()
    }

    /// The owner whose token it is.
    fn owner(&self, claim: &Claim) -> Result<u64, ClaimError> {
        let token = u128::from_be_bytes(*claim.token());
        if token >> 64 != u128::from(self.id) {
            return Err(ClaimError::Lost);
        }
        u64::try_from(token & u128::from(u64::MAX)).map_err(|_| ClaimError::Lost)
    }

    /// Milliseconds of the store's clock. The latest leaves room for a lease after it.
    fn now(&self) -> u64 {
        let since = match &self.clock {
            Clock::Since(start) => start.elapsed(),
            Clock::Given(clock) => clock(),
        };
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX).min(u64::MAX / 2)
    }
}

fn lock(shard: &Line<Mutex<Shard>>) -> Result<MutexGuard<'_, Shard>, ClaimError> {
    // After a panic nobody knows what the shard holds, so it says nothing more.
    shard.0.lock().map_err(|_| ClaimError::unavailable("a thread panicked in the claim store"))
}

impl ClaimStore for MemoryStore {
    async fn claim(&self, key: &ClaimKey, lease: Duration) -> Result<Outcome, ClaimError> {
        self.try_claim(key, lease)
    }

    async fn complete(&self, claim: &Claim, keep: Duration) -> Result<(), ClaimError> {
        self.try_complete(claim, keep)
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.try_release(claim)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("limit", &self.room.0.limit).finish_non_exhaustive()
    }
}

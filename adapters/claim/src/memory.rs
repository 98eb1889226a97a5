//! Claims in the memory of one process.

mod builder;
mod entry;
mod room;
mod shard;
mod watch;
mod wheel;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard};

use self::builder::Clock;
pub use self::builder::{DEFAULT_ANSWER_BYTES, DEFAULT_WATCHERS, MemoryStoreBuilder};
use self::room::{Bound, Room};
use self::shard::{Hashed, Seeds, Shard};
use self::watch::{Ticket, Watch};
use crate::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore, whole_millis};

/// The most entries that a [`MemoryStore`] can be built for: 2^30, which take 110 GB.
pub const MAX_ENTRIES: usize = 1 << 30;

/// Claims in memory: for a service of one process.
///
/// - **Bounded.** It holds exactly as many keys as it was built for, in progress or done, and so
///   many bytes of answers, and says [`ClaimError::Full`] to one more. Nothing is evicted before its
///   time. What has expired makes room when later calls have removed it; of a million keys, ten
///   thousand may wait for that.
/// - **Small.** An entry takes 88 bytes, its answer, and its share of the index, which is allocated
///   at the start: at most 128 bytes and the answer when the store is full. Measured: 97.5 bytes of
///   a million entries, 108.9 of 10,000; a map under a lock takes 161.5 and 158.9.
///   [`heap_bytes`](Self::heap_bytes) says how many it is.
/// - **Even.** There is no background thread: each call removes some entries that have expired.
///   Nothing is ever copied to grow.
/// - **Awake.** A [watch](ClaimStore::watch) is ready as soon as the key is completed or released.
/// - **Forgetful.** It lives and dies with its process, and another process does not see it. Behind
///   a load balancer it protects nothing; after a restart every key is vacant.
///
/// Time is [`Instant`](std::time::Instant), which no change of the system's clock can turn back, or
/// a clock that is [given](MemoryStoreBuilder::clock).
///
/// # Examples
/// ```
/// # #[cfg(feature = "getrandom")] {
/// use core::time::Duration;
/// use twilio_sig_claim::{Answer, Claim, ClaimKey, ClaimOutcome, MemoryStore};
///
/// let store = MemoryStore::new(100_000)?;
/// let key = ClaimKey::new("example", &[b"CA1"]);
/// let claim = Claim::random(key)?;
/// if let ClaimOutcome::Acquired = store.try_claim(&claim, Duration::from_secs(5))? {
///     store.try_complete(&claim, Duration::from_secs(3_600), &Answer::new(b"ahoy")?)?;
/// }
/// let retry = store.try_claim(&Claim::random(key)?, Duration::from_secs(5))?;
/// assert!(matches!(retry, ClaimOutcome::Done(answer) if answer.as_bytes() == b"ahoy"));
/// # }
/// # Ok::<(), twilio_sig_claim::ClaimError>(())
/// ```
pub struct MemoryStore {
    shards: Box<[Line<Mutex<Shard>>]>,
    room: Line<Room>,
    clock: Clock,
    seeds: Seeds,
}

/// A cache line of its own, so that two threads with different shards do not wait for one line.
#[repr(align(128))]
struct Line<T>(T);

/// Locks of a store. Sixteen threads seldom meet; more locks cost memory.
const SHARDS: usize = 16;
/// A store for fewer entries than this has one lock, because sixteen indexes cost more than the
/// entries.
const SHARDED_FROM: usize = 4_096;

impl MemoryStore {
    /// A store for `entries` keys, with the defaults that each setting of the
    /// [builder](Self::builder) names.
    ///
    /// Leave room: for replay protection, the most requests that arrive within the ttl of a key.
    ///
    /// # Errors
    /// As [`MemoryStoreBuilder::build`].
    pub fn new(entries: usize) -> Result<Self, ClaimError> {
        Self::builder(entries).build()
    }

    /// Settings for a store for `entries` keys.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig_claim::MemoryStore;
    ///
    /// let store = MemoryStore::builder(100_000).answer_bytes(256 << 20).build()?;
    /// # Ok::<(), twilio_sig_claim::ClaimError>(())
    /// ```
    pub const fn builder(entries: usize) -> MemoryStoreBuilder {
        MemoryStoreBuilder::new(entries)
    }

    fn build(settings: &MemoryStoreBuilder, clock: Clock, seeds: Seeds) -> Self {
        let entries = settings.entries;
        let shards = if entries < SHARDED_FROM { 1 } else { SHARDS };
        let shard = |_| Line(Mutex::new(Shard::new(entries.div_ceil(shards), seeds)));
        Self {
            shards: (0..shards).map(shard).collect::<Vec<_>>().into_boxed_slice(),
            room: Line(Room {
                entries: Bound::new(entries),
                bytes: Bound::new(settings.answer_bytes),
                watchers: Bound::new(settings.watchers),
            }),
            clock,
            seeds,
        }
    }

    /// [`ClaimStore::claim`], without a future.
    ///
    /// # Errors
    /// As there.
    pub fn try_claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let lease = whole_millis(lease)?;
        self.with_room(claim.key(), |shard, key, now, room| {
            shard.claim(key, claim.token(), lease, now, room)
        })
    }

    /// [`ClaimStore::renew`], without a future.
    ///
    /// # Errors
    /// As there.
    pub fn try_renew(&self, claim: &Claim, lease: Duration) -> Result<(), ClaimError> {
        // A claim that is not made is not ours.
        match self.try_claim(claim, lease)? {
            ClaimOutcome::Acquired => Ok(()),
            ClaimOutcome::InProgress { .. } | ClaimOutcome::Done(_) => Err(ClaimError::Lost),
        }
    }

    /// [`ClaimStore::complete`], without a future.
    ///
    /// # Errors
    /// As there.
    pub fn try_complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        let ttl = whole_millis(ttl)?;
        self.with_room(claim.key(), |shard, key, now, room| {
            shard.complete(key, claim.token(), ttl, answer, now, room)
        })
    }

    /// [`ClaimStore::release`], without a future: what a guard can call when it is dropped.
    ///
    /// # Errors
    /// As there.
    pub fn try_release(&self, claim: &Claim) -> Result<(), ClaimError> {
        let (hashed, now) = (self.hashed(claim.key()), self.now());
        self.with(hashed.hash, |shard| shard.release(hashed, claim.token(), now, &self.room.0))?
    }

    /// How many keys it holds. Those that have expired count until a later call removes them.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if a thread panicked while it held a lock.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(twilio_sig_claim::MemoryStore::new(10)?.entries()?, 0);
    /// # Ok::<(), twilio_sig_claim::ClaimError>(())
    /// ```
    pub fn entries(&self) -> Result<usize, ClaimError> {
        let mut spare: usize = 0;
        for shard in &self.shards {
            spare = spare.saturating_add(lock(shard)?.spare());
        }
        Ok(self.room.0.entries.taken().saturating_sub(spare))
    }

    /// Bytes that the store has taken from the heap, answers included. Memory of keys that are gone
    /// is used again and not given back; that of their answers is given back.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if a thread panicked while it held a lock.
    ///
    /// # Examples
    /// ```
    /// assert!(twilio_sig_claim::MemoryStore::new(1_000_000)?.heap_bytes()? < 16_000_000);
    /// # Ok::<(), twilio_sig_claim::ClaimError>(())
    /// ```
    pub fn heap_bytes(&self) -> Result<usize, ClaimError> {
        let mut bytes = size_of_val(&*self.shards).saturating_add(self.room.0.bytes.taken());
        for shard in &self.shards {
            bytes = bytes.saturating_add(lock(shard)?.bytes());
        }
        Ok(bytes)
    }

    /// [`ClaimStore::watch`], polled.
    fn poll_watch(
        &self,
        key: &ClaimKey,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
    ) -> Result<Poll<()>, ClaimError> {
        let (hashed, now) = (self.hashed(key), self.now());
        self.with(hashed.hash, |shard| shard.watch(hashed, now, ticket, waker, &self.room.0))
    }

    fn stop_watching(&self, key: &ClaimKey, ticket: Ticket) {
        // Under a broken lock there is nothing to save.
        let hash = self.hashed(key).hash;
        let _ = self.with(hash, |shard| shard.stop_watching(ticket, &self.room.0));
    }

    /// Does what may need room. If there is none, removes what has expired, a bounded part of it
    /// from each shard, and tries again.
    fn with_room<T>(
        &self,
        key: &ClaimKey,
        mut act: impl FnMut(&mut Shard, Hashed<'_>, u64, &Room) -> Result<T, ClaimError>,
    ) -> Result<T, ClaimError> {
        let (hashed, now) = (self.hashed(key), self.now());
        let mut attempt =
            || self.with(hashed.hash, |shard| act(shard, hashed, now, &self.room.0))?;
        match attempt() {
            Err(ClaimError::Full) => {
                for shard in &self.shards {
                    unlock_and_wake(lock(shard)?, |shard| shard.make_room(now, &self.room.0));
                }
                attempt()
            }
            answer => answer,
        }
    }

    /// Does something with the shard of a hash.
    fn with<T>(&self, hash: u64, act: impl FnOnce(&mut Shard) -> T) -> Result<T, ClaimError> {
        Ok(unlock_and_wake(self.shard(hash)?, act))
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

    /// Milliseconds of the store's clock. The latest leaves room for a lease after it.
    fn now(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX).min(u64::MAX / 2)
    }
}

fn lock(shard: &Line<Mutex<Shard>>) -> Result<MutexGuard<'_, Shard>, ClaimError> {
    // After a panic the shard may hold anything, so it says nothing more.
    shard.0.lock().map_err(|_| ClaimError::unavailable("a thread panicked in the claim store"))
}

/// Does something with a shard, then wakes those who waited for what it did. A waker may do anything, so
/// none is woken under the lock.
fn unlock_and_wake<T>(mut shard: MutexGuard<'_, Shard>, act: impl FnOnce(&mut Shard) -> T) -> T {
    let output = act(&mut shard);
    let woken = shard.take_woken();
    drop(shard);
    woken.into_iter().for_each(Waker::wake);
    output
}

impl ClaimStore for MemoryStore {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        self.try_claim(claim, lease)
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), ClaimError> {
        self.try_renew(claim, lease)
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        self.try_complete(claim, ttl, answer)
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.try_release(claim)
    }

    async fn watch(&self, key: &ClaimKey) {
        Watch::new(self, *key).await;
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("entries", &self.room.0.entries.limit)
            .field("answer_bytes", &self.room.0.bytes.limit)
            .finish_non_exhaustive()
    }
}

//! A part of the memory store under one lock: keys by hash, and by the time they expire.

use alloc::boxed::Box;
use alloc::vec;
use core::hash::BuildHasher;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::hash::RandomState;

use super::entry::{Entry, Id, NIL, Slab};
use super::error::ClaimError;
use super::wheel::Wheel;

/// Keys whose hashes begin alike.
pub(super) struct Shard {
    slab: Slab,
    /// The first entry of each bucket; a power of two of them. Never grows, so that no call pays
    /// for moving what is there.
    buckets: Box<[Id]>,
    wheel: Wheel,
    seeds: Seeds,
    /// The owner that the next claim gets. A number is given out once.
    next_owner: u64,
    /// The latest time seen. A clock that goes back is not followed.
    latest: u64,
    /// Room that entries have left here and that is not given back yet: most claims find some, and
    /// need not touch the count that all shards share.
    spare: usize,
}

/// What a shard says to a claim.
pub(super) enum Answer {
    Fresh { owner: u64 },
    InProgress { millis: u64 },
    Done,
}

/// A key with its hash, which chose the shard.
#[derive(Clone, Copy)]
pub(super) struct Hashed<'k> {
    pub(super) key: &'k [u8; 32],
    pub(super) hash: u64,
}

/// How many entries the shards may hold together.
pub(super) struct Room {
    pub(super) limit: usize,
    pub(super) taken: AtomicUsize,
}

impl Room {
    fn take(&self) -> bool {
        let more = |taken: usize| (taken < self.limit).then(|| taken.saturating_add(1));
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give_back(&self, entries: usize) {
        self.taken.fetch_sub(entries, Ordering::Relaxed);
    }

    pub(super) fn is_full(&self) -> bool {
        self.taken.load(Ordering::Relaxed) >= self.limit
    }
}

/// Steps of expiry that a call takes at most: an entry is removed, or filed anew. A call adds one entry,
/// which is filed three times or so in its life, so expiry keeps up, and no call stalls. When a list of
/// everything there is comes to be filed anew, no more than one in this many have expired meanwhile.
const SWEEP: usize = 128;

impl Shard {
    /// A shard for about `entries`.
    pub(super) fn new(entries: usize, seeds: Seeds) -> Self {
        // 1.5 to 3 buckets for an entry keep the chains short: 6 to 12 bytes for an entry.
        let buckets = entries.saturating_add(entries / 2).next_power_of_two();
        Self {
            slab: Slab::new(),
            buckets: vec![NIL; buckets].into_boxed_slice(),
            wheel: Wheel::new(),
            seeds,
            next_owner: 1,
            latest: 0,
            spare: 0,
        }
    }

    pub(super) fn claim(
        &mut self,
        key: Hashed<'_>,
        lease: u64,
        now: u64,
        room: &Room,
    ) -> Result<Answer, ClaimError> {
        let now = self.begin(now);
        let found = self.find(key);
        if let Some(id) = found {
            let entry = self.slab.get(id);
            if entry.until > now {
                let millis = entry.until.saturating_sub(now);
                return Ok(if entry.done { Answer::Done } else { Answer::InProgress { millis } });
            }
        }
        let owner = self.next_owner;
        self.put(found, key, owner, false, now.saturating_add(lease), room)?;
        self.next_owner = owner.wrapping_add(1);
        Ok(Answer::Fresh { owner })
    }

    pub(super) fn complete(
        &mut self,
        key: Hashed<'_>,
        owner: u64,
        keep: u64,
        now: u64,
        room: &Room,
    ) -> Result<(), ClaimError> {
        let now = self.begin(now);
        let found = self.find(key);
        if let Some(id) = found {
            let entry = self.slab.get(id);
            if entry.until > now && entry.owner != owner {
                return Err(ClaimError::Lost);
            }
        }
        self.put(found, key, owner, true, now.saturating_add(keep), room)
    }

    pub(super) fn release(
        &mut self,
        key: Hashed<'_>,
        owner: u64,
        now: u64,
    ) -> Result<(), ClaimError> {
        let now = self.begin(now);
        let Some(id) = self.find(key) else { return Ok(()) };
        let entry = self.slab.get(id);
        if entry.owner == owner && !entry.done {
            self.wheel.take_out(&mut self.slab, id);
            self.remove(id);
            return Ok(());
        }
        if entry.until > now { Err(ClaimError::Lost) } else { Ok(()) }
    }

    /// Removes expired entries and gives back their room, because the store is full.
    pub(super) fn make_room(&mut self, now: u64, room: &Room) {
        self.begin(now);
        room.give_back(core::mem::take(&mut self.spare));
    }

    /// Room taken for entries that are gone.
    pub(super) const fn spare(&self) -> usize {
        self.spare
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.slab.bytes().saturating_add(size_of_val(&*self.buckets))
    }

    /// Removes what has expired, in a bounded number of steps. Gives back the time to go by.
    fn begin(&mut self, now: u64) -> u64 {
        self.latest = self.latest.max(now);
        for _ in 0..SWEEP {
            let Some(id) = self.wheel.due(self.latest) else { break };
            self.wheel.take_out(&mut self.slab, id);
            if self.slab.get(id).until <= self.latest {
                self.remove(id);
            } else {
                self.wheel.file(&mut self.slab, id);
            }
        }
        self.latest
    }

    /// Writes over the entry that was found, or adds one.
    fn put(
        &mut self,
        found: Option<Id>,
        key: Hashed<'_>,
        owner: u64,
        done: bool,
        until: u64,
        room: &Room,
    ) -> Result<(), ClaimError> {
        let id = match found {
            Some(id) => {
                self.wheel.take_out(&mut self.slab, id);
                id
            }
            None if self.spare > 0 || room.take() => {
                self.spare = self.spare.saturating_sub(1);
                let id = self.slab.take();
                self.slab.get_mut(id).key = *key.key;
                let bucket = self.bucket(key.hash);
                let chain = core::mem::replace(bucket, id);
                self.slab.get_mut(id).chain = chain;
                id
            }
            None => return Err(ClaimError::Full),
        };
        let entry = self.slab.get_mut(id);
        (entry.owner, entry.done, entry.until) = (owner, done, until);
        self.wheel.file(&mut self.slab, id);
        Ok(())
    }

    fn find(&mut self, key: Hashed<'_>) -> Option<Id> {
        let mut id = *self.bucket(key.hash);
        while id != NIL {
            let entry = self.slab.get(id);
            if entry.key == *key.key {
                return Some(id);
            }
            id = entry.chain;
        }
        None
    }

    /// Removes an entry that is in no list of the wheel any more.
    fn remove(&mut self, id: Id) {
        let Entry { key, chain, .. } = *self.slab.get(id);
        let bucket = self.bucket(self.seeds.hash(&key));
        let mut before = *bucket;
        if before == id {
            *bucket = chain;
        } else {
            while self.slab.get(before).chain != id {
                before = self.slab.get(before).chain;
            }
            self.slab.get_mut(before).chain = chain;
        }
        self.slab.give_back(id);
        self.spare = self.spare.saturating_add(1);
    }

    #[expect(clippy::indexing_slicing, reason = "masked: there is a power of two of buckets")]
    fn bucket(&mut self, hash: u64) -> &mut Id {
        let mask = self.buckets.len().wrapping_sub(1);
        &mut self.buckets[usize::try_from(hash).unwrap_or_default() & mask]
    }
}

/// Turns a key into where it is looked for.
///
/// Keys are SHA-256 hashes, but whoever chooses what is hashed can search for some that begin
/// alike. Secret seeds, different in each store, keep such keys in different buckets.
#[derive(Clone, Copy)]
pub(super) struct Seeds([u64; 2]);

impl Seeds {
    pub(super) fn random() -> Self {
        let random = RandomState::new();
        Self([random.hash_one(0), random.hash_one(1)])
    }

    /// The halves of the product of two words: each bit of one depends on all of the other.
    pub(super) fn hash(self, key: &[u8; 32]) -> u64 {
        let ([first, second, ..], _) = key.as_chunks::<8>() else { return 0 };
        let Self([seed, other_seed]) = self;
        let first = u128::from(u64::from_le_bytes(*first) ^ seed);
        let second = u128::from(u64::from_le_bytes(*second) ^ other_seed);
        let product = first.wrapping_mul(second);
        let low = u64::try_from(product & u128::from(u64::MAX)).unwrap_or_default();
        let high = u64::try_from(product >> 64).unwrap_or_default();
        low ^ high
    }
}

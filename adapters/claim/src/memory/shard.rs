//! A part of the memory store under one lock: keys by hash, and by the time they expire.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::hash::RandomState;

use super::entry::{Entry, Id, NIL, Slab};
use super::room::Room;
use super::watch::{Ticket, Watchers};
use super::wheel::Wheel;
use crate::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome};

/// Keys whose hashes begin alike.
pub(super) struct Shard {
    slab: Slab,
    /// The first entry of each bucket; a power of two of them. Never grows, so that no call pays
    /// for moving what is there.
    buckets: Box<[Id]>,
    wheel: Wheel,
    watchers: Watchers,
    seeds: Seeds,
    /// The latest time seen. A clock that goes back is not followed.
    latest: u64,
    /// Room that entries have left here and that is not given back yet: most claims find some, and
    /// need not touch the count that all shards share.
    spare: usize,
}

/// A key with its hash, which chose the shard.
#[derive(Clone, Copy)]
pub(super) struct Hashed<'k> {
    pub(super) key: &'k [u8; ClaimKey::LEN],
    pub(super) hash: u64,
}

type Token = [u8; Claim::TOKEN_LEN];

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
            watchers: Watchers::default(),
            seeds,
            latest: 0,
            spare: 0,
        }
    }

    pub(super) fn claim(
        &mut self,
        key: Hashed<'_>,
        token: &Token,
        lease: u64,
        now: u64,
        room: &Room,
    ) -> Result<ClaimOutcome, ClaimError> {
        let now = self.begin(now, room);
        let found = self.find(key);
        if let Some(id) = found {
            let entry = self.slab.get(id);
            let rest = entry.until.saturating_sub(now);
            if rest > 0 && entry.done {
                return Ok(ClaimOutcome::Done(entry.answer.clone()));
            }
            if rest > 0 && entry.token != *token {
                return Ok(ClaimOutcome::InProgress { retry_after: Duration::from_millis(rest) });
            }
        }
        let id = self.put(found, key, token, now.saturating_add(lease), room)?;
        let entry = self.slab.get_mut(id);
        entry.done = false;
        room.bytes.give_back(core::mem::take(&mut entry.answer).len());
        Ok(ClaimOutcome::Acquired)
    }

    pub(super) fn complete(
        &mut self,
        key: Hashed<'_>,
        token: &Token,
        ttl: u64,
        answer: &Answer,
        now: u64,
        room: &Room,
    ) -> Result<(), ClaimError> {
        let now = self.begin(now, room);
        let found = self.find(key);
        if let Some(id) = found {
            let entry = self.slab.get(id);
            if entry.until > now {
                if entry.token != *token {
                    return Err(ClaimError::Lost);
                }
                if entry.done {
                    return Ok(());
                }
            }
        }
        if !room.bytes.take(answer.len()) {
            return Err(ClaimError::Full);
        }
        let id = match self.put(found, key, token, now.saturating_add(ttl), room) {
            Ok(id) => id,
            Err(full) => {
                room.bytes.give_back(answer.len());
                return Err(full);
            }
        };
        let entry = self.slab.get_mut(id);
        entry.done = true;
        room.bytes.give_back(core::mem::replace(&mut entry.answer, answer.clone()).len());
        self.watchers.wake(id, room);
        Ok(())
    }

    pub(super) fn release(
        &mut self,
        key: Hashed<'_>,
        token: &Token,
        now: u64,
        room: &Room,
    ) -> Result<(), ClaimError> {
        let now = self.begin(now, room);
        let Some(id) = self.find(key) else { return Ok(()) };
        let entry = self.slab.get(id);
        if entry.until <= now {
            return Ok(());
        }
        if entry.token != *token || entry.done {
            return Err(ClaimError::Lost);
        }
        self.wheel.take_out(&mut self.slab, id);
        self.remove(id, room);
        Ok(())
    }

    /// Ready if the key is not in progress, or was settled since the ticket was given.
    pub(super) fn watch(
        &mut self,
        key: Hashed<'_>,
        now: u64,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
        room: &Room,
    ) -> Poll<()> {
        let now = self.begin(now, room);
        if let Some(ticket) = *ticket {
            return if self.watchers.update(ticket, waker) {
                Poll::Pending
            } else {
                Poll::Ready(())
            };
        }
        let in_progress = |id: &Id| {
            let entry = self.slab.get(*id);
            entry.until > now && !entry.done
        };
        let Some(id) = self.find(key).filter(in_progress) else { return Poll::Ready(()) };
        *ticket = self.watchers.add(id, waker, room);
        Poll::Pending
    }

    pub(super) fn stop_watching(&mut self, ticket: Ticket, room: &Room) {
        self.watchers.remove(ticket, room);
    }

    /// Those to wake when the lock is gone.
    pub(super) fn take_woken(&mut self) -> Vec<Waker> {
        self.watchers.take_woken()
    }

    /// Removes expired entries and gives back their room, because the store is full.
    pub(super) fn make_room(&mut self, now: u64, room: &Room) {
        self.begin(now, room);
        room.entries.give_back(core::mem::take(&mut self.spare));
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
    fn begin(&mut self, now: u64, room: &Room) -> u64 {
        self.latest = self.latest.max(now);
        for _ in 0..SWEEP {
            let Some(id) = self.wheel.due(self.latest) else { break };
            self.wheel.take_out(&mut self.slab, id);
            if self.slab.get(id).until <= self.latest {
                self.remove(id, room);
            } else {
                self.wheel.file(&mut self.slab, id);
            }
        }
        self.latest
    }

    /// The entry that was found, or a new one, filed under this time and held by this token.
    fn put(
        &mut self,
        found: Option<Id>,
        key: Hashed<'_>,
        token: &Token,
        until: u64,
        room: &Room,
    ) -> Result<Id, ClaimError> {
        let id = match found {
            Some(id) => {
                self.wheel.take_out(&mut self.slab, id);
                id
            }
            None if self.spare > 0 || room.entries.take(1) => {
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
        (entry.token, entry.until) = (*token, until);
        self.wheel.file(&mut self.slab, id);
        Ok(id)
    }

    fn find(&self, key: Hashed<'_>) -> Option<Id> {
        let mut id = self.buckets.get(self.bucket_of(key.hash)).copied().unwrap_or(NIL);
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
    fn remove(&mut self, id: Id, room: &Room) {
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
        let answer = core::mem::take(&mut self.slab.get_mut(id).answer);
        room.bytes.give_back(answer.len());
        self.slab.give_back(id);
        self.spare = self.spare.saturating_add(1);
        self.watchers.wake(id, room);
    }

    #[expect(clippy::indexing_slicing, reason = "masked: there is a power of two of buckets")]
    fn bucket(&mut self, hash: u64) -> &mut Id {
        let bucket = self.bucket_of(hash);
        &mut self.buckets[bucket]
    }

    fn bucket_of(&self, hash: u64) -> usize {
        let mask = self.buckets.len().wrapping_sub(1);
        usize::try_from(hash & u64::from(u32::MAX)).unwrap_or_default() & mask
    }
}

/// Turns a key into where it is looked for.
///
/// Keys are SHA-256 hashes, but those who choose what is hashed can search for some that begin
/// alike. Secret seeds, different in each store, keep such keys in different buckets.
#[derive(Clone, Copy)]
pub(super) struct Seeds([u64; 2]);

impl Seeds {
    pub(super) const fn new(seeds: [u64; 2]) -> Self {
        Self(seeds)
    }

    pub(super) fn random() -> Self {
        let random = RandomState::new();
        Self([random.hash_one(0), random.hash_one(1)])
    }

    /// The halves of the product of two words: each bit of one depends on all of the other.
    pub(super) fn hash(self, key: &[u8; ClaimKey::LEN]) -> u64 {
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

//! Where the memory store keeps its entries: chunks that never move, so that growing never copies.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::{Answer, Claim, ClaimKey};

/// One key: 88 bytes, and the answer.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: [u8; ClaimKey::LEN],
    /// That of the claim which holds it, or has completed it.
    pub(super) token: [u8; Claim::TOKEN_LEN],
    pub(super) answer: Answer,
    /// When the lease or the ttl ends, in milliseconds of the store's clock.
    pub(super) until: u64,
    /// The next entry whose key falls into the same bucket, or of the free list.
    pub(super) chain: Id,
    /// The neighbours in a list of the wheel.
    pub(super) before: Id,
    pub(super) after: Id,
    /// The list of the wheel that it is in.
    pub(super) place: u16,
    pub(super) done: bool,
}

/// The number of an entry, from 1.
pub(super) type Id = u32;

/// No entry. Zero, so that an index of it comes from the system as untouched pages.
pub(super) const NIL: Id = 0;

/// Entries of a chunk: 5.5 KiB.
const CHUNK: usize = 64;
const CHUNK_BITS: u32 = CHUNK.trailing_zeros();

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Entry>() == 88, "an entry is as small as the docs say");

impl Entry {
    const VACANT: Self = Self {
        key: [0; ClaimKey::LEN],
        token: [0; Claim::TOKEN_LEN],
        answer: Answer::EMPTY,
        until: 0,
        chain: NIL,
        before: NIL,
        after: NIL,
        place: 0,
        done: false,
    };
}

/// Entries by number, with a list of the free ones.
pub(super) struct Slab {
    chunks: Vec<Box<[Entry]>>,
    free: Id,
    /// Entries ever used. Number 0 is never used.
    used: Id,
}

impl Slab {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: NIL, used: 1 }
    }

    #[expect(clippy::indexing_slicing, reason = "an id is one that this slab gave out")]
    pub(super) fn get(&self, id: Id) -> &Entry {
        let (chunk, at) = split(id);
        &self.chunks[chunk][at]
    }

    #[expect(clippy::indexing_slicing, reason = "an id is one that this slab gave out")]
    pub(super) fn get_mut(&mut self, id: Id) -> &mut Entry {
        let (chunk, at) = split(id);
        &mut self.chunks[chunk][at]
    }

    /// A number that is not in use.
    pub(super) fn take(&mut self) -> Id {
        if self.free != NIL {
            let id = self.free;
            self.free = self.get(id).chain;
            return id;
        }
        let id = self.used;
        if split(id).0 >= self.chunks.len() {
            self.chunks.push(vec![Entry::VACANT; CHUNK].into_boxed_slice());
        }
        self.used = id.wrapping_add(1);
        id
    }

    pub(super) fn give_back(&mut self, id: Id) {
        self.get_mut(id).chain = self.free;
        self.free = id;
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let chunk = size_of::<[Entry; CHUNK]>().saturating_mul(self.chunks.len());
        chunk.saturating_add(size_of::<Box<[Entry]>>().saturating_mul(self.chunks.capacity()))
    }
}

/// The chunk of an entry and its place in it.
fn split(id: Id) -> (usize, usize) {
    let at = usize::try_from(id).unwrap_or(usize::MAX);
    (at >> CHUNK_BITS, at % CHUNK)
}

//! What the shards of a store may hold together.

use core::sync::atomic::{AtomicUsize, Ordering};

/// The bounds of a store, and how much of each is taken.
pub(super) struct Room {
    pub(super) entries: Bound,
    /// Bytes of answers.
    pub(super) bytes: Bound,
    pub(super) watchers: Bound,
}

/// A number that never passes its limit.
pub(super) struct Bound {
    pub(super) limit: usize,
    taken: AtomicUsize,
}

impl Bound {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    /// Takes so much, or nothing if that is more than there is.
    pub(super) fn take(&self, amount: usize) -> bool {
        let more = |taken: usize| {
            let taken = taken.checked_add(amount)?;
            (taken <= self.limit).then_some(taken)
        };
        amount == 0 || self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    pub(super) fn give_back(&self, amount: usize) {
        if amount > 0 {
            self.taken.fetch_sub(amount, Ordering::Relaxed);
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

//! Some a minute and no more, of what a sender of forged requests could cause without end.

use core::sync::atomic::{AtomicI64, Ordering};

use crate::clock;

const MINUTE_MS: i64 = 60_000;

/// A number for each minute of the clock.
#[derive(Debug)]
pub(crate) struct Budget {
    per_minute: i64,
    /// The minute that is counted, and how many were taken in it.
    minute: AtomicI64,
    taken: AtomicI64,
}

impl Budget {
    pub(crate) const fn new(per_minute: i64) -> Self {
        Self { per_minute, minute: AtomicI64::new(0), taken: AtomicI64::new(0) }
    }

    /// Takes one, if there is one left.
    pub(crate) fn take(&self) -> bool {
        self.take_at(clock::now())
    }

    fn take_at(&self, now: i64) -> bool {
        let minute = now.div_euclid(MINUTE_MS);
        if self.minute.swap(minute, Ordering::Relaxed) != minute {
            self.taken.store(0, Ordering::Relaxed);
        }
        self.taken.fetch_add(1, Ordering::Relaxed) < self.per_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_has_its_own() {
        let budget = Budget::new(2);
        let minutes = [0, 1, 59_999, 60_000, 60_001, 60_002, 180_000];
        let taken = minutes.map(|now| budget.take_at(now));
        assert_eq!(taken, [true, true, false, true, true, false, true]);
    }
}

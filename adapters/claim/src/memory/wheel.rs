//! What expires when: a hierarchical timing wheel. Filing, taking out and expiring are O(1) each.
//!
//! Source: G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels" (1987), scheme 7, filed
//! by the highest digit in which an entry's time differs from the hand's, so that no list ever
//! wraps round: whatever is on a lower level expires before everything above.

use super::entry::{Entry, Id, NIL, Slab};

/// Lists of entries by the tick in which they expire.
pub(super) struct Wheel {
    /// The tick up to which the lists are emptied. Never goes back.
    hand: u64,
    /// The list that the hand stands on, to be emptied before all others: what is filed from it on
    /// lower levels may be later than what is still in it.
    emptying: usize,
    /// Nothing else is due before this tick: what most calls look at and no more.
    next: u64,
    /// A bit for each list that is not empty.
    occupied: [[u64; SLOTS / 64]; LEVELS],
    heads: [Id; LEVELS * SLOTS],
}

/// A tick is 64 ms: entries may stay in memory that much longer, and are not seen any longer.
const TICK_BITS: u32 = 6;
/// Lists of a level: one digit.
const SLOTS: usize = 1 << DIGIT_BITS;
/// Wide enough that an entry of a quarter of an hour is filed twice, and one of a day three times.
const DIGIT_BITS: u32 = 7;
/// Five digits of 64 ms: 69 years from the start of the store.
const LEVELS: usize = 5;
/// A list that is always empty: what is filed differs from the hand by being greater, and no digit is
/// less than 0.
const NOWHERE: usize = 0;
const LAST_TICK: u64 = (1 << (DIGIT_BITS * 5)) - 1;

impl Wheel {
    pub(super) const fn new() -> Self {
        Self {
            hand: 0,
            emptying: NOWHERE,
            next: u64::MAX,
            occupied: [[0; SLOTS / 64]; LEVELS],
            heads: [NIL; LEVELS * SLOTS],
        }
    }

    /// Files an entry under its `until`.
    pub(super) fn file(&mut self, slab: &mut Slab, id: Id) {
        // Rounded up, so that an entry whose tick has come has expired.
        let tick = slab.get(id).until.div_ceil(1 << TICK_BITS);
        let tick = tick.max(self.hand.saturating_add(1)).min(LAST_TICK);
        let level = level_of(tick ^ self.hand);
        let slot = digit(tick, level);
        let place = level.saturating_mul(SLOTS).saturating_add(slot);
        self.next = self.next.min(start(self.hand, level, slot));

        let Some(head) = self.heads.get_mut(place) else { return };
        let after = core::mem::replace(head, id);
        if let Some(bits) = self.bits(place) {
            *bits |= 1 << (slot % 64);
        }
        if after != NIL {
            slab.get_mut(after).before = id;
        }
        let entry = slab.get_mut(id);
        (entry.before, entry.after) = (NIL, after);
        entry.place = u16::try_from(place).unwrap_or(u16::MAX);
    }

    /// Takes an entry out of its list.
    pub(super) fn take_out(&mut self, slab: &mut Slab, id: Id) {
        let Entry { before, after, place, .. } = *slab.get(id);
        let place = usize::from(place);
        match self.heads.get_mut(place) {
            // What follows stays untouched, for each entry touched is a cache line fetched: the
            // `before` of an entry that is first is out of date, and is not looked at.
            Some(head) if *head == id => *head = after,
            _ => {
                slab.get_mut(before).after = after;
                if after != NIL {
                    slab.get_mut(after).before = before;
                }
                return;
            }
        }
        if after == NIL
            && let Some(bits) = self.bits(place)
        {
            *bits &= !(1 << (place % 64));
        }
    }

    /// The next entry whose list is due at `now`, in milliseconds. It may be one of a higher level
    /// that has not expired: the caller takes it out, and files that one again.
    pub(super) fn due(&mut self, now: u64) -> Option<Id> {
        let now = (now >> TICK_BITS).min(LAST_TICK);
        if let Some(id) = self.head(self.emptying) {
            return Some(id);
        }
        self.emptying = NOWHERE;
        if now >= self.next {
            let (start, place) = self.first().unwrap_or((u64::MAX, NOWHERE));
            self.next = start;
            if start <= now {
                self.hand = start;
                self.emptying = place;
                return self.head(place);
            }
        }
        self.hand = self.hand.max(now);
        None
    }

    /// The list that is due first, and when.
    fn first(&self) -> Option<(u64, usize)> {
        let words = self.occupied.as_flattened();
        let word = words.iter().position(|bits| *bits != 0)?;
        let bit = usize::try_from(words.get(word)?.trailing_zeros()).ok()?;
        let place = word.saturating_mul(64).saturating_add(bit);
        Some((start(self.hand, place / SLOTS, place % SLOTS), place))
    }

    /// The word of bits that a list has its bit in.
    fn bits(&mut self, place: usize) -> Option<&mut u64> {
        self.occupied.as_flattened_mut().get_mut(place / 64)
    }

    fn head(&self, place: usize) -> Option<Id> {
        self.heads.get(place).copied().filter(|id| *id != NIL)
    }
}

/// The highest digit of a difference that is not zero.
fn level_of(difference: u64) -> usize {
    let digit = difference.checked_ilog2().unwrap_or_default() / DIGIT_BITS;
    usize::try_from(digit).unwrap_or_default().min(LEVELS - 1)
}

fn digit(tick: u64, level: usize) -> usize {
    // Cut to a digit first: where `usize` has 32 bits, a tick may have more.
    let digit = (tick >> shift(level)) & ((1 << DIGIT_BITS) - 1);
    usize::try_from(digit).unwrap_or_default()
}

/// The first tick of a list: the hand's digits above the level, then the slot, then zeros.
fn start(hand: u64, level: usize, slot: usize) -> u64 {
    let above = shift(level.saturating_add(1));
    let slot = u64::try_from(slot).unwrap_or_default();
    ((hand >> above) << above) | (slot << shift(level))
}

fn shift(level: usize) -> u32 {
    u32::try_from(level).unwrap_or_default().saturating_mul(DIGIT_BITS)
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use super::*;

    /// A wheel and a sorted map are given the same work, in the order of a fixed generator.
    #[test]
    fn entries_expire_when_they_should_whatever_the_order() {
        let (mut wheel, mut slab) = (Wheel::new(), Slab::new());
        let mut expected: BTreeMap<Id, u64> = BTreeMap::new();
        let (mut now, mut seed) = (0_u64, 1_u64);
        let mut random = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % bound
        };
        for round in 0..60_000 {
            // Durations from a millisecond to a year, of every order of magnitude.
            let scale = 1 << random(36);
            match random(8) {
                0..4 => {
                    let id = slab.take();
                    slab.get_mut(id).until = now + 1 + random(scale);
                    wheel.file(&mut slab, id);
                    expected.insert(id, slab.get(id).until);
                }
                4 => {
                    let nth = random(expected.len().max(1).try_into().unwrap());
                    let id = expected.keys().nth(nth.try_into().unwrap()).copied();
                    if let Some(id) = id {
                        wheel.take_out(&mut slab, id);
                        slab.give_back(id);
                        expected.remove(&id);
                    }
                }
                _ => now += random(scale.min(1 << 26)),
            }
            // Now and then only a few steps, as a store does.
            let mut budget = if random(2) == 0 { 3 } else { usize::MAX };
            while budget > 0
                && let Some(id) = wheel.due(now)
            {
                budget -= 1;
                wheel.take_out(&mut slab, id);
                if slab.get(id).until <= now {
                    assert_eq!(expected.remove(&id), Some(slab.get(id).until), "round {round}");
                    slab.give_back(id);
                } else {
                    wheel.file(&mut slab, id);
                }
            }
            if budget > 3 {
                let late: Vec<_> =
                    expected.values().filter(|until| **until + (1 << TICK_BITS) <= now).collect();
                assert!(late.is_empty(), "round {round}: {late:?} at {now}");
            }
        }
        assert!(expected.len() < 60_000 / 2);
    }
}

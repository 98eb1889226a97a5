//! The order in which pairs are signed: by the bytes of the name, then of the value.
//!
//! Pairs are sorted by keys, integers whose lowest bits are the index of the pair.
//!
//! The first key is a prefix: the first eight characters of the name. That settles all of most
//! webhooks, and integers of 64 bits are sorted without a branch that a processor could guess
//! wrong. It is not exact: names that differ may have one prefix, though never such that their
//! order is wrong. So pairs of one prefix are sorted again, by windows:
//!
//! ```text
//! [ 6 bytes, zero-padded | 4 bits: how many | 12 bits: index ]
//! ```
//!
//! Such keys order as integers exactly as the windows order as byte strings: where the padded bytes
//! are equal, the shorter window is a prefix of the other. Keys that differ only in the index are
//! tied: both windows full (what follows decides) or both at the end of the name, or of the value.
//!
//! Every byte is decoded for at most one prefix and one window, so that sorting stays linear in the
//! bytes (and the pairs times their logarithm), however alike an attacker makes them.

use crate::form::{Text, start_of};
use crate::pair::{Pair, Part, Source};
use crate::scan::{HIGHS, place};

/// Bits of a sort key that hold the index of the pair: at most twelve.
pub(crate) const INDEX_BITS: u32 = 12;
/// Bytes in a window.
const WINDOW: usize = 6;

/// The pairs to sort.
struct Sorter<'s, 'a> {
    source: Source<'a>,
    pairs: &'s mut [Pair],
    /// The bits of a key that hold the index of a pair.
    mask: u64,
}

/// Writes to `order` the keys of as many of the `pairs`, sorted, and marks repeated ones. The
/// lowest `index_bits` of a key are the index of a pair. The fewer, the more of a name fits.
pub(crate) fn sort(source: Source<'_>, pairs: &mut [Pair], order: &mut [u64], index_bits: u32) {
    let mask = !(u64::MAX << index_bits);
    source.name_starts(pairs, order);
    if !all_ascii(order) {
        for start in &mut *order {
            *start = ascii_start(*start);
        }
    }
    // Apart from reading the names, so that the compiler makes two keys at once.
    for (key, index) in order.iter_mut().zip(0..) {
        *key = prefix(*key) & !mask | index;
    }
    order.sort_unstable();
    if order.windows(2).any(|two| matches!(two, [a, b] if a ^ b <= mask)) {
        let mut sorter = Sorter { source, pairs, mask };
        order.chunk_by(sorter.tied()).for_each(|run| sorter.skip_proven(run));
        sorter.settle(order);
    }
}

/// The index of the pair that a sort key belongs to.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "lossless: at most twelve bits"
)]
pub(crate) const fn index(key: u64, index_bits: u32) -> usize {
    (key & !(u64::MAX << index_bits)) as usize
}

/// The first eight characters of a name, seven bits each, above eight zero bits. Of ASCII, seven
/// bits are all, and the eighth ones make room for the index.
#[inline]
const fn prefix(start: u64) -> u64 {
    // Moves the higher half of every pair of bytes, then of every four, then of all eight down to
    // the lower one.
    let start = start & 0x00ff_00ff_00ff_00ff | (start & 0xff00_ff00_ff00_ff00) >> 1;
    let start = start & 0x0000_ffff_0000_ffff | (start & 0xffff_0000_ffff_0000) >> 2;
    let start = start & 0x0000_0000_ffff_ffff | (start & 0xffff_ffff_0000_0000) >> 4;
    start << 8
}

#[inline]
fn all_ascii(starts: &[u64]) -> bool {
    starts.iter().fold(0, |all, start| all | start) & HIGHS == 0
}

/// The start of a name, if it is ASCII. Else the highest characters from the first byte on that is
/// not: no name that comes before such a name has a higher prefix, and none that comes after it a
/// lower one.
const fn ascii_start(start: u64) -> u64 {
    match start & HIGHS {
        0 => start,
        high => (start | u64::MAX.unbounded_shr(high.leading_zeros())) & !HIGHS,
    }
}

/// Characters that tied prefixes have in common, if all of them are there, and ASCII. The eighth
/// may have been cut.
const PROVEN: u32 = 7;

/// Whether names with this prefix have the proven characters. A zero may be beyond the end of a
/// name, and the highest one any byte.
fn proves(prefix: u64) -> bool {
    let character =
        |nth: u32| prefix.unbounded_shr(57_u32.wrapping_sub(nth.wrapping_mul(7))) & 0x7f;
    (0..PROVEN).all(|nth| !matches!(character(nth), 0 | 0x7f))
}

/// The first window of a text: its bytes, how many they are, and how many the text spends on them.
fn window(text: Text<'_>) -> (u64, u32, u32) {
    if let Some((chunk, len)) = text.plain_start(WINDOW) {
        return (start_of(*chunk, place(len)), len, len);
    }
    let mut decode = text.bytes();
    let mut window = [0; 8];
    let mut len = 0_u32;
    for (slot, byte) in window.iter_mut().take(WINDOW).zip(&mut decode) {
        *slot = byte;
        len = len.saturating_add(1);
    }
    let used = text.raw().len().saturating_sub(decode.rest().len());
    (u64::from_be_bytes(window), len, u32::try_from(used).unwrap_or_default())
}

impl Sorter<'_, '_> {
    fn tied(&self) -> impl Fn(&u64, &u64) -> bool + Copy + use<> {
        let mask = self.mask;
        move |a, b| a ^ b <= mask
    }

    fn pair(&mut self, key: u64) -> Option<&mut Pair> {
        self.pairs.get_mut(index(key, self.mask.count_ones()))
    }

    /// Has the windows of a run of tied prefixes begin behind what these prove equal.
    fn skip_proven(&mut self, run: &[u64]) {
        if run.len() < 2 || !run.first().is_some_and(|&prefix| proves(prefix)) {
            return;
        }
        let source = self.source;
        for &key in run {
            let Some(pair) = self.pair(key) else { continue };
            let name = source.name(pair);
            pair.window = if name.plain_start(0).is_some() {
                PROVEN
            } else {
                let mut decode = name.bytes();
                decode.by_ref().take(place(PROVEN)).for_each(drop);
                let used = name.raw().len().saturating_sub(decode.rest().len());
                u32::try_from(used).unwrap_or_default()
            };
        }
    }

    /// Finishes a sort: `order` is sorted by its current keys, and runs of tied keys are sorted by
    /// their next windows until no run is left. Pairs that are equal to the end are marked as
    /// repeated.
    ///
    /// The longest run is looped on and only shorter ones recursed into, each at most half as long
    /// as `order`: the depth is at most the logarithm of the number of pairs.
    fn settle(&mut self, mut order: &mut [u64]) {
        let tied = self.tied();
        loop {
            let longest = order.chunk_by(tied).map(<[u64]>::len).max().unwrap_or_default();
            if longest < 2 {
                return;
            }
            let mut kept = None;
            for run in order.chunk_by_mut(tied) {
                if run.len() == longest && kept.is_none() {
                    kept = Some(run);
                } else if run.len() > 1 && self.advance(run) {
                    self.settle(run);
                }
            }
            let Some(run) = kept else { return };
            if !self.advance(run) {
                return;
            }
            order = run;
        }
    }

    /// Sorts a run of tied keys by their next windows. `false` if there are none: the pairs are
    /// equal, and all but the first are marked as repeated.
    fn advance(&mut self, run: &mut [u64]) -> bool {
        let (source, mask) = (self.source, self.mask);
        // Tied pairs had windows of the same lengths so far, so all of them end where one does.
        let first = run.first().and_then(|&key| self.pair(key));
        let ended = first.is_none_or(|pair| pair.sorting == Part::Nothing);
        for (nth, key) in run.iter_mut().enumerate() {
            let Some(pair) = self.pair(*key) else { continue };
            if ended {
                if nth > 0 {
                    pair.repeat();
                }
            } else {
                *key = next_window(source, pair) | *key & mask;
            }
        }
        if !ended {
            run.sort_unstable();
        }
        !ended
    }
}

/// The next window of a pair as a sort key without its index: first those of the name, then those
/// of the value. A window that is not full ends its part.
fn next_window(source: Source<'_>, pair: &mut Pair) -> u64 {
    let (text, next) = match pair.sorting {
        Part::Name => (source.name(pair), Part::Value),
        Part::Value | Part::Nothing => (source.value(pair), Part::Nothing),
    };
    let (window, len, used) = window(text.skip(place(pair.window)));
    if place(len) == WINDOW {
        pair.window = pair.window.saturating_add(used);
    } else {
        pair.sorting = next;
        pair.window = 0;
    }
    window | u64::from(len) << INDEX_BITS
}

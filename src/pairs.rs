//! A form as it is signed: its pairs sorted by name and value bytes, equal pairs once.
//!
//! Nothing is decoded into a buffer. A pair is a place in the body; its bytes are decoded on the
//! way to the MAC, and to be sorted a window of them at a time. Up to [`INLINE`] pairs live on
//! the stack.

use alloc::vec::Vec;

use crate::error::VerifyError;
use crate::form::Text;
use crate::mac::Writer;
use crate::scan::{Blocks, HIGHS, Marks, place};

/// Default bound on the parameters of a request. The longest webhooks that Twilio documents have
/// some sixty.
pub const MAX_PARAMS: usize = 1_024;

/// The highest bound on parameters that can be set: what fits in the index of a sort key.
pub(crate) const MAX_PARAMS_LIMIT: usize = 1 << INDEX_BITS;

/// Pairs that need no heap.
const INLINE: usize = 64;

/// The pairs of a request, in the order in which they are signed.
pub(crate) struct Pairs<'a> {
    source: Source<'a>,
    inline: [Pair; INLINE],
    inline_order: [u64; INLINE],
    heap: Vec<Pair>,
    heap_order: Vec<u64>,
    len: usize,
}

/// Where the text of the pairs is.
#[derive(Clone, Copy)]
enum Source<'a> {
    Body(&'a [u8]),
    Params(&'a [(&'a str, &'a str)]),
}

/// A pair, by its place in the source.
#[derive(Clone, Copy)]
struct Pair {
    /// Where the name begins in the body; or the index among the parameters.
    start: u32,
    /// Where the name ends in the body.
    name_end: u32,
    /// Where the value ends in the body. It begins one byte, the `=`, after the name.
    end: u32,
    /// Where the next window begins, in bytes from the start of the name or of the value.
    window: u32,
    /// How much of it the windows have read to its end.
    ended: Ended,
    name_encoded: bool,
    value_encoded: bool,
    /// Whether an equal pair comes before this one.
    repeated: bool,
}

/// How much of a pair is read.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Ended {
    Neither,
    Name,
    Value,
}

/// No place.
const UNSET: u32 = u32::MAX;

impl Pair {
    /// No pair. All zero, so that the arrays of them are filled by one `memset`.
    const NONE: Self = Self {
        start: 0,
        name_end: 0,
        end: 0,
        window: 0,
        ended: Ended::Neither,
        name_encoded: false,
        value_encoded: false,
        repeated: false,
    };
}

impl Pair {
    /// Takes note of the `=` and the escapes that a block has in this pair.
    #[inline]
    fn mark(&mut self, body: &[u8], first: u32, mut inner: u64) {
        while self.name_end == UNSET && inner != 0 {
            let at = first.wrapping_add(inner.trailing_zeros());
            inner &= inner.wrapping_sub(1);
            if body.get(place(at)) == Some(&b'=') {
                self.name_end = at;
            } else {
                self.name_encoded = true;
            }
        }
        self.value_encoded |= inner != 0;
    }

    #[inline]
    fn ended(self, at: u32) -> Self {
        let name_end = if self.name_end == UNSET { at } else { self.name_end };
        Self { name_end, end: at, ..self }
    }
}

impl<'a> Pairs<'a> {
    /// No pairs. They are read in place, because a move would copy the arrays.
    pub(crate) const fn new() -> Self {
        Self {
            source: Source::Body(&[]),
            inline: [Pair::NONE; INLINE],
            inline_order: [0; INLINE],
            heap: Vec::new(),
            heap_order: Vec::new(),
            len: 0,
        }
    }

    /// Reads the pairs of a raw form body of less than 2^32 bytes. To be called once.
    ///
    /// # Errors
    /// [`VerifyError::TooManyParams`] for more than `max` pairs, equal ones counted each.
    pub(crate) fn read_body(&mut self, body: &'a [u8], max: usize) -> Result<(), VerifyError> {
        self.source = Source::Body(body);
        let end = u32::try_from(body.len()).map_err(|_| VerifyError::BodyTooLong)?;
        let at_most =
            || body.iter().fold(1_usize, |n, &b| n.saturating_add(usize::from(b == b'&')));
        let mut pair = Pair { name_end: UNSET, ..Pair::NONE };
        for (first, Marks { mut ends, mut inner }) in Blocks::new(body) {
            while ends != 0 {
                let before = ends.wrapping_sub(1) & !ends;
                pair.mark(body, first, inner & before);
                inner &= !before;
                let at = first.wrapping_add(ends.trailing_zeros());
                ends &= ends.wrapping_sub(1);
                if at != pair.start {
                    let pair = pair.ended(at);
                    self.push(pair, prefix(body_name(body, &pair)), max, at_most)?;
                }
                pair = Pair { start: at.wrapping_add(1), name_end: UNSET, ..Pair::NONE };
            }
            pair.mark(body, first, inner);
        }
        if end != pair.start {
            let pair = pair.ended(end);
            self.push(pair, prefix(body_name(body, &pair)), max, at_most)?;
        }
        self.sort();
        Ok(())
    }

    /// Reads the pairs of a form that the caller has decoded. To be called once.
    ///
    /// # Errors
    /// As [`read_body`](Self::read_body).
    pub(crate) fn read_params(
        &mut self,
        params: &'a [(&'a str, &'a str)],
        max: usize,
    ) -> Result<(), VerifyError> {
        self.source = Source::Params(params);
        for (start, (name, _)) in (0..).zip(params) {
            let pair = Pair { start, ..Pair::NONE };
            self.push(pair, prefix(Text::decoded(name)), max, || params.len())?;
        }
        self.sort();
        Ok(())
    }

    /// Whether any byte of the canonical string comes from them.
    pub(crate) fn add_a_byte(&self) -> bool {
        self.iter().any(|(name, value)| !name.is_empty() || !value.is_empty())
    }

    /// Whether two of the pairs, equal or not, have one name.
    pub(crate) fn a_name_repeats(&self) -> bool {
        let names = || self.iter().map(|(name, _)| name.bytes());
        self.parts().0.iter().any(|pair| pair.repeated)
            || names().zip(names().skip(1)).any(|(name, next)| name.eq(next))
    }

    /// Appends every pair to a canonical string: name, value, no separator.
    pub(crate) fn write(&self, out: &mut Writer) {
        let (pairs, order, mask) = self.parts();
        for &key in order {
            match pairs.get(index(key & mask)) {
                Some(pair) if !pair.repeated => self.source.write(pair, out),
                _ => {}
            }
        }
    }

    /// Name and value of every pair, in signed order, equal pairs once.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> {
        let (pairs, order, mask) = self.parts();
        let source = self.source;
        order
            .iter()
            .filter_map(move |&key| pairs.get(index(key & mask)))
            .filter(|pair| !pair.repeated)
            .map(move |pair| (source.name(pair), source.value(pair)))
    }

    #[inline]
    fn push(&mut self, pair: Pair, key: u64, max: usize, at_most: impl Fn() -> usize) -> Result<(), VerifyError> {
        if self.len >= max {
            return Err(VerifyError::TooManyParams);
        }
        if self.len == INLINE {
            self.move_to_heap(at_most().min(max));
        }
        match (self.inline.get_mut(self.len), self.inline_order.get_mut(self.len)) {
            (Some(slot), Some(key_slot)) => {
                *slot = pair;
                *key_slot = key;
            }
            _ => {
                self.heap.push(pair);
                self.heap_order.push(key);
            }
        }
        self.len = self.len.wrapping_add(1);
        Ok(())
    }

    /// Asks the heap for room for all pairs that can come, and moves those of the stack there.
    #[cold]
    #[inline(never)]
    fn move_to_heap(&mut self, room: usize) {
        self.heap.reserve_exact(room);
        self.heap_order.reserve_exact(room);
        self.heap.extend_from_slice(&self.inline);
        self.heap_order.extend_from_slice(&self.inline_order);
    }

    fn parts(&self) -> (&[Pair], &[u64], u64) {
        if self.heap.is_empty() {
            let pairs = self.inline.get(..self.len).unwrap_or_default();
            (pairs, self.inline_order.get(..self.len).unwrap_or_default(), 63)
        } else {
            (&self.heap, &self.heap_order, 4095)
        }
    }

    fn sort(&mut self) {
        let (pairs, order, mask): (&mut [Pair], &mut [u64], u64) = if self.heap.is_empty() {
            let pairs = self.inline.get_mut(..self.len).unwrap_or_default();
            (pairs, self.inline_order.get_mut(..self.len).unwrap_or_default(), 63)
        } else {
            (&mut self.heap, &mut self.heap_order, 4095)
        };
        for (key, index) in order.iter_mut().zip(0..) {
            *key = *key & !mask | index;
        }
        order.sort_unstable();
        if order.windows(2).any(|two| matches!(two, [a, b] if a ^ b <= mask)) {
            self.source.settle(pairs, order, mask);
        }
    }
}

// A sort key is a window of decoded bytes, the number of bytes in it, and the index of its pair:
//
//     [ 14 bytes, zero-padded | 4 bits: how many | 12 bits: index ]
//
// Keys order as integers exactly as the windows order as byte strings: where the padded bytes are
// equal, the shorter window is a prefix of the other. Keys that differ only in the index are tied:
// both windows full (what follows decides) or both at the end of the name, or of the value.
//
// Every byte is decoded into at most one window, so that sorting stays linear in the bytes (and
// the pairs times their logarithm), however alike an attacker makes them.

/// Bytes in a window.
const WINDOW: usize = 6;
/// Bits of a sort key that hold the index of the pair.
const INDEX_BITS: u32 = 12;

#[cold]
fn saturate(x: u64) -> u64 {
    let beyond = u64::MAX.unbounded_shr((x & HIGHS).leading_zeros());
    (x | beyond) & !HIGHS
}

#[inline]
fn body_name<'a>(body: &'a [u8], pair: &Pair) -> Text<'a> {
    let len = place(pair.name_end.wrapping_sub(pair.start));
    let tail = body.get(place(pair.start)..).unwrap_or_default();
    Text::new(tail, len, pair.name_encoded)
}

#[inline]
fn body_value<'a>(body: &'a [u8], pair: &Pair) -> Text<'a> {
    let start = pair.name_end.wrapping_add(1);
    let tail = body.get(place(start)..).unwrap_or_default();
    Text::new(tail, place(pair.end.saturating_sub(start)), pair.value_encoded)
}

/// The index of the pair that a sort key belongs to.
#[expect(clippy::as_conversions, reason = "lossless: masked to 12 bits")]
const fn index(key: u64) -> usize {
    (key & 4095) as usize
}

/// The first window of a text: its bytes, how many they are, and how many the text spends on them.
fn window(text: Text<'_>) -> (u64, u32, u32) {
    if let Some((chunk, len)) = text.plain_start::<8>(WINDOW) {
        let len = u32::try_from(len).unwrap_or_default();
        let beyond = u64::MAX >> len.wrapping_mul(8);
        return (u64::from_be_bytes(*chunk) & !beyond, len, len);
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

fn prefix(name: Text<'_>) -> u64 {
    match name.plain_start::<8>(8) {
        Some((chunk, len)) => {
            let len = u32::try_from(len).unwrap_or_default();
            squeeze(u64::from_be_bytes(*chunk) & !u64::MAX.unbounded_shr(len.wrapping_mul(8)))
        }
        None => squeeze(first_decoded(name)),
    }
}

#[cold]
fn first_decoded(name: Text<'_>) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
    u64::from_be_bytes(bytes)
}

#[inline]
fn squeeze(mut x: u64) -> u64 {
    if x & HIGHS != 0 {
        x = saturate(x);
    }
    let x = (x & 0x7f00_7f00_7f00_7f00) >> 1 | x & 0x007f_007f_007f_007f;
    let x = (x & 0x3fff_0000_3fff_0000) >> 2 | x & 0x0000_3fff_0000_3fff;
    (x & 0x0fff_ffff_0000_0000) << 4 | (x & 0x0fff_ffff) << 8
}

impl<'a> Source<'a> {
    #[inline]
    fn write(self, pair: &Pair, out: &mut Writer) {
        if let Some([name, value]) = self.plain(pair) {
            out.put_starts(name, value);
        } else {
            self.write_decoded(pair, out);
        }
    }

    #[inline(never)]
    fn write_decoded(self, pair: &Pair, out: &mut Writer) {
        self.name(pair).write(out);
        self.value(pair).write(out);
    }

    /// Where name and value begin and how long they are, if they are in a body without escapes.
    #[inline]
    fn plain(self, pair: &Pair) -> Option<[(&'a [u8], usize); 2]> {
        match self {
            Self::Body(body) if !(pair.name_encoded | pair.value_encoded) => {
                let start = pair.name_end.wrapping_add(1);
                Some([
                    (body.get(place(pair.start)..)?, place(pair.name_end.wrapping_sub(pair.start))),
                    (body.get(place(start)..)?, place(pair.end.saturating_sub(start))),
                ])
            }
            _ => None,
        }
    }

    fn name(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => body_name(body, pair),
            Self::Params(params) => params
                .get(place(pair.start))
                .map_or(Text::decoded(""), |(name, _)| Text::decoded(name)),
        }
    }

    fn value(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => body_value(body, pair),
            Self::Params(params) => params
                .get(place(pair.start))
                .map_or(Text::decoded(""), |(_, value)| Text::decoded(value)),
        }
    }

    /// The next window of a pair as a sort key without its index: first those of the name, then
    /// those of the value. A window that is not full ends its part.
    fn next_window(self, pair: &mut Pair) -> u64 {
        let text = if pair.ended == Ended::Name { self.value(pair) } else { self.name(pair) };
        let text = text.skip(place(pair.window));
        let (window, len, used) = window(text);
        if place(len) == WINDOW {
            pair.window = pair.window.saturating_add(used);
        } else {
            pair.ended = if pair.ended == Ended::Name { Ended::Value } else { Ended::Name };
            pair.window = 0;
        }
        window | u64::from(len) << INDEX_BITS
    }

    /// Finishes a sort: `order` is sorted by its current windows, and runs of tied keys are sorted
    /// by their next ones until no run is left. Pairs that are equal to the end are marked as
    /// repeated.
    ///
    /// The longest run is looped on and only shorter ones recursed into, each at most half as long
    /// as `order`: the depth is at most the logarithm of the number of pairs.
    fn settle(self, pairs: &mut [Pair], mut order: &mut [u64], mask: u64) {
        let tied = |a: &u64, b: &u64| a ^ b <= mask;
        loop {
            let longest = order.chunk_by(tied).map(<[u64]>::len).max().unwrap_or_default();
            if longest < 2 {
                return;
            }
            let mut kept = None;
            for run in order.chunk_by_mut(tied) {
                if run.len() == longest && kept.is_none() {
                    kept = Some(run);
                } else if run.len() > 1 && self.advance(pairs, run, mask) {
                    self.settle(pairs, run, mask);
                }
            }
            let Some(run) = kept else { return };
            if !self.advance(pairs, run, mask) {
                return;
            }
            order = run;
        }
    }

    /// Sorts a run of tied keys by their next windows. `false` if there are none: the pairs are
    /// equal, and all but the first are marked as repeated.
    fn advance(self, pairs: &mut [Pair], run: &mut [u64], mask: u64) -> bool {
        // Tied pairs had windows of the same lengths so far, so all of them end where one does.
        let first = run.first().and_then(|&key| pairs.get(index(key & mask)));
        let ended = first.is_none_or(|pair| pair.ended == Ended::Value);
        for (nth, key) in run.iter_mut().enumerate() {
            let Some(pair) = pairs.get_mut(index(*key & mask)) else { continue };
            if ended {
                pair.repeated = nth > 0;
            } else {
                *key = self.next_window(pair) | *key & mask;
            }
        }
        if !ended {
            run.sort_unstable();
        }
        !ended
    }
}

//! A form as it is signed: its pairs sorted by name and value bytes, equal pairs once.
//!
//! Nothing is decoded into a buffer. A pair is a place in the body; its bytes are decoded on the
//! way to the MAC, and to be sorted a window of them at a time. Up to [`INLINE`] pairs live on
//! the stack.

use alloc::vec::Vec;

use crate::error::VerifyError;
use crate::form::Text;
use crate::mac::Sink;
use crate::scan::{place, specials};

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
    inline_order: [u128; INLINE],
    heap: Vec<Pair>,
    heap_order: Vec<u128>,
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
    encoded: Encoded,
    /// Whether the next window is of the value, or there is none any more.
    name_ended: bool,
    value_ended: bool,
    /// Whether an equal pair comes before this one.
    repeated: bool,
}

/// Which parts of a pair hold escapes.
#[derive(Clone, Copy, Default)]
struct Encoded {
    name: bool,
    value: bool,
}

impl Pair {
    /// No pair. All zero, so that the arrays of them are filled by one `memset`.
    const NONE: Self = Self {
        start: 0,
        name_end: 0,
        end: 0,
        window: 0,
        encoded: Encoded { name: false, value: false },
        name_ended: false,
        value_ended: false,
        repeated: false,
    };
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
        let mut start = 0;
        let mut name_end = None;
        let mut encoded = Encoded::default();
        let mut pair_ends = |end: u32, name_end: Option<u32>, start: u32, encoded| {
            if end == start {
                return Ok(());
            }
            let name_end = name_end.unwrap_or(end);
            self.push(Pair { start, name_end, end, encoded, ..Pair::NONE }, max, at_most)
        };
        specials(body, |at, byte| {
            match byte {
                b'&' => {
                    pair_ends(at, name_end.take(), start, core::mem::take(&mut encoded))?;
                    start = at.wrapping_add(1);
                }
                b'=' if name_end.is_none() => name_end = Some(at),
                b'%' | b'+' if name_end.is_none() => encoded.name = true,
                b'%' | b'+' => encoded.value = true,
                _ => {}
            }
            Ok(())
        })?;
        pair_ends(end, name_end, start, encoded)?;
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
        for (start, _) in (0..).zip(params) {
            self.push(Pair { start, ..Pair::NONE }, max, || params.len())?;
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
    pub(crate) fn write(&self, out: &mut impl Sink) {
        for (name, value) in self.iter() {
            name.write(out);
            value.write(out);
        }
    }

    /// Name and value of every pair, in signed order, equal pairs once.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> {
        let (pairs, order) = self.parts();
        let source = self.source;
        order
            .iter()
            .filter_map(|&key| pairs.get(index(key)))
            .filter(|pair| !pair.repeated)
            .map(move |pair| (source.name(pair), source.value(pair)))
    }

    fn push(
        &mut self,
        pair: Pair,
        max: usize,
        at_most: impl Fn() -> usize,
    ) -> Result<(), VerifyError> {
        if self.len >= max {
            return Err(VerifyError::TooManyParams);
        }
        if let Some(slot) = self.inline.get_mut(self.len) {
            *slot = pair;
        } else {
            if self.heap.is_empty() {
                // Room for all that can come, so that the heap is asked once.
                self.heap.reserve_exact(at_most().min(max));
                self.heap.extend_from_slice(&self.inline);
            }
            self.heap.push(pair);
        }
        self.len = self.len.saturating_add(1);
        Ok(())
    }

    fn parts(&self) -> (&[Pair], &[u128]) {
        if self.heap.is_empty() {
            (
                self.inline.get(..self.len).unwrap_or_default(),
                self.inline_order.get(..self.len).unwrap_or_default(),
            )
        } else {
            (&self.heap, &self.heap_order)
        }
    }

    fn sort(&mut self) {
        let (pairs, order): (&mut [Pair], &mut [u128]) = if self.heap.is_empty() {
            (
                self.inline.get_mut(..self.len).unwrap_or_default(),
                self.inline_order.get_mut(..self.len).unwrap_or_default(),
            )
        } else {
            self.heap_order.resize(self.heap.len(), 0);
            (&mut self.heap, &mut self.heap_order)
        };
        for ((key, pair), index) in order.iter_mut().zip(pairs.iter_mut()).zip(0..) {
            *key = self.source.next_window(pair) | index;
        }
        order.sort_unstable();
        self.source.settle(pairs, order);
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

/// Bytes in a window. Few names that Twilio sends are longer, so one window mostly settles all.
const WINDOW: usize = 14;
/// Bits of a sort key that hold the index of the pair.
const INDEX_BITS: u32 = 12;
/// The bits of a sort key that hold the index.
const INDEX_MASK: u128 = (1 << INDEX_BITS) - 1;

/// The index of the pair that a sort key belongs to.
#[expect(clippy::as_conversions, reason = "lossless: masked to 12 bits")]
const fn index(key: u128) -> usize {
    (key & INDEX_MASK) as usize
}

/// The first window of a text: its bytes, how many they are, and how many the text spends on them.
fn window(text: Text<'_>) -> (u128, u32, u32) {
    if let Some((chunk, len)) = text.plain_start::<16>(WINDOW) {
        let len = u32::try_from(len).unwrap_or_default();
        let beyond = u128::MAX >> len.wrapping_mul(8);
        return (u128::from_be_bytes(*chunk) & !beyond, len, len);
    }
    let mut decode = text.bytes();
    let mut window = [0; 16];
    let mut len = 0_u32;
    for (slot, byte) in window.iter_mut().take(WINDOW).zip(&mut decode) {
        *slot = byte;
        len = len.saturating_add(1);
    }
    let used = text.raw().len().saturating_sub(decode.rest().len());
    (u128::from_be_bytes(window), len, u32::try_from(used).unwrap_or_default())
}

impl<'a> Source<'a> {
    fn name(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => {
                let len = pair.name_end.saturating_sub(pair.start);
                let tail = body.get(place(pair.start)..).unwrap_or_default();
                Text::new(tail, place(len), pair.encoded.name)
            }
            Self::Params(params) => params
                .get(place(pair.start))
                .map_or(Text::decoded(""), |(name, _)| Text::decoded(name)),
        }
    }

    fn value(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => {
                let start = pair.name_end.saturating_add(1);
                let len = pair.end.saturating_sub(start);
                let tail = body.get(place(start)..).unwrap_or_default();
                Text::new(tail, place(len), pair.encoded.value)
            }
            Self::Params(params) => params
                .get(place(pair.start))
                .map_or(Text::decoded(""), |(_, value)| Text::decoded(value)),
        }
    }

    /// The next window of a pair as a sort key without its index: first those of the name, then
    /// those of the value. A window that is not full ends its part.
    fn next_window(self, pair: &mut Pair) -> u128 {
        let text = if pair.name_ended { self.value(pair) } else { self.name(pair) };
        let text = text.skip(place(pair.window));
        let (window, len, used) = window(text);
        if place(len) == WINDOW {
            pair.window = pair.window.saturating_add(used);
        } else {
            pair.value_ended = pair.name_ended;
            pair.name_ended = true;
            pair.window = 0;
        }
        window | u128::from(len) << INDEX_BITS
    }

    /// Finishes a sort: `order` is sorted by its current windows, and runs of tied keys are sorted
    /// by their next ones until no run is left. Pairs that are equal to the end are marked as
    /// repeated.
    ///
    /// The longest run is looped on and only shorter ones recursed into, each at most half as long
    /// as `order`: the depth is at most the logarithm of the number of pairs.
    fn settle(self, pairs: &mut [Pair], mut order: &mut [u128]) {
        let tied = |a: &u128, b: &u128| a ^ b <= INDEX_MASK;
        loop {
            let longest = order.chunk_by(tied).map(<[u128]>::len).max().unwrap_or_default();
            if longest < 2 {
                return;
            }
            let mut kept = None;
            for run in order.chunk_by_mut(tied) {
                if run.len() == longest && kept.is_none() {
                    kept = Some(run);
                } else if run.len() > 1 && self.advance(pairs, run) {
                    self.settle(pairs, run);
                }
            }
            let Some(run) = kept else { return };
            if !self.advance(pairs, run) {
                return;
            }
            order = run;
        }
    }

    /// Sorts a run of tied keys by their next windows. `false` if there are none: the pairs are
    /// equal, and all but the first are marked as repeated.
    fn advance(self, pairs: &mut [Pair], run: &mut [u128]) -> bool {
        // Tied pairs had windows of the same lengths so far, so all of them end where one does.
        let first = run.first().and_then(|&key| pairs.get(index(key)));
        let ended = first.is_none_or(|pair| pair.value_ended);
        for (nth, key) in run.iter_mut().enumerate() {
            let Some(pair) = pairs.get_mut(index(*key)) else { continue };
            if ended {
                pair.repeated = nth > 0;
            } else {
                *key = self.next_window(pair) | *key & INDEX_MASK;
            }
        }
        if !ended {
            run.sort_unstable();
        }
        !ended
    }
}

//! A form as it is signed: its pairs sorted by name and value bytes, equal pairs once.
//!
//! Nothing is decoded into a buffer. A pair is a place in the body; its bytes are decoded on the
//! way to the MAC, and to be sorted a few of them at a time. Up to [`INLINE`] pairs live on the
//! stack.

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
const INLINE: usize = 1 << INLINE_INDEX_BITS;

/// The pairs of a request, in the order in which they are signed.
pub(crate) struct Pairs<'a> {
    source: Source<'a>,
    len: usize,
    inline: [Pair; INLINE],
    inline_order: [u64; INLINE],
    heap: Vec<Pair>,
    heap_order: Vec<u64>,
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
    /// What the windows have come to the end of.
    ended: Ended,
    name_encoded: bool,
    value_encoded: bool,
    /// Whether an equal pair comes before this one.
    repeated: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Ended {
    Nothing,
    Name,
    Value,
}

impl Pair {
    /// No pair. All zero, so that the arrays are filled by one `memset`.
    const NONE: Self = Self {
        start: 0,
        name_end: 0,
        end: 0,
        window: 0,
        ended: Ended::Nothing,
        name_encoded: false,
        value_encoded: false,
        repeated: false,
    };

    /// A pair of a body, whose name has not ended.
    const fn begin(start: u32) -> Self {
        Self { start, name_end: u32::MAX, ..Self::NONE }
    }

    const fn is_named(&self) -> bool {
        self.name_end != u32::MAX
    }

    /// Takes note of what a block that begins at `first` marks inside this pair.
    #[inline]
    fn note(&mut self, body: &[u8], first: u32, mut inner: u64) {
        while !self.is_named() && inner != 0 {
            let at = first.wrapping_add(inner.trailing_zeros());
            inner &= inner.wrapping_sub(1);
            match body.get(place(at)) {
                Some(b'=') => self.name_end = at,
                _ => self.name_encoded = true,
            }
        }
        // Perhaps only another `=`, which decodes to itself.
        self.value_encoded |= inner != 0;
    }

    #[inline]
    const fn end(self, end: u32) -> Self {
        let name_end = if self.is_named() { self.name_end } else { end };
        Self { name_end, end, ..self }
    }

    #[inline]
    fn name(self, body: &[u8]) -> Text<'_> {
        let tail = body.get(place(self.start)..).unwrap_or_default();
        Text::new(tail, place(self.name_end.saturating_sub(self.start)), self.name_encoded)
    }

    #[inline]
    fn value(self, body: &[u8]) -> Text<'_> {
        let start = self.name_end.saturating_add(1);
        let tail = body.get(place(start)..).unwrap_or_default();
        Text::new(tail, place(self.end.saturating_sub(start)), self.value_encoded)
    }
}

impl<'a> Pairs<'a> {
    /// No pairs. They are read in place, because a move would copy the arrays.
    pub(crate) const fn new() -> Self {
        Self {
            source: Source::Body(&[]),
            len: 0,
            inline: [Pair::NONE; INLINE],
            inline_order: [0; INLINE],
            heap: Vec::new(),
            heap_order: Vec::new(),
        }
    }

    /// Reads the pairs of a raw form body of less than 2^32 bytes.
    ///
    /// # Errors
    /// [`VerifyError::TooManyParams`] for more than `max` pairs, equal ones counted each.
    pub(crate) fn read_body(&mut self, body: &'a [u8], max: usize) -> Result<(), VerifyError> {
        u32::try_from(body.len()).map_err(|_| VerifyError::BodyTooLong)?;
        // Pairs take a byte at least, and one between two.
        let most = max.min(body.len().div_ceil(2));
        self.read(Source::Body(body), most, |pairs| split(body, pairs))
    }

    /// Reads the pairs of a form that the caller has decoded.
    ///
    /// # Errors
    /// As [`read_body`](Self::read_body).
    pub(crate) fn read_params(
        &mut self,
        params: &'a [(&'a str, &'a str)],
        max: usize,
    ) -> Result<(), VerifyError> {
        self.read(Source::Params(params), max.min(params.len()), |pairs| {
            let pairs = pairs.get_mut(..params.len())?;
            for (pair, start) in pairs.iter_mut().zip(0..) {
                *pair = Pair { start, ..Pair::NONE };
            }
            Some(params.len())
        })
    }

    /// Reads pairs by `fill`, which says how many they are, or `None` if they are more than the slots
    /// that it got: first the ones here, then `most` on the heap.
    #[inline]
    fn read(
        &mut self,
        source: Source<'a>,
        most: usize,
        fill: impl Fn(&mut [Pair]) -> Option<usize>,
    ) -> Result<(), VerifyError> {
        self.source = source;
        let mut len = fill(self.inline.get_mut(..most.min(INLINE)).unwrap_or_default());
        if len.is_none() && most > INLINE {
            self.heap.resize(most, Pair::NONE);
            self.heap_order.resize(most, 0);
            len = fill(&mut self.heap);
        }
        self.len = len.ok_or(VerifyError::TooManyParams)?;
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
        self.signed().any(|pair| pair.repeated)
            || names().zip(names().skip(1)).any(|(name, next)| name.eq(next))
    }

    /// Appends every pair to a canonical string: name, value, no separator.
    pub(crate) fn write(&self, out: &mut Writer) {
        for pair in self.signed() {
            match self.source {
                _ if pair.repeated => {}
                Source::Body(body) if !(pair.name_encoded | pair.value_encoded) => {
                    Text::write_plain(pair.name(body), pair.value(body), out);
                }
                source => source.write_decoded(pair, out),
            }
        }
    }

    /// Name and value of every pair, in signed order, equal pairs once.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> {
        let source = self.source;
        let pairs = self.signed().filter(|pair| !pair.repeated);
        pairs.map(move |pair| (source.name(pair), source.value(pair)))
    }

    /// The pairs in signed order, repeated ones too.
    #[inline]
    fn signed(&self) -> impl Iterator<Item = &Pair> {
        let (pairs, order, mask) = match self.heap.is_empty() {
            true => (self.inline.as_slice(), self.inline_order.as_slice(), INLINE_INDEX),
            false => (self.heap.as_slice(), self.heap_order.as_slice(), INDEX),
        };
        let order = order.get(..self.len).unwrap_or_default();
        order.iter().filter_map(move |&key| pairs.get(index(key & mask)))
    }

    fn sort(&mut self) {
        let (pairs, order, mask) = match self.heap.is_empty() {
            true => (self.inline.as_mut_slice(), self.inline_order.as_mut_slice(), INLINE_INDEX),
            false => (self.heap.as_mut_slice(), self.heap_order.as_mut_slice(), INDEX),
        };
        let order = order.get_mut(..self.len).unwrap_or_default();
        let source = self.source;
        for ((key, pair), index) in order.iter_mut().zip(pairs.iter()).zip(0..) {
            *key = prefix(source.name(pair)) & !mask | index;
        }
        order.sort_unstable();
        let tied = |a: &u64, b: &u64| a ^ b <= mask;
        if order.windows(2).any(|two| matches!(two, [a, b] if tied(a, b))) {
            for run in order.chunk_by(tied).filter(|run| run.len() > 1) {
                source.begin(pairs, run, mask);
            }
            source.settle(pairs, order, mask);
        }
    }
}

/// Reads the pairs of a body, and says how many they are; `None` if they are more than the slots.
fn split(body: &[u8], pairs: &mut [Pair]) -> Option<usize> {
    let room = pairs.len();
    let mut slots = pairs.iter_mut();
    let mut pair = Pair::begin(0);
    for (first, Marks { mut ends, mut inner }) in Blocks::new(body) {
        while ends != 0 {
            let before = ends.wrapping_sub(1) & !ends;
            pair.note(body, first, inner & before);
            inner &= !before;
            let at = first.wrapping_add(ends.trailing_zeros());
            ends &= ends.wrapping_sub(1);
            if at != pair.start {
                *slots.next()? = pair.end(at);
            }
            pair = Pair::begin(at.wrapping_add(1));
        }
        pair.note(body, first, inner);
    }
    Some(room.saturating_sub(slots.len()))
}

// Pairs are sorted by keys, integers whose lowest bits are the index of the pair.
//
// The first key holds the first eight characters of the name: a prefix. That settles all of most
// webhooks, and sorting integers of 64 bits takes no branch. But it is not exact: names that differ
// may have one prefix, though never such that their order is wrong. So pairs of one prefix are
// sorted again, by windows:
//
//     [ 6 bytes, zero-padded | 4 bits: how many | 12 bits: index ]
//
// Such keys order as integers exactly as the windows order as byte strings: where the padded bytes
// are equal, the shorter window is a prefix of the other. Keys that differ only in the index are
// tied: both windows full (what follows decides) or both at the end of the name, or of the value.
//
// Every byte is decoded into at most one prefix and one window, so that sorting stays linear in the
// bytes (and the pairs times their logarithm), however alike an attacker makes them.

/// Bits of a sort key that hold the index of the pair.
const INDEX_BITS: u32 = 12;
/// Bits of a first sort key that hold the index, if no pair is on the heap.
const INLINE_INDEX_BITS: u32 = 6;
const INDEX: u64 = (1 << INDEX_BITS) - 1;
const INLINE_INDEX: u64 = (1 << INLINE_INDEX_BITS) - 1;
/// Bytes in a window.
const WINDOW: usize = 6;

/// The index of the pair that a sort key belongs to, of which it has only these bits.
#[expect(clippy::as_conversions, reason = "lossless: at most 12 bits")]
const fn index(bits: u64) -> usize {
    bits as usize
}

/// The first eight characters of a name, seven bits each, above eight zero bits: of ASCII they are
/// all that matters, and they make room for an index.
#[inline]
fn prefix(name: Text<'_>) -> u64 {
    let mut bytes = match name.plain_start(8) {
        Some((chunk, len)) => {
            u64::from_be_bytes(*chunk) & !u64::MAX.unbounded_shr(len.wrapping_mul(8))
        }
        None => decoded_start(name),
    };
    if bytes & HIGHS != 0 {
        bytes = ascii_start(bytes);
    }
    let halves =
        [(0xff00_ff00_ff00_ff00, 1), (0xffff_0000_ffff_0000, 2), (0xffff_ffff_0000_0000, 4)];
    for (high, unused) in halves {
        bytes = bytes.wrapping_sub(bytes & high).wrapping_add((bytes & high) >> unused);
    }
    bytes << 8
}

#[cold]
fn decoded_start(name: Text<'_>) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
    u64::from_be_bytes(bytes)
}

/// From the first byte on that is not ASCII, the highest characters: no name that comes before such
/// a name has a higher prefix, and none that comes after it a lower one.
#[cold]
const fn ascii_start(bytes: u64) -> u64 {
    (bytes | u64::MAX.unbounded_shr((bytes & HIGHS).leading_zeros())) & !HIGHS
}

/// The first window of a text: its bytes, how many they are, and how many the text spends on them.
fn window(text: Text<'_>) -> (u64, u32, u32) {
    if let Some((chunk, len)) = text.plain_start(WINDOW) {
        let beyond = u64::MAX.unbounded_shr(len.wrapping_mul(8));
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

impl<'a> Source<'a> {
    fn name(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => pair.name(body),
            Self::Params(params) => params
                .get(place(pair.start))
                .map_or(Text::decoded(""), |(name, _)| Text::decoded(name)),
        }
    }

    fn value(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => pair.value(body),
            Self::Params(params) => params
                .get(place(pair.start))
                .map_or(Text::decoded(""), |(_, value)| Text::decoded(value)),
        }
    }

    #[inline(never)]
    fn write_decoded(self, pair: &Pair, out: &mut Writer) {
        self.name(pair).write(out);
        self.value(pair).write(out);
    }

    /// The next window of a pair as a sort key without its index: first those of the name, then
    /// those of the value. A window that is not full ends its part.
    fn next_window(self, pair: &mut Pair) -> u64 {
        let in_value = pair.ended == Ended::Name;
        let text = if in_value { self.value(pair) } else { self.name(pair) };
        let (window, len, used) = window(text.skip(place(pair.window)));
        if place(len) == WINDOW {
            pair.window = pair.window.saturating_add(used);
        } else {
            pair.ended = if in_value { Ended::Value } else { Ended::Name };
            pair.window = 0;
        }
        window | u64::from(len) << INDEX_BITS
    }

    /// Takes note of what a run of tied prefixes proves equal: seven characters, if they are ASCII
    /// and the names have as many. The first windows begin behind them.
    fn begin(self, pairs: &mut [Pair], run: &[u64], mask: u64) {
        let prefix = run.first().copied().unwrap_or_default();
        let exact = |nth: u32| !matches!(prefix >> nth.wrapping_mul(7) & 0x7f, 0 | 0x7f);
        if !(2..9).all(|nth| exact(nth)) {
            return;
        }
        for &key in run {
            let Some(pair) = pairs.get_mut(index(key & mask)) else { continue };
            pair.window = 7;
            if pair.name_encoded {
                let name = self.name(pair);
                let mut decode = name.bytes();
                decode.by_ref().take(7).for_each(drop);
                let used = name.raw().len().saturating_sub(decode.rest().len());
                pair.window = u32::try_from(used).unwrap_or_default();
            }
        }
    }

    /// Finishes a sort: `order` is sorted by its current keys, and runs of tied keys are sorted by
    /// their next windows until no run is left. Pairs that are equal to the end are marked as
    /// repeated. `mask` are the bits of the index.
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

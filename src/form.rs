//! A form body as it is signed: pairs decoded, sorted by name and value, equal pairs once.
//!
//! Nothing is decoded into a buffer. A pair stays two slices of the body; its bytes are decoded
//! on the way to the MAC, and a window of them at a time to be sorted. Up to [`INLINE`] pairs
//! live on the stack.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::VerifyError;
use crate::mac::Sink;

/// Default bound on the parameters of a request. The longest webhooks that Twilio documents have
/// some sixty.
pub const MAX_PARAMS: usize = 1_024;

/// The highest bound on parameters that can be set: what fits in [`INDEX_BITS`].
pub(crate) const MAX_PARAMS_LIMIT: usize = 1 << INDEX_BITS;

/// Pairs that need no heap.
const INLINE: usize = 64;

/// Text of a form, still encoded (`application/x-www-form-urlencoded`) or already decoded.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) encoded: bool,
}

/// The bytes of a [`Text`]: `+` is a space, `%XX` a byte, and a `%` without two hexadecimal
/// digits stays a `%`. Bytes that are not UTF-8 are kept as they are.
#[derive(Clone)]
pub(crate) struct Decode<'a>(Text<'a>);

impl<'a> Text<'a> {
    pub(crate) const fn decoded(text: &'a str) -> Self {
        Self { raw: text.as_bytes(), encoded: false }
    }

    pub(crate) const fn bytes(self) -> Decode<'a> {
        Decode(self)
    }

    pub(crate) fn write(self, out: &mut impl Sink) {
        if !self.encoded {
            return out.put(self.raw);
        }
        let mut rest = self.raw;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'%' | b'+')) {
            let (plain, escape) = rest.split_at(at);
            let mut tail = Decode(Text { raw: escape, encoded: true });
            out.put(plain);
            out.put(tail.next().as_slice());
            rest = tail.0.raw;
        }
        out.put(rest);
    }

    pub(crate) fn to_cow(self) -> Cow<'a, [u8]> {
        if self.encoded && self.raw.iter().any(|byte| matches!(byte, b'%' | b'+')) {
            Cow::Owned(self.bytes().collect())
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}

impl Iterator for Decode<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match *self.0.raw {
            [b'%', high, low, ref rest @ ..] if self.0.encoded => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => (high << 4 | low, rest),
                _ => (b'%', self.0.raw.get(1..)?),
            },
            [b'+', ref rest @ ..] if self.0.encoded => (b' ', rest),
            [byte, ref rest @ ..] => (byte, rest),
            [] => return None,
        };
        self.0.raw = rest;
        Some(byte)
    }
}

/// The value of a hexadecimal digit of either case.
pub(crate) const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// `bytes` as text, if they are UTF-8.
pub(crate) fn utf8(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => core::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// The segments of a form body or a query, in order: split at `&`, empty ones skipped, the first
/// `=` divides name and value.
pub(crate) fn split(body: &[u8]) -> impl Iterator<Item = (Text<'_>, Text<'_>)> + Clone {
    body.split(|&byte| byte == b'&').filter(|segment| !segment.is_empty()).map(|segment| {
        let mut halves = segment.splitn(2, |&byte| byte == b'=');
        let mut half = || Text { raw: halves.next().unwrap_or_default(), encoded: true };
        (half(), half())
    })
}

/// Pairs in the order in which they are signed.
pub(crate) struct Pairs<'a> {
    inline: [Pair<'a>; INLINE],
    inline_order: [u128; INLINE],
    heap: Vec<Pair<'a>>,
    heap_order: Vec<u128>,
    len: usize,
    encoded: bool,
}

#[derive(Clone, Copy)]
struct Pair<'a> {
    name: &'a [u8],
    value: &'a [u8],
    window: NextWindow,
    repeated: bool,
}

/// Where the next window of a pair begins, in bytes of the raw name or value.
#[derive(Clone, Copy)]
enum NextWindow {
    Name(usize),
    Value(usize),
    End,
}

impl<'a> Pairs<'a> {
    /// No pair. Filled in place, because a move would copy the arrays.
    pub(crate) const fn new() -> Self {
        Self {
            inline: [Pair::new(&[], &[]); INLINE],
            inline_order: [0; INLINE],
            heap: Vec::new(),
            heap_order: Vec::new(),
            len: 0,
            encoded: false,
        }
    }

    /// Reads the pairs of a raw form body. To be called once.
    ///
    /// # Errors
    /// [`VerifyError::TooManyParams`] for more than `max` pairs, equal ones counted each.
    pub(crate) fn read_body(&mut self, body: &'a [u8], max: usize) -> Result<(), VerifyError> {
        self.encoded = true;
        for (name, value) in split(body) {
            self.push(Pair::new(name.raw, value.raw), max, || split(body).count())?;
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
        for (name, value) in params {
            self.push(Pair::new(name.as_bytes(), value.as_bytes()), max, || params.len())?;
        }
        self.sort();
        Ok(())
    }

    /// Whether any byte of the canonical string comes from them.
    pub(crate) fn add_a_byte(&self) -> bool {
        self.parts().0.iter().any(|pair| !pair.name.is_empty() || !pair.value.is_empty())
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
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> {
        let (pairs, order) = self.parts();
        let encoded = self.encoded;
        order
            .iter()
            .filter_map(|&key| pairs.get(index(key)))
            .filter(|pair| !pair.repeated)
            .map(move |pair| (Text { raw: pair.name, encoded }, Text { raw: pair.value, encoded }))
    }

    fn push(
        &mut self,
        pair: Pair<'a>,
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

    fn parts(&self) -> (&[Pair<'a>], &[u128]) {
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
        let (pairs, order): (&mut [Pair<'a>], &mut [u128]) = if self.heap.is_empty() {
            (
                self.inline.get_mut(..self.len).unwrap_or_default(),
                self.inline_order.get_mut(..self.len).unwrap_or_default(),
            )
        } else {
            self.heap_order.resize(self.heap.len(), 0);
            (&mut self.heap, &mut self.heap_order)
        };
        for ((key, pair), index) in order.iter_mut().zip(pairs.iter_mut()).zip(0..) {
            *key = pair.next_window(self.encoded) | index;
        }
        order.sort_unstable();
        settle(pairs, order, self.encoded);
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
// Every byte is decoded into at most one window, so sorting stays linear in the bytes (times the
// logarithm of the pairs) however alike an attacker makes them.

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

impl<'a> Pair<'a> {
    const fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self { name, value, window: NextWindow::Name(0), repeated: false }
    }

    /// The next window as a sort key without its index: first those of the name, then those of
    /// the value. A window that is not full ends its part.
    fn next_window(&mut self, encoded: bool) -> u128 {
        let (raw, from) = match self.window {
            NextWindow::Name(from) => (self.name, from),
            NextWindow::Value(from) => (self.value, from),
            NextWindow::End => return 0,
        };
        let raw = raw.get(from..).unwrap_or_default();
        let mut decode = Text { raw, encoded }.bytes();
        let mut window = [0; 16];
        let mut len = 0_u8;
        for (slot, byte) in window.iter_mut().take(WINDOW).zip(&mut decode) {
            *slot = byte;
            len = len.saturating_add(1);
        }
        let next = from.saturating_add(raw.len().saturating_sub(decode.0.raw.len()));
        self.window = match (usize::from(len) == WINDOW, self.window) {
            (true, NextWindow::Name(_)) => NextWindow::Name(next),
            (true, _) => NextWindow::Value(next),
            (false, NextWindow::Name(_)) => NextWindow::Value(0),
            (false, _) => NextWindow::End,
        };
        u128::from_be_bytes(window) | u128::from(len) << INDEX_BITS
    }
}

/// Finishes a sort: `order` is sorted by its current windows, and runs of tied keys are sorted by
/// their next ones until no run is left. Pairs that are equal to the end are marked as repeated.
///
/// The longest run is looped on and only shorter ones recursed into, each at most half as long:
/// the depth is at most the logarithm of the number of pairs.
fn settle(pairs: &mut [Pair<'_>], mut order: &mut [u128], encoded: bool) {
    let tied = |a: &u128, b: &u128| a >> INDEX_BITS == b >> INDEX_BITS;
    loop {
        let longest = order.chunk_by(tied).map(<[u128]>::len).max().unwrap_or_default();
        if longest < 2 {
            return;
        }
        let mut kept = None;
        for run in order.chunk_by_mut(tied) {
            if run.len() == longest && kept.is_none() {
                kept = Some(run);
            } else if run.len() > 1 && advance(pairs, run, encoded) {
                settle(pairs, run, encoded);
            }
        }
        let Some(run) = kept else { return };
        if !advance(pairs, run, encoded) {
            return;
        }
        order = run;
    }
}

/// Sorts a run of tied keys by their next windows. `false` if there are none: the pairs are equal,
/// and all but the first are marked as repeated.
fn advance(pairs: &mut [Pair<'_>], run: &mut [u128], encoded: bool) -> bool {
    // Tied pairs had windows of the same lengths so far, so all of them end where one does.
    let first = run.first().and_then(|&key| pairs.get(index(key)));
    let ended = first.is_none_or(|pair| matches!(pair.window, NextWindow::End));
    for (nth, key) in run.iter_mut().enumerate() {
        let Some(pair) = pairs.get_mut(index(*key)) else {
            continue;
        };
        if ended {
            pair.repeated = nth > 0;
        } else {
            *key = pair.next_window(encoded) | *key & INDEX_MASK;
        }
    }
    if !ended {
        run.sort_unstable();
    }
    !ended
}

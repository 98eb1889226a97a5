//! The text of a form: where it divides into names and values, and what bytes it stands for.

use alloc::borrow::Cow;
use alloc::string::String;
use core::iter;

use crate::mac::Writer;
use crate::scan::{escape, find};

/// A name or a value of a form, still encoded (`application/x-www-form-urlencoded`) or not.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    /// The text, and what follows it where it was cut from. Bytes are copied in chunks of fixed
    /// size, which may read past the end of the text but not past the end of this.
    tail: &'a [u8],
    len: usize,
    /// Whether there may be escapes to decode.
    encoded: bool,
}

/// The bytes that a [`Text`] stands for: `+` is a space, `%XX` a byte, and a `%` without two
/// hexadecimal digits stays a `%`. Bytes that are not UTF-8 are kept as they are.
///
/// Source: <https://url.spec.whatwg.org/#urlencoded-parsing>, but for its lossy UTF-8 decoding:
/// what is signed is bytes.
#[derive(Clone)]
pub(crate) struct Decode<'a> {
    rest: &'a [u8],
    encoded: bool,
}

impl<'a> Text<'a> {
    /// The first `len` bytes of `tail`, with escapes if they are `encoded`.
    #[inline]
    pub(crate) const fn new(tail: &'a [u8], len: usize, encoded: bool) -> Self {
        Self { tail, len, encoded }
    }

    pub(crate) const fn decoded(text: &'a str) -> Self {
        Self::new(text.as_bytes(), text.len(), false)
    }

    pub(crate) const fn encoded(text: &'a [u8]) -> Self {
        Self::new(text, text.len(), true)
    }

    /// The text as it is written.
    pub(crate) fn raw(self) -> &'a [u8] {
        self.tail.get(..self.len).unwrap_or(self.tail)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The text without its first `bytes`, which must not end inside an escape.
    pub(crate) fn skip(self, bytes: usize) -> Self {
        let tail = self.tail.get(bytes..).unwrap_or_default();
        Self { tail, len: self.len.saturating_sub(bytes), ..self }
    }

    /// Its first bytes, at most `max` of them, at the start of a chunk of eight, and how many they
    /// are; if they need no decoding and there are eight bytes to read.
    #[inline]
    pub(crate) fn plain_start(self, max: usize) -> Option<(&'a [u8; 8], u32)> {
        let chunk = self.tail.first_chunk().filter(|_| !self.encoded)?;
        Some((chunk, u32::try_from(self.len.min(max)).unwrap_or_default()))
    }

    /// The first eight bytes that it stands for, zero-padded, as a big-endian word.
    #[inline]
    pub(crate) fn start(self) -> u64 {
        match self.tail.first_chunk() {
            Some(&chunk) if !self.encoded => start_of(chunk, self.len),
            _ => self.decoded_start(),
        }
    }

    #[cold]
    fn decoded_start(self) -> u64 {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(self.bytes()).for_each(|(slot, byte)| *slot = byte);
        u64::from_be_bytes(bytes)
    }

    /// The bytes that it stands for.
    pub(crate) fn bytes(self) -> Decode<'a> {
        Decode { rest: self.raw(), encoded: self.encoded }
    }

    /// Whether it stands for `bytes`, of which none is a `%`, `+` or space.
    pub(crate) fn is<const N: usize>(self, bytes: &[u8; N]) -> bool {
        // Most are written as they are, and a length that is known takes no call.
        self.raw().try_into().is_ok_and(|raw: &[u8; N]| raw == bytes) || self.bytes().eq(*bytes)
    }

    /// Writes the bytes that it stands for.
    #[inline]
    pub(crate) fn write(self, out: &mut Writer<'_>) {
        if self.encoded {
            write_decoded(self.tail, self.len, out);
        } else {
            out.put_start(self.tail, self.len);
        }
    }

    pub(crate) fn to_cow(self) -> Cow<'a, [u8]> {
        let raw = self.raw();
        if self.encoded && raw.iter().any(|byte| matches!(byte, b'%' | b'+')) {
            Cow::Owned(self.bytes().collect())
        } else {
            Cow::Borrowed(raw)
        }
    }
}

/// The first `len` bytes of a chunk, zero-padded, as a big-endian word.
#[inline]
pub(crate) fn start_of(chunk: [u8; 8], len: usize) -> u64 {
    const FIRST: [u64; 9] =
        [0, !0 << 56, !0 << 48, !0 << 40, !0 << 32, !0 << 24, !0 << 16, !0 << 8, !0];
    u64::from_be_bytes(chunk) & FIRST.get(len.min(8)).unwrap_or(&0)
}

impl<'a> Decode<'a> {
    /// What is still to be decoded.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl Iterator for Decode<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        match byte {
            b'+' if self.encoded => Some(b' '),
            b'%' if self.encoded => {
                let Some((digits, after)) = rest.split_first_chunk() else { return Some(byte) };
                let Some(decoded) = from_hex(*digits) else { return Some(byte) };
                self.rest = after;
                Some(decoded)
            }
            _ => Some(byte),
        }
    }
}

/// Writes the bytes that the first `len` ones of a text stand for: what its escapes stand for, and
/// the runs between them, whose `+` are spaces.
#[inline(never)]
fn write_decoded(mut text: &[u8], mut len: usize, out: &mut Writer<'_>) {
    while len > 0 {
        let escaped = match *text {
            [b'%', high, low, ..] if len > 2 => from_hex([high, low]),
            _ => None,
        };
        let used = if let Some(byte) = escaped {
            out.put_byte(byte);
            3
        } else {
            let run = run(text, len);
            out.put_spaced(text, run);
            run
        };
        text = text.get(used..).unwrap_or_default();
        len = len.saturating_sub(used);
    }
}

/// How many of the first `len` bytes of a text to write before it is looked at again. No escape
/// begins at the first of them, nor at another one.
#[inline]
fn run(text: &[u8], len: usize) -> usize {
    // Most of what is left is short, and holds no more escapes.
    if let Some(chunk) = text.first_chunk::<16>()
        && chunk.iter().fold(0, |any, &byte| any | u8::from(byte == b'%')) == 0
    {
        return len.min(chunk.len());
    }
    let rest = text.get(1..).unwrap_or_default();
    escape(rest, len.saturating_sub(1)).saturating_add(1)
}

/// The byte that two hexadecimal digits stand for.
#[inline]
fn from_hex([high, low]: [u8; 2]) -> Option<u8> {
    Some(hex(high)? << 4 | hex(low)?)
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

/// The pairs of a form body or a query, in its order.
pub(crate) fn split(body: &[u8]) -> impl Iterator<Item = (Text<'_>, Text<'_>)> + Clone {
    segments(body).map(pair)
}

/// What lies between `&`, empty segments skipped.
pub(crate) fn segments(body: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = Some(body);
    let segments = iter::from_fn(move || {
        let (segment, after) = cut(rest?, b'&');
        rest = after;
        Some(segment)
    });
    segments.filter(|segment| !segment.is_empty())
}

/// Name and value of a segment: the first `=` divides them.
pub(crate) fn pair(segment: &[u8]) -> (Text<'_>, Text<'_>) {
    let (name, value) = cut(segment, b'=');
    (Text::encoded(name), Text::encoded(value.unwrap_or_default()))
}

/// What comes before the first `byte` of a text, and what comes after it, if it is there.
fn cut(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    let (before, rest) = text.split_at_checked(find(text, byte)).unwrap_or((text, &[]));
    (before, rest.get(1..))
}

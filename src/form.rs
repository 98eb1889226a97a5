//! The text of a form: where it divides into names and values, and what bytes it stands for.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::mac::Writer;
use crate::scan::percents;

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

    /// The bytes that it stands for.
    pub(crate) fn bytes(self) -> Decode<'a> {
        Decode { rest: self.raw(), encoded: self.encoded }
    }

    /// Writes the bytes that it stands for.
    #[inline]
    pub(crate) fn write(self, out: &mut Writer<'_>) {
        if self.encoded { self.write_decoded(out) } else { out.put_start(self.tail, self.len) }
    }

    /// Writes runs between escapes, whose `+` are spaces, and what the escapes stand for.
    fn write_decoded(self, out: &mut Writer<'_>) {
        let from = |at: usize| self.tail.get(at..).unwrap_or_default();
        // Words that reach past the end of the text are read whole, if the body goes on.
        let words = self.tail.get(..self.len.next_multiple_of(8)).unwrap_or(self.tail);
        let mut run = 0;
        percents(words, |at| {
            let end = at.saturating_add(3);
            // A `%` that begins no escape stays in its run.
            let digits = from(at.saturating_add(1)).first_chunk().filter(|_| end <= self.len);
            if let Some(byte) = digits.and_then(|digits| from_hex(*digits)) {
                if at > run {
                    out.put_spaced(from(run), at.saturating_sub(run));
                }
                out.put_byte(byte);
                run = end;
            }
        });
        out.put_spaced(from(run), self.len.saturating_sub(run));
    }

    /// Writes the bytes that it stands for, and those that `next` does.
    #[inline]
    pub(crate) fn write_both(self, next: Self, out: &mut Writer<'_>) {
        if self.encoded | next.encoded {
            self.write(out);
            next.write(out);
        } else {
            out.put_starts((self.tail, self.len), (next.tail, next.len));
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
    body.split(|&byte| byte == b'&').filter(|segment| !segment.is_empty())
}

/// Name and value of a segment: the first `=` divides them.
pub(crate) fn pair(segment: &[u8]) -> (Text<'_>, Text<'_>) {
    let mut halves = segment.splitn(2, |&byte| byte == b'=');
    let mut half = || Text::encoded(halves.next().unwrap_or_default());
    (half(), half())
}

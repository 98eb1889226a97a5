//! One pair of a form, by its place, and where its text is.

use core::num::NonZero;

use crate::form::{Text, start_of};
use crate::mac::{Sink, Writer};
use crate::scan::place;

/// Where the text of the pairs is.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Body(&'a [u8]),
    Params(&'a [(&'a str, &'a str)]),
}

/// A pair, by its place in the source.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    /// Where the name begins in the body; or the index among the parameters.
    start: u32,
    /// Bytes of the name in the body. The value begins one byte, the `=`, after it.
    name_len: u32,
    /// Bytes of the value in the body.
    value_len: u32,
    /// Where sorting goes on, in bytes from the start of the part that it has come to.
    pub(crate) window: u32,
    pub(crate) sorting: Part,
    /// What is out of the ordinary: any of [`NAME_ENCODED`], [`VALUE_ENCODED`] and [`REPEATED`].
    flags: u8,
}

/// There may be escapes to decode in the name.
const NAME_ENCODED: u8 = 1;
/// There may be escapes to decode in the value.
const VALUE_ENCODED: u8 = 2;
/// An equal pair comes before this one.
const REPEATED: u8 = 4;

/// What of a pair is still to be sorted by.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Part {
    Name,
    Value,
    Nothing,
}

impl Pair {
    /// No pair. All zero, so that an array of them is filled by one `memset`.
    pub(crate) const NONE: Self =
        Self { start: 0, name_len: 0, value_len: 0, window: 0, sorting: Part::Name, flags: 0 };

    /// A parameter.
    pub(crate) const fn param(index: u32) -> Self {
        Self { start: index, ..Self::NONE }
    }

    pub(crate) const fn is_repeated(&self) -> bool {
        self.flags & REPEATED != 0
    }

    pub(crate) const fn repeat(&mut self) {
        self.flags |= REPEATED;
    }

    #[inline]
    fn name_in<'a>(&self, body: &'a [u8]) -> Text<'a> {
        let tail = body.get(place(self.start)..).unwrap_or_default();
        Text::new(tail, place(self.name_len), self.flags & NAME_ENCODED != 0)
    }

    /// The first eight bytes of the name, zero-padded, as a big-endian word.
    #[inline]
    fn name_start(&self, body: &[u8]) -> u64 {
        let start = place(self.start);
        let chunk = body.get(start..start.wrapping_add(8)).and_then(<[u8]>::first_chunk);
        match chunk.filter(|_| self.flags & NAME_ENCODED == 0) {
            Some(&chunk) => start_of(chunk, place(self.name_len)),
            None => self.name_in(body).start(),
        }
    }

    #[inline]
    fn value_in<'a>(&self, body: &'a [u8]) -> Text<'a> {
        let start = place(self.start).saturating_add(place(self.name_len)).saturating_add(1);
        let tail = body.get(start..).unwrap_or_default();
        Text::new(tail, place(self.value_len), self.flags & VALUE_ENCODED != 0)
    }

    /// Writes the bytes that a pair of `body` stands for, unless it is repeated.
    #[inline]
    fn write(&self, body: &[u8], out: &mut Writer<'_>) {
        let (start, name, value) = (place(self.start), place(self.name_len), place(self.value_len));
        // Most pairs are two short texts that stand for themselves.
        if self.flags == 0 && out.put_pair(body, start, name, value) || self.is_repeated() {
            return;
        }
        self.name_in(body).write(out);
        self.value_in(body).write(out);
    }
}

/// A pair of a body while its end is looked for.
pub(crate) struct Open {
    start: u32,
    /// Where the name ends, or [`UNKNOWN`].
    name_end: u32,
    flags: u8,
}

const UNKNOWN: u32 = u32::MAX;

impl Open {
    pub(crate) const fn at(start: u32) -> Self {
        Self { start, name_end: UNKNOWN, flags: 0 }
    }

    /// Takes note of what a block of 64 bytes, which begins at `first`, marks inside this pair.
    #[inline]
    pub(crate) fn note(&mut self, body: &[u8], first: u32, mut marks: u64) {
        if self.name_end == UNKNOWN {
            marks = self.find_name_end(body, first, marks);
        }
        // Perhaps it is only one more `=`, which decodes to itself.
        self.flags |= if marks == 0 { 0 } else { VALUE_ENCODED };
    }

    /// Looks for the `=` among the marks of a block, and gives back those behind it.
    #[inline]
    fn find_name_end(&mut self, body: &[u8], first: u32, mut marks: u64) -> u64 {
        while let Some(mark) = NonZero::new(marks) {
            let at = first.wrapping_add(mark.trailing_zeros());
            marks &= marks.wrapping_sub(1);
            if body.get(place(at)) == Some(&b'=') {
                self.name_end = at;
                return marks;
            }
            self.flags = NAME_ENCODED;
        }
        0
    }

    /// Writes the pair, which ends before `end`, to `slot`, where there is [no](Pair::NONE) pair
    /// yet.
    #[inline]
    pub(crate) fn close(&self, end: u32, slot: &mut Pair) {
        let name_end = if self.name_end == UNKNOWN { end } else { self.name_end };
        slot.start = self.start;
        slot.name_len = name_end.wrapping_sub(self.start);
        slot.value_len = end.saturating_sub(name_end.wrapping_add(1));
        slot.flags = self.flags;
    }

    pub(crate) const fn start(&self) -> u32 {
        self.start
    }
}

impl<'a> Source<'a> {
    #[inline]
    pub(crate) fn name(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => pair.name_in(body),
            Self::Params(params) => {
                let param = params.get(place(pair.start));
                param.map_or(Text::decoded(""), |(name, _)| Text::decoded(name))
            }
        }
    }

    #[inline]
    pub(crate) fn value(self, pair: &Pair) -> Text<'a> {
        match self {
            Self::Body(body) => pair.value_in(body),
            Self::Params(params) => {
                let param = params.get(place(pair.start));
                param.map_or(Text::decoded(""), |(_, value)| Text::decoded(value))
            }
        }
    }

    /// Writes the first eight bytes of the name of every pair to `starts`, zero-padded, as
    /// big-endian words.
    #[inline]
    pub(crate) fn name_starts(self, pairs: &[Pair], starts: &mut [u64]) {
        let pairs = starts.iter_mut().zip(pairs);
        match self {
            Self::Body(body) => pairs.for_each(|(start, pair)| *start = pair.name_start(body)),
            Self::Params(_) => pairs.for_each(|(start, pair)| *start = self.name(pair).start()),
        }
    }

    /// Writes `pairs`, repeated ones once.
    #[inline]
    pub(crate) fn write<'p>(self, pairs: impl Iterator<Item = &'p Pair>, out: &mut Writer<'_>) {
        match self {
            Self::Body(body) => pairs.for_each(|pair| pair.write(body, out)),
            Self::Params(params) => {
                let unique = pairs.filter(|pair| !pair.is_repeated());
                let params = unique.filter_map(|pair| params.get(place(pair.start)));
                params.for_each(|(name, value)| {
                    out.put(name.as_bytes());
                    out.put(value.as_bytes());
                });
            }
        }
    }
}

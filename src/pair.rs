//! One pair of a form, by its place, and where its text is.

use crate::form::Text;
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
    /// Where the name ends in the body.
    name_end: u32,
    /// Where the value ends in the body. It begins one byte, the `=`, after the name.
    end: u32,
    /// Where sorting goes on, in bytes from the start of the part that it has come to.
    pub(crate) window: u32,
    pub(crate) sorting: Part,
    name_encoded: bool,
    value_encoded: bool,
    /// Whether an equal pair comes before this one.
    pub(crate) repeated: bool,
}

/// What of a pair is still to be sorted by.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Part {
    Name,
    Value,
    Nothing,
}

impl Pair {
    /// No pair. All zero, so that an array of them is filled by one `memset`.
    pub(crate) const NONE: Self = Self {
        start: 0,
        name_end: 0,
        end: 0,
        window: 0,
        sorting: Part::Name,
        name_encoded: false,
        value_encoded: false,
        repeated: false,
    };

    /// A parameter.
    pub(crate) const fn param(index: u32) -> Self {
        Self { start: index, ..Self::NONE }
    }

    /// A pair of a body, of which only the start is known.
    pub(crate) const fn begin(start: u32) -> Self {
        Self { start, name_end: u32::MAX, ..Self::NONE }
    }

    /// Takes note of what a block of 64 bytes, which begins at `first`, marks inside this pair.
    #[inline]
    pub(crate) fn note(&mut self, body: &[u8], first: u32, mut marks: u64) {
        while !self.is_named() && marks != 0 {
            let at = first.wrapping_add(marks.trailing_zeros());
            marks &= marks.wrapping_sub(1);
            match body.get(place(at)) {
                Some(b'=') => self.name_end = at,
                _ => self.name_encoded = true,
            }
        }
        // Perhaps it is only one more `=`, which decodes to itself.
        self.value_encoded |= marks != 0;
    }

    /// The pair that ends before `end`; `None` if it is empty.
    #[inline]
    pub(crate) fn end(self, end: u32) -> Option<Self> {
        let name_end = if self.is_named() { self.name_end } else { end };
        (end != self.start).then_some(Self { name_end, end, ..self })
    }

    const fn is_named(&self) -> bool {
        self.name_end != u32::MAX
    }

    #[inline]
    fn name_in(self, body: &[u8]) -> Text<'_> {
        let tail = body.get(place(self.start)..).unwrap_or_default();
        Text::new(tail, place(self.name_end.saturating_sub(self.start)), self.name_encoded)
    }

    #[inline]
    fn value_in(self, body: &[u8]) -> Text<'_> {
        let start = self.name_end.saturating_add(1);
        let tail = body.get(place(start)..).unwrap_or_default();
        Text::new(tail, place(self.end.saturating_sub(start)), self.value_encoded)
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
}

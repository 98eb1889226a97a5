//! A form as it is signed: its pairs sorted by name and value bytes, equal pairs once.
//!
//! Nothing is decoded into a buffer. A pair is a place in the body; its bytes are decoded on the
//! way to the MAC, and a few of them to be sorted. Up to [`INLINE`] pairs live on the stack.

use alloc::vec::Vec;

use crate::error::VerifyError;
use crate::form::Text;
use crate::mac::Writer;
use crate::order::{self, INDEX_BITS};
use crate::pair::{Open, Pair, Source};
use crate::scan::{Blocks, Marks};

/// Default bound on the parameters of a request. The longest webhooks that Twilio documents have
/// some sixty.
pub const MAX_PARAMS: usize = 1_024;

/// The highest bound on parameters that can be set: what fits in the index of a sort key.
pub(crate) const MAX_PARAMS_LIMIT: usize = 1 << INDEX_BITS;

/// Pairs that need no heap.
const INLINE: usize = 1 << INLINE_INDEX_BITS;
/// Bits of a sort key that hold the index of the pair, if none is on the heap.
const INLINE_INDEX_BITS: u32 = 6;

/// The pairs of a request, in the order in which they are signed.
pub(crate) struct Pairs<'a> {
    source: Source<'a>,
    len: usize,
    inline: [Pair; INLINE],
    inline_order: [u64; INLINE],
    heap: Vec<Pair>,
    heap_order: Vec<u64>,
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

    /// Reads the pairs of a raw form body of less than 2^32 bytes. To be called once.
    ///
    /// # Errors
    /// [`VerifyError::TooManyParams`] for more than `max` pairs, equal ones counted each.
    pub(crate) fn read_body(&mut self, body: &'a [u8], max: usize) -> Result<(), VerifyError> {
        u32::try_from(body.len()).map_err(|_| VerifyError::BodyTooLong)?;
        // A pair takes a byte, and a byte between it and the next.
        let most = max.min(body.len().div_ceil(2));
        self.read(Source::Body(body), most, |slots| split(body, slots))
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
        self.read(Source::Params(params), max.min(params.len()), |slots| {
            let slots = slots.get_mut(..params.len())?;
            slots.iter_mut().zip(0..).for_each(|(slot, index)| *slot = Pair::param(index));
            Some(params.len())
        })
    }

    /// Reads pairs by `fill`, which says how many there are, or `None` if they are more than the
    /// slots it was given: first the ones here, then `most` on the heap.
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
        let (pairs, order, index_bits): (&mut [_], &mut [_], _) = if self.heap.is_empty() {
            (&mut self.inline, &mut self.inline_order, INLINE_INDEX_BITS)
        } else {
            (&mut self.heap, &mut self.heap_order, INDEX_BITS)
        };
        order::sort(source, pairs, order.get_mut(..self.len).unwrap_or_default(), index_bits);
        Ok(())
    }

    /// Whether any byte of the canonical string comes from them.
    pub(crate) fn add_a_byte(&self) -> bool {
        self.iter().any(|(name, value)| !name.is_empty() || !value.is_empty())
    }

    /// Whether two of the pairs, equal or not, have one name.
    pub(crate) fn a_name_repeats(&self) -> bool {
        let names = || self.iter().map(|(name, _)| name.bytes());
        self.sorted().any(Pair::is_repeated)
            || names().zip(names().skip(1)).any(|(name, next)| name.eq(next))
    }

    /// Appends every pair to a canonical string: name, value, no separator.
    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        self.source.write(self.sorted(), out);
    }

    /// Name and value of every pair, in signed order, equal pairs once.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> {
        let source = self.source;
        let pairs = self.sorted().filter(|pair| !pair.is_repeated());
        pairs.map(move |pair| (source.name(pair), source.value(pair)))
    }

    /// The pairs in signed order, repeated ones too.
    #[inline]
    fn sorted(&self) -> impl Iterator<Item = &Pair> {
        let (pairs, order, index_bits): (&[_], &[_], _) = if self.heap.is_empty() {
            (&self.inline, &self.inline_order, INLINE_INDEX_BITS)
        } else {
            (&self.heap, &self.heap_order, INDEX_BITS)
        };
        let order = order.get(..self.len).unwrap_or_default();
        order.iter().filter_map(move |&key| pairs.get(order::index(key, index_bits)))
    }
}

/// Reads the pairs of a body, and says how many there are; `None` if they are more than the slots.
fn split(body: &[u8], slots: &mut [Pair]) -> Option<usize> {
    let room = slots.len();
    let mut slots = slots.iter_mut();
    let mut pair = Open::at(0);
    for (first, Marks { mut ends, mut inner }) in Blocks::new(body) {
        while ends != 0 {
            let before = ends.wrapping_sub(1);
            let own = inner & before & !ends;
            inner ^= own;
            pair.note(body, first, own);
            let end = first.wrapping_add(ends.trailing_zeros());
            ends &= before;
            if end != pair.start() {
                pair.close(end, slots.next()?);
            }
            pair = Open::at(end.wrapping_add(1));
        }
        pair.note(body, first, inner);
    }
    room.checked_sub(slots.len())
}

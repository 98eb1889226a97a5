//! Finds the bytes of a form that mean something, 64 at a time.

/// Which of 64 bytes mean something. Bit n stands for byte n.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Marks {
    /// `&`, and the end of the text, each of which ends a pair.
    pub(crate) ends: u64,
    /// `=`, `%` and `+`, which mean something inside a pair.
    pub(crate) inner: u64,
}

/// The marks of a text of less than 2^32 bytes, block by block, each with the place of its first
/// byte.
pub(crate) struct Blocks<'a> {
    rest: Option<&'a [u8]>,
    at: u32,
}

/// Bytes of a block.
const BLOCK: usize = 64;

impl<'a> Blocks<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self { rest: Some(text), at: 0 }
    }
}

impl Iterator for Blocks<'_> {
    type Item = (u32, Marks);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        self.at = at.wrapping_add(64);
        let rest = self.rest.take()?;
        if let Some((block, rest)) = rest.split_first_chunk() {
            self.rest = Some(rest);
            return Some((at, marks(block)));
        }
        let mut block = [0; BLOCK];
        block.get_mut(..rest.len())?.copy_from_slice(rest);
        let Marks { ends, inner } = marks(&block);
        Some((at, Marks { ends: ends | 1 << rest.len(), inner }))
    }
}

/// The marks of one block. Not inlined, because a loop around it would be left without registers.
#[inline(never)]
fn marks(block: &[u8; BLOCK]) -> Marks {
    Marks {
        ends: mask(block, |byte| byte == b'&'),
        inner: mask(block, |byte| matches!(byte, b'=' | b'%' | b'+')),
    }
}

/// The bytes that `is` is true for. There is no branch in it, and the compiler has it compare 16
/// bytes at once.
#[inline]
fn mask(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let mut bits = [0; BLOCK];
    for ((bit, &byte), nth) in bits.iter_mut().zip(block).zip(0_u32..) {
        *bit = if is(byte) { 1_u8 << (nth >> 3) } else { 0 };
    }
    let (rows, _) = bits.as_chunks();
    transpose(rows.iter().fold(0, |matrix, row| matrix | u64::from_le_bytes(*row)))
}

/// Swaps rows and columns of a matrix of eight bytes of eight bits: of its blocks of two rows and
/// columns, then of four, then of eight.
#[inline]
const fn transpose(matrix: u64) -> u64 {
    let swap = (matrix ^ (matrix >> 7)) & 0x00aa_00aa_00aa_00aa;
    let matrix = matrix ^ swap ^ (swap << 7);
    let swap = (matrix ^ (matrix >> 14)) & 0x0000_cccc_0000_cccc;
    let matrix = matrix ^ swap ^ (swap << 14);
    let swap = (matrix ^ (matrix >> 28)) & 0x0000_0000_f0f0_f0f0;
    matrix ^ swap ^ (swap << 28)
}

/// Gives the place of every `%` of a text that may begin an escape to `found`, in order.
#[inline]
pub(crate) fn percents(text: &[u8], mut found: impl FnMut(usize)) {
    let (words, rest) = text.as_chunks();
    let mut last = [0; WORD];
    last.iter_mut().zip(rest).for_each(|(slot, &byte)| *slot = byte);
    let last = if rest.is_empty() { [].as_slice() } else { &[last] };
    for (word, first) in words.iter().chain(last).zip((0..).step_by(WORD)) {
        let word = u64::from_le_bytes(*word);
        // Every hexadecimal digit has bit 4 or bit 6. A `%` has neither, so that of many in a row
        // only those are looked at that end a word.
        let before_digits = word >> 5 | word >> 7 | 1 << 63;
        let mut hits = equal(word, PERCENTS) & before_digits;
        while hits != 0 {
            found(place(hits.trailing_zeros() >> 3).wrapping_add(first));
            hits &= hits.wrapping_sub(1);
        }
    }
}

/// Bytes of a word.
const WORD: usize = 8;

/// The high bits of the bytes in which two words are equal.
const fn equal(word: u64, other: u64) -> u64 {
    let differ = word ^ other;
    // Adding 0x7f carries into the high bit, and not beyond it, unless the lower bits are zero.
    !((differ & !HIGHS).wrapping_add(!HIGHS) | differ) & HIGHS
}

/// A percent sign in every byte.
const PERCENTS: u64 = ONES * 0x25;
/// One in every byte.
const ONES: u64 = u64::MAX / 0xff;
/// The high bit of every byte.
pub(crate) const HIGHS: u64 = ONES << 7;

/// A position as an index. Texts are shorter than 2^32 bytes.
#[expect(clippy::as_conversions, reason = "lossless: a usize has at least 32 bits here")]
pub(crate) const fn place(at: u32) -> usize {
    at as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Every byte value at every place, alone and next to every other kind.
    #[test]
    fn exactly_the_special_bytes_are_marked() {
        for at in 0..70 {
            for byte in 0..=u8::MAX {
                for around in [b'a', b'&', b'=', b'%', b'+', 0, 0x7f, 0xff] {
                    let mut text = [around; 70];
                    text[at] = byte;
                    let mut ends = Vec::new();
                    let mut inner = Vec::new();
                    for (first, marks) in Blocks::new(&text) {
                        let places = |mask: u64| (0..64).filter(move |bit| mask >> bit & 1 == 1);
                        ends.extend(places(marks.ends).map(|bit| place(first + bit)));
                        inner.extend(places(marks.inner).map(|bit| place(first + bit)));
                    }
                    let all =
                        |kinds: &'static [u8]| (0..70).filter(move |&at| kinds.contains(&text[at]));
                    assert!(ends.into_iter().eq(all(b"&").chain([70])), "{text:?}");
                    assert!(inner.into_iter().eq(all(b"=%+")), "{text:?}");
                    let mut found = Vec::new();
                    percents(&text, |at| found.push(at));
                    let begins = |&at: &usize| {
                        at % 8 == 7 || text.get(at + 1).is_some_and(|next| next & 0x50 != 0)
                    };
                    assert!(found.into_iter().eq(all(b"%").filter(begins)), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn a_text_of_whole_blocks_ends_too() {
        for blocks in 0..3_u32 {
            let text = [b'a'; 128];
            let text = &text[..place(blocks * 64)];
            let last = Blocks::new(text).last();
            assert_eq!(last, Some((blocks * 64, Marks { ends: 1, inner: 0 })));
        }
    }
}

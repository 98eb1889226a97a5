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
    let [ends, inner] = transpose([
        matrix(block, |byte| byte == b'&'),
        matrix(block, |byte| matches!(byte, b'=' | b'%' | b'+')),
    ]);
    Marks { ends, inner }
}

/// The bytes that `is` is true for, as a matrix of bits: the eight bytes in the nth row of the
/// block are its nth column. There is no branch in it, and the compiler has it compare 16 bytes at
/// once.
#[inline]
fn matrix(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let mut bits = [0; BLOCK];
    for ((bit, &byte), nth) in bits.iter_mut().zip(block).zip(0_u32..) {
        *bit = if is(byte) { 1_u8 << (nth >> 3) } else { 0 };
    }
    let (rows, _) = bits.as_chunks();
    rows.iter().fold(0, |matrix, row| matrix | u64::from_le_bytes(*row))
}

/// Swaps rows and columns of matrices of eight bytes of eight bits: of their blocks of two rows and
/// columns, then of four, then of eight. Two at once, in one register.
#[inline]
fn transpose(matrices: [u64; 2]) -> [u64; 2] {
    let steps = [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0xf0f0_f0f0)];
    steps.into_iter().fold(matrices, |matrices, (by, half)| {
        matrices.map(|matrix| {
            let swap = (matrix ^ (matrix >> by)) & half;
            matrix ^ swap ^ (swap << by)
        })
    })
}

/// The place of the first `%` that may begin an escape in the first `len` bytes of `text`; `len` if
/// there is none. What follows them may be read.
#[inline]
pub(crate) fn escape(text: &[u8], len: usize) -> usize {
    // Every hexadecimal digit has bit 4 or bit 6. A `%` has neither, so that of many in a row only
    // those are looked at that end a word.
    let before_digits = |word: u64| word >> 5 | word >> 7 | 1 << 63;
    first(text, len, b'%', before_digits)
}

/// The place of the first `byte` in `text`, or its length.
#[inline]
pub(crate) fn find(text: &[u8], byte: u8) -> usize {
    first(text, text.len(), byte, |_| HIGHS)
}

/// The place of the first `byte` in the first `len` bytes of `text`, or `len`. A word may say which
/// of its bytes count, by their high bits.
#[inline]
fn first(text: &[u8], len: usize, byte: u8, counts: impl Fn(u64) -> u64) -> usize {
    let bytes = u64::from(byte).wrapping_mul(ONES);
    let mut rest = text;
    let mut at = 0_usize;
    while let Some((word, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        let hits = equal(word, bytes) & counts(word);
        if hits != 0 {
            return at.wrapping_add(place(hits.trailing_zeros() >> 3)).min(len);
        }
        at = at.wrapping_add(WORD);
        if at >= len {
            return len;
        }
        rest = after;
    }
    let nth = rest.iter().position(|&other| other == byte).unwrap_or(len);
    at.saturating_add(nth).min(len)
}

/// Bytes of a word.
const WORD: usize = 8;

/// The high bits of the bytes in which two words are equal.
const fn equal(word: u64, other: u64) -> u64 {
    let differ = word ^ other;
    // Adding 0x7f carries into the high bit, and not beyond it, unless the lower bits are zero.
    !((differ & !HIGHS).wrapping_add(!HIGHS) | differ) & HIGHS
}

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
                }
            }
        }
    }

    /// Wherever a byte is, and whatever bytes are around it, how far one looks, and what follows.
    #[test]
    fn the_first_byte_and_the_first_escape_are_found() {
        for at in 0..26 {
            for byte in 0..=u8::MAX {
                for around in [b'a', b'%', b'&', b'F', b'9', b'g', 0, 0x7f, 0x80, 0xff] {
                    let mut text = [around; 26];
                    text[at] = byte;
                    for wanted in [b'%', b'&', b'#', 0, 0x80, 0xff] {
                        let first = text.iter().position(|&byte| byte == wanted);
                        assert_eq!(find(&text, wanted), first.unwrap_or(26), "{text:?}");
                    }
                    for len in [0, 1, 7, 8, 9, 17, 26] {
                        let place = escape(&text, len);
                        assert!(place == len || place < len && text[place] == b'%', "{text:?}");
                        let digit = |at| text.get(at).is_some_and(u8::is_ascii_hexdigit);
                        let escaped = |at| text[at] == b'%' && digit(at + 1) && digit(at + 2);
                        assert!(!(0..place).any(escaped), "{text:?}");
                    }
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

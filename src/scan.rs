//! Finds the bytes of a form that mean something, 64 at a time.

/// Which of 64 bytes mean something. Bit n stands for byte n.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Marks {
    /// `&`, which ends a pair.
    pub(crate) ends: u64,
    /// `=`, `%` and `+`, which mean something inside a pair.
    pub(crate) inner: u64,
}

/// The marks of a text of less than 2^32 bytes, block by block, each with the place of its first
/// byte.
pub(crate) struct Blocks<'a> {
    rest: &'a [u8],
    at: u32,
}

/// Bytes of a block.
const BLOCK: usize = 64;

impl<'a> Blocks<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self { rest: text, at: 0 }
    }
}

impl Iterator for Blocks<'_> {
    type Item = (u32, Marks);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        self.at = at.wrapping_add(64);
        if let Some((block, rest)) = self.rest.split_first_chunk() {
            self.rest = rest;
            return Some((at, marks(block)));
        }
        let last = core::mem::take(&mut self.rest);
        let mut block = [0; BLOCK];
        block.get_mut(..last.len())?.copy_from_slice(last);
        (!last.is_empty()).then(|| (at, marks(&block)))
    }
}

#[inline(never)]
fn marks(block: &[u8; BLOCK]) -> Marks {
    Marks {
        ends: mask(block, |byte| byte == b'&'),
        inner: mask(block, |byte| (byte == b'=') | (byte == b'%') | (byte == b'+')),
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
    let (words, _) = bits.as_chunks();
    transpose(words.iter().fold(0, |all, word| all | u64::from_le_bytes(*word)))
}

/// Swaps rows and columns of a matrix of eight bytes of eight bits: first inside its quarters of
/// quarters, then inside its quarters, then those.
#[inline]
const fn transpose(matrix: u64) -> u64 {
    let swap = (matrix ^ (matrix >> 7)) & 0x00aa_00aa_00aa_00aa;
    let matrix = matrix ^ swap ^ (swap << 7);
    let swap = (matrix ^ (matrix >> 14)) & 0x0000_cccc_0000_cccc;
    let matrix = matrix ^ swap ^ (swap << 14);
    let swap = (matrix ^ (matrix >> 28)) & 0x0000_0000_f0f0_f0f0;
    matrix ^ swap ^ (swap << 28)
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

/// How many bytes come before the first `%` or `+`.
pub(crate) fn plain_len(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (nth, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let hits = zeros(word ^ (ONES * 0x25)) | zeros(word ^ (ONES * 0x2b));
        if hits != 0 {
            return nth.wrapping_mul(8).wrapping_add(place(hits.trailing_zeros() >> 3));
        }
    }
    let plain = rest.iter().position(|byte| matches!(byte, b'%' | b'+'));
    text.len().wrapping_sub(rest.len()).wrapping_add(plain.unwrap_or(rest.len()))
}

/// The high bit of the lowest byte that is zero, with or without bits above it.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

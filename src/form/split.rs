//! The one splitter: where a text has bytes that mean something.

use core::{iter, num::NonZero};

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Where `&`, `=` and `%` are in a text. Each block gives the place where it begins, and a mask of its
/// bytes: bit n stands for byte n.
pub(super) fn marks(text: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    let (blocks, rest) = text.as_chunks();
    let mut last = [0; BLOCK];
    last.iter_mut().zip(rest).for_each(|(slot, &byte)| *slot = byte);
    let masks = blocks.iter().map(mask).chain(iter::once_with(move || mask(&last)));
    (0..).step_by(BLOCK).zip(masks)
}

/// Takes the lowest set bit out of `mask`.
#[inline]
pub(super) fn take_first(mask: &mut u64) -> Option<usize> {
    let first = NonZero::new(*mask)?.trailing_zeros();
    *mask &= mask.wrapping_sub(1);
    usize::try_from(first).ok()
}

/// Which bytes of a block are marks.
///
/// All bytes are compared at once. Each comparison leaves 0 or 1 in its byte, and a multiplication
/// moves those of eight bytes next to each other, into the highest byte:
///
/// ```text
/// byte      7        6        5    ...     0
///       0000000h 0000000g 0000000f ... 0000000a   times 2^56 + 2^49 + 2^42 + ... + 2^7
///     = hgfedcba ........ ........ ... ........   shifted right by 56
/// ```
#[inline]
fn mask(block: &[u8; BLOCK]) -> u64 {
    let is_mark = block.map(|byte| u8::from(matches!(byte, b'&' | b'=' | b'%')));
    let (words, _) = is_mark.as_chunks();
    words.iter().rev().fold(0, |mask, &word| {
        mask << 8 | u64::from_le_bytes(word).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte value at every place of texts of every length around a block's.
    #[test]
    fn each_mark_is_found_and_nothing_else() {
        let around = |len: usize| len.saturating_sub(1)..=len + 1;
        for len in [0, BLOCK, 2 * BLOCK].into_iter().flat_map(around) {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut text = alloc::vec![b'='; len];
                    text[at] = byte;
                    let is_mark = matches!(byte, b'&' | b'=' | b'%');
                    let expected = (0..len).filter(|&place| place != at || is_mark);
                    let marks = marks(&text).flat_map(|(start, mut mask)| {
                        iter::from_fn(move || Some(start + take_first(&mut mask)?))
                    });
                    assert!(marks.eq(expected), "{byte} at {at} of {len}");
                }
            }
        }
    }
}

//! Finds the bytes of a form that mean something, eight at a time.

/// Gives the position of every `&`, `=`, `%` and `+` of a text, and the byte, in order, to `found`,
/// until that fails. Texts are shorter than 2^32 bytes.
///
/// A few other bytes may come along (a `*`, a control byte): whoever asks looks at the byte anyway,
/// so the filter may be wide, but it never leaves one of the four out.
#[inline]
pub(crate) fn specials<E>(
    text: &[u8],
    mut found: impl FnMut(u32, u8) -> Result<(), E>,
) -> Result<(), E> {
    let (words, rest) = text.as_chunks();
    let mut at = 0_u32;
    for word in words {
        in_word(u64::from_le_bytes(*word), at, &mut found)?;
        at = at.wrapping_add(8);
    }
    let mut last = [FILL; 8];
    last.iter_mut().zip(rest).for_each(|(slot, &byte)| *slot = byte);
    in_word(u64::from_le_bytes(last), at, &mut found)
}

#[inline]
fn in_word<E>(
    word: u64,
    at: u32,
    found: &mut impl FnMut(u32, u8) -> Result<(), E>,
) -> Result<(), E> {
    let mut hits = hits(word);
    while hits != 0 {
        // The hit is the high bit of its byte.
        let bit = hits.trailing_zeros();
        hits &= hits.wrapping_sub(1);
        let [byte, ..] = (word >> (bit & !7)).to_le_bytes();
        found(at.wrapping_add(bit >> 3), byte)?;
    }
    Ok(())
}

/// One in every byte.
const ONES: u64 = u64::MAX / 0xff;
/// The high bit of every byte.
const HIGHS: u64 = ONES << 7;
/// A comma in every byte.
const COMMAS: u64 = ONES * 0x2c;
/// An equals sign in every byte.
const EQUALS: u64 = ONES * 0x3d;
/// A byte that is no hit, to fill up the last word.
const FILL: u8 = 0xff;

/// A position as an index. Texts are shorter than 2^32 bytes.
#[expect(clippy::as_conversions, reason = "lossless: a usize has at least 32 bits here")]
pub(crate) const fn place(at: u32) -> usize {
    at as usize
}

/// The high bit of every byte below `,`, which `&`, `%` and `+` are, or equal to `=`. A borrow can
/// set the bit of the byte after a hit, too, if that is `,` or `<`.
const fn hits(word: u64) -> u64 {
    let low = word.wrapping_sub(COMMAS) & !word;
    let equals = word ^ EQUALS;
    let zero = equals.wrapping_sub(ONES) & !equals;
    (low | zero) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Every byte value at every offset of a word, alone and next to every other kind.
    #[test]
    fn no_special_byte_is_left_out() {
        for at in 0..20 {
            for byte in 0..=u8::MAX {
                for around in [b'a', b'&', b'=', b',', b'<', 0, 0x7f, 0x80, 0xff] {
                    let mut text = [around; 20];
                    text[at] = byte;
                    let special = |byte: &u8| matches!(byte, b'&' | b'=' | b'%' | b'+');
                    let expected: Vec<_> =
                        (0..20).zip(text).filter(|(_, byte)| special(byte)).collect();
                    let mut found = Vec::new();
                    specials(&text, |at, byte| {
                        if special(&byte) {
                            found.push((at, byte));
                        }
                        Ok::<(), ()>(())
                    })
                    .unwrap();
                    assert_eq!(found, expected, "{text:?}");
                }
            }
        }
    }
}

//! The one decoder: what escapes and `+` stand for.

use core::mem;

/// The byte that the `%` at a place of a text stands for, if two hexadecimal digits follow it.
#[inline]
pub(super) fn escaped(text: &[u8], at: usize) -> Option<u8> {
    let [_, high, low] = text.get(at..)?.first_chunk()?;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

/// `+` is a space.
#[inline]
pub(super) const fn spaced(byte: u8) -> u8 {
    if byte == b'+' { b' ' } else { byte }
}

/// Bytes of a copy of fixed size. A copy of fixed size is a few loads and stores instead of a call. Most
/// names, values and runs between escapes fit.
const CHUNK: usize = 32;

/// Writes the first `len` bytes of `text` to the start of `out`, each changed by `map`.
///
/// The function copies whole chunks as long as both texts have room for them. The bytes that it copies
/// too much lie behind the copy, where the next copy goes:
///
/// ```text
/// text    [Call]Sid=CA0123&From=...
/// out     [Call]Sid=CA0123&From=...
///               ^ the next copy begins here
/// ```
#[inline]
pub(super) fn copy(
    mut text: &[u8],
    mut len: usize,
    mut out: &mut [u8],
    map: impl Fn(u8) -> u8 + Copy,
) {
    debug_assert!(len <= text.len() && len <= out.len(), "it is there, and there is room for it");
    while let Some((&(mut chunk), rest)) = text.split_first_chunk::<CHUNK>()
        && out.len() >= CHUNK
        && let Some((slot, free)) = mem::take(&mut out).split_first_chunk_mut()
    {
        for byte in &mut chunk {
            *byte = map(*byte);
        }
        *slot = chunk;
        if len <= CHUNK {
            return;
        }
        (text, out, len) = (rest, free, len.wrapping_sub(CHUNK));
    }
    copy_bytes(text, len, out, map);
}

/// Copies what is left behind the chunks.
#[inline(never)]
fn copy_bytes(text: &[u8], len: usize, out: &mut [u8], map: impl Fn(u8) -> u8) {
    out.iter_mut().zip(text).take(len).for_each(|(slot, &byte)| *slot = map(byte));
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The bytes asked for are copied, and no byte before them changes, whatever follows in either text.
    #[test]
    fn exactly_what_is_asked_for_is_copied() {
        let text: Vec<u8> = (b' '..=b'~').cycle().take(4 * CHUNK).collect();
        for len in 0..=3 * CHUNK {
            for more in [0, 1, CHUNK - 1, CHUNK, text.len() - len] {
                for room in [0, 1, CHUNK] {
                    let source = &text[..(len + more).min(text.len())];
                    let mut out = alloc::vec![0; len + room];
                    copy(source, len, &mut out, spaced);
                    let expected: Vec<u8> = text[..len].iter().map(|&byte| spaced(byte)).collect();
                    assert_eq!(out[..len], expected, "{len} of {} to {room} more", source.len());
                }
            }
        }
    }
}

//! What Twilio signed, as text.

use alloc::vec::Vec;

use percent_encoding::percent_decode_str;

use crate::form::Params;

/// How often `word`, which is letters, is signed: in the URL, in a name, in a value, or across the end of
/// one. A parameter that was split off, or hidden, was one of these.
///
/// The URL is decoded first, because its escapes may be written in two ways under one signature. A word
/// that is there without escapes is there after decoding.
pub(super) fn count(word: &[u8], url: &str, form: &Params) -> usize {
    let mut text: Vec<u8> = percent_decode_str(url).collect();
    for (name, value) in form.iter() {
        text.extend_from_slice(name);
        text.extend_from_slice(value);
    }
    text.windows(word.len()).filter(|part| *part == word).count()
}

//! What Twilio signed, as parameters and as text.

use alloc::vec::Vec;

use percent_encoding::percent_decode_str;

use crate::form::Params;
use crate::verifier::{Coverage, Verified};

type Pair = (Vec<u8>, Vec<u8>);

/// What Twilio signed as parameters: those of the form, or of a `GET` webhook's query.
pub(super) fn params(verified: &Verified<'_>) -> Vec<Pair> {
    let query = (verified.coverage() == Coverage::UrlOnly).then(|| verified.query_params());
    let params = [Some(verified.params()), query];
    let params = params.iter().flatten().flat_map(Params::iter);
    params.map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// How often `word`, which is letters, is signed: in the URL, in a name, in a value, or across the end of
/// one. A parameter that was split off, or hidden, was one of these.
///
/// The URL is decoded first, because its escapes may be written in two ways under one signature. A word
/// that is there without escapes is there after decoding.
pub(super) fn count(word: &[u8], verified: &Verified<'_>) -> usize {
    let mut text: Vec<u8> = percent_decode_str(verified.url()).collect();
    for (name, value) in verified.params().iter() {
        text.extend_from_slice(name);
        text.extend_from_slice(value);
    }
    text.windows(word.len()).filter(|part| *part == word).count()
}

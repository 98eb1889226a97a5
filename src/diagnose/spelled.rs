//! How a URL is spelled, where a form divides, and what a hash is: as a verifier has it. With
//! `attempt`, the only file of the feature that takes private items of the verifier.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::layout::{self, Layout, Pair};
use crate::form::Params;
use crate::mac::{self, Algorithm, Signature, Sink};
use crate::url::{MAX_URL_LEN, UrlParts, UrlPolicy};

/// What Twilio may have signed for a URL, with the query as pairs behind it if it is signed so.
pub(super) struct Spelling {
    pub(super) text: Vec<u8>,
    /// How much of it is the URL.
    pub(super) url_len: usize,
    /// Whether it ends in its host, so that no parameter follows it.
    pub(super) ends_in_authority: bool,
    /// The change to the URL as given, if there is one.
    pub(super) change: Option<String>,
}

/// Whether a verifier can read the URL.
pub(super) fn is_url(url: &str, websocket: bool) -> bool {
    url.len() <= MAX_URL_LEN && UrlParts::parse(url, websocket).is_some()
}

/// What Twilio may have signed for the URL, as given first. Nothing if it cannot be read.
pub(super) fn spellings(url: &str, websocket: bool) -> Vec<Spelling> {
    let Some(cut) = UrlParts::parse(url, websocket).filter(|_| url.len() <= MAX_URL_LEN) else {
        return Vec::new();
    };
    let spelled = |candidate| {
        let mut text = Text::default();
        cut.write(candidate, &mut text);
        let change = (!candidate.is_as_given()).then(|| format!("{candidate}"));
        let ends_in_authority = cut.ends_in_authority(candidate);
        Spelling { url_len: text.0.len(), text: text.0, ends_in_authority, change }
    };
    let mut spellings: Vec<Spelling> = cut.candidates(UrlPolicy::Compatible).map(spelled).collect();
    let mut query = None;
    let without_query = cut.query_candidates(UrlPolicy::Compatible);
    for candidate in without_query.filter(|candidate| !cut.ends_in_authority(*candidate)) {
        let query = query.get_or_insert_with(|| {
            let pairs = pairs(cut.query(), usize::MAX).unwrap_or_default();
            layout::join(&Layout::Canonical.lay_out(pairs))
        });
        let mut spelling = spelled(candidate);
        spelling.text.extend_from_slice(query);
        spellings.push(spelling);
    }
    spellings
}

/// The values of `bodySHA256` in the query of a URL.
pub(super) fn body_hashes(url: &str, websocket: bool) -> Vec<Vec<u8>> {
    let query = UrlParts::parse(url, websocket).and_then(|cut| pairs(cut.query(), usize::MAX));
    let hashes = query.into_iter().flatten().filter(|(name, _)| **name == *b"bodySHA256");
    hashes.map(|(_, hash)| hash.into_owned()).collect()
}

/// The pairs of a form or a query, decoded, in its order, unless there are more than `max`.
pub(super) fn pairs(text: &[u8], max: usize) -> Option<Vec<Pair<'static>>> {
    let mut params = Params::new();
    params.read(text, max).ok()?;
    let owned = |(name, value): (&[u8], &[u8])| (name.to_vec().into(), value.to_vec().into());
    Some(params.iter().map(owned).collect())
}

/// What an encoded name or value stands for.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    // Escaped, so that they separate nothing.
    let escape = |&byte: &u8| match byte {
        b'&' => b"%26".to_vec(),
        b'=' => b"%3D".to_vec(),
        byte => Vec::from([byte]),
    };
    let escaped: Vec<u8> = text.iter().flat_map(escape).collect();
    let pairs = pairs(&escaped, 1).unwrap_or_default();
    pairs.into_iter().next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn body_hash(body: &[u8]) -> String {
    mac::body_hash(body).map(char::from).iter().collect()
}

/// The value of a hexadecimal digit of either case.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A signature of these bytes, if they are as many as a MAC has.
pub(super) fn signature_of(mac: &[u8]) -> Option<Signature> {
    match mac.len() {
        20 => Some(Signature::new(Algorithm::HmacSha1, mac)),
        32 => Some(Signature::new(Algorithm::HmacSha256, mac)),
        _ => None,
    }
}

/// Takes the text of a candidate.
#[derive(Default)]
struct Text(Vec<u8>);

impl Spelling {
    /// The URL of the spelling.
    pub(super) fn url(&self) -> String {
        let url = self.text.get(..self.url_len).unwrap_or_default();
        String::from_utf8_lossy(url).into_owned()
    }
}

impl Sink for Text {
    fn update(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

//! How a URL is spelled, where a form divides, and what a hash is: as a verifier has it. With
//! `attempt`, the only file of the feature that takes private items of the verifier.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::layout::{self, Layout, Pair};
use crate::form;
use crate::mac::{self, Sink};
use crate::signature::Signature;
use crate::url::{MAX_URL_LEN, SignedUrl, UrlPolicy};

/// What Twilio may have signed for a URL, with the query as pairs behind it if it is signed so.
pub(super) struct Spelling {
    pub(super) text: Vec<u8>,
    /// How much of it is the URL.
    pub(super) url_len: usize,
    /// The change to the URL as given, if there is one.
    pub(super) change: Option<String>,
}

/// Whether a verifier can read the URL.
pub(super) fn is_url(url: &str, websocket: bool) -> bool {
    url.len() <= MAX_URL_LEN && SignedUrl::cut(url, websocket).is_some()
}

/// What Twilio may have signed for the URL, as given first. Nothing if it cannot be read.
pub(super) fn spellings(url: &str, websocket: bool) -> Vec<Spelling> {
    let Some(cut) = SignedUrl::cut(url, websocket).filter(|_| url.len() <= MAX_URL_LEN) else {
        return Vec::new();
    };
    let spelled = |candidate| {
        let mut text = Text::default();
        cut.write(candidate, &mut text);
        let change = (!candidate.is_as_given()).then(|| format!("{candidate}"));
        Spelling { url_len: text.0.len(), text: text.0, change }
    };
    let mut spellings: Vec<Spelling> = cut.candidates(UrlPolicy::Compatible).map(spelled).collect();
    let mut query = None;
    for candidate in cut.candidates_without_query(UrlPolicy::Compatible) {
        let query = query.get_or_insert_with(|| {
            layout::join(&Layout::Canonical.lay_out(pairs(cut.query()).collect()))
        });
        let mut spelling = spelled(candidate);
        spelling.text.extend_from_slice(query);
        spellings.push(spelling);
    }
    spellings
}

/// The values of `bodySHA256` in the query of a URL.
pub(super) fn body_hashes(url: &str, websocket: bool) -> Vec<Vec<u8>> {
    let cut = SignedUrl::cut(url, websocket);
    cut.iter().flat_map(SignedUrl::body_hashes).map(|hash| hash.bytes().collect()).collect()
}

/// The pairs of a form or a query, decoded, in its order.
pub(super) fn pairs(text: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    form::split(text).map(|(name, value)| (name.to_cow(), value.to_cow()))
}

/// What an encoded name or value stands for.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    form::Text::encoded(text).bytes().collect()
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn body_hash(body: &[u8]) -> String {
    mac::body_hash(body).map(char::from).iter().collect()
}

/// The value of a hexadecimal digit of either case.
pub(super) const fn hex(digit: u8) -> Option<u8> {
    form::hex(digit)
}

/// A signature of these bytes, if they are as many as a MAC has.
pub(super) fn signature_of(mac: &[u8]) -> Option<Signature> {
    if let Ok(mac) = mac.try_into() {
        return Some(Signature::from_sha1(mac));
    }
    mac.try_into().ok().map(Signature::from_sha256)
}

/// Takes the text of a candidate.
#[derive(Default)]
struct Text(Vec<u8>);

impl Spelling {
    /// The URL of it.
    pub(super) fn url(&self) -> String {
        let url = self.text.get(..self.url_len).unwrap_or_default();
        String::from_utf8_lossy(url).into_owned()
    }
}

impl Sink for Text {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

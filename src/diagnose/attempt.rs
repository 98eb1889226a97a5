//! One attempt: whether a changed request has the signature that arrived. The only place of the
//! feature where MACs are computed, counted and bounded.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use super::edit::{Context, Found};
use super::params::{Change, Layout, Pair};
use super::{Cause, body};
use crate::config::Config;
use crate::form::Params;
use crate::mac::Signature;
use crate::mac::{KeyedMac, Sink};
use crate::url::{Candidate, MAX_URL_LEN, UrlParts, UrlPolicy};
use crate::webhook::{Payload, Webhook};

/// Bytes of a canonical string, or of a body to hash, that count as one MAC.
pub const BYTES_PER_MAC: usize = 64 * 1_024;

/// What is diagnosed, taken apart.
pub(super) struct Request<'a> {
    pub(super) context: Context<'a>,
    pub(super) config: &'a Config,
    pub(super) webhook: Webhook<'a>,
    pub(super) pairs: Vec<Pair<'a>>,
}

/// A signature, and the keys that may have made it.
pub(super) struct Signed<'k> {
    pub(super) signature: Signature,
    pub(super) keys: Vec<&'k KeyedMac>,
}

/// A URL to attempt.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub(super) url: &'t str,
    pub(super) websocket: bool,
}

/// What was signed.
pub(super) struct Hit {
    pub(super) url: String,
    pub(super) pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// What else is wrong with the request although its signature is explained.
    pub(super) more: Vec<Found>,
}

/// How many MACs may still be computed.
pub(super) struct Budget {
    max: u32,
    left: u32,
    /// What must be left for later.
    pub(super) reserve: u32,
    /// Whether the share that may be spent now is spent.
    pub(super) exhausted: bool,
    /// Whether an attempt was ever not made for want of MACs.
    pub(super) incomplete: bool,
}

impl Budget {
    pub(super) const fn new(max: u32) -> Self {
        Self { max, left: max, reserve: 0, exhausted: false, incomplete: false }
    }

    pub(super) const fn spent(&self) -> u32 {
        self.max.saturating_sub(self.left)
    }

    pub(super) const fn left(&self) -> u32 {
        self.left
    }

    /// Takes one MAC over so many bytes, if there is one.
    fn take(&mut self, bytes: usize) -> bool {
        let blocks = bytes.checked_div(BYTES_PER_MAC).unwrap_or_default();
        let cost = u32::try_from(blocks).unwrap_or(u32::MAX).saturating_add(1);
        let left = self.left.checked_sub(cost).filter(|left| *left >= self.reserve);
        let allowed = left.filter(|_| !self.exhausted);
        self.left = allowed.unwrap_or(self.left);
        self.exhausted |= allowed.is_none();
        self.incomplete |= self.exhausted;
        allowed.is_some()
    }
}

impl Request<'_> {
    /// Whether the signature is that of the target, with the parameters changed by `edit`. Without
    /// one, the body is taken as a verifier takes it.
    pub(super) fn attempt(
        &self,
        signed: &Signed<'_>,
        target: Target<'_>,
        edit: Option<(&Change<'_>, Layout)>,
        budget: &mut Budget,
    ) -> Option<Hit> {
        let Target { url, websocket } = target;
        let cut = UrlParts::parse(url, websocket).filter(|_| url.len() <= MAX_URL_LEN)?;
        if let Some((change, layout)) = edit {
            let pairs = layout.lay_out(change.apply(&self.pairs));
            return self.find(signed, &cut, &before_params(&cut), &pairs, budget);
        }
        let hash = body_hashes(&cut).into_iter().next();
        let uncovered = self.pairs.iter().all(|(name, value)| name.is_empty() && value.is_empty());
        if hash.is_some() || uncovered {
            let candidates: Vec<_> = cut.candidates(UrlPolicy::Compatible).collect();
            if let Some(mut hit) = self.find(signed, &cut, &candidates, &[], budget) {
                if hash.is_some() {
                    hit.more.extend(self.body_finding(&cut, budget));
                } else if let Some(body) = self.raw().filter(|body| !body.is_empty()) {
                    let given = alloc::format!("a body of {} bytes", body.len());
                    hit.more.push(Found::new(Cause::BodyNotSigned, given, "no body"));
                }
                return Some(hit);
            }
        }
        if uncovered {
            let query = pairs(cut.query());
            let candidates: Vec<_> = cut
                .candidates_without_query(UrlPolicy::Compatible)
                .filter(|candidate| !cut.ends_in_authority(*candidate))
                .collect();
            return self.find(signed, &cut, &candidates, &Layout::Canonical.lay_out(query), budget);
        }
        let pairs = Layout::Canonical.lay_out(self.pairs.clone());
        self.find(signed, &cut, &before_params(&cut), &pairs, budget)
    }

    /// Whether the signature is that of the encoded body alone.
    pub(super) fn attempt_body_alone(
        &self,
        signed: &Signed<'_>,
        budget: &mut Budget,
    ) -> Option<Hit> {
        let body = self.raw().filter(|body| !body.is_empty())?;
        let is_match = |key: &&&KeyedMac| {
            budget.take(body.len()) && key.verify(&signed.signature, |out| out.update(body)).into()
        };
        signed.keys.iter().find(is_match)?;
        let pairs = Vec::from([(body.to_vec(), Vec::new())]);
        Some(Hit { url: String::new(), pairs, more: Vec::new() })
    }

    /// What is wrong with the body under a URL whose signature is good.
    pub(super) fn body_finding(&self, url: &UrlParts<'_>, budget: &mut Budget) -> Option<Found> {
        let payload = &self.webhook.payload;
        let hashes = body_hashes(url);
        let hash = hashes.first()?;
        let whole = body::has_hashes(payload, &hashes);
        let content_type = self.context.hints.value("content-type");
        (!whole).then(|| body::changed(payload, hash, content_type, |bytes| budget.take(bytes)))
    }

    /// The body, if it was given as bytes.
    pub(super) const fn raw(&self) -> Option<&[u8]> {
        match self.webhook.payload {
            Payload::Body(body) => Some(body),
            Payload::Params(_) => None,
        }
    }

    fn find(
        &self,
        signed: &Signed<'_>,
        url: &UrlParts<'_>,
        candidates: &[Candidate],
        pairs: &[Pair<'_>],
        budget: &mut Budget,
    ) -> Option<Hit> {
        let add = |sum: usize, (name, value): &Pair<'_>| {
            sum.saturating_add(name.len()).saturating_add(value.len())
        };
        let bytes = pairs.iter().fold(MAX_URL_LEN, add);
        let candidate = signed.keys.iter().find_map(|key| {
            candidates.iter().copied().find(|&candidate| {
                budget.take(bytes)
                    && key
                        .verify(&signed.signature, |out| {
                            url.write(candidate, out);
                            for (name, value) in pairs {
                                out.update(name);
                                out.update(value);
                            }
                        })
                        .into()
            })
        })?;
        let mut text = Text::default();
        url.write(candidate, &mut text);
        let mut more = Vec::new();
        if self.config.url_policy == UrlPolicy::Exact && !candidate.is_as_given() {
            let given = "the URL as given";
            let signed = alloc::format!("{candidate}");
            more.push(Found::new(Cause::UrlPolicyExact, given, signed));
        }
        let owned = |(name, value): &Pair<'_>| (name.to_vec(), value.to_vec());
        Some(Hit { url: text.into_string(), pairs: pairs.iter().map(owned).collect(), more })
    }
}

/// Takes the text of a candidate, to show it.
#[derive(Default)]
pub(super) struct Text(Vec<u8>);

impl Text {
    pub(super) fn into_string(self) -> String {
        match String::from_utf8_lossy(&self.0) {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text,
        }
    }
}

impl Sink for Text {
    fn update(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

fn before_params(url: &UrlParts<'_>) -> Vec<Candidate> {
    let candidates = url.candidates(UrlPolicy::Compatible);
    candidates.filter(|candidate| !url.ends_in_authority(*candidate)).collect()
}

/// The decoded pairs of a form or a query, in its order; none where the crate reads none.
pub(super) fn pairs(text: &[u8]) -> Vec<Pair<'static>> {
    let mut params = Params::new();
    if params.read(text, usize::MAX).is_err() {
        return Vec::new();
    }
    params.iter().map(|(name, value)| (name.to_vec().into(), value.to_vec().into())).collect()
}

/// What a text stands for, whose separators are escaped if it has any.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    let escape = |&byte: &u8| match byte {
        b'&' => b"%26".to_vec(),
        b'=' => b"%3D".to_vec(),
        byte => Vec::from([byte]),
    };
    let escaped: Vec<u8> = text.iter().flat_map(escape).collect();
    pairs(&escaped).into_iter().next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn body_hashes(url: &UrlParts<'_>) -> Vec<Vec<u8>> {
    let named = pairs(url.query()).into_iter().filter(|(name, _)| **name == *b"bodySHA256");
    named.map(|(_, hash)| hash.into_owned()).collect()
}

/// The value of a hexadecimal digit of either case.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

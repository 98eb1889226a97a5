//! A second, naive reading of the rules, kept apart from the crate: it shares no code with it, it
//! copies wherever it can, and it tries everything in the order in which the rules are written.
//! Slow on purpose. Where it and the crate disagree, one of them is wrong.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::std_instead_of_alloc,
    clippy::string_slice,
    reason = "each test uses its own part of this module, and plain code is easier to check by eye"
)]

pub mod form;
pub mod mac;
pub mod policy;
pub mod settings;
pub mod url;

use core::fmt;

use form::Pair;
use policy::{check_account, check_strictly};
pub use url::{CandidateText, candidates};

/// A URL longer than this many bytes is refused unread.
pub const MAX_URL_LEN: usize = 16_384;

/// What arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    pub payload: Payload,
    /// The `X-Twilio-Signature` header.
    pub signature: Option<Vec<u8>>,
    /// The `X-Twilio-Webhooks-Signature-Settings` header.
    pub settings: Option<Vec<u8>>,
    /// A WebSocket handshake: what came as http(s) was signed as ws(s).
    pub websocket: bool,
}

/// The body as it came, or its parameters already decoded.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    Body(Vec<u8>),
    Params(Vec<(String, String)>),
}

impl Request {
    /// A `POST` of this form, without a signature.
    pub fn post(url: &str, body: &str) -> Self {
        Self {
            url: url.to_owned(),
            payload: Payload::Body(body.as_bytes().to_vec()),
            signature: None,
            settings: None,
            websocket: false,
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |header: &Option<Vec<u8>>| header.as_ref().map(|h| h.escape_ascii().to_string());
        f.debug_struct("Request")
            .field("url", &self.url)
            .field("payload", &self.payload)
            .field("signature", &text(&self.signature))
            .field("settings", &text(&self.settings))
            .field("websocket", &self.websocket)
            .finish()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(body) => write!(f, "Body(\"{}\")", body.escape_ascii()),
            Self::Params(list) => write!(f, "Params({list:?})"),
        }
    }
}

/// A secret, bound to its algorithm; an auth token always means HMAC-SHA1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    AuthToken(String),
    Shared { id: String, secret: String, sha256: bool },
}

/// What the verifier was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub keys: Vec<Key>,
    pub exact: bool,
    pub strict: bool,
    pub max_params: usize,
    pub max_form_len: usize,
    pub max_body_len: usize,
    pub account_sid: Option<String>,
}

impl Config {
    /// One key, and the defaults.
    pub fn usual(key: Key) -> Self {
        Self {
            keys: vec![key],
            exact: false,
            strict: false,
            max_params: 1_024,
            max_form_len: 262_144,
            max_body_len: 1_048_576,
            account_sid: None,
        }
    }
}

/// What an accepted request proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// `url_only`, `form` or `body_hash`.
    pub coverage: &'static str,
    /// The signed text before the first pair.
    pub candidate_url: Vec<u8>,
    /// The place of the matching key in `Config::keys`.
    pub key: usize,
    /// The signed pairs: decoded, sorted, each once.
    pub params: Vec<Pair>,
}

/// The verdict; an error is the snake-case name of the reason.
pub fn verify(config: &Config, request: &Request) -> Result<Accepted, &'static str> {
    check_lengths(config, request)?;
    let header = request.signature.as_deref().unwrap_or_default();
    if header.is_empty() {
        return Err("missing_signature");
    }
    let signature = mac::decode_signature(header).ok_or("malformed_signature")?;
    let sha256 = signature.len() == 32;
    let keys = settings::fitting_keys(&config.keys, request.settings.as_deref(), sha256)?;

    // The first match in this order: keys outside, texts inside.
    let first_match = |texts: &[Vec<u8>]| {
        for &key in &keys {
            for (place, text) in texts.iter().enumerate() {
                if mac::mac(&config.keys[key], text) == signature {
                    return Some((key, place));
                }
            }
        }
        None
    };
    judge(config, request, &first_match)
}

/// What Twilio would put in the header: the MAC in base64.
pub fn sign(key: &Key, canonical: &[u8]) -> String {
    mac::base64(&mac::mac(key, canonical))
}

/// Every canonical string whose signature, by any key, makes this request acceptable.
/// The request's own signature and settings are not looked at.
pub fn canonical_strings(config: &Config, request: &Request) -> Vec<Vec<u8>> {
    if check_lengths(config, request).is_err() {
        return Vec::new();
    }
    let request = &without_body_of_handshake(request);
    let Ok(candidates) = candidates_for(config, request) else {
        return Vec::new();
    };
    let mut tried: Vec<_> = url_texts(&candidates);
    tried.extend(form_texts(&candidates, &payload_pairs(&request.payload)).into_iter().flatten());

    let mut accepted: Vec<Vec<u8>> = Vec::new();
    for text in tried {
        let find = |texts: &[Vec<u8>]| Some((0, texts.iter().position(|t| *t == text)?));
        if judge(config, request, &find).is_ok() && !accepted.contains(&text) {
            accepted.push(text);
        }
    }
    accepted
}

/// The canonical string of an accepted request.
pub fn canonical_string(accepted: &Accepted) -> Vec<u8> {
    [accepted.candidate_url.clone(), form::concatenated(&accepted.params)].concat()
}

/// The candidate that an accepted request was signed over.
pub fn matched_candidate(
    config: &Config,
    request: &Request,
    accepted: &Accepted,
) -> Option<CandidateText> {
    let request = &without_body_of_handshake(request);
    candidates_for(config, request).ok()?.into_iter().find(|candidate| {
        let query_pairs = candidate.query_pairs.clone().unwrap_or_default();
        let pairs_fit =
            accepted.coverage == "form" || form::sorted_unique(&query_pairs) == accepted.params;
        candidate.url == accepted.candidate_url && pairs_fit
    })
}

/// A handshake has none: it is a `GET`.
fn without_body_of_handshake(request: &Request) -> Request {
    let mut request = request.clone();
    if request.websocket {
        request.payload = Payload::Body(Vec::new());
    }
    request
}

fn check_lengths(config: &Config, request: &Request) -> Result<(), &'static str> {
    if request.url.len() > MAX_URL_LEN {
        return Err("url_too_long");
    }
    if payload_len(&without_body_of_handshake(request)) > config.max_body_len {
        return Err("body_too_long");
    }
    Ok(())
}

fn payload_len(request: &Request) -> usize {
    match &request.payload {
        Payload::Body(body) => body.len(),
        Payload::Params(list) => list.iter().map(|(n, v)| n.len() + v.len()).sum(),
    }
}

/// Answers with the first (key, place of the text) whose MAC is the signature.
type FirstMatch<'a> = &'a dyn Fn(&[Vec<u8>]) -> Option<(usize, usize)>;

/// Coverage first, then what is asked of the pairs.
fn judge(
    config: &Config,
    request: &Request,
    find: FirstMatch<'_>,
) -> Result<Accepted, &'static str> {
    let request = &without_body_of_handshake(request);
    let candidates = candidates_for(config, request)?;
    let (coverage, key, place) = if url::body_hashes(&request.url).is_empty() {
        cover_without_hash(config, request, &candidates, find)?
    } else {
        cover_with_hash(config, request, &candidates, find)?
    };

    let candidate = &candidates[place];
    let signed_pairs = if coverage == "form" {
        payload_pairs(&request.payload)
    } else {
        candidate.query_pairs.clone().unwrap_or_default()
    };
    if config.strict {
        check_strictly(&signed_pairs)?;
    }
    if let Some(account_sid) = &config.account_sid {
        check_account(account_sid, coverage, &signed_pairs, &request.url)?;
    }
    Ok(Accepted {
        coverage,
        candidate_url: candidate.url.clone(),
        key,
        params: form::sorted_unique(&signed_pairs),
    })
}

type Covered = (&'static str, usize, usize);

fn cover_without_hash(
    config: &Config,
    request: &Request,
    candidates: &[CandidateText],
    find: FirstMatch<'_>,
) -> Result<Covered, &'static str> {
    if is_empty(&request.payload) {
        let (key, place) = find(&url_texts(candidates)).ok_or("mismatch")?;
        return Ok(("url_only", key, place));
    }
    let (key, place) = cover_as_form(config, request, candidates, find)?;
    Ok(("form", key, place))
}

fn cover_with_hash(
    config: &Config,
    request: &Request,
    candidates: &[CandidateText],
    find: FirstMatch<'_>,
) -> Result<Covered, &'static str> {
    let url_match = find(&url_texts(candidates));
    if let Some((key, place)) = url_match
        && body_hash_fits(request)
    {
        return Ok(("body_hash", key, place));
    }
    match cover_as_form(config, request, candidates, find) {
        Ok((key, place)) => Ok(("form", key, place)),
        Err(_) if url_match.is_some() => Err("body_hash_mismatch"),
        Err("uncovered_body") => Err("mismatch"),
        Err(error) => Err(error),
    }
}

/// The key and the candidate, if the signature is that of the URL and the pairs.
fn cover_as_form(
    config: &Config,
    request: &Request,
    candidates: &[CandidateText],
    find: FirstMatch<'_>,
) -> Result<(usize, usize), &'static str> {
    if payload_len(request) > config.max_form_len {
        return Err("body_too_long");
    }
    let pairs = payload_pairs(&request.payload);
    if pairs.len() > config.max_params {
        return Err("too_many_params");
    }
    if form::concatenated(&pairs).is_empty() {
        return Err("uncovered_body");
    }
    let texts = form_texts(candidates, &pairs);
    let places: Vec<usize> = (0..texts.len()).filter(|place| texts[*place].is_some()).collect();
    let texts: Vec<Vec<u8>> = texts.into_iter().flatten().collect();
    let (key, place) = find(&texts).ok_or("mismatch")?;
    Ok((key, places[place]))
}

/// Candidates that move the query into pairs exist only where no body and no hash is expected.
fn candidates_for(config: &Config, request: &Request) -> Result<Vec<CandidateText>, &'static str> {
    let mut all = candidates(&request.url, request.websocket, config.exact)?;
    if !is_empty(&request.payload) || !url::body_hashes(&request.url).is_empty() {
        all.retain(|candidate| candidate.query_pairs.is_none());
    }
    // Pairs are bounded wherever they come from.
    all.retain(|c| c.query_pairs.as_ref().is_none_or(|p| p.len() <= config.max_params));
    Ok(all)
}

/// Parameters that come decoded are of a body, even if there are none.
fn is_empty(payload: &Payload) -> bool {
    match payload {
        Payload::Body(body) => body.is_empty(),
        Payload::Params(_) => false,
    }
}

pub fn payload_pairs(payload: &Payload) -> Vec<Pair> {
    match payload {
        Payload::Body(body) => form::pairs(body),
        Payload::Params(list) => list
            .iter()
            .map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes()))
            .collect(),
    }
}

fn url_texts(candidates: &[CandidateText]) -> Vec<Vec<u8>> {
    candidates
        .iter()
        .map(|c| with_pairs(&c.url, c.query_pairs.as_deref().unwrap_or_default()))
        .collect()
}

/// Nothing for a candidate that ends in its authority: pairs would lengthen its host.
fn form_texts(candidates: &[CandidateText], pairs: &[Pair]) -> Vec<Option<Vec<u8>>> {
    candidates.iter().map(|c| (!c.ends_in_authority).then(|| with_pairs(&c.url, pairs))).collect()
}

fn with_pairs(url: &[u8], pairs: &[Pair]) -> Vec<u8> {
    [url.to_vec(), form::concatenated(&form::sorted_unique(pairs))].concat()
}

fn body_hash_fits(request: &Request) -> bool {
    let body = match &request.payload {
        Payload::Body(body) => body.as_slice(),
        Payload::Params(_) => return false,
    };
    let expected = mac::sha256_hex(body);
    url::body_hashes(&request.url).iter().all(|value| value.to_ascii_lowercase() == expected)
}

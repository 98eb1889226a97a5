//! The keys that may have made a signature: those that a verifier takes, and those it does not.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::attempt::{Asked, Key, Request};
use super::found::Found;
use super::hints::Hints;
use super::secret::{self, TOKEN_LEN};
use super::{Cause, header};
use crate::mac::Algorithm;
use crate::mac::Signature;

/// A signature, keys that may have made it, and what is wrong if they did.
pub(super) struct Prover {
    pub(super) signature: Signature,
    pub(super) keys: Vec<Key>,
    pub(super) found: Vec<Found>,
    pub(super) cost: usize,
}

/// All provers, and what is certain about the keys whatever was signed.
pub(super) fn provers(request: &Request<'_>, hints: &Hints) -> (Vec<Prover>, Option<Found>) {
    let text = header::text(request.header);
    let as_given = Signature::from_header(&text).ok();
    let signatures: Vec<(Signature, Option<Found>)> = match as_given {
        Some(signature) => Vec::from([(signature, None)]),
        None => {
            header::repaired(&text).into_iter().map(|(mac, found)| (mac, Some(found))).collect()
        }
    };
    let mut provers = Vec::new();
    let mut certain = None;
    for (signature, header_found) in signatures {
        let algorithm = signature.algorithm();
        let asked = request.asked(algorithm);
        let wrong = not_asked(&asked, algorithm);
        let mut add = |keys: Vec<Key>, more: Option<&Found>, unlikely| {
            let found: Vec<Found> = header_found.iter().chain(more).cloned().collect();
            let cost = found.len().saturating_add(unlikely);
            provers.push(Prover { signature, keys, found, cost });
        };
        let keys = if wrong.is_some() { asked.fitting } else { asked.keys };
        let mut known: BTreeSet<Vec<u8>> = keys.iter().map(Key::probe).collect();
        add(keys, wrong.as_ref(), 0);
        for (key, found, unlikely) in others(request, hints, algorithm) {
            // None twice, and none that was tried as configured.
            if known.insert(key.probe()) {
                add(Vec::from([key]), Some(&found), unlikely);
            }
        }
        certain = certain.or_else(|| wrong.filter(|_| as_given.is_some()));
    }
    (provers, certain)
}

/// Why a verifier tries no key, or not all of the algorithm.
fn not_asked(asked: &Asked<'_>, algorithm: Algorithm) -> Option<Found> {
    if let Some(id) = asked.unknown_id {
        let given = format!("`{id}` in the settings header");
        let signed = format!("one of the {} configured keys", asked.configured);
        return Some(Found::new(Cause::UnknownSharedKey, given, signed));
    }
    if let Some(name) = asked.other_algorithm {
        let given = format!("`{name}` in the settings header");
        let signed = format!("{algorithm}, by the length of the signature");
        return Some(Found::new(Cause::WrongAlgorithm, given, signed));
    }
    asked.keys.is_empty().then(|| {
        let (cause, length) = match algorithm {
            Algorithm::HmacSha1 => (Cause::AuthTokenNotConfigured, 28),
            Algorithm::HmacSha256 => (Cause::SharedKeyNotConfigured, 44),
        };
        let given = format!("no key for {algorithm}");
        Found::new(cause, given, format!("one: the signature has {length} characters"))
    })
}

/// The keys of the hints, the likeliest first, and how unlikely each is.
fn others(request: &Request<'_>, hints: &Hints, algorithm: Algorithm) -> Vec<(Key, Found, usize)> {
    let mut keys = Vec::new();
    for other in hints.keys.iter().filter(|other| other.key.algorithm() == algorithm) {
        let signed = match other.account.as_deref() {
            Some(account) => format!("a key of {account}"),
            None => String::from("the secondary token"),
        };
        let found = Found::new(other.cause, "the configured keys", signed);
        keys.push((other.key.clone(), found, 0));
    }
    for raw in &hints.secrets {
        let Some(as_is) = Key::new(algorithm, raw) else { continue };
        let other = match algorithm {
            Algorithm::HmacSha1 => Algorithm::HmacSha256,
            Algorithm::HmacSha256 => Algorithm::HmacSha1,
        };
        let found = if Key::new(other, raw).is_some_and(|key| request.is_configured(&key)) {
            let given = format!("the secret bound to {other}");
            Found::new(Cause::WrongAlgorithm, given, format!("bound to {algorithm}"))
        } else {
            Found::new(Cause::SecondaryToken, "the configured keys", "the raw secret")
        };
        keys.push((as_is, found, 0));
        for (text, found) in secret::variants(raw) {
            let unlikely = usize::from(found.cause == Cause::TokenLength);
            keys.extend(Key::new(algorithm, &text).map(|key| (key, found, unlikely)));
        }
    }
    keys
}

/// What is wrong with a raw secret, if `key` is what it should have been.
pub(super) fn blemish(key: &Key, hints: &Hints) -> Option<Found> {
    let is_it =
        |text: &str| Key::new(key.algorithm(), text).is_some_and(|other| key.is_same(&other));
    if hints.secrets.iter().any(|raw| is_it(raw)) {
        return None;
    }
    let variants = hints.secrets.iter().flat_map(|raw| secret::variants(raw));
    variants.into_iter().find_map(|(text, found)| is_it(&text).then_some(found))
}

/// What is odd about a raw secret.
pub(super) fn remarks(hints: &Hints) -> Vec<String> {
    let odd = hints.secrets.iter().filter_map(|raw| {
        let len = raw.chars().count();
        if raw.starts_with("AC") || raw.starts_with("SK") {
            Some("the configured secret begins like a SID: an auth token is needed".into())
        } else if len != TOKEN_LEN || !raw.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let has = format!("the configured secret has {len} characters");
            Some(format!("{has}; an auth token has {TOKEN_LEN} hexadecimal digits"))
        } else {
            None
        }
    });
    odd.collect()
}

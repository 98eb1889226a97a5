//! The keys that may have made a signature: those that a verifier takes, and those it does not.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Cause;
use super::attempt::Request;
use super::edit::Found;
use super::hints::Hints;
use super::search::KeyEdit;
use super::secret::{self, TOKEN_LEN};
use crate::config::Config;
use crate::key::Settings;
use crate::mac::Algorithm;
use crate::mac::{KeyedMac, Sink};

/// The configured keys of the algorithm, and what is wrong if a verifier would not take them.
pub(super) fn asked<'r>(
    request: &'r Request<'_>,
    algorithm: Algorithm,
) -> (Vec<&'r KeyedMac>, Option<Found>) {
    let config = request.config;
    let settings = Settings::from_header(request.webhook.settings).unwrap_or_default();
    let fitting = || config.keys.iter().filter(|key| key.mac.algorithm() == algorithm);
    let allowed = |id: Option<&str>| settings.allow_id(id);
    let keys: Vec<&KeyedMac> =
        fitting().filter(|key| allowed(key.id.as_deref())).map(|key| &key.mac).collect();
    let all = || fitting().map(|key| &key.mac).collect();
    if !config.keys.iter().any(|key| allowed(key.id.as_deref())) {
        let id = settings.key_id.map(String::from_utf8_lossy).unwrap_or_default();
        let given = format!("`{id}` in the settings header");
        let signed = format!("one of the {} configured keys", config.keys.len());
        return (all(), Some(Found::new(Cause::UnknownSharedKey, given, signed)));
    }
    if settings.name_unknown_algorithm() || !settings.allow(algorithm) {
        let name = settings.algorithm.map(String::from_utf8_lossy).unwrap_or_default();
        let given = format!("`{name}` in the settings header");
        let signed = format!("{algorithm}, by the length of the signature");
        return (all(), Some(Found::new(Cause::WrongAlgorithm, given, signed)));
    }
    if keys.is_empty() {
        let (cause, length) = match algorithm {
            Algorithm::HmacSha1 => (Cause::AuthTokenNotConfigured, 28),
            Algorithm::HmacSha256 => (Cause::SharedKeyNotConfigured, 44),
        };
        let given = format!("no key for {algorithm}");
        let signed = format!("one: the signature has {length} characters");
        return (all(), Some(Found::new(cause, given, signed)));
    }
    (keys, None)
}

/// The keys of the hints, the likeliest first.
pub(super) fn others(request: &Request<'_>, algorithm: Algorithm) -> Vec<KeyEdit> {
    let hints = request.context.hints;
    let mut keys = Vec::new();
    for token in hints.tokens.iter().filter(|token| token.mac.algorithm() == algorithm) {
        let account = token.account_sid.as_deref();
        let signed = account
            .map_or_else(|| "the secondary token".into(), |sid| format!("the token of {sid}"));
        let found = Found::new(token.cause, "the configured keys", signed);
        keys.push(KeyEdit { mac: token.mac.clone(), found });
    }
    let boxed = |secret: &str| KeyedMac::new(algorithm, secret.as_bytes()).ok().map(Box::new);
    for raw in &hints.secrets {
        let Some(as_is) = boxed(raw) else { continue };
        let bound = |other| {
            let key = KeyedMac::new(other, raw.as_bytes());
            key.is_ok_and(|key| is_configured(request.config, &key))
        };
        let other = match algorithm {
            Algorithm::HmacSha1 => Algorithm::HmacSha256,
            Algorithm::HmacSha256 => Algorithm::HmacSha1,
        };
        if bound(other) && !bound(algorithm) {
            let found = Found::new(
                Cause::WrongAlgorithm,
                format!("the secret bound to {other}"),
                format!("bound to {algorithm}"),
            );
            keys.push(KeyEdit { mac: as_is, found });
        } else if !bound(algorithm) {
            let found = Found::new(Cause::SecondaryToken, "the configured keys", "the raw secret");
            keys.push(KeyEdit { mac: as_is, found });
        }
        for (text, found) in secret::variants(raw) {
            keys.extend(boxed(&text).map(|mac| KeyEdit { mac, found }));
        }
    }
    keys
}

/// What is wrong with a raw secret, if the request is genuine under what it should have been.
pub(super) fn blemish(config: &Config, matched: usize, hints: &Hints) -> Option<Found> {
    let key = &config.keys.get(matched)?.mac;
    let is_it = |text: &str| {
        let other = KeyedMac::new(key.algorithm(), text.as_bytes());
        other.is_ok_and(|other| same(key, &other))
    };
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

fn is_configured(config: &Config, key: &KeyedMac) -> bool {
    config.keys.iter().any(|own| own.mac.algorithm() == key.algorithm() && same(&own.mac, key))
}

/// Whether two keys are equal: they make the same MAC.
fn same(key: &KeyedMac, other: &KeyedMac) -> bool {
    let probe = |out: &mut KeyedMac| out.update(b"probe");
    key.mac(probe) == other.mac(probe)
}

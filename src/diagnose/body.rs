//! Why a body is not the one whose hash was signed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::edit::Found;
use super::{Cause, json, texts};
use crate::mac;
use crate::webhook::Payload;

/// Digits of a hash that are shown.
const SHOWN: usize = 8;

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn hex_hash(body: &[u8]) -> String {
    mac::body_hash(body).map(char::from).iter().collect()
}

/// Whether the body has every one of the hashes.
pub(super) fn has_hashes(payload: &Payload<'_>, hashes: &[Vec<u8>]) -> bool {
    let body: &[u8] = match payload {
        Payload::Body(body) => body,
        Payload::Params([]) => &[],
        Payload::Params(_) => return false,
    };
    let own = hex_hash(body);
    hashes.iter().all(|hash| hash.eq_ignore_ascii_case(own.as_bytes()))
}

/// Names what happened to the body. `may_hash` is asked before each hash of so many bytes.
pub(super) fn changed(
    payload: &Payload<'_>,
    hash: &[u8],
    content_type: Option<&str>,
    mut may_hash: impl FnMut(usize) -> bool,
) -> Found {
    let body = match payload {
        Payload::Params(_) => {
            let given = "parameters instead of a body";
            return Found::new(Cause::JsonAsForm, given, "the raw bytes");
        }
        Payload::Body([]) => {
            return Found::new(Cause::BodyMissing, "an empty body", expected(hash));
        }
        Payload::Body(body) => *body,
    };
    let given = format!("{} bytes with hash {}…", body.len(), start(hex_hash(body).as_bytes()));
    let mut is_signed =
        |body: &[u8]| may_hash(body.len()) && hex_hash(body).as_bytes().eq_ignore_ascii_case(hash);
    for (spelling, printed) in json::spellings(body) {
        if is_signed(&printed) {
            let signed = format!("JSON {spelling}");
            return Found::new(Cause::JsonReserialized, given, signed);
        }
    }
    // A form parser takes a JSON body for a name without a value.
    let name = body.strip_suffix(b"=").unwrap_or(body);
    if texts::decoded(name).is_some_and(|decoded| is_signed(&decoded)) {
        return Found::new(Cause::JsonAsForm, "a form", "the body before it was read as a form");
    }
    let is_json = content_type.is_some_and(|text| text.to_ascii_lowercase().contains("json"));
    if is_json && !json::is_likely(body) && body.contains(&b'=') {
        return Found::new(Cause::JsonAsForm, "a form", "a JSON body, as the Content-Type says");
    }
    let trimmed: [(&[u8], &str); 4] = [
        (b"\n", "a line feed"),
        (b"\r\n", "a line break"),
        (b" ", "a space"),
        (b"\0", "a zero byte"),
    ];
    for (end, what) in trimmed {
        let longer: Vec<u8> = [body, end].concat();
        if is_signed(&longer) {
            return Found::new(Cause::BodyChanged, given, format!("{what} at the end"));
        }
    }
    if is_signed(body.trim_ascii()) {
        return Found::new(Cause::BodyChanged, given, "no white space around it");
    }
    Found::new(Cause::BodyChanged, given, expected(hash))
}

fn expected(hash: &[u8]) -> String {
    format!("a body with hash {}…", start(hash))
}

fn start(hash: &[u8]) -> String {
    let start = hash.iter().take(SHOWN).copied();
    start.filter(u8::is_ascii_hexdigit).map(char::from).collect()
}

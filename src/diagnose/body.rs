//! Why a body is not the one whose hash was signed.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::apparent::{clipped, declared_len};
use super::attempt::Body;
use super::budget::Budget;
use super::found::Found;
use super::hints::Hints;
use super::payloads::text_of;
use super::spelled::body_hash;
use super::{Cause, base64, charset, json, texts};

/// Digits of a hash that are shown.
const SHOWN: usize = 8;

/// The hashes that Twilio may have put into the URL of this body: none if it begins like a form.
pub(super) fn hashes(body: &Body<'_>, budget: &mut Budget) -> Vec<String> {
    let raw = body.raw();
    let name = raw.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let is_form = raw.get(name) == Some(&b'=');
    if raw.is_empty() || !budget.work(raw.len().saturating_mul(2)) {
        return Vec::new();
    }
    let decoded = base64::decoded(raw);
    let own = (!is_form || decoded.is_some()).then(|| body_hash(raw));
    own.into_iter().chain(decoded.map(|decoded| body_hash(&decoded))).collect()
}

/// What is wrong with the body under a URL that holds these hashes and whose signature is good. `None` if
/// the body has all of the hashes.
pub(super) fn wrong(
    body: &Body<'_>,
    hashes: &[Vec<u8>],
    hints: &Hints,
    budget: &mut Budget,
) -> Option<Found> {
    let hash = hashes.first()?;
    let signed = expected(hash);
    if let Body::Params([_, ..]) = body {
        if let Some(decoded) = text_of(body).and_then(|text| base64::decoded(&text))
            && is_signed(&decoded, hashes)
        {
            return Some(Found::new(Cause::BodyBase64, "a body in base64", "the bytes within"));
        }
        let given = "parameters instead of a body";
        return Some(Found::new(Cause::JsonAsForm, given, "the raw bytes"));
    }
    let raw = body.raw();
    let own = body_hash(raw);
    let is_own = |hash: &Vec<u8>| hash.eq_ignore_ascii_case(own.as_bytes());
    if hashes.iter().all(is_own) {
        return None;
    }
    if hashes.iter().any(is_own) {
        let given = format!("{} values of bodySHA256, of which one is the body's", hashes.len());
        return Some(Found::new(Cause::BodyHashRepeated, given, "one value"));
    }
    if raw.is_empty() {
        return Some(Found::new(Cause::BodyMissing, "an empty body", signed));
    }
    if let Some((given, declared)) = clipped(body, declared_len(hints)) {
        return Some(Found::new(Cause::BodyMissing, given, format!("{declared} bytes")));
    }
    let given = format!("{} bytes with hash {}…", raw.len(), start(own.as_bytes()));
    for (cause, what, bytes) in versions(raw) {
        // The text is made, looked at and hashed.
        if !budget.work(bytes.len().saturating_mul(2)) {
            break;
        }
        if is_signed(&bytes, hashes) {
            return Some(Found::new(cause, given, what));
        }
    }
    let is_json =
        hints.value("content-type").is_some_and(|text| text.to_ascii_lowercase().contains("json"));
    if is_json && is_form(raw) {
        let signed = "a JSON body, as the Content-Type says";
        return Some(Found::new(Cause::JsonAsForm, "a form", signed));
    }
    Some(Found::new(Cause::BodyChanged, given, signed))
}

/// What the body may have been, lazily, since bodies may be long.
fn versions(body: &[u8]) -> impl Iterator<Item = (Cause, Cow<'static, str>, Cow<'_, [u8]>)> {
    let base64 = base64::decoded(body).into_iter();
    let base64 =
        base64.map(|bytes| (Cause::BodyBase64, "the bytes within the base64".into(), bytes));
    let printed = json::spellings(body);
    let printed = printed
        .map(|(how, bytes)| (Cause::JsonReserialized, Cow::Owned(format!("JSON {how}")), bytes));
    // A form parser takes a JSON body for a name without a value.
    let name = body.strip_suffix(b"=").unwrap_or(body);
    let form = texts::decoded(name)
        .into_iter()
        .map(|bytes| (Cause::JsonAsForm, "the body before it was read as a form".into(), bytes));
    let charsets = [charset::utf_8_read_as_windows_1252, charset::utf_8_read_as_latin_1];
    let charsets = charsets.into_iter().filter_map(|to| to(body));
    let charsets = charsets
        .map(|bytes| (Cause::ParamsCharset, "UTF-8, which was read as another set".into(), bytes));
    let ends: [(&[u8], &[u8], &str); 7] = [
        (b"", b"\n", "a line feed at its end"),
        (b"", b"\r\n", "a line break at its end"),
        (b"", b" ", "a space at its end"),
        (b"", b"\0", "a zero byte at its end"),
        (b"\xef\xbb\xbf", b"", "a byte order mark at its beginning"),
        (b" ", b"", "a space at its beginning"),
        (b"\n", b"", "a line feed at its beginning"),
    ];
    let longer = ends.into_iter().map(|(before, after, what)| {
        (Cause::BodyChanged, Cow::Borrowed(what), [before, body, after].concat())
    });
    let endings = [texts::crlf_to_lf, texts::lf_to_crlf].into_iter().filter_map(|to| to(body));
    let endings =
        endings.map(|bytes| (Cause::BodyChanged, Cow::Borrowed("other line endings"), bytes));
    let owned = base64.chain(printed).chain(form).chain(charsets).chain(longer).chain(endings);
    let trimmed = (Cause::BodyChanged, "no white space around it".into(), body.trim_ascii().into());
    owned.map(|(cause, what, bytes)| (cause, what, bytes.into())).chain([trimmed])
}

/// Whether a body has one of the hashes.
fn is_signed(body: &[u8], hashes: &[Vec<u8>]) -> bool {
    let own = body_hash(body);
    hashes.iter().any(|hash| hash.eq_ignore_ascii_case(own.as_bytes()))
}

/// Whether a body holds names and values alone: JSON has quotation marks and brackets, which a form
/// escapes.
fn is_form(body: &[u8]) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"*-._~+%&=[]".contains(&byte);
    base64::decoded(body).is_none()
        && body.iter().copied().all(inner)
        && body.split(|&byte| byte == b'&').all(|segment| segment.contains(&b'='))
}

fn expected(hash: &[u8]) -> String {
    format!("a body with hash {}…", start(hash))
}

fn start(hash: &[u8]) -> String {
    let start = hash.iter().take(SHOWN).copied();
    start.filter(u8::is_ascii_hexdigit).map(char::from).collect()
}

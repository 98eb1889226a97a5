//! What can have happened to the signature header, undone.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::blanks::is_blank;
use super::found::Found;
use super::spelled::{hex, signature_of};
use super::{Cause, encoding};
use crate::mac::Signature;

/// Characters of a header that may be shown: under another key it is a valid credential.
const SHOWN: usize = 4;
/// Values of a joined header that are looked at.
const MAX_VALUES: usize = 4;
/// Parts of any header that are looked at.
const MAX_PARTS: usize = 16;
/// Bytes of a header that are looked at.
const MAX_LEN: usize = 4_096;
/// Characters of an HMAC-SHA256 in base64.
const SHA256_LEN: usize = 44;
/// Hexadecimal digits of the hashes that other providers sign with.
const HEX_LENS: [usize; 6] = [32, 40, 56, 64, 96, 128];
/// How the values of other providers begin.
const PREFIXES: [(&str, &str); 6] = [
    ("sha1=", "GitHub"),
    ("sha256=", "GitHub or Meta"),
    ("t=", "Stripe"),
    ("v0=", "Slack"),
    ("v1,", "Svix (Standard Webhooks)"),
    ("v1=", "a provider with versioned signatures"),
];

/// How a header is named without giving it away.
pub(super) fn described(header: &str) -> String {
    let start: String = header.chars().take(SHOWN).collect();
    format!("{} characters that begin with `{start}`", header.chars().count())
}

/// The signatures that a malformed header may have been.
pub(super) fn repaired(header: &str) -> Vec<(Signature, Found)> {
    let mut repaired: Vec<(Signature, Found)> = Vec::new();
    let mut add = |signature, cause, signed: &str| {
        if !repaired.iter().any(|(own, _)| *own == signature) {
            repaired.push((signature, Found::new(cause, described(header), signed)));
        }
    };
    let mut push = |text: &str, cause, signed: &str| {
        if let Ok(signature) = Signature::from_header(text) {
            add(signature, cause, signed);
        }
    };
    let bare = bare(header);
    push(bare, Cause::SignaturePadded, "the base64 of the MAC and nothing around it");
    for value in header.split([',', ';']).take(MAX_VALUES) {
        push(self::bare(value), Cause::SignatureJoined, "one header");
    }
    for part in parts(header) {
        push(part, Cause::SignaturePadded, "the base64 of the MAC and nothing around it");
    }
    for end in ["=", "=="] {
        push(&[bare, end].concat(), Cause::SignatureTrimmed, "an equals sign at the end");
    }
    let standard = bare.replace('-', "+").replace('_', "/");
    let mut padded = standard.clone();
    while padded.len().checked_rem(4) != Some(0) {
        padded.push('=');
    }
    for text in [standard, padded, encoding::decode(bare, false), bare.replace(' ', "+")] {
        push(&text, Cause::SignatureReencoded, "plain base64");
    }
    if let Some(signature) = from_hex(bare) {
        add(signature, Cause::SignatureReencoded, "base64, not hexadecimal");
    }
    repaired
}

/// The cause that shows in the header itself, whatever was signed.
pub(super) fn apparent(header: &str) -> Found {
    let bare = bare(header);
    let lower = bare.to_ascii_lowercase();
    let given = described(header);
    if let Some((_, provider)) = PREFIXES.iter().find(|(prefix, _)| lower.starts_with(prefix)) {
        let given = format!("a value in the form of {provider}");
        return Found::new(Cause::SignatureOfOtherProvider, given, "28 or 44 characters of base64");
    }
    let parse = |text| Signature::from_header(text).is_ok();
    if header.split([',', ';']).count() > 1 && header.split([',', ';']).map(self::bare).any(parse) {
        return Found::new(Cause::SignatureJoined, given, "one header");
    }
    if parse(bare) || parts(header).any(parse) {
        return Found::new(Cause::SignaturePadded, given, "the base64 of the MAC alone");
    }
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    let is_hash = HEX_LENS.contains(&bare.len()) && bare.bytes().all(|byte| hex(byte).is_some());
    let len = bare.trim_end_matches('=').len();
    if bare.bytes().all(base64) && len < SHA256_LEN && !is_hash {
        return Found::new(Cause::SignatureTrimmed, given, "28 characters, or 44");
    }
    Found::new(Cause::SignatureOfOtherProvider, given, "28 or 44 characters of base64")
}

fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| is_blank(c) || matches!(c, '"' | '\''))
}

/// What stands between characters that no base64 has: the header's name, quotes, the brackets of a list.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c)).take(MAX_PARTS)
}

fn from_hex(text: &str) -> Option<Signature> {
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |&[high, low]: &[u8; 2]| Some(hex(high)? << 4 | hex(low)?);
    let bytes: Vec<u8> = digits.iter().map(byte).collect::<Option<_>>()?;
    rest.is_empty().then(|| signature_of(&bytes))?
}

/// The header as text. Twilio's is ASCII; other bytes can only be shown as broken.
pub(super) fn text(header: &[u8]) -> String {
    String::from_utf8_lossy(header.get(..MAX_LEN).unwrap_or(header)).into_owned()
}

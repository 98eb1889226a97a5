//! The ways to copy a secret wrongly, undone.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::Cause;
use super::blanks::is_blank;
use super::found::Found;

/// Characters of an auth token: hexadecimal digits.
pub(super) const TOKEN_LEN: usize = 32;

/// A secret as it may have been before it was copied.
pub(super) type Variant = (Zeroizing<String>, Found);

/// What the secret may have been, the likeliest first. The findings speak of lengths only.
pub(super) fn variants(secret: &str) -> Vec<Variant> {
    let len = secret.chars().count();
    let mut variants: Vec<Variant> = Vec::new();
    let mut push = |text: Zeroizing<String>, cause, given: &str, signed: &str| {
        let known = variants.iter().any(|(other, _)| *other == text);
        if *text != *secret && !text.is_empty() && !known {
            let found = Found::new(cause, format!("{len} characters{given}"), signed);
            variants.push((text, found));
        }
    };
    push(visible(secret), Cause::TokenWhitespace, ", some of them white space", "no white space");

    let unquoted = |text: &str| {
        let text = text.trim_matches(|c: char| is_blank(c) || is_quote(c));
        let text = text.rsplit_once([':', '=', ' ']).map_or(text, |(_, value)| value);
        visible(text.trim_matches(|c: char| is_blank(c) || is_quote(c)))
    };
    let bare = unquoted(secret);
    let quoted = ", quotation marks or a name among them";
    push(bare.clone(), Cause::TokenQuoted, quoted, "the token alone");

    push(
        Zeroizing::new(bare.to_ascii_lowercase()),
        Cause::TokenCase,
        ", in upper case",
        "lower case",
    );

    let digits = format!("{TOKEN_LEN} characters");
    let mut cut = |text: Option<&str>| {
        push(Zeroizing::new(text.unwrap_or_default().into()), Cause::TokenLength, "", &digits);
    };
    cut(bare.get(..TOKEN_LEN));
    cut(bare.len().checked_sub(TOKEN_LEN).and_then(|at| bare.get(at..)));
    cut(bare.get(..bare.len() / 2));
    if bare.len() == TOKEN_LEN.saturating_sub(1) {
        for digit in "0123456789abcdef".split_inclusive(|_: char| true) {
            for halves in [[digit, &bare], [&bare, digit]] {
                cut(Some(&Zeroizing::new(halves.concat())));
            }
        }
    }
    variants
}

/// The text without what cannot be seen. Made in one piece: a string that grows leaves what it held
/// in freed memory.
fn visible(text: &str) -> Zeroizing<String> {
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    kept.extend(text.chars().filter(|c| !is_blank(*c)));
    kept
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '<' | '>' | '«' | '»')
}

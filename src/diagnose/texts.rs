//! Changes of one text: what a middleware does to a name or a value, undone. `None` if the text gives no
//! sign of the change.

use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use super::spelled;

/// A text without the change, if that is another one.
fn other(text: &[u8], changed: Vec<u8>) -> Option<Vec<u8>> {
    (changed != text).then_some(changed)
}

fn replaced(text: &[u8], pairs: &[(&str, &str)]) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok()?;
    let changed = pairs.iter().fold(String::from(text), |text, (from, to)| text.replace(from, to));
    other(text.as_bytes(), changed.into_bytes())
}

/// What languages print for no value.
pub(super) fn null_to_empty(text: &[u8]) -> Option<Vec<u8>> {
    let nulls = [&b"null"[..], b"NULL", b"Null", b"None", b"nil", b"undefined", b"(null)"];
    nulls.contains(&text).then(Vec::new)
}

pub(super) fn underscores_to_dots(text: &[u8]) -> Option<Vec<u8>> {
    replaced(text, &[("_", ".")])
}

/// `MediaUrl[]` or `MediaUrl[0]` as `MediaUrl`.
pub(super) fn without_brackets(text: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok()?;
    let (name, index) = text.strip_suffix(']')?.rsplit_once('[')?;
    index.bytes().all(|digit| digit.is_ascii_digit()).then(|| name.into())
}

/// `call_sid` and `callSid` as `CallSid`.
pub(super) fn pascal_case(text: &[u8]) -> Option<Vec<u8>> {
    let words = text.split(|byte| matches!(byte, b'_' | b'-'));
    let capital = |word: &[u8]| {
        let mut word = word.to_vec();
        word.iter_mut().take(1).for_each(u8::make_ascii_uppercase);
        word
    };
    other(text, words.flat_map(capital).collect())
}

pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    other(text, spelled::decoded(text))
}

/// ` 15005550006` as `+15005550006`.
pub(super) fn leading_plus(text: &[u8]) -> Option<Vec<u8>> {
    let number =
        text.strip_prefix(b" ").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit));
    number.map(|number| [b"+", number].concat())
}

pub(super) fn spaces_to_pluses(text: &[u8]) -> Option<Vec<u8>> {
    other(text, text.iter().map(|&byte| if byte == b' ' { b'+' } else { byte }).collect())
}

pub(super) fn crlf_to_lf(text: &[u8]) -> Option<Vec<u8>> {
    replaced(text, &[("\r\n", "\n")])
}

pub(super) fn lf_to_crlf(text: &[u8]) -> Option<Vec<u8>> {
    replaced(text, &[("\r\n", "\n"), ("\n", "\r\n")])
}

pub(super) fn lf_to_cr(text: &[u8]) -> Option<Vec<u8>> {
    replaced(text, &[("\r\n", "\r"), ("\n", "\r")])
}

pub(super) fn html_unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let escapes = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&#x27;", "'"),
        ("&apos;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ];
    replaced(text, &escapes)
}

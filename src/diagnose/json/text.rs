//! The inside of a JSON string, in other spellings.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Changes the inside of a string.
pub(super) type StringChange = fn(&str) -> String;

/// Bytes up to the quotation mark that ends a string.
pub(super) fn string_len(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

pub(super) fn as_is(text: &str) -> String {
    text.into()
}

pub(super) fn slashes_escaped(text: &str) -> String {
    slashes_bare(text).replace('/', "\\/")
}

pub(super) fn slashes_bare(text: &str) -> String {
    text.replace("\\/", "/")
}

pub(super) fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// `\uXXXX` outside ASCII as UTF-8.
pub(super) fn utf8(text: &str) -> String {
    unescaped_from(text, &|unit| unit > 0x7f)
}

/// What Go and .NET escape for HTML, bare.
pub(super) fn html_bare(text: &str) -> String {
    let html = "<>&'+".encode_utf16().collect::<Vec<u16>>();
    unescaped_from(text, &|unit| html.contains(&unit) || unit > 0x7f)
}

fn unescaped_from(text: &str, is_unescaped: &dyn Fn(u16) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let mut units = Vec::new();
        let mut after = escape;
        while let Some((unit, next)) = unicode_escape(after).filter(|(unit, _)| is_unescaped(*unit))
        {
            units.push(unit);
            after = next;
        }
        if units.is_empty() {
            // Another escape: two characters, the second of which may be a backslash.
            let len = escape.chars().take(2).map(char::len_utf8).sum();
            let (kept, next) = escape.split_at_checked(len).unwrap_or((escape, ""));
            out.push_str(kept);
            after = next;
        }
        out.push_str(&String::from_utf16_lossy(&units));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn unicode_escape(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix("\\u")?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

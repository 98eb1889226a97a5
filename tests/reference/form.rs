//! `application/x-www-form-urlencoded`, for bodies and for queries.

use std::collections::BTreeSet;

/// A decoded name and its decoded value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The decoded pairs in the order of the text.
pub fn pairs(text: &[u8]) -> Vec<Pair> {
    let raw = raw_pairs(text);
    raw.iter().map(|(name, value)| (decode(name), decode(value))).collect()
}

/// The pairs as they are written: cut at `&`, empty segments dropped, cut at the first `=`.
pub fn raw_pairs(text: &[u8]) -> Vec<Pair> {
    let mut found = Vec::new();
    for segment in text.split(|byte| *byte == b'&') {
        if segment.is_empty() {
            continue;
        }
        found.push(match segment.iter().position(|byte| *byte == b'=') {
            Some(at) => (segment[..at].to_vec(), segment[at + 1..].to_vec()),
            None => (segment.to_vec(), Vec::new()),
        });
    }
    found
}

/// `+` is a space, `%XX` a byte, and a `%` that two hex digits do not follow is itself.
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).unwrap_or_default();
        if text[at] == b'%' && digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit) {
            bytes.push(hex_digit(digits[0]) * 16 + hex_digit(digits[1]));
            at += 3;
        } else {
            bytes.push(if text[at] == b'+' { b' ' } else { text[at] });
            at += 1;
        }
    }
    bytes
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

/// All but `A-Z a-z 0-9 - _ . ! ~ * ' ( )` as `%XX` in upper case.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// By the bytes of the name, then of the value; equal pairs once.
pub fn sorted_unique(pairs: &[Pair]) -> Vec<Pair> {
    pairs.iter().cloned().collect::<BTreeSet<Pair>>().into_iter().collect()
}

/// Name, value, name, value: nothing stands between them.
pub fn concatenated(pairs: &[Pair]) -> Vec<u8> {
    pairs.iter().flat_map(|(name, value)| [name.clone(), value.clone()].concat()).collect()
}

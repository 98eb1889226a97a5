//! The spellings that libraries give to a path or a query.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

use super::spelled::hex;

/// What RFC 3986 does not leave alone: Python's `quote`, PHP's `rawurlencode`.
const RFC_3986: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What a form leaves alone (<https://url.spec.whatwg.org/#urlencoded-serializing>).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
/// What PHP's `http_build_query` leaves alone.
const PHP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
/// What no URL may hold (<https://url.spec.whatwg.org/#query-percent-encode-set>).
const ILLEGAL: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// What JavaScript's `encodeURIComponent` leaves alone.
const COMPONENT: &AsciiSet =
    &RFC_3986.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
/// What Python's `quote` leaves alone.
const QUOTE: &AsciiSet = &RFC_3986.remove(b'/');

/// How a signer encodes a name or a value.
pub(super) type Encode = fn(&[u8]) -> String;

/// The encodings of signers, each with its name. The first is none.
pub(super) const ENCODINGS: [(&str, Encode); 6] = [
    ("", |text| String::from_utf8_lossy(text).into_owned()),
    (", encoded as a form", |text| with_plus(text, FORM)),
    (", encoded as by encodeURIComponent", |text| percent_encode(text, COMPONENT).collect()),
    (", encoded as by rawurlencode", |text| percent_encode(text, RFC_3986).collect()),
    (", encoded as by urlencode", |text| with_plus(text, PHP)),
    (", encoded as by quote", |text| percent_encode(text, QUOTE).collect()),
];

fn with_plus(text: &[u8], set: &'static AsciiSet) -> String {
    let encoded: String = percent_encode(text, set).collect();
    encoded.replace("%20", "+")
}

/// Other spellings of a path, some of them perhaps the same.
pub(super) fn path_spellings(path: &str) -> Vec<String> {
    let encoded = |set| {
        let segments: Vec<String> =
            path.split('/').map(|segment| encode(&decode(segment, false), set)).collect();
        segments.join("/")
    };
    let mut spellings =
        Vec::from([decode(path, false), utf8_percent_encode(path, ILLEGAL).collect()]);
    spellings.extend([RFC_3986, ILLEGAL].map(encoded));
    spellings.extend([hex_in_case(path, true), hex_in_case(path, false)]);
    spellings.push(path.replace("%2F", "/").replace("%2f", "/"));
    spellings.push(path.replace('+', "%20"));
    spellings
}

/// Other spellings of a query, some of them perhaps the same, the likeliest first.
pub(super) fn query_spellings(query: &str) -> Vec<String> {
    let serialized = |set, plus_is_space: bool, space: &str| {
        by_part(query, |part| {
            let encoded = encode(&decode(part, plus_is_space), set);
            if space == "+" { encoded.replace("%20", "+") } else { encoded }
        })
    };
    let mut spellings = Vec::from([query.replace('+', "%20"), query.replace("%20", "+")]);
    spellings.push(serialized(FORM, true, "+"));
    spellings.push(serialized(PHP, true, "+"));
    spellings.push(serialized(RFC_3986, true, "%20"));
    spellings.push(serialized(RFC_3986, false, "%20"));
    spellings.push(serialized(ILLEGAL, false, "%20"));
    spellings.push(decode(query, false));
    spellings.push(decode(query, true));
    spellings.push(utf8_percent_encode(query, ILLEGAL).collect());
    spellings.extend([hex_in_case(query, true), hex_in_case(query, false)]);
    spellings.push(by_segment(query, |segment| match segment.strip_suffix('=') {
        Some(name) => name.to_owned(),
        None => segment.to_owned(),
    }));
    spellings.push(by_segment(query, |segment| {
        let mut segment = segment.to_owned();
        if !segment.contains('=') {
            segment.push('=');
        }
        segment
    }));
    let escapes =
        [("%5B", "["), ("%5D", "]"), ("%3A", ":"), ("%40", "@"), ("%2C", ","), ("%2F", "/")];
    let bare = escapes.iter().fold(query.to_owned(), |text, (code, bare)| text.replace(code, bare));
    let coded =
        escapes.iter().fold(query.to_owned(), |text, (code, bare)| text.replace(bare, code));
    spellings.extend([bare, coded]);
    spellings
}

/// Decodes percent escapes; what is not UTF-8 then is left as it is.
pub(super) fn decode(text: &str, plus_is_space: bool) -> String {
    let spaced = if plus_is_space { text.replace('+', " ") } else { text.to_owned() };
    let decoded: Vec<u8> = percent_decode_str(&spaced).collect();
    String::from_utf8(decoded).unwrap_or(spaced)
}

fn encode(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).collect()
}

fn by_segment(query: &str, change: impl Fn(&str) -> String) -> String {
    let segments: Vec<String> = query.split('&').map(change).collect();
    segments.join("&")
}

/// Changes names and values, and leaves what divides them.
fn by_part(query: &str, change: impl Fn(&str) -> String) -> String {
    by_segment(query, |segment| match segment.split_once('=') {
        Some((name, value)) => [change(name), change(value)].join("="),
        None => change(segment),
    })
}

/// Every escape with its digits in upper or in lower case.
fn hex_in_case(text: &str, upper: bool) -> String {
    let mut pieces = text.split('%');
    let mut out = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        out.push('%');
        match piece.split_at_checked(2) {
            Some((digits, rest)) if digits.bytes().all(|digit| hex(digit).is_some()) => {
                out.push_str(&if upper {
                    digits.to_ascii_uppercase()
                } else {
                    digits.to_ascii_lowercase()
                });
                out.push_str(rest);
            }
            _ => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_change_case_and_nothing_else_does() {
        assert_eq!(hex_in_case("Aa%2fBb%zz%c3%A9%", true), "Aa%2FBb%zz%C3%A9%");
        assert_eq!(hex_in_case("Aa%2FBb%ZZ%C3%A9%A", false), "Aa%2fBb%ZZ%c3%a9%A");
    }
}

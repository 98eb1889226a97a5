//! Spellings of a path or a query that helper libraries are known to sign.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::candidate::Candidate;
use crate::{form::Params, mac::Sink};

/// The bytes that JavaScript's `encodeURIComponent` escapes, as the Node library's legacy query does.
const COMPONENT: AsciiSet =
    UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');

/// Every byte but letters, digits, and the unreserved marks of RFC 3986, section 2.3.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Writes a query as a candidate has it.
pub(super) fn write_query(query: &str, candidate: Candidate, out: &mut impl Sink) {
    if candidate.has(Candidate::APOSTROPHES_ESCAPED) {
        replace(query, "'", b"%27", out);
    } else if candidate.has(Candidate::APOSTROPHES_UNESCAPED) {
        replace(query, "%27", b"'", out);
    } else if candidate.has(Candidate::QUERY_REENCODED) {
        reencode(query, out);
    } else {
        out.update(query.as_bytes());
    }
}

/// Whether the query in the Node library's legacy form is a text of its own: not the query as
/// given, and not the one with its apostrophes unescaped.
///
/// A byte that no request line can carry (RFC 9112, section 3.2; RFC 3986, section 3.4) did not come from
/// Twilio: this library may read the byte as its escape, and the handler in another way. The same holds
/// for `;`, which old readers take for a separator.
pub(super) fn can_be_reencoded(query: &str) -> bool {
    let is_carried =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b'\\' | b'"' | b'<' | b'>');
    if !query.bytes().all(is_carried) || query.bytes().all(|byte| byte == b'&') {
        return false;
    }
    let unescaped = query
        .split("%27")
        .enumerate()
        .flat_map(|(nth, piece)| (nth > 0).then_some(b'\'').into_iter().chain(piece.bytes()));
    let mut expected = Expected { bytes: unescaped, differs: false };
    reencode(query, &mut expected);
    expected.differs || expected.bytes.next().is_some()
}

fn replace(text: &str, from: &str, to: &[u8], out: &mut impl Sink) {
    for (nth, piece) in text.split(from).enumerate() {
        if nth > 0 {
            out.update(to);
        }
        out.update(piece.as_bytes());
    }
}

/// Writes a query as the Node library's legacy form has it: every name and value decoded and
/// encoded again, always with an `=`, empty segments dropped, order kept.
#[inline(never)]
fn reencode(query: &str, out: &mut impl Sink) {
    let mut params = Params::new();
    params.read_query(query.as_bytes());
    for (nth, (name, value)) in params.iter().enumerate() {
        if nth > 0 {
            out.update(b"&");
        }
        percent_encode(name, &COMPONENT).for_each(|piece| out.update(piece.as_bytes()));
        out.update(b"=");
        percent_encode(value, &COMPONENT).for_each(|piece| out.update(piece.as_bytes()));
    }
}

/// Compares what is written with other bytes.
struct Expected<I> {
    bytes: I,
    differs: bool,
}

impl<I: Iterator<Item = u8>> Sink for Expected<I> {
    fn update(&mut self, bytes: &[u8]) {
        self.differs |= !bytes.iter().all(|&byte| self.bytes.next() == Some(byte));
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use super::*;
    use crate::url::{UrlParts, UrlPolicy};

    impl Sink for Vec<u8> {
        fn update(&mut self, bytes: &[u8]) {
            self.extend_from_slice(bytes);
        }
    }

    /// Each candidate costs a MAC for each key.
    #[test]
    fn no_text_is_tried_twice() {
        const PIECES: [&str; 9] = ["", "a", "=", "&", "'", "%27", "+", "%20", "%2b"];
        let two = || PIECES.iter().flat_map(|a| PIECES.map(|b| format!("{a}{b}")));
        let queries = PIECES.iter().flat_map(|a| two().map(move |b| format!("{a}{b}")));
        let starts = ["http://h", "https://u@h:1/", "http://h/p", "wss://h"];
        for text in queries.flat_map(|query| starts.map(|start| format!("{start}?{query}#f"))) {
            let url = UrlParts::parse(&text, text.starts_with("wss")).unwrap();
            let written = url.candidates(UrlPolicy::Compatible).map(|candidate| {
                let mut written = Vec::new();
                url.write(candidate, &mut written);
                written
            });
            let mut texts: Vec<_> = written.collect();
            let tried = texts.len();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), tried, "{text}");
        }
    }
}

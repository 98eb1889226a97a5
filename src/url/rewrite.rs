//! Spellings of a path or a query that helper libraries are known to sign.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::form::Params;
use crate::mac::Sink;

/// A change of the text, one at a time.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum Rewrite {
    None,
    ApostrophesEscaped,
    ApostrophesUnescaped,
    QueryReencoded,
    RootSlashAdded,
    RootSlashRemoved,
    SlashAdded,
    QueryAsParams,
    SlashAddedQueryAsParams,
}

/// What JavaScript's `encodeURIComponent` escapes, which the Node library's legacy query is
/// written with.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

impl Rewrite {
    /// Its name, if there is a change.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::ApostrophesEscaped => Some("apostrophes_escaped"),
            Self::ApostrophesUnescaped => Some("apostrophes_unescaped"),
            Self::QueryReencoded => Some("query_reencoded"),
            Self::RootSlashAdded => Some("root_slash_added"),
            Self::RootSlashRemoved => Some("root_slash_removed"),
            Self::SlashAdded => Some("slash_added"),
            Self::QueryAsParams => Some("query_as_params"),
            Self::SlashAddedQueryAsParams => Some("slash_added+query_as_params"),
        }
    }

    /// Whether the query is signed as parameters rather than as text of the URL.
    pub(super) const fn query_is_params(self) -> bool {
        matches!(self, Self::QueryAsParams | Self::SlashAddedQueryAsParams)
    }

    /// Whether it leaves nothing of `path`.
    pub(super) fn leaves_no_path(self, path: &str) -> bool {
        match self {
            Self::RootSlashRemoved => true,
            Self::RootSlashAdded | Self::SlashAdded | Self::SlashAddedQueryAsParams => false,
            _ => path.is_empty(),
        }
    }

    pub(super) fn write_path(self, path: &str, out: &mut impl Sink) {
        if self != Self::RootSlashRemoved {
            out.update(path.as_bytes());
        }
        if matches!(self, Self::RootSlashAdded | Self::SlashAdded | Self::SlashAddedQueryAsParams) {
            out.update(b"/");
        }
    }

    pub(super) fn write_query(self, query: &str, out: &mut impl Sink) {
        match self {
            Self::ApostrophesEscaped => replace(query, "'", b"%27", out),
            Self::ApostrophesUnescaped => replace(query, "%27", b"'", out),
            Self::QueryReencoded => reencode(query, out),
            _ => out.update(query.as_bytes()),
        }
    }
}

/// Whether the query in the Node library's legacy form is a text of its own: not the query as
/// given, and not the one with its apostrophes unescaped.
///
/// A byte that no request line can carry (RFC 9112, section 3.2; RFC 3986, section 3.4) did not
/// come from Twilio: it may stand for its escape to this library, and for something else to the
/// handler. So may `;`, which old readers take for a separator.
pub(super) fn can_be_reencoded(query: &str) -> bool {
    let is_carried =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b'\\' | b'"' | b'<' | b'>');
    if !query.bytes().all(is_carried) || query.bytes().all(|byte| byte == b'&') {
        return false;
    }
    let mut expected = Unescaped { rest: query.as_bytes(), equal: true };
    reencode(query, &mut expected);
    !(expected.equal && expected.rest.is_empty())
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
fn reencode(query: &str, out: &mut impl Sink) {
    let mut pairs = Params::new();
    let read = pairs.read(query.as_bytes(), usize::MAX);
    debug_assert!(read.is_ok(), "a URL that is too long for this was refused");
    for (nth, (name, value)) in pairs.iter().enumerate() {
        if nth > 0 {
            out.update(b"&");
        }
        percent_encode(name, COMPONENT).for_each(|piece| out.update(piece.as_bytes()));
        out.update(b"=");
        percent_encode(value, COMPONENT).for_each(|piece| out.update(piece.as_bytes()));
    }
}

/// Compares what is written with a text in which every `%27` reads `'`.
struct Unescaped<'a> {
    rest: &'a [u8],
    equal: bool,
}

impl Sink for Unescaped<'_> {
    fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let (expected, rest) = match *self.rest {
                [b'%', b'2', b'7', ref rest @ ..] => (b'\'', rest),
                [expected, ref rest @ ..] => (expected, rest),
                [] => return self.equal = false,
            };
            self.rest = rest;
            self.equal &= byte == expected;
        }
    }
}

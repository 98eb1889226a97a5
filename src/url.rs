//! The signed URL, cut by bytes into the candidates that Twilio may have signed.
//!
//! A URL is never parsed and printed again: what a parser normalises, Twilio may have signed.

mod candidate;

use core::iter;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::form::{self, Text};
use crate::mac::Sink;
use crate::scan;
use crate::url::candidate::{Form, PortChange};

pub use candidate::{Candidate, UrlPolicy};

/// Longest URL that is read, in bytes: twice the 8 KiB that common servers take as a request line.
pub const MAX_URL_LEN: usize = 16 * 1_024;

/// The most candidates of one URL. No URL gives rise to more than 29.
pub const MAX_CANDIDATES: usize = 32;

/// In the order in which they are tried.
const TEXT_FORMS: [Form; 7] = [
    Form::AsGiven,
    Form::ApostrophesEscaped,
    Form::ApostrophesUnescaped,
    Form::QueryReencoded,
    Form::RootSlashAdded,
    Form::RootSlashRemoved,
    Form::SlashAdded,
];
/// Tried after those.
const QUERY_AS_PARAMS_FORMS: [Form; 2] = [Form::QueryAsParams, Form::SlashAddedQueryAsParams];

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

/// A URL cut into the pieces that its candidates are made of.
#[derive(Clone, Copy)]
pub(crate) struct SignedUrl<'a> {
    /// The whole text, but for the fragment, if the scheme is signed as it is.
    text: Option<&'a str>,
    /// As it is signed: ws or wss for a WebSocket handshake.
    scheme: &'a str,
    /// Between `://` and the fragment.
    after_scheme: &'a str,
    userinfo: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
    websocket: bool,
}

impl<'a> SignedUrl<'a> {
    /// Cuts `text`, which is not decoded, lower-cased or changed in any other way.
    ///
    /// `None` unless it is `scheme://authority…` (RFC 3986, section 3) with scheme http, https, ws
    /// or wss in any case, a host, and a port of at most 65,535 or none.
    pub(crate) fn cut(text: &'a str, websocket: bool) -> Option<Self> {
        let (given, rest) = text.split_at_checked(text.bytes().position(|byte| byte == b':')?)?;
        let scheme = signed_scheme(given, websocket)?;
        let hierarchy = rest.strip_prefix("://")?;
        let Authority { len, userinfo_len, host_len } = Authority::measure(hierarchy)?;
        let (authority, rest) = hierarchy.split_at_checked(len)?;
        let (userinfo, host_and_port) = match userinfo_len {
            Some(len) => (authority.get(..len), authority.get(len.checked_add(1)?..)?),
            None => (None, authority),
        };
        let (host, port) = host_and_port.split_at_checked(host_len)?;
        let (path, rest) = cut_before(rest, |byte| matches!(byte, b'?' | b'#'))?;
        let (query, fragment) = rest.split_at_checked(scan::find(rest.as_bytes(), b'#'))?;
        let before_fragment = |text: &'a str| text.get(..text.len().checked_sub(fragment.len())?);
        Some(Self {
            text: if !websocket || scheme == given { before_fragment(text) } else { None },
            scheme,
            after_scheme: before_fragment(hierarchy)?,
            userinfo,
            host,
            port: if port.is_empty() { None } else { Some(cut_port(port)?) },
            path,
            query: query.strip_prefix('?'),
            fragment: fragment.strip_prefix('#'),
            websocket,
        })
    }

    /// The values of `bodySHA256` in the query, whichever way the name is escaped: every candidate
    /// decodes to the same names, so a hash that one of them signs is seen in all.
    ///
    /// Source: <https://www.twilio.com/docs/usage/security#validating-requests>
    pub(crate) fn body_hashes(&self) -> impl Iterator<Item = Text<'a>> {
        // Most names begin with another byte, and need no decoding.
        form::segments(self.query())
            .filter(|segment| matches!(segment.first(), Some(b'b' | b'%')))
            .map(form::pair)
            .filter(|(name, _)| name.is(b"bodySHA256"))
            .map(|(_, hash)| hash)
    }

    /// The query, without its `?`, empty if there is none.
    pub(crate) fn query(&self) -> &'a [u8] {
        self.query.unwrap_or_default().as_bytes()
    }

    /// The candidates whose query is part of the text, in the order in which they are tried, no
    /// text twice.
    pub(crate) fn candidates(
        &self,
        policy: UrlPolicy,
    ) -> impl Iterator<Item = Candidate> + Clone + use<'_, 'a> {
        let as_given = Candidate::AS_GIVEN;
        let with_fragment = self.fragment.map(|_| Candidate { fragment_kept: true, ..as_given });
        let others = match policy {
            UrlPolicy::Compatible => Some(self.of_forms(&TEXT_FORMS).skip(1).chain(with_fragment)),
            UrlPolicy::Exact => None,
        };
        // Nearly every URL is signed as given, which takes no thinking of the others.
        iter::once(as_given).chain(others.into_iter().flatten()).take(MAX_CANDIDATES)
    }

    /// The candidates of a WebSocket handshake whose query is signed as pairs.
    pub(crate) fn candidates_without_query(
        &self,
        policy: UrlPolicy,
    ) -> impl Iterator<Item = Candidate> + Clone + use<'_, 'a> {
        let forms = match policy {
            UrlPolicy::Compatible => QUERY_AS_PARAMS_FORMS.as_slice(),
            UrlPolicy::Exact => &[],
        };
        self.of_forms(forms)
    }

    fn of_forms(
        &self,
        forms: &'static [Form],
    ) -> impl Iterator<Item = Candidate> + Clone + use<'_, 'a> {
        let port_changed = match self.port {
            Some(_) => PortChange::Removed,
            None => PortChange::Added,
        };
        let userinfos = if self.userinfo.is_some() { [false, true].as_slice() } else { &[false] };
        let forms = forms.iter().filter(move |&&form| self.gives_rise_to(form));
        forms.flat_map(move |&form| {
            userinfos.iter().flat_map(move |&userinfo_removed| {
                [None, Some(port_changed)].map(|port_changed| Candidate {
                    form,
                    userinfo_removed,
                    port_changed,
                    fragment_kept: false,
                })
            })
        })
    }

    /// Whether `form` differs from what is tried before it.
    fn gives_rise_to(&self, form: Form) -> bool {
        let query_holds = |text| self.query.is_some_and(|query| query.contains(text));
        let adds_a_byte =
            |(name, value): (Text<'_>, Text<'_>)| !name.is_empty() || !value.is_empty();
        let query_as_params = || self.websocket && form::split(self.query()).any(adds_a_byte);
        let slash_missing = !self.path.ends_with('/');
        match form {
            Form::AsGiven => true,
            Form::ApostrophesEscaped => query_holds("'"),
            Form::ApostrophesUnescaped => query_holds("%27"),
            Form::QueryReencoded => self.query_reencoded_differs(),
            Form::RootSlashAdded => self.path.is_empty(),
            Form::RootSlashRemoved => self.path == "/",
            Form::SlashAdded => self.websocket && slash_missing && !self.path.is_empty(),
            Form::QueryAsParams => query_as_params(),
            Form::SlashAddedQueryAsParams => slash_missing && query_as_params(),
        }
    }

    /// Writes the text of `candidate`. Its query, if that is signed as pairs, is not written.
    pub(crate) fn write(&self, candidate: Candidate, out: &mut impl Sink) {
        if let Some(text) = self.text.filter(|_| candidate.is_as_given()) {
            return out.put(text.as_bytes());
        }
        out.put(self.scheme.as_bytes());
        out.put(b"://");
        if candidate.is_as_given() {
            return out.put(self.after_scheme.as_bytes());
        }
        if let Some(userinfo) = self.userinfo.filter(|_| !candidate.userinfo_removed) {
            out.put(userinfo.as_bytes());
            out.put(b"@");
        }
        out.put(self.host.as_bytes());
        match (candidate.port_changed, self.port) {
            (None, Some(port)) => {
                out.put(b":");
                out.put(port.as_bytes());
            }
            (Some(PortChange::Added), _) => out.put(self.standard_port()),
            (None, None) | (Some(PortChange::Removed), _) => {}
        }
        match candidate.form {
            Form::RootSlashRemoved => {}
            Form::RootSlashAdded | Form::SlashAdded | Form::SlashAddedQueryAsParams => {
                out.put(self.path.as_bytes());
                out.put(b"/");
            }
            _ => out.put(self.path.as_bytes()),
        }
        if let Some(query) = self.query.filter(|_| !candidate.query_is_params()) {
            out.put(b"?");
            match candidate.form {
                Form::ApostrophesEscaped => replace(query, "'", b"%27", out),
                Form::ApostrophesUnescaped => replace(query, "%27", b"'", out),
                Form::QueryReencoded => reencode(query, out),
                _ => out.put(query.as_bytes()),
            }
        }
        if let Some(fragment) = self.fragment.filter(|_| candidate.fragment_kept) {
            out.put(b"#");
            out.put(fragment.as_bytes());
        }
    }

    const fn standard_port(&self) -> &'static [u8] {
        // The schemes are http, https, ws and wss: those that end in a second s are secure.
        match self.scheme.as_bytes() {
            [b'h' | b'H', _, _, _, _] | [_, _, _] => b":443",
            _ => b":80",
        }
    }

    /// Whether the query in the Node library's legacy form is a text of its own: not the query as
    /// given, and not the one with its apostrophes unescaped.
    fn query_reencoded_differs(&self) -> bool {
        let Some(query) = self.query.filter(|query| query.bytes().any(|byte| byte != b'&')) else {
            return false;
        };
        let mut expected = Unescaped { rest: query.as_bytes(), equal: true };
        reencode(query, &mut expected);
        !(expected.equal && expected.rest.is_empty())
    }
}

/// The query of a text that need not be a URL, empty if there is none.
pub(crate) fn query_of(text: &str) -> &[u8] {
    let (text, _fragment) = text.split_once('#').unwrap_or((text, ""));
    text.split_once('?').map_or(&[], |(_, query)| query.as_bytes())
}

/// Cuts `text` before the first ASCII byte that is a `mark`, or at its end.
fn cut_before(text: &str, mark: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    text.split_at_checked(text.bytes().position(mark).unwrap_or(text.len()))
}

/// Where an authority ends, and where in it the user information and the host do (RFC 3986,
/// section 3.2): lengths in bytes.
struct Authority {
    len: usize,
    userinfo_len: Option<usize>,
    host_len: usize,
}

impl Authority {
    /// `None` without a host, or with brackets elsewhere than around an IPv6 literal.
    fn measure(hierarchy: &str) -> Option<Self> {
        let mut userinfo_len = None;
        let mut host = 0;
        let mut host_end = None;
        let mut bracketed = false;
        let mut malformed = false;
        let mut len = hierarchy.len();
        for (at, byte) in hierarchy.bytes().enumerate() {
            match byte {
                b'/' | b'?' | b'#' => {
                    len = at;
                    break;
                }
                // The last one ends the user information, whatever that holds.
                b'@' => {
                    userinfo_len = Some(at);
                    host = at.saturating_add(1);
                    host_end = None;
                    bracketed = false;
                    malformed = false;
                }
                b'[' if at == host => bracketed = true,
                b']' if bracketed && host_end.is_none() && at > host.saturating_add(1) => {
                    host_end = Some(at.saturating_add(1));
                }
                b'[' | b']' if host_end.is_none() => malformed = true,
                b':' if !bracketed && host_end.is_none() => host_end = Some(at),
                _ => {}
            }
        }
        let host_end = if bracketed { host_end? } else { host_end.unwrap_or(len) };
        let host_len = host_end.checked_sub(host).filter(|&len| len > 0 && !malformed)?;
        Some(Self { len, userinfo_len, host_len })
    }
}

/// The port in `text`, which begins with a colon; itself it may be empty.
fn cut_port(text: &str) -> Option<&str> {
    let port = text.strip_prefix(':')?;
    let digits = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let in_range = port.is_empty() || port.parse::<u16>().is_ok();
    (digits && in_range).then_some(port)
}

/// The scheme as it is signed, if it is one of the four, in any case of letters.
fn signed_scheme(scheme: &str, websocket: bool) -> Option<&str> {
    let is = |name| scheme == name || scheme.eq_ignore_ascii_case(name);
    let signed = match scheme.len() {
        5 if is("https") => "wss",
        4 if is("http") => "ws",
        3 if is("wss") => scheme,
        2 if is("ws") => scheme,
        _ => return None,
    };
    Some(if websocket { signed } else { scheme })
}

fn replace(text: &str, from: &str, to: &[u8], out: &mut impl Sink) {
    for (nth, piece) in text.split(from).enumerate() {
        if nth > 0 {
            out.put(to);
        }
        out.put(piece.as_bytes());
    }
}

/// Writes a query as the Node library's legacy form has it: every name and value decoded and
/// encoded again, always with an `=`, empty segments dropped, order kept.
fn reencode(query: &str, out: &mut impl Sink) {
    for (nth, (name, value)) in form::split(query.as_bytes()).enumerate() {
        if nth > 0 {
            out.put(b"&");
        }
        encode(name, out);
        out.put(b"=");
        encode(value, out);
    }
}

fn encode(text: Text<'_>, out: &mut impl Sink) {
    for byte in text.bytes() {
        percent_encode(&[byte], COMPONENT).for_each(|piece| out.put(piece.as_bytes()));
    }
}

/// Compares what is put with a text in which every `%27` reads `'`.
struct Unescaped<'a> {
    rest: &'a [u8],
    equal: bool,
}

impl Sink for Unescaped<'_> {
    fn put(&mut self, bytes: &[u8]) {
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

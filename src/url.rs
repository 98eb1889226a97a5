//! The public URL, cut by bytes into the pieces of which its candidates are made.
//!
//! A URL is never parsed and printed again: what a parser normalises, Twilio may have signed.

mod body_hash;
mod candidate;
mod rewrite;

use crate::form::Params;
use crate::mac::Sink;

pub(crate) use body_hash::BodyHash;
pub use candidate::{Candidate, MAX_CANDIDATES, UrlPolicy};

/// Longest URL that is read, in bytes: twice the 8 KiB that common servers take as a request line.
pub const MAX_URL_LEN: usize = 16 * 1_024;

/// A URL in pieces. Each is a part of the text as given.
#[derive(Clone, Copy)]
pub(crate) struct UrlParts<'a> {
    /// The scheme as it is signed: ws or wss for a WebSocket handshake.
    scheme: &'a str,
    /// The text between the scheme and the fragment.
    rest: &'a str,
    userinfo: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
    websocket: bool,
}

impl<'a> UrlParts<'a> {
    /// Cuts `text`, which is not decoded, lower-cased or changed in any other way.
    ///
    /// `None` unless it is `scheme://authority…` (RFC 3986, section 3) with scheme http, https, ws
    /// or wss in any case, a host, and a port of at most 65,535 or none.
    pub(crate) fn parse(text: &'a str, websocket: bool) -> Option<Self> {
        let (text, fragment) = cut(text, '#');
        let (scheme, _) = cut(text, ':');
        let rest = text.get(scheme.len()..)?;
        let (hierarchy, query) = cut(rest.strip_prefix("://")?, '?');
        let authority_len = hierarchy.find('/').unwrap_or(hierarchy.len());
        let (authority, path) = hierarchy.split_at_checked(authority_len)?;
        let split = authority.rsplit_once('@');
        let (userinfo, host) = split.map_or((None, authority), |(user, host)| (Some(user), host));
        let (host, port) = cut_port(host)?;
        let scheme = signed_scheme(scheme, websocket)?;
        Some(Self { scheme, rest, userinfo, host, port, path, query, fragment, websocket })
    }

    /// The query, without its `?`, empty if there is none.
    pub(crate) fn query(&self) -> &'a [u8] {
        self.query.unwrap_or_default().as_bytes()
    }

    /// Writes the text of `candidate`. Its query, if that is signed as parameters, is not written.
    pub(crate) fn write(&self, candidate: Candidate, out: &mut impl Sink) {
        let mut put = |texts: &[&str]| texts.iter().for_each(|text| out.update(text.as_bytes()));
        if candidate.is_as_given() {
            return put(&[self.scheme, self.rest]);
        }
        put(&[self.scheme, "://"]);
        let userinfo = self.userinfo.filter(|_| !candidate.has(Candidate::USERINFO_REMOVED));
        put(&userinfo.map_or(["", ""], |userinfo| [userinfo, "@"]));
        put(&[self.host]);
        let port = self.port.filter(|_| !candidate.has(Candidate::PORT_REMOVED));
        let port = port.or(candidate.has(Candidate::PORT_ADDED).then(|| self.standard_port()));
        put(&port.map_or(["", ""], |port| [":", port]));
        let path = if candidate.has(Candidate::ROOT_SLASH_REMOVED) { "" } else { self.path };
        put(&[path, if candidate.has(Candidate::SLASH) { "/" } else { "" }]);
        if let Some(query) = self.query.filter(|_| !candidate.has(Candidate::QUERY_AS_PARAMS)) {
            put(&["?"]);
            rewrite::write_query(query, candidate, out);
        }
        if let Some(fragment) = self.fragment.filter(|_| candidate.has(Candidate::FRAGMENT_KEPT)) {
            out.update(b"#");
            out.update(fragment.as_bytes());
        }
    }

    /// Whether the text of `candidate` ends in its authority. Text behind an authority becomes a part of
    /// the host, as `.evil.net/` behind `https://example.com`, so no parameter ever follows one.
    pub(crate) fn ends_in_authority(&self, candidate: Candidate) -> bool {
        let has_query = self.query.is_some() && !candidate.has(Candidate::QUERY_AS_PARAMS);
        let has_path = candidate.has(Candidate::SLASH)
            || !self.path.is_empty() && !candidate.has(Candidate::ROOT_SLASH_REMOVED);
        !has_query && !has_path && !candidate.has(Candidate::FRAGMENT_KEPT)
    }

    /// The scheme's standard port.
    fn standard_port(&self) -> &'static str {
        let is_secure = ["https", "wss"].iter().any(|name| self.scheme.eq_ignore_ascii_case(name));
        if is_secure { "443" } else { "80" }
    }
}

/// The query of a text that need not be a URL, empty if there is none.
pub(crate) fn query_of(text: &str) -> &[u8] {
    let (text, _fragment) = cut(text, '#');
    cut(text, '?').1.unwrap_or_default().as_bytes()
}

/// The parameters of a query, decoded, in their order.
pub(crate) fn query_params(query: &[u8]) -> Params {
    let mut params = Params::new();
    params.read_query(query);
    params
}

/// The text before the first `mark`, and the text after it if there is a `mark`.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Cuts `host[:port]` (RFC 3986, section 3.2). An IPv6 literal keeps its brackets; no other host has
/// brackets. A port is at most 65,535, in at most five digits, or empty.
fn cut_port(text: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = if text.starts_with('[') {
        let (literal, port) = text.split_at_checked(text.find(']')?.checked_add(1)?)?;
        let port = if port.is_empty() { None } else { Some(port.strip_prefix(':')?) };
        (literal, port)
    } else {
        cut(text, ':')
    };
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_port = |port: &str| {
        port.len() <= 5
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && (port.is_empty() || port.parse::<u16>().is_ok())
    };
    let is_valid = !inside.is_empty()
        && !inside.bytes().any(|byte| matches!(byte, b'[' | b']'))
        && port.is_none_or(is_port);
    is_valid.then_some((host, port))
}

/// The scheme as it is signed, if it is one of the four, in any case of letters.
fn signed_scheme(scheme: &str, websocket: bool) -> Option<&str> {
    let signed = [("https", "wss"), ("http", "ws"), ("wss", scheme), ("ws", scheme)];
    let (_, handshake) = signed.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
    Some(if websocket { handshake } else { scheme })
}

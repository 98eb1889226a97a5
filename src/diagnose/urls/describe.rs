//! What makes one URL of another, in words: which causes, and how each shows.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::base::Base;
use super::{path_causes, query_causes};
use crate::diagnose::Cause;
use crate::diagnose::found::Found;
use crate::diagnose::parts::Parts;

/// The causes in which the URL that was signed differs from what is verified. `sources` name the sources of
/// its authority, its path and its query.
pub(super) fn describe(
    base: &Base,
    signed: &Parts,
    websocket: bool,
    [authority, path, query]: [&str; 3],
) -> Vec<Found> {
    let given = &base.start;
    let mut found = base.found.clone();
    if let Some(text) = &base.relative {
        found.push(Found::new(Cause::UrlNotAbsolute, &**text, from(&signed.join(), authority)));
    } else {
        found.extend(scheme(base, signed, websocket));
        found.extend(host_and_port(given, signed, authority));
    }
    for cause in path_causes::causes(&given.path, &signed.path) {
        found.push(Found::new(cause, &*given.path, from(&signed.path, path)));
    }
    for cause in query_causes::causes(given.query.as_deref(), signed.query.as_deref()) {
        let shown = |query: &Option<String>| {
            query.as_deref().map_or_else(|| String::from("no query"), |query| format!("?{query}"))
        };
        found.push(Found::new(cause, shown(&given.query), from(&shown(&signed.query), query)));
    }
    if given.userinfo != signed.userinfo {
        let (without, with) = ("no user name and password", "those of the configured URL");
        found.push(Found::new(Cause::UserinfoMissing, without, with));
    }
    if given.fragment != signed.fragment {
        let fragment = signed.fragment.as_deref().unwrap_or_default();
        found.push(Found::new(Cause::FragmentMissing, "no fragment", format!("#{fragment}")));
    }
    found
}

fn scheme(base: &Base, signed: &Parts, websocket: bool) -> Vec<Found> {
    let given = &base.start;
    let mut found = Vec::new();
    let named = |parts: &Parts, handshake| match (parts.is_secure(), handshake) {
        (true, false) => "https",
        (false, false) => "http",
        (true, true) => "wss",
        (false, true) => "ws",
    };
    let (from, to) = (base.websocket || given.is_websocket(), websocket || signed.is_websocket());
    if given.is_secure() != signed.is_secure() {
        let cause = if signed.is_secure() { Cause::TlsTerminated } else { Cause::SignedAsHttp };
        found.push(Found::new(cause, &*given.scheme, named(signed, to)));
    }
    if from != to || base.websocket != websocket {
        let cause = if to { Cause::WebSocketAsHttp } else { Cause::HttpAsWebSocket };
        found.push(Found::new(cause, &*given.scheme, named(signed, to)));
    }
    found
}

fn host_and_port(given: &Parts, signed: &Parts, source: &str) -> Option<Found> {
    if !given.host.eq_ignore_ascii_case(&signed.host) {
        let expected = from(&signed.authority(), source);
        return Some(Found::new(Cause::WrongHost, given.authority(), expected));
    }
    if given.host != signed.host {
        return Some(Found::new(Cause::HostCase, &*given.host, &*signed.host));
    }
    (given.port != signed.port).then(|| {
        let own = given.port.as_deref().unwrap_or("no port");
        let port = signed.port.as_deref().unwrap_or("no port");
        Found::new(Cause::WrongPort, own, from(port, source))
    })
}

/// The text, and its source.
fn from(text: &str, source: &str) -> String {
    if source.is_empty() { text.into() } else { format!("{text} ({source})") }
}

//! What scheme, host, port, user information and fragment may have been.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::alternatives::{Alternative, Alternatives};
use super::base::Base;
use crate::diagnose::clues::Clues;
use crate::diagnose::parts::{Parts, cut_port};

/// Ports that services listen on, where no hint names one.
const COMMON_PORTS: [&str; 11] =
    ["8443", "443", "80", "8080", "3000", "5000", "8000", "4000", "9000", "8888", "10000"];

/// A scheme, and whether it is that of a WebSocket handshake.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct UrlScheme {
    pub(super) name: String,
    pub(super) websocket: bool,
}

/// Host and port.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Authority {
    pub(super) host: String,
    pub(super) port: Option<String>,
}

/// What stands before the host and after the query.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Extra {
    pub(super) userinfo: Option<String>,
    pub(super) fragment: Option<String>,
}

pub(super) fn schemes(base: &Base) -> Vec<Alternative<UrlScheme>> {
    let given = &base.start;
    let (is_secure, is_websocket) = (given.is_secure(), given.is_websocket());
    let handshake = base.websocket || is_websocket;
    let as_given = UrlScheme { name: given.scheme.clone(), websocket: base.websocket };
    let mut schemes = Alternatives::new(as_given, |scheme| scheme.name.len());
    let mut add = |secure, websocket, flagged, cost| {
        let name = match (secure, websocket) {
            (true, false) => "https",
            (false, false) => "http",
            (true, true) => "wss",
            (false, true) => "ws",
        };
        schemes.add(UrlScheme { name: name.to_owned(), websocket: flagged }, cost, "");
    };
    let other_tls = if is_secure { 2 } else { 1 };
    add(!is_secure, handshake, base.websocket, other_tls);
    add(is_secure, true, true, 2);
    add(!is_secure, true, true, 3);
    if handshake {
        add(is_secure, false, false, 2);
        add(!is_secure, false, false, 3);
    }
    schemes.into_list()
}

pub(super) fn authorities(base: &Base, clues: &Clues) -> Vec<Alternative<Authority>> {
    let (host, port) = (&base.start.host, &base.start.port);
    let authority = |host: &str, port: Option<&str>| Authority {
        host: host.to_owned(),
        port: port.map(ToOwned::to_owned),
    };
    let mut all = Alternatives::new(authority(host, port.as_deref()), |own| own.host.len());
    for (source, said) in &clues.authorities {
        let (host, port) = cut_port(said);
        all.add(authority(host, port), 1, source);
    }
    for (_, said) in &clues.authorities {
        let host = cut_port(said).0;
        for (source, port) in &clues.ports {
            all.add(authority(host, Some(port)), 2, source);
        }
        all.add(authority(host, port.as_deref()), 2, "the host of a hint, with the port as given");
    }
    for (source, port) in &clues.ports {
        all.add(authority(host, Some(port)), 1, source);
    }
    let lower = host.to_lowercase();
    all.add(authority(&lower, port.as_deref()), 2, "lower case");
    let undotted = host.strip_suffix('.').unwrap_or(host);
    all.add(authority(undotted, port.as_deref()), 2, "without the dot at its end");
    let www = match host.strip_prefix("www.") {
        Some(rest) => rest.to_owned(),
        None => format!("www.{host}"),
    };
    all.add(authority(&www, port.as_deref()), 3, "a guess");
    for port in COMMON_PORTS {
        all.add(authority(host, Some(port)), 3, "a common port");
    }
    all.into_list()
}

pub(super) fn extras(given: &Parts, clues: &Clues) -> Vec<Alternative<Extra>> {
    let as_given = Extra { userinfo: given.userinfo.clone(), fragment: given.fragment.clone() };
    let mut extras = Alternatives::new(as_given.clone(), |_| 0);
    for url in &clues.configured {
        let userinfo = url.userinfo.as_ref().filter(|_| !url.host.is_empty());
        let fragment = url.fragment.as_ref();
        if userinfo.is_some() {
            extras.add(Extra { userinfo: userinfo.cloned(), ..as_given.clone() }, 1, "");
        }
        if fragment.is_some() {
            extras.add(Extra { fragment: fragment.cloned(), ..as_given.clone() }, 1, "");
        }
        if userinfo.is_some() && fragment.is_some() {
            let both = Extra { userinfo: userinfo.cloned(), fragment: fragment.cloned() };
            extras.add(both, 2, "");
        }
    }
    extras.into_list()
}

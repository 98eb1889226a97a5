//! The URL as hints describe it as a whole: that of the configuration, and what a proxy says in all
//! of its headers.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::base::Base;
use super::query;
use crate::diagnose::clues::{CONFIGURED, Clues};
use crate::diagnose::parts::{Parts, cut_port};

/// What it costs to take a hint at its word, however much of the URL it changes.
pub(super) const COST: u32 = 1;

/// A URL, and the sources of its authority, its path and its query.
pub(super) struct Whole {
    pub(super) parts: Parts,
    pub(super) sources: [&'static str; 3],
}

pub(super) fn wholes(base: &Base, clues: &Clues, hashes: &[String]) -> Vec<Whole> {
    let given = &base.start;
    let mut wholes = Vec::new();
    for url in clues.configured.iter().filter(|url| !url.host.is_empty()) {
        // A handshake is called under wss, whatever the console says.
        let scheme =
            if base.websocket { with_tls(given, url.is_secure()) } else { url.scheme.clone() };
        for query in with_hashes(given, url, hashes) {
            let parts = Parts {
                scheme: scheme.clone(),
                query,
                fragment: None,
                userinfo: None,
                ..url.clone()
            };
            wholes.push(Whole { parts, sources: [CONFIGURED; 3] });
        }
    }
    wholes.extend(by_proxy(given, clues));
    wholes
}

/// The query of a configured URL, with the hash that Twilio adds, and as the request has it.
fn with_hashes(given: &Parts, url: &Parts, hashes: &[String]) -> Vec<Option<String>> {
    let own = given.query.as_deref().unwrap_or_default();
    let hash = query::segments(own).find(|segment| query::is_hash(segment)).map(ToOwned::to_owned);
    let hashes = hash.into_iter().chain(hashes.iter().map(|hash| format!("bodySHA256={hash}")));
    let mut queries: Vec<Option<String>> =
        hashes.map(|hash| Some(query::appended(url.query.as_deref(), &hash))).collect();
    queries.extend([url.query.clone(), given.query.clone()]);
    queries
}

/// What the headers of a proxy say, of each host that one names.
fn by_proxy(given: &Parts, clues: &Clues) -> Vec<Whole> {
    let mut wholes = Vec::new();
    let own = given.authority();
    let mut authorities: Vec<(&str, &str)> = Vec::from([("", &*own)]);
    authorities.extend(clues.authorities.iter().map(|(source, said)| (*source, &**said)));
    let mut paths: Vec<(&str, String, &Option<String>)> =
        Vec::from([("", given.path.clone(), &given.query)]);
    for (source, prefix) in &clues.prefixes {
        let rest = if given.path == "/" { "" } else { &given.path };
        paths.push((source, format!("{prefix}{rest}"), &given.query));
    }
    for target in clues.targets.iter().filter(|target| target.source != CONFIGURED) {
        paths.push((target.source, target.path.clone(), &target.query));
    }
    let hinted = || clues.ports.first().map(|(_, port)| &**port);
    for (of_authority, authority) in authorities {
        let (host, port) = cut_port(authority);
        for (of_path, path, query) in &paths {
            for port in [port, hinted()] {
                let parts = Parts {
                    scheme: with_tls(given, clues.is_secure || given.is_secure()),
                    userinfo: None,
                    host: host.to_owned(),
                    port: port.map(ToOwned::to_owned),
                    path: path.clone(),
                    query: (*query).clone(),
                    fragment: None,
                };
                wholes.push(Whole { parts, sources: [of_authority, of_path, of_path] });
            }
        }
    }
    wholes
}

/// The scheme with TLS or without.
fn with_tls(given: &Parts, is_secure: bool) -> String {
    let scheme = match (given.is_websocket(), is_secure) {
        (false, true) => "https",
        (false, false) => "http",
        (true, true) => "wss",
        (true, false) => "ws",
    };
    scheme.to_owned()
}

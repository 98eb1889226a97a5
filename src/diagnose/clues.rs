//! The pieces of a URL that the hints speak of.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::address::{is_authority, readings};
use super::headers;
use super::hints::Hints;
use super::parts::{Parts, cut_port};

/// The most pieces of one kind that are looked at, and the most items of one header.
const MAX_PIECES: usize = 12;
/// The source of what the operator configured.
pub(super) const CONFIGURED: &str = "the configured URL";
/// The source of a host that the operator allows.
const ALLOWED: &str = "an allowed host";

/// A piece of a URL, and its source.
pub(super) type Said = (&'static str, String);

/// Path and query as another part of the way has seen them.
#[derive(Clone)]
pub(super) struct SaidTarget {
    pub(super) source: &'static str,
    pub(super) path: String,
    pub(super) query: Option<String>,
}

/// What the hints say of the URL, each piece once, the most trustworthy first.
#[derive(Default)]
pub(super) struct Clues {
    /// What the configured URL may mean.
    pub(super) configured: Vec<Parts>,
    /// `host[:port]`.
    pub(super) authorities: Vec<Said>,
    pub(super) ports: Vec<Said>,
    /// Path prefixes that were cut off, without a slash at the end.
    pub(super) prefixes: Vec<Said>,
    pub(super) targets: Vec<SaidTarget>,
    /// Whether a hint says that Twilio calls an https or wss URL.
    pub(super) is_secure: bool,
}

impl Clues {
    pub(super) fn of(hints: &Hints) -> Self {
        let configured = hints.configured_url.as_deref().map(readings).unwrap_or_default();
        let whole = configured.iter().filter(|url| !url.host.is_empty());
        let authorities = whole.clone().map(|url| (CONFIGURED, url.authority()));
        let allowed = hints.allowed_hosts.iter().filter(|host| is_authority(host));
        let allowed = allowed.map(|host| (ALLOWED, host.clone()));
        let targets = configured.iter().map(|url| (CONFIGURED, url.clone()));
        let schemes = headers::SCHEME.into_iter().flat_map(|name| items(hints, name));
        let says_https = |(_, value): Said| {
            value.eq_ignore_ascii_case("https") || value.eq_ignore_ascii_case("on")
        };
        let mut clues = Self {
            is_secure: whole.clone().any(Parts::is_secure)
                || schemes.chain(forwarded(hints, "proto")).any(says_https)
                || hints.value("x-arr-ssl").is_some(),
            authorities: unique(authorities.chain(allowed).chain(hosts(hints))),
            prefixes: unique(prefixes(hints)),
            targets: targets
                .chain(headed_targets(hints))
                .map(|(source, url)| SaidTarget { source, path: url.path, query: url.query })
                .take(MAX_PIECES)
                .collect(),
            ports: Vec::new(),
            configured,
        };
        let of_authorities = clues
            .authorities
            .iter()
            .filter_map(|(source, authority)| Some((*source, cut_port(authority).1?.to_owned())));
        let ports = items(hints, "x-forwarded-port").chain(of_authorities);
        clues.ports = unique(ports.filter(|(_, port)| port.parse::<u16>().is_ok()));
        clues
    }

    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.authorities.is_empty()
            && self.ports.is_empty()
            && self.prefixes.is_empty()
            && self.targets.is_empty()
    }
}

/// The hosts of the headers. Some proxies write a whole URL.
fn hosts(hints: &Hints) -> impl Iterator<Item = Said> {
    let headed = headers::HOST.into_iter().flat_map(|name| items(hints, name));
    forwarded(hints, "host").chain(headed).filter_map(|(name, value)| {
        if is_authority(&value) {
            return Some((name, value));
        }
        let url = readings(&value).into_iter().find(|url| is_authority(&url.authority()));
        url.map(|url| (name, url.authority()))
    })
}

fn prefixes(hints: &Hints) -> impl Iterator<Item = Said> {
    let headed = headers::PREFIX.into_iter().flat_map(|name| items(hints, name));
    headed.filter_map(|(name, value)| {
        let prefix = value.trim_matches('/');
        let is_path = !prefix.is_empty() && !prefix.contains([' ', '?', '#']);
        is_path.then(|| (name, format!("/{prefix}")))
    })
}

fn headed_targets(hints: &Hints) -> impl Iterator<Item = (&'static str, Parts)> {
    headers::TARGET
        .into_iter()
        .flat_map(move |name| hints.values(name).flat_map(readings).map(move |url| (name, url)))
}

/// The items of a header that may be a list: those of a chain of proxies.
fn items(hints: &Hints, name: &'static str) -> impl Iterator<Item = Said> {
    let items = hints.values(name).flat_map(|value| value.split(',').take(MAX_PIECES));
    items.map(move |item| (name, item.trim().to_owned()))
}

/// The values of a parameter of `Forwarded` (RFC 7239, section 4).
fn forwarded(hints: &Hints, parameter: &'static str) -> impl Iterator<Item = Said> {
    items(hints, "forwarded").flat_map(move |(name, element)| {
        let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
        let values = pairs.filter(|(own, _)| own.eq_ignore_ascii_case(parameter));
        values.map(|(_, value)| (name, value.trim_matches('"').to_owned())).collect::<Vec<_>>()
    })
}

fn unique(all: impl Iterator<Item = Said>) -> Vec<Said> {
    let mut kept: Vec<Said> = Vec::new();
    // The headers are bounded, and so are their items: this looks at some hundreds.
    for said in all {
        if kept.len() < MAX_PIECES && !kept.iter().any(|(_, text)| *text == said.1) {
            kept.push(said);
        }
    }
    kept
}

//! What can have happened to scheme, host, port and path on the way to the verifier, undone.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::edit::{Context, Found, Given, UrlFamily};
use super::parts::{Parts, cut_port};
use super::query_edits;
use super::{Cause, encoding};

/// Stages and mount points that gateways are most often given.
const COMMON_PREFIXES: [&str; 16] = [
    "/prod",
    "/dev",
    "/staging",
    "/stage",
    "/test",
    "/production",
    "/v1",
    "/default",
    "/api",
    "/live",
    "/beta",
    "/qa",
    "/latest",
    "/twilio",
    "/webhooks",
    "/webhook",
];
/// Ports that services listen on, where no hint names one.
const COMMON_PORTS: [&str; 9] =
    ["8443", "443", "80", "8080", "3000", "5000", "8000", "4000", "9000"];
/// Segments of the path that are looked at, from its beginning.
const MAX_SEGMENTS: usize = 8;

/// In the order of likelihood. Two edits of one URL are taken from two families, in this order.
pub(super) const FAMILIES: [UrlFamily; 18] = [
    scheme,
    websocket,
    host,
    port,
    prefix_missing,
    trailing_slash,
    query_edits::body_hash,
    query_edits::dropped,
    query_edits::added,
    query_edits::reencoded,
    query_edits::reordered,
    prefix_added,
    fragment,
    userinfo,
    path_reencoded,
    path_rewritten,
    html_escaped,
    host_case,
];

fn edit(parts: &Parts, found: Found, change: impl FnOnce(&mut Parts)) -> Given {
    let mut parts = parts.clone();
    change(&mut parts);
    Given { parts, websocket: None, found }
}

fn scheme(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let other = |cause, scheme: &str| {
        let found = Found::new(cause, &*parts.scheme, scheme);
        vec![edit(parts, found, |parts| scheme.clone_into(&mut parts.scheme))]
    };
    match &*parts.scheme.to_ascii_lowercase() {
        "http" => other(Cause::TlsTerminated, "https"),
        "ws" => other(Cause::TlsTerminated, "wss"),
        "https" => other(Cause::SignedAsHttp, "http"),
        "wss" => other(Cause::SignedAsHttp, "ws"),
        _ => Vec::new(),
    }
}

fn websocket(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let (cause, from, to) = if context.websocket {
        (Cause::HttpAsWebSocket, "ws", "http")
    } else {
        (Cause::WebSocketAsHttp, "http", "ws")
    };
    let scheme = parts.scheme.to_ascii_lowercase();
    let secure = if scheme.ends_with('s') && scheme != "ws" { "s" } else { "" };
    let found = Found::new(cause, format!("{from}{secure}"), format!("{to}{secure}"));
    let given = edit(parts, found, |parts| parts.scheme = format!("{to}{secure}"));
    vec![Given { websocket: Some(!context.websocket), ..given }]
}

fn host(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let mut edits = Vec::new();
    for (source, authority) in context.hints.authorities() {
        let (host, port) = cut_port(&authority);
        if !host.eq_ignore_ascii_case(&parts.host) {
            let expected = format!("{authority} ({source})");
            let found = Found::new(Cause::WrongHost, parts.authority(), expected);
            edits.push(edit(parts, found, |parts| {
                host.clone_into(&mut parts.host);
                parts.port = port.map(ToOwned::to_owned);
            }));
        }
    }
    let www = match parts.host.strip_prefix("www.") {
        Some(bare) => bare.to_owned(),
        None => format!("www.{}", parts.host),
    };
    let found = Found::new(Cause::WrongHost, &*parts.host, &*www);
    edits.push(edit(parts, found, |parts| parts.host = www));
    edits
}

fn host_case(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let authorities = context.hints.authorities();
    let hosts = authorities.iter().map(|(_, authority)| cut_port(authority).0.to_owned());
    hosts
        .chain([parts.host.to_ascii_lowercase()])
        .filter(|host| *host != parts.host && host.eq_ignore_ascii_case(&parts.host))
        .map(|host| {
            let found = Found::new(Cause::HostCase, &*parts.host, &*host);
            edit(parts, found, |parts| parts.host = host)
        })
        .collect()
}

fn port(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let hinted = context.hints.ports();
    let common = COMMON_PORTS.map(|port| ("a common port", port.to_owned()));
    let others = hinted.into_iter().chain(common);
    let others = others.filter(|(_, port)| parts.port.as_ref() != Some(port));
    others
        .map(|(source, port)| {
            let given = parts.port.as_deref().unwrap_or("no port");
            let found = Found::new(Cause::WrongPort, given, format!("{port} ({source})"));
            edit(parts, found, |parts| parts.port = Some(port))
        })
        .collect()
}

fn prefix_missing(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let targets = context.hints.targets();
    let of_targets = targets.iter().filter_map(|(source, path, _)| {
        let prefix = path.strip_suffix(&*parts.path).filter(|prefix| prefix.starts_with('/'))?;
        Some((*source, prefix.to_owned()))
    });
    let common = COMMON_PREFIXES.map(|prefix| ("a common prefix", prefix.to_owned()));
    let prefixes = of_targets.chain(context.hints.prefixes()).chain(common);
    prefixes
        .map(|(source, prefix)| {
            let path = format!("{prefix}{}", parts.path);
            let found =
                Found::new(Cause::PathPrefixMissing, &*parts.path, format!("{path} ({source})"));
            edit(parts, found, |parts| parts.path = path)
        })
        .collect()
}

fn prefix_added(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    slashes(&parts.path)
        .skip(1)
        .filter_map(|at| parts.path.get(at..))
        .map(|path| {
            let found = Found::new(Cause::PathPrefixAdded, &*parts.path, path);
            edit(parts, found, |parts| path.clone_into(&mut parts.path))
        })
        .collect()
}

fn trailing_slash(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let (cause, path) = match parts.path.strip_suffix('/') {
        Some(path) => (Cause::TrailingSlashAdded, path.to_owned()),
        None => (Cause::TrailingSlashMissing, format!("{}/", parts.path)),
    };
    vec![edit(parts, Found::new(cause, &*parts.path, &*path), |parts| parts.path = path)]
}

fn fragment(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let mut edits = Vec::new();
    if let Some(fragment) = context.configured().and_then(|url| url.fragment.clone()) {
        let found = Found::new(Cause::FragmentMissing, "no fragment", format!("#{fragment}"));
        edits.push(edit(parts, found, |parts| {
            // Helper libraries sign it, so the search must not take it for one that is dropped.
            match &mut parts.query {
                Some(query) => query.extend(["#", &fragment]),
                None => parts.path.extend(["#", &fragment]),
            }
        }));
    }
    let encoded = |text: &str| text.split_once("%23").map(|(before, _)| before.to_owned());
    let (path, query) = (encoded(&parts.path), parts.query.as_deref().and_then(encoded));
    if path.is_some() || query.is_some() {
        let found = Found::new(Cause::FragmentEncoded, "%23 in the URL", "nothing from `#` on");
        edits.push(edit(parts, found, |parts| match path {
            Some(path) => (parts.path, parts.query) = (path, None),
            None => parts.query = query,
        }));
    }
    edits
}

fn userinfo(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let configured = context.configured().and_then(|url| url.userinfo.clone());
    configured
        .filter(|userinfo| parts.userinfo.as_ref() != Some(userinfo))
        .map(|userinfo| {
            let found = Found::new(
                Cause::UserinfoMissing,
                "no user name and password",
                "those of the configured URL",
            );
            edit(parts, found, |parts| parts.userinfo = Some(userinfo))
        })
        .into_iter()
        .collect()
}

fn path_reencoded(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    encoding::path_spellings(&parts.path)
        .into_iter()
        .filter(|path| *path != parts.path)
        .map(|path| {
            let found = Found::new(Cause::PathReencoded, &*parts.path, &*path);
            edit(parts, found, |parts| parts.path = path)
        })
        .collect()
}

fn path_rewritten(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let rewritten = |source: &str, path: String| {
        let expected = if source.is_empty() { path.clone() } else { format!("{path} ({source})") };
        let found = Found::new(Cause::PathRewritten, &*parts.path, expected);
        edit(parts, found, |parts| parts.path = path)
    };
    let doubled = slashes(&parts.path).filter_map(|at| {
        let (before, after) = parts.path.split_at_checked(at)?;
        let path = format!("{before}/{after}");
        let found = Found::new(Cause::SlashesMerged, &*parts.path, &*path);
        Some(edit(parts, found, |parts| parts.path = path))
    });
    let targets = context.hints.targets().into_iter();
    let targets = targets.filter(|(_, path, _)| !path.ends_with(&*parts.path));
    let pages = parts.path.rsplit_once('/').into_iter().flat_map(|(folder, page)| {
        let name = page.rsplit_once('.').map(|(name, _)| name);
        let index = name.is_some_and(|name| matches!(name, "index" | "default"));
        let folder = index.then(|| format!("{folder}/"));
        folder.into_iter().chain(name.map(|name| format!("{}/{name}", folder_of(&parts.path))))
    });
    let hinted = targets.map(|(source, path, _)| rewritten(source, path));
    hinted.chain(pages.map(|path| rewritten("", path))).chain(doubled).collect()
}

fn html_escaped(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let unescape = |text: &str| text.replace("&amp;", "&").replace("&#38;", "&");
    let query = parts.query.as_deref().map(unescape);
    if query == parts.query {
        return Vec::new();
    }
    let found = Found::new(Cause::UrlHtmlEscaped, "&amp;", "&");
    vec![edit(parts, found, |parts| parts.query = query)]
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Where the first slashes of a path are.
fn slashes(path: &str) -> impl Iterator<Item = usize> + '_ {
    path.match_indices('/').map(|(at, _)| at).take(MAX_SEGMENTS)
}

/// What is verified although it is no URL, mended.
pub(super) fn repaired(context: &Context<'_>, url: &str) -> Vec<(String, Found)> {
    let bare = url.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'));
    let mut repaired = Vec::new();
    if bare.len() != url.len() {
        let found = Found::new(Cause::UrlWhitespace, "characters around the URL", "none");
        repaired.push((bare.to_owned(), found));
    }
    let absolute = |source: &str, url: String| {
        let found = Found::new(Cause::UrlNotAbsolute, bare, format!("{url}{source}"));
        (url, found)
    };
    if Parts::cut(bare).is_none() {
        for (source, authority) in context.hints.authorities() {
            let rest = bare.strip_prefix("//").map_or(bare, |rest| {
                rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).map_or("", |(_, p)| p)
            });
            let path = if rest.starts_with('/') { rest } else { "" };
            let source = format!(" ({source})");
            repaired.push(absolute(&source, format!("https://{authority}{path}")));
        }
        if !bare.starts_with('/') {
            repaired.push(absolute("", format!("https://{bare}")));
        }
    }
    repaired
}

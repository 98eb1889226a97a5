//! URLs that the hints describe as a whole, and the causes in which they differ from the one that
//! is verified.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Cause;
use super::edit::{Context, Found};
use super::parts::{Parts, cut_port};
use super::query_edits;

/// The most URLs that are put together.
const MAX_URLS: usize = 96;

/// URLs that differ from `given` in two or more ways.
pub(super) fn urls(context: &Context<'_>, given: &Parts) -> Vec<(String, Vec<Found>)> {
    let mut authorities: Vec<String> =
        context.hints.authorities().into_iter().map(|(_, authority)| authority).collect();
    authorities.push(given.authority());
    let mut targets: Vec<(String, Option<String>)> =
        Vec::from([(given.path.clone(), given.query.clone())]);
    for (_, path, query) in context.hints.targets() {
        targets.push((path.clone(), given.query.clone()));
        targets.extend(
            query_edits::queries(given, query.as_deref()).map(|query| (path.clone(), query)),
        );
    }
    for (_, prefix) in context.hints.prefixes() {
        targets.push((format!("{prefix}{}", given.path), given.query.clone()));
    }
    let schemes = if context.websocket { ["wss", "ws"] } else { ["https", "http"] };
    let userinfo = context.configured().and_then(|url| url.userinfo.clone());
    let mut all = Vec::new();
    for scheme in schemes {
        for authority in &authorities {
            for (path, query) in &targets {
                for userinfo in [&given.userinfo, &userinfo] {
                    let (host, port) = cut_port(authority);
                    let parts = Parts {
                        scheme: scheme.to_owned(),
                        userinfo: userinfo.clone(),
                        host: host.to_owned(),
                        port: port.map(ToOwned::to_owned),
                        path: path.clone(),
                        query: query.clone(),
                        fragment: None,
                    };
                    let found = differences(given, &parts);
                    let entry = (parts.join(), found);
                    if entry.1.len() > 1 && all.len() < MAX_URLS && !all.contains(&entry) {
                        all.push(entry);
                    }
                }
            }
        }
    }
    all
}

fn differences(given: &Parts, signed: &Parts) -> Vec<Found> {
    let mut found = Vec::new();
    let mut push = |cause, given: &str, signed: &str| found.push(Found::new(cause, given, signed));
    if !given.scheme.eq_ignore_ascii_case(&signed.scheme) {
        let tls = signed.scheme.len() > given.scheme.len();
        let cause = if tls { Cause::TlsTerminated } else { Cause::SignedAsHttp };
        push(cause, &given.scheme, &signed.scheme);
    }
    if !given.host.eq_ignore_ascii_case(&signed.host) {
        push(Cause::WrongHost, &given.authority(), &signed.authority());
    } else if given.host != signed.host {
        push(Cause::HostCase, &given.host, &signed.host);
    } else if given.port != signed.port {
        push(Cause::WrongPort, &given.authority(), &signed.authority());
    }
    if given.path != signed.path {
        let cause = if signed.path.strip_suffix('/') == Some(&*given.path) {
            Cause::TrailingSlashMissing
        } else if given.path.strip_suffix('/') == Some(&*signed.path) {
            Cause::TrailingSlashAdded
        } else if signed.path.ends_with(&*given.path) {
            Cause::PathPrefixMissing
        } else if given.path.ends_with(&*signed.path) {
            Cause::PathPrefixAdded
        } else {
            Cause::PathRewritten
        };
        push(cause, &given.path, &signed.path);
    }
    let query = signed.query.as_deref().unwrap_or_default();
    if let Some(cause) = query_edits::difference(given.query.as_deref(), query) {
        let own = given.query.as_deref().unwrap_or_default();
        push(cause, &format!("?{own}"), &format!("?{query}"));
    }
    if given.userinfo != signed.userinfo {
        push(Cause::UserinfoMissing, "no user name and password", "those of the configured URL");
    }
    found
}

//! What the path may have been.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::alternatives::{Alternative, Alternatives};
use crate::diagnose::clues::Clues;
use crate::diagnose::encoding;

/// Stages and mount points that gateways are most often given.
const COMMON_PREFIXES: [&str; 18] = [
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
    "/$default",
    "/Prod",
];
/// Segments of the path that are looked at, from its beginning.
const MAX_SEGMENTS: usize = 8;

pub(super) fn paths(given: &str, clues: &Clues) -> Vec<Alternative<String>> {
    let mut paths = Alternatives::new(given.to_owned(), String::len);
    for target in &clues.targets {
        paths.add(target.path.clone(), 1, target.source);
    }
    for (source, prefix) in &clues.prefixes {
        prefixed(&mut paths, prefix, given, 1, source);
        // A proxy may have put one prefix in the place of another.
        for path in without_first(given) {
            paths.add(format!("{prefix}{path}"), 3, source);
        }
    }
    if let Some((path, _)) = given.split_once("%23") {
        paths.add(path.to_owned(), 1, "");
    }
    for prefix in COMMON_PREFIXES {
        prefixed(&mut paths, prefix, given, 3, "a common prefix");
    }
    for path in without_first(given) {
        paths.add(path.to_owned(), 2, "");
    }
    for path in encoding::path_spellings(given) {
        paths.add(path, 2, "");
    }
    for path in pages(given) {
        paths.add(path, 2, "");
    }
    for at in slashes(given) {
        let (before, after) = given.split_at_checked(at).unwrap_or((given, ""));
        paths.add(format!("{before}/{after}"), 3, "");
    }
    if given.contains("//") {
        paths.add(merged(given), 2, "");
    }
    for (path, cost, source) in paths.so_far() {
        // An empty path and a bare slash are one and the same to the verifier.
        if let Some(shorter) = path.strip_suffix('/').filter(|shorter| !shorter.is_empty()) {
            paths.add(shorter.to_owned(), cost.saturating_add(1), source);
        } else if !path.is_empty() && path != "/" {
            paths.add(format!("{path}/"), cost.saturating_add(1), source);
        }
    }
    paths.into_list()
}

/// The path behind a prefix. A proxy that strips prefixes may have made up a bare slash.
fn prefixed(
    paths: &mut Alternatives<String>,
    prefix: &str,
    given: &str,
    cost: u32,
    source: &'static str,
) {
    if matches!(given, "" | "/") {
        paths.add(prefix.to_owned(), cost, source);
    }
    paths.add(format!("{prefix}{given}"), cost, source);
}

/// The path without its first segment, without its first two, and so on.
fn without_first(path: &str) -> impl Iterator<Item = &str> {
    slashes(path).skip(1).filter_map(|at| path.get(at..))
}

/// The path of a page, without the name of an index page or the extension.
fn pages(path: &str) -> Vec<String> {
    let Some((folder, page)) = path.rsplit_once('/') else { return Vec::new() };
    let Some((name, _)) = page.rsplit_once('.') else { return Vec::new() };
    let bare = format!("{folder}/{name}");
    if matches!(name, "index" | "default" | "main" | "app") {
        Vec::from([format!("{folder}/"), folder.to_owned(), bare])
    } else {
        Vec::from([bare])
    }
}

/// The path with every run of slashes as one.
pub(super) fn merged(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !merged.ends_with('/') {
            merged.push(c);
        }
    }
    merged
}

/// Where the first slashes of a path are.
fn slashes(path: &str) -> impl Iterator<Item = usize> {
    path.match_indices('/').map(|(at, _)| at).take(MAX_SEGMENTS)
}

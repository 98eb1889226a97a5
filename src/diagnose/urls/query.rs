//! What the query may have been.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::alternatives::{Alternative, Alternatives};
use crate::diagnose::clues::Clues;
use crate::diagnose::encoding;

/// Segments of a query of which all orders and all parts are tried: 120 and 32.
const MAX_PERMUTED: usize = 5;
/// Segments of a query of which all orders are tried in all spellings.
const MAX_RESPELLED: usize = 4;
/// Segments of a query that is taken apart at all.
const MAX_SEGMENTS: usize = 64;
/// Bytes of such a query.
const MAX_LEN: usize = 4_096;

pub(super) fn queries(
    given: Option<&str>,
    clues: &Clues,
    hashes: &[String],
) -> Vec<Alternative<Option<String>>> {
    let len_of = |query: &Option<String>| query.as_deref().map_or(0, str::len);
    let mut queries = Alternatives::new(given.map(ToOwned::to_owned), len_of);
    let own = given.unwrap_or_default();
    let hash = segments(own).find(|segment| is_hash(segment));
    for target in &clues.targets {
        let hinted = target.query.as_deref();
        // What is configured lacks the hash that Twilio adds.
        if let Some(hash) = hash.filter(|_| !hinted.is_some_and(has_hash)) {
            queries.add(Some(appended(hinted, hash)), 1, target.source);
        }
        queries.add(target.query.clone(), 1, target.source);
    }
    for hash in hashes {
        let hash = format!("bodySHA256={hash}");
        for (query, cost, source) in queries.so_far() {
            if !query.as_deref().is_some_and(has_hash) {
                queries.add(
                    Some(appended(query.as_deref(), &hash)),
                    cost.saturating_add(1),
                    source,
                );
            }
        }
    }
    let Some(given) = given else { return queries.into_list() };
    let html = given.replace("&amp;", "&").replace("&#38;", "&").replace("&#x26;", "&");
    queries.add(Some(html), 1, "");
    if let Some((query, _)) = given.split_once("%23") {
        queries.add(Some(query.to_owned()), 1, "");
    }
    queries.add(None, 2, "");
    let segments: Vec<&str> = segments(given).take(MAX_SEGMENTS.saturating_add(1)).collect();
    if given.len() > MAX_LEN || segments.len() > MAX_SEGMENTS {
        return queries.into_list();
    }
    for spelling in spellings(given) {
        queries.add(Some(spelling), 2, "");
    }
    for order in orders(&segments) {
        queries.add(Some(order), 2, "");
    }
    for nth in 0..segments.len() {
        queries.add(without(&segments, &|at| at == nth), 2, "");
    }
    if segments.len() <= MAX_PERMUTED {
        for kept in 1..1_u32 << segments.len() {
            let is_removed = |at| kept.checked_shr(at).is_some_and(|bits| bits & 1 == 0);
            let is_removed = |at: usize| u32::try_from(at).is_ok_and(is_removed);
            queries.add(without(&segments, &is_removed), 3, "");
        }
        let mut all = Vec::new();
        permute(&mut segments.clone(), 0, &mut all);
        for order in &all {
            queries.add(Some(order.clone()), 3, "");
        }
        if segments.len() <= MAX_RESPELLED {
            for spelling in all.iter().flat_map(|order| spellings(order)) {
                queries.add(Some(spelling), 4, "");
            }
        }
    }
    queries.into_list()
}

/// The query in other spellings.
fn spellings(query: &str) -> impl Iterator<Item = String> {
    // A `#` would end the query.
    encoding::query_spellings(query).into_iter().filter(|spelling| !spelling.contains('#'))
}

/// The orders into which libraries and proxies sort a query, and the other way round.
fn orders(segments: &[&str]) -> Vec<String> {
    let mut sorted = segments.to_vec();
    sorted.sort_unstable();
    let mut orders = Vec::from([sorted.join("&")]);
    sorted.reverse();
    orders.push(sorted.join("&"));
    orders.push(segments.iter().rev().copied().collect::<Vec<_>>().join("&"));
    // Twilio adds the hash at the end, and something may have sorted it to another place.
    let (hashes, others): (Vec<&str>, Vec<&str>) =
        segments.iter().partition(|segment| is_hash(segment));
    orders.push([others, hashes].concat().join("&"));
    orders
}

fn without(segments: &[&str], is_removed: &dyn Fn(usize) -> bool) -> Option<String> {
    let kept = segments.iter().enumerate().filter(|(at, _)| !is_removed(*at));
    let kept: Vec<&str> = kept.map(|(_, segment)| *segment).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

fn permute(items: &mut Vec<&str>, from: usize, orders: &mut Vec<String>) {
    if from >= items.len() {
        return orders.push(items.join("&"));
    }
    for at in from..items.len() {
        items.swap(from, at);
        permute(items, from.saturating_add(1), orders);
        items.swap(from, at);
    }
}

pub(super) fn appended(query: Option<&str>, segment: &str) -> String {
    match query {
        Some(query) if !query.is_empty() => format!("{query}&{segment}"),
        _ => segment.to_owned(),
    }
}

/// The segments of a query, empty ones left out.
pub(super) fn segments(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|segment| !segment.is_empty())
}

fn has_hash(query: &str) -> bool {
    segments(query).any(is_hash)
}

pub(super) fn is_hash(segment: &str) -> bool {
    segment.split_once('=').is_some_and(|(name, _)| name == "bodySHA256")
}

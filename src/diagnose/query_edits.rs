//! What can have happened to the query on the way to the verifier, undone.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::edit::{Context, Found, Given};
use super::parts::{Parts, segments};
use super::{Cause, encoding};

/// Segments of a query of which all orders are tried: 120.
const MAX_PERMUTED: usize = 5;
/// Segments that are removed one at a time.
const MAX_REMOVED: usize = 64;

fn edit(cause: Cause, parts: &Parts, query: Option<String>, signed: &str) -> Given {
    let given = parts.query.as_deref().map_or_else(|| "no query".to_owned(), |q| format!("?{q}"));
    let found = Found::new(cause, given, signed);
    Given { parts: Parts { query, ..parts.clone() }, websocket: None, found }
}

fn to_query(cause: Cause, parts: &Parts, query: String) -> Given {
    let signed = format!("?{query}");
    edit(cause, parts, Some(query), &signed)
}

/// `bodySHA256` put back.
pub(super) fn body_hash(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let missing = parts.segments().iter().all(|segment| !is_hash(segment));
    let hash = context.body_hash.filter(|_| missing);
    hash.map(|hash| {
        let query = match parts.query.as_deref() {
            Some(query) if !query.is_empty() => format!("{query}&bodySHA256={hash}"),
            _ => format!("bodySHA256={hash}"),
        };
        to_query(Cause::BodyHashDropped, parts, query)
    })
    .into_iter()
    .collect()
}

/// The query that a hint has.
pub(super) fn dropped(context: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let mut edits = Vec::new();
    for (_, _, query) in context.hints.targets() {
        for query in queries(parts, query.as_deref()) {
            let text = query.as_deref().unwrap_or_default();
            if let Some(cause) = difference(parts.query.as_deref(), text) {
                edits.push(match query {
                    Some(query) => to_query(cause, parts, query),
                    None => edit(cause, parts, None, "no query"),
                });
            }
        }
    }
    edits
}

/// A query that a hint has, with the hash that Twilio adds to what is configured, and without.
pub(super) fn queries(parts: &Parts, hinted: Option<&str>) -> impl Iterator<Item = Option<String>> {
    let own = parts.segments();
    let hash = own.iter().find(|segment| is_hash(segment));
    let hash = hash.filter(|_| !segments(hinted).iter().any(|segment| is_hash(segment)));
    let with_hash = hash.map(|hash| match hinted {
        Some(query) if !query.is_empty() => format!("{query}&{hash}"),
        _ => (*hash).to_owned(),
    });
    with_hash.map(Some).into_iter().chain([hinted.map(ToOwned::to_owned)])
}

/// How the query that is verified differs from `signed`.
pub(super) fn difference(given: Option<&str>, signed: &str) -> Option<Cause> {
    let (own, other) = (segments(given), segments(Some(signed)));
    let holds = |all: &[&str], some: &[&str]| some.iter().all(|segment| all.contains(segment));
    let decoded = |all: &[&str]| -> Vec<String> {
        all.iter().map(|segment| encoding::decode(segment, true)).collect()
    };
    if given.unwrap_or_default() == signed {
        None
    } else if holds(&own, &other) && holds(&other, &own) {
        Some(Cause::QueryReordered)
    } else if holds(&own, &other) {
        Some(Cause::QueryParamAdded)
    } else if decoded(&own) == decoded(&other) {
        Some(Cause::QueryReencoded)
    } else {
        Some(Cause::QueryDropped)
    }
}

/// The query without each of its segments, and without all of them.
pub(super) fn added(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let own = parts.segments();
    let cause = Cause::QueryParamAdded;
    let mut edits = Vec::new();
    for (nth, removed) in own.iter().enumerate().take(MAX_REMOVED) {
        let others = own.iter().enumerate().filter(|(other, _)| *other != nth);
        let others: Vec<&str> = others.map(|(_, segment)| *segment).collect();
        let name = removed.split_once('=').map_or(*removed, |(name, _)| name);
        let query = (!others.is_empty()).then(|| others.join("&"));
        edits.push(edit(cause, parts, query, &format!("no `{name}`")));
    }
    if own.len() != 1 && parts.query.is_some() {
        edits.push(edit(cause, parts, None, "no query"));
    }
    edits
}

/// The query in other spellings.
pub(super) fn reencoded(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let own = parts.query.as_deref().unwrap_or_default();
    let mut spellings: Vec<String> = Vec::new();
    for spelling in encoding::query_spellings(own) {
        // A `#` would end the query.
        if spelling != own && !spelling.contains('#') && !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    }
    let to = |query| to_query(Cause::QueryReencoded, parts, query);
    spellings.into_iter().map(to).collect()
}

/// The query in other orders: the configured order cannot be told from a sorted one.
pub(super) fn reordered(_: &Context<'_>, parts: &Parts) -> Vec<Given> {
    let own = parts.segments();
    let mut orders: Vec<Vec<&str>> = Vec::new();
    let mut sorted = own.clone();
    sorted.sort_unstable();
    orders.push(sorted.clone());
    sorted.reverse();
    orders.push(sorted);
    orders.push(own.iter().rev().copied().collect());
    // Twilio adds the hash at the end, and something may have sorted it to another place.
    let (hashes, others): (Vec<&str>, Vec<&str>) = own.iter().partition(|segment| is_hash(segment));
    orders.push([others, hashes].concat());
    if own.len() <= MAX_PERMUTED {
        permute(&mut own.clone(), 0, &mut orders);
    }
    let mut seen: Vec<Vec<&str>> = Vec::from([own]);
    orders.retain(|order| {
        let new = !seen.contains(order);
        if new {
            seen.push(order.clone());
        }
        new
    });
    orders.iter().map(|order| to_query(Cause::QueryReordered, parts, order.join("&"))).collect()
}

fn permute<'a>(items: &mut Vec<&'a str>, from: usize, orders: &mut Vec<Vec<&'a str>>) {
    if from >= items.len() {
        return orders.push(items.clone());
    }
    for at in from..items.len() {
        items.swap(from, at);
        permute(items, from.saturating_add(1), orders);
        items.swap(from, at);
    }
}

fn is_hash(segment: &str) -> bool {
    segment.split_once('=').is_some_and(|(name, _)| name == "bodySHA256")
}

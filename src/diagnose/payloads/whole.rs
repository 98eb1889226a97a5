//! Parameters that are those of the query, or that were not signed.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::{Edit, Ground};
use crate::diagnose::Cause;
use crate::diagnose::change::Change;

pub(super) fn of_the_query<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let query: BTreeSet<_> = ground.query.iter().collect();
    let in_query = ground.pairs.iter().enumerate().filter(|(_, pair)| query.contains(pair));
    let places: Vec<usize> = in_query.map(|(at, _)| at).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let given = format!("{} parameters of the query among those of the body", places.len());
    vec![Edit::new(1, Cause::QueryPassedAsParams, given, "none", Change::Remove(places))]
}

pub(super) fn not_signed<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let all: Vec<usize> = (0..ground.pairs.len()).collect();
    if all.is_empty() || ground.found.is_some() {
        return Vec::new();
    }
    let given = format!("a body of {} parameters", all.len());
    vec![Edit::new(2, Cause::BodyNotSigned, given, "no body", Change::Remove(all)).alone()]
}

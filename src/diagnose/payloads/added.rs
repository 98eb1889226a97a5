//! Parameters that something on the way added.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Edit, Ground, MAX_CHANGED};
use crate::diagnose::Cause;
use crate::diagnose::change::Change;
use crate::diagnose::known;
use crate::diagnose::layout::Pair;

/// Parameters that are removed together from one end.
const MAX_AT_ONE_END: usize = 8;

/// Whether a name looks like one that was added.
type IsAdded = fn(&[u8]) -> bool;

/// Twilio's names are in Pascal case, most of them; what frameworks add is not.
fn is_foreign(name: &[u8]) -> bool {
    !name.first().is_some_and(u8::is_ascii_uppercase)
}

fn is_of_a_route(name: &[u8]) -> bool {
    known::ROUTE_PARAMS.iter().any(|known| known.as_bytes() == name)
}

fn is_unknown(name: &[u8]) -> bool {
    is_foreign(name) || !known::is_name(name)
}

/// All that look as if they were not Twilio's.
pub(super) fn together<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let kinds: [(IsAdded, usize); 3] = [(is_of_a_route, 1), (is_foreign, 1), (is_unknown, 2)];
    let mut edits: Vec<Edit<'_>> = Vec::new();
    for (is_added, cost) in kinds {
        let chosen: Vec<usize> =
            places(ground).filter(|&(_, name)| is_added(name)).map(|(at, _)| at).collect();
        let is_new =
            edits.iter().all(|edit| !matches!(&edit.change, Change::Remove(own) if *own == chosen));
        if chosen.len() > 1 && chosen.len() < ground.pairs.len() && is_new {
            edits.push(without(cost, ground, chosen));
        }
    }
    edits
}

/// One of them.
pub(super) fn alone<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    if ground.pairs.len() < 2 {
        return Vec::new();
    }
    let cost = |name: &[u8]| match (is_foreign(name), is_unknown(name)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 3,
    };
    let one = |(at, name)| without(cost(name), ground, Vec::from([at]));
    places(ground).take(MAX_CHANGED).map(one).collect()
}

/// Several at the beginning or the end, where a middleware puts its own.
pub(super) fn at_one_end<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let len = ground.pairs.len();
    let counts = 2..=MAX_AT_ONE_END.min(len.saturating_sub(1));
    let mut edits = Vec::new();
    for count in counts {
        let start = (0..count).collect();
        let end = (len.saturating_sub(count)..len).collect();
        edits.extend([start, end].map(|places| without(3, ground, places).alone()));
    }
    edits
}

fn places<'a>(ground: &'a Ground<'a>) -> impl Iterator<Item = (usize, &'a [u8])> {
    ground.pairs.iter().enumerate().map(|(at, (name, _))| (at, &**name))
}

fn without<'a>(cost: usize, ground: &'a Ground<'a>, places: Vec<usize>) -> Edit<'a> {
    let name = |&at: &usize| -> Option<&Pair<'_>> { ground.pairs.get(at) };
    let names: Vec<_> = places
        .iter()
        .filter_map(name)
        .take(MAX_AT_ONE_END)
        .map(|(name, _)| String::from_utf8_lossy(name))
        .collect();
    let given = format!("`{}`", names.join("`, `"));
    Edit::new(cost, Cause::ParamAdded, given, "no such parameter", Change::Remove(places))
}

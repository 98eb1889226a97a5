//! Parameters with an empty value, which something dropped: those that Twilio sends empty for the
//! kind of webhook.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

use super::{Edit, Ground};
use crate::diagnose::Cause;
use crate::diagnose::change::Change;
use crate::diagnose::kinds::ParamsKind;

/// Names of which all subsets are tried: 1,024.
const MAX_SUBSETS: usize = 10;
/// Subsets that are a good guess.
const LIKELY: usize = 16;

/// Those that are empty together: what Twilio does not know of the place of a number.
pub(super) fn in_groups<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let Some(kind) = kind(ground) else { return Vec::new() };
    let absent = absent(ground, kind.often_empty());
    let of_group = |group: Vec<&'static str>| -> Vec<&'static str> {
        absent.iter().flatten().copied().filter(|name| group.contains(name)).collect()
    };
    once(ground, kind.empty_together().into_iter().map(|group| (1, of_group(group))))
}

/// Every subset of those that are often empty, also with one that is empty at times.
pub(super) fn in_subsets<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let Some(kind) = kind(ground) else { return Vec::new() };
    let often = absent(ground, kind.often_empty());
    let units = often.get(..MAX_SUBSETS).unwrap_or(&often);
    let count = 1_usize << units.len();
    let subset = |chosen: usize| {
        let is_chosen = move |at: usize| chosen >> at & 1 == 1;
        let chosen = units.iter().enumerate().filter(move |(at, _)| is_chosen(*at));
        chosen.flat_map(|(_, unit)| unit.iter().copied())
    };
    let (near, far) = if count <= LIKELY { (2, 3) } else { (3, 4) };
    let alone = (1..count).map(|chosen| (near, subset(chosen).collect()));
    let at_times = absent(ground, kind.empty_at_times());
    let with_one = at_times.iter().flat_map(|unit| {
        let subsets = (0..count).filter(|chosen| *chosen == 0 || count <= LIKELY);
        subsets.map(move |chosen| (if chosen == 0 { 2 } else { far }, chosen, unit))
    });
    let with_one = with_one
        .map(|(cost, chosen, unit)| (cost, subset(chosen).chain(unit.iter().copied()).collect()));
    let two = at_times.iter().enumerate().flat_map(|(nth, unit)| {
        let others = at_times.iter().skip(nth.saturating_add(1));
        others.map(move |other| (far, [&**unit, other].concat()))
    });
    once(ground, alone.chain(with_one).chain(two))
}

fn kind(ground: &Ground<'_>) -> Option<ParamsKind> {
    (!ground.pairs.is_empty()).then(|| ParamsKind::of(|name| ground.value(name).is_some()))
}

/// The names of each unit that the request lacks.
fn absent(ground: &Ground<'_>, units: Vec<Vec<&'static str>>) -> Vec<Vec<&'static str>> {
    let is_absent = |name: &&'static str| ground.value(name).is_none();
    let units = units.into_iter().map(|unit| unit.into_iter().filter(is_absent).collect());
    units.filter(|unit: &Vec<_>| !unit.is_empty()).collect()
}

/// An edit for each list of names, none twice.
fn once<'a>(
    ground: &'a Ground<'a>,
    lists: impl Iterator<Item = (usize, Vec<&'static str>)>,
) -> Vec<Edit<'a>> {
    // One that is still there empty speaks against it.
    let penalty = usize::from(ground.pairs.iter().any(|(_, value)| value.is_empty()));
    let mut seen = BTreeSet::new();
    let mut edits = Vec::new();
    for (cost, mut names) in lists {
        names.sort_unstable();
        if !names.is_empty() && seen.insert(names.clone()) {
            let edit = edit(cost.saturating_add(penalty), names);
            // There are many of the unlikely ones.
            edits.push(if cost > 2 { edit.alone() } else { edit });
        }
    }
    edits
}

fn edit(cost: usize, names: Vec<&'static str>) -> Edit<'static> {
    let list = format!("`{}` empty", names.join("`, `"));
    let empty = |name: &'static str| (Cow::Borrowed(name.as_bytes()), Cow::Borrowed(&[][..]));
    let change = Change::Add(names.into_iter().map(empty).collect());
    Edit::new(cost, Cause::EmptyParamsDropped, "no such parameters", list, change)
}

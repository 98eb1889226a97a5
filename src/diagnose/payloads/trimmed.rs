//! Values that lost the white space, or other invisible characters, around them.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Edit, Ground, MAX_CHANGED};
use crate::diagnose::Cause;
use crate::diagnose::blanks::{COMMON, RARE};
use crate::diagnose::change::Change;
use crate::diagnose::known;
use crate::diagnose::layout::Pair;

/// What the rare ones cost. They are tried with the URL as it is.
pub(super) const RARE_COST: usize = 4;
/// Longest run of one character.
const MAX_RUN: usize = 4;

type Blank = Cow<'static, str>;

/// A space after a value that people type.
pub(super) fn space<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let typed = places(&ground.pairs).into_iter().filter(|&at| is_typed(&ground.pairs, at));
    typed.filter_map(|at| edit(&ground.pairs, 1, at, "".into(), " ".into())).collect()
}

/// The likely ones: one character at one end or at both of a value that people type, and a common
/// one at one end of any other.
pub(super) fn likely<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    let first = places(&ground.pairs).into_iter().find(|&at| is_typed(&ground.pairs, at));
    for (before, after) in first.iter().flat_map(|_| common_pairs()) {
        let at = first.unwrap_or_default();
        edits.extend(edit(&ground.pairs, 3, at, before, after).map(Edit::alone));
    }
    for at in places(&ground.pairs) {
        let mut add = |cost: usize, before: &'static str, after: &'static str| {
            edits.extend(edit(&ground.pairs, cost, at, before.into(), after.into()));
        };
        if is_typed(&ground.pairs, at) {
            for blank in COMMON {
                add(2, "", blank);
                add(2, blank, "");
                add(2, blank, blank);
            }
            for blank in RARE {
                add(3, "", blank);
                add(3, blank, "");
            }
        } else {
            for blank in COMMON {
                add(3, "", blank);
                add(3, blank, "");
            }
        }
    }
    edits
}

/// The others: several characters, rare ones, different ones at the two ends.
pub(super) fn rare<'p>(pairs: &'p [Pair<'p>]) -> impl Iterator<Item = Edit<'static>> + 'p {
    let first_typed = places(pairs).into_iter().find(|&at| is_typed(pairs, at));
    let mixed: Vec<Blank> = ends().chain(pairs_of_common()).collect();
    let both = first_typed.into_iter().flat_map(move |at| {
        let mixed = mixed.clone();
        let befores = mixed.clone().into_iter();
        befores.flat_map(move |before| {
            let afters = mixed.clone().into_iter();
            afters.filter_map(move |after| edit(pairs, RARE_COST, at, before.clone(), after))
        })
    });
    let each = places(pairs).into_iter().flat_map(move |at| {
        let alike = ends().flat_map(|end| {
            [(Cow::Borrowed(""), end.clone()), (end.clone(), Cow::Borrowed("")), (end.clone(), end)]
        });
        let all = COMMON.into_iter().chain(RARE);
        let unlike = all.flat_map(|one| {
            COMMON.into_iter().flat_map(move |other| {
                [
                    (Cow::Borrowed(one), Cow::Borrowed(other)),
                    (Cow::Borrowed(other), Cow::Borrowed(one)),
                ]
            })
        });
        alike
            .chain(unlike)
            .filter_map(move |(before, after)| edit(pairs, RARE_COST, at, before, after))
    });
    both.chain(each)
}

/// One character of all, and runs of the common ones; also none.
fn ends() -> impl Iterator<Item = Blank> {
    let single = COMMON.into_iter().chain(RARE).map(Cow::Borrowed);
    let runs = COMMON.into_iter().flat_map(|c| (2..=MAX_RUN).map(|len| Cow::Owned(c.repeat(len))));
    core::iter::once(Cow::Borrowed("")).chain(single).chain(runs)
}

/// What is likely at the two ends of one value: common characters, runs of spaces and line feeds.
fn common_pairs() -> impl Iterator<Item = (Blank, Blank)> {
    let runs = [" ", "\n"].into_iter().flat_map(|c| (2..=MAX_RUN).map(|len| c.repeat(len)));
    let ends: Vec<Blank> = core::iter::once(Cow::Borrowed(""))
        .chain(COMMON.map(Cow::Borrowed))
        .chain(runs.map(Cow::Owned))
        .collect();
    let afters = ends.clone();
    ends.into_iter().flat_map(move |before| {
        afters.clone().into_iter().map(move |after| (before.clone(), after))
    })
}

/// Two common characters that differ.
fn pairs_of_common() -> impl Iterator<Item = Blank> {
    let pairs = COMMON.into_iter().flat_map(|first| COMMON.map(|second| (first, second)));
    pairs
        .filter(|(first, second)| first != second)
        .map(|(first, second)| [first, second].concat().into())
}

/// The places of the values that are looked at: those that people type come first.
fn places(pairs: &[Pair<'_>]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..pairs.len()).collect();
    places.sort_by_key(|&at| !is_typed(pairs, at));
    places.truncate(MAX_CHANGED);
    places
}

fn is_typed(pairs: &[Pair<'_>], at: usize) -> bool {
    pairs.get(at).is_some_and(|(name, _)| known::is_typed(name))
}

fn edit(
    pairs: &[Pair<'_>],
    cost: usize,
    at: usize,
    before: Blank,
    after: Blank,
) -> Option<Edit<'static>> {
    let (name, _) = pairs.get(at).filter(|_| !before.is_empty() || !after.is_empty())?;
    let given = format!("the value of `{}`", String::from_utf8_lossy(name));
    let signed = match (shown(&before), shown(&after)) {
        (None, Some(after)) => format!("{after} after it"),
        (Some(before), None) => format!("{before} before it"),
        (before, after) => {
            format!(
                "{} before it and {} after it",
                before.unwrap_or_default(),
                after.unwrap_or_default()
            )
        }
    };
    let change = Change::Wrap { at, before, after };
    Some(Edit::new(cost, Cause::ParamTrimmed, given, signed, change))
}

/// The characters by their names in Unicode's notation.
fn shown(blank: &str) -> Option<String> {
    let name = |c: char| match c {
        ' ' => String::from("space"),
        '\n' => String::from("line feed"),
        '\r' => String::from("carriage return"),
        '\t' => String::from("tab"),
        _ => format!("U+{:04X}", u32::from(c)),
    };
    let names: Vec<String> = blank.chars().map(name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

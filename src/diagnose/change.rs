//! What is done to the pairs of a form. It says how, and holds no copy of them: there may be
//! megabytes.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::layout::Pair;

/// A change of a text; `None` if it changes nothing.
pub(super) type TextChange = fn(&[u8]) -> Option<Vec<u8>>;

/// A change of the pairs. A pair is named by its place before any change.
#[derive(Clone)]
pub(super) enum Change<'a> {
    Nothing,
    Add(Vec<Pair<'a>>),
    Remove(Vec<usize>),
    Replace(Vec<Pair<'a>>),
    /// Puts text around the value of one pair.
    Wrap {
        at: usize,
        before: Cow<'static, str>,
        after: Cow<'static, str>,
    },
    Value {
        at: usize,
        to: TextChange,
    },
    Values(TextChange),
    Names(TextChange),
    NamesAndValues(TextChange),
    /// Cuts the value of one pair, or of all, into several values.
    Split {
        at: Option<usize>,
        separator: &'static [u8],
    },
}

/// Longest name or value that is looked into, in bytes: many times the longest message.
pub(super) const MAX_TEXT: usize = 16 * 1_024;
/// How often a change of texts reads and writes each of them: bytes of work.
const PASSES: usize = 8;

/// A pair, and where it was.
type Placed<'p> = (usize, Pair<'p>);

/// The place of a pair that was not there.
const NOWHERE: usize = usize::MAX;

impl Change<'_> {
    /// The one pair that is changed, if it is one.
    pub(super) fn place(&self) -> Option<usize> {
        match self {
            Self::Remove(places) => match **places {
                [at] => Some(at),
                _ => None,
            },
            Self::Wrap { at, .. } | Self::Value { at, .. } | Self::Split { at: Some(at), .. } => {
                Some(*at)
            }
            _ => None,
        }
    }

    /// Bytes of work that it takes on pairs of so many bytes.
    pub(super) const fn work(&self, len: usize) -> usize {
        match self {
            Self::Value { .. } | Self::Values(_) | Self::Names(_) | Self::NamesAndValues(_) => {
                len.saturating_mul(PASSES)
            }
            // Every byte may become a pair.
            Self::Split { .. } => len.saturating_mul(PASSES).saturating_mul(PASSES),
            _ => len,
        }
    }

    fn apply<'p>(&'p self, mut pairs: Vec<Placed<'p>>) -> Vec<Placed<'p>> {
        let anew = |(name, value): &'p Pair<'_>| (NOWHERE, (borrow(name), borrow(value)));
        let change_value = |(_, (_, value)): &mut Placed<'p>, to: TextChange| replace(value, to);
        match self {
            Self::Nothing => {}
            Self::Add(added) => pairs.extend(added.iter().map(anew)),
            Self::Remove(places) => pairs.retain(|(at, _)| places.binary_search(at).is_err()),
            Self::Replace(others) => return others.iter().map(anew).collect(),
            Self::Wrap { at, before, after } => {
                for (_, (_, value)) in pairs.iter_mut().filter(|(place, _)| place == at) {
                    *value = Cow::Owned([before.as_bytes(), value, after.as_bytes()].concat());
                }
            }
            Self::Value { at, to } => {
                let own = pairs.iter_mut().filter(|(place, _)| place == at);
                own.for_each(|pair| change_value(pair, *to));
            }
            Self::Values(to) => pairs.iter_mut().for_each(|pair| change_value(pair, *to)),
            Self::Names(to) => pairs.iter_mut().for_each(|(_, (name, _))| replace(name, *to)),
            Self::NamesAndValues(to) => pairs.iter_mut().for_each(|(_, (name, value))| {
                replace(name, *to);
                replace(value, *to);
            }),
            Self::Split { at, separator } => return split(&pairs, *at, separator),
        }
        pairs
    }
}

/// The pairs after all changes.
pub(super) fn apply<'p>(
    changes: impl Iterator<Item = &'p Change<'p>>,
    pairs: &'p [Pair<'p>],
) -> Vec<Pair<'p>> {
    let placed =
        pairs.iter().enumerate().map(|(at, (name, value))| (at, (borrow(name), borrow(value))));
    let applied = changes.fold(placed.collect(), |pairs, change| change.apply(pairs));
    applied.into_iter().map(|(_, pair)| pair).collect()
}

const fn borrow(text: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(text)
}

/// The text after a change, if that is another one. Long texts are not looked into.
pub(super) fn changed(text: &[u8], to: TextChange) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT { None } else { to(text) }
}

fn replace(text: &mut Cow<'_, [u8]>, to: TextChange) {
    if let Some(changed) = changed(text, to) {
        *text = Cow::Owned(changed);
    }
}

fn split<'p>(pairs: &[Placed<'p>], at: Option<usize>, separator: &[u8]) -> Vec<Placed<'p>> {
    let mut changed = Vec::new();
    for (place, (name, value)) in pairs {
        let mut rest: &[u8] = value;
        while at.is_none_or(|at| at == *place)
            && value.len() <= MAX_TEXT
            && let Some(end) = rest.windows(separator.len()).position(|window| window == separator)
        {
            let (before, after) = rest.split_at_checked(end).unwrap_or_default();
            changed.push((*place, (name.clone(), Cow::Owned(before.to_vec()))));
            rest = after.get(separator.len()..).unwrap_or_default();
        }
        changed.push((*place, (name.clone(), Cow::Owned(rest.to_vec()))));
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_one_form_do_not_move_what_the_others_name() {
        let pair = |name: &'static str, value: &'static str| -> Pair<'static> {
            (name.as_bytes().into(), value.as_bytes().into())
        };
        let pairs = [pair("a", "1"), pair("b", "2,3"), pair("c", "4")];
        let wrap = Change::Wrap { at: 2, before: "".into(), after: " ".into() };
        let remove = Change::Remove(Vec::from([0]));
        let split = Change::Split { at: Some(1), separator: b"," };
        let add = Change::Add(Vec::from([pair("d", "")]));
        let expected = [pair("b", "2"), pair("b", "3"), pair("c", "4 "), pair("d", "")];
        for order in [[&wrap, &remove, &split, &add], [&add, &split, &remove, &wrap]] {
            let mut changed = apply(order.into_iter(), &pairs);
            changed.sort();
            assert_eq!(changed, expected);
        }
    }
}

//! The pairs of a request, changed, and laid out as a signer may have appended them.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::edit::Found;

/// A decoded name and value.
pub(super) type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// A change of a text; `None` if it changes nothing.
pub(super) type TextChange = fn(&[u8]) -> Option<Vec<u8>>;

/// Other parameters than those that are verified, in the layout in which they were signed.
pub(super) struct ParamEdit<'a> {
    pub(super) found: Found,
    pub(super) change: Change<'a>,
    pub(super) layout: Layout,
}

/// What is done to the pairs. It says how, and holds no copy of them: there may be megabytes.
#[derive(Clone)]
pub(super) enum Change<'a> {
    Nothing,
    Add(Vec<Pair<'a>>),
    Remove(Vec<usize>),
    Replace(Vec<Pair<'a>>),
    /// Puts text around the value of one pair.
    Wrap {
        at: usize,
        before: &'static [u8],
        after: &'static [u8],
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

/// How pairs are appended to the URL.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Layout {
    /// As Twilio does: sorted by name and value bytes, equal pairs once.
    Canonical,
    Kept,
    CaseIgnored,
    /// Sorted, equal pairs as often as they come.
    Repeated,
    /// Sorted by name; a name once, before all of its values.
    NameOnce,
    FirstValue,
    LastValue,
}

impl Change<'_> {
    /// Two changes of the same pairs, in an order in which the first does not move the pair that
    /// the second names by its place.
    pub(super) fn in_order<'c>(&'c self, other: &'c Self) -> (&'c Self, Cow<'c, Self>) {
        match (self, other) {
            (Self::Remove(some), Self::Remove(more)) => {
                let mut all: Vec<usize> = some.iter().chain(more).copied().collect();
                all.sort_unstable();
                (&Self::Nothing, Cow::Owned(Self::Remove(all)))
            }
            (Self::Remove(_) | Self::Split { .. }, _) => (other, Cow::Borrowed(self)),
            _ => (self, Cow::Borrowed(other)),
        }
    }

    /// The pairs after the change.
    pub(super) fn apply<'p>(&'p self, pairs: &'p [Pair<'p>]) -> Vec<Pair<'p>> {
        let mut changed: Vec<Pair<'p>> =
            pairs.iter().map(|(name, value)| (borrow(name), borrow(value))).collect();
        match self {
            Self::Nothing => {}
            Self::Add(added) => {
                changed.extend(added.iter().map(|(name, value)| (borrow(name), borrow(value))));
            }
            Self::Remove(indices) => {
                let mut at = 0_usize..;
                changed.retain(|_| at.next().is_some_and(|at| indices.binary_search(&at).is_err()));
            }
            Self::Replace(others) => {
                changed =
                    others.iter().map(|(name, value)| (borrow(name), borrow(value))).collect();
            }
            Self::Wrap { at, before, after } => {
                if let Some((_, value)) = changed.get_mut(*at) {
                    *value = Cow::Owned([before, &**value, after].concat());
                }
            }
            Self::Value { at, to } => {
                if let Some((_, value)) = changed.get_mut(*at) {
                    replace(value, *to);
                }
            }
            Self::Values(to) => changed.iter_mut().for_each(|(_, value)| replace(value, *to)),
            Self::Names(to) => changed.iter_mut().for_each(|(name, _)| replace(name, *to)),
            Self::NamesAndValues(to) => changed.iter_mut().for_each(|(name, value)| {
                replace(name, *to);
                replace(value, *to);
            }),
            Self::Split { at, separator } => changed = split(&changed, *at, separator),
        }
        changed
    }
}

impl Layout {
    /// This layout, or the other one if this is Twilio's.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::Canonical { other } else { self }
    }

    /// The pairs as they are appended: the concatenation is what is signed after the URL.
    pub(super) fn lay_out(self, mut pairs: Vec<Pair<'_>>) -> Vec<Pair<'_>> {
        let by_name = |a: &Pair<'_>, b: &Pair<'_>| a.0.cmp(&b.0);
        match self {
            Self::Canonical => {
                pairs.sort_unstable();
                pairs.dedup();
            }
            Self::Kept => {}
            Self::CaseIgnored => {
                pairs.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
            }
            Self::Repeated => pairs.sort_unstable(),
            Self::NameOnce => {
                pairs.sort_by(by_name);
                let mut last: Option<Cow<'_, [u8]>> = None;
                for (name, _) in &mut pairs {
                    if last.as_ref() == Some(name) {
                        *name = Cow::Borrowed(&[]);
                    } else {
                        last = Some(name.clone());
                    }
                }
            }
            Self::FirstValue => {
                pairs.sort_by(by_name);
                pairs.dedup_by(|next, kept| next.0 == kept.0);
            }
            Self::LastValue => {
                pairs.reverse();
                pairs.sort_by(by_name);
                pairs.dedup_by(|next, kept| next.0 == kept.0);
            }
        }
        pairs
    }
}

const fn borrow(text: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(text)
}

fn replace(text: &mut Cow<'_, [u8]>, to: TextChange) {
    if let Some(changed) = to(text) {
        *text = Cow::Owned(changed);
    }
}

fn split<'p>(pairs: &[Pair<'p>], at: Option<usize>, separator: &[u8]) -> Vec<Pair<'p>> {
    let mut changed = Vec::new();
    for (index, (name, value)) in pairs.iter().enumerate() {
        let mut rest: &[u8] = value;
        while at.is_none_or(|at| at == index)
            && let Some(end) = rest.windows(separator.len()).position(|window| window == separator)
        {
            let (before, after) = rest.split_at_checked(end).unwrap_or_default();
            changed.push((name.clone(), Cow::Owned(before.to_vec())));
            rest = after.get(separator.len()..).unwrap_or_default();
        }
        changed.push((name.clone(), Cow::Owned(rest.to_vec())));
    }
    changed
}

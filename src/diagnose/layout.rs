//! How pairs are appended to the URL: as Twilio does it, and as other signers do.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// A decoded name and value.
pub(super) type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The order of pairs, and which of them are kept.
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

impl Layout {
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

/// Names and values, one after the other.
pub(super) fn join(pairs: &[Pair<'_>]) -> Vec<u8> {
    let len = pairs.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum();
    let mut text = Vec::with_capacity(len);
    for (name, value) in pairs {
        text.extend_from_slice(name);
        text.extend_from_slice(value);
    }
    text
}

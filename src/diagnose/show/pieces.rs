//! Two canonical strings, cut down to where they differ.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::{CUT, MAX_RUN, Redactor, START, userinfo};
use crate::diagnose::layout::Pair;
use crate::diagnose::parts::Parts;

/// Longest value of a parameter that is shown whole.
const MAX_VALUE: usize = 12;
/// Longest host that is shown whole.
const MAX_HOST: usize = 60;
/// Pieces of a canonical string that are shown.
const SHOWN_PIECES: usize = 8;

/// A canonical string in pieces: the URL's, then each name with its value.
pub(in crate::diagnose) struct Pieces(Vec<String>);

impl Pieces {
    pub(in crate::diagnose) fn new(url: &str, pairs: &[Pair<'_>]) -> Self {
        let mut pieces = Self::of_url(url, ToOwned::to_owned).0;
        for (name, value) in pairs {
            let name = String::from_utf8_lossy(name);
            pieces.push([" + ", &name, "="].concat());
            // Before anything is cut: a password without its `@` could not be told from other text.
            pieces.push(userinfo::without(&String::from_utf8_lossy(value)));
        }
        Self(pieces)
    }

    /// The URL alone, without the values of its query.
    pub(in crate::diagnose) fn without_values(url: &str) -> Self {
        Self::of_url(url, |segment| match segment.split_once('=') {
            Some((name, value)) if !value.is_empty() => [name, "=", "…"].concat(),
            _ => segment.to_owned(),
        })
    }

    fn of_url(url: &str, segment: impl Fn(&str) -> String) -> Self {
        let url = userinfo::without(url);
        let Some(parts) = Parts::cut(&url) else { return Self(Vec::from([url])) };
        let mut pieces = Vec::from([parts.scheme.clone(), "://".to_owned()]);
        pieces.extend(parts.userinfo.iter().map(|userinfo| [userinfo, "@"].concat()));
        pieces.push(parts.host.clone());
        pieces.extend(parts.port.iter().map(|port| [":", port].concat()));
        pieces.extend(parts.path.split_inclusive('/').map(ToOwned::to_owned));
        for (nth, text) in parts.query.iter().flat_map(|query| query.split('&')).enumerate() {
            pieces.push([if nth == 0 { "?" } else { "&" }, &segment(text)].concat());
        }
        pieces.extend(parts.fragment.iter().map(|fragment| ["#", fragment].concat()));
        Self(pieces)
    }
}

impl Redactor {
    /// The pieces of two canonical strings around their first difference.
    pub(in crate::diagnose) fn difference(
        &self,
        given: &Pieces,
        signed: &Pieces,
    ) -> (String, String) {
        let same = given.0.iter().zip(&signed.0).take_while(|(a, b)| a == b).count();
        let (before, from) = (same.saturating_sub(2), same);
        let other = |pieces: &Pieces| pieces.0.get(from).cloned().unwrap_or_default();
        let window = |pieces: &Pieces, other: &str| {
            let mut shown = String::new();
            if before > 0 {
                shown.push(CUT);
            }
            for (at, piece) in pieces.0.iter().enumerate().skip(before).take(SHOWN_PIECES) {
                shown.push_str(
                    &self.show(&value_cut(piece, if at == from { other } else { piece })),
                );
            }
            let more = pieces.0.len() > before.saturating_add(SHOWN_PIECES);
            if more && !shown.ends_with(CUT) {
                shown.push(CUT);
            }
            self.mask(&shown)
        };
        (window(given, &other(signed)), window(signed, &other(given)))
    }
}

/// A piece, cut around its first difference from `other` if it is long.
fn value_cut(piece: &str, other: &str) -> String {
    let len = piece.chars().count();
    let lead = piece.starts_with(['?', '&', '#', '/']) || piece.starts_with(" + ");
    let max = match (lead, piece.contains('.')) {
        (true, _) => MAX_RUN * 2,
        (false, true) => MAX_HOST,
        (false, false) => MAX_VALUE,
    };
    if len <= max {
        return spaces_shown(piece);
    }
    let same = piece.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    if piece == other || same < START {
        let start: String = piece.chars().take(START).collect();
        return [&start, "…"].concat();
    }
    let from = same.saturating_sub(START);
    let shown: String = piece.chars().skip(from).take(MAX_VALUE).collect();
    let end = if from.saturating_add(MAX_VALUE) < len { "…" } else { "" };
    ["…", &spaces_shown(&shown), end].concat()
}

/// The text with spaces at its ends made visible.
fn spaces_shown(text: &str) -> String {
    if text.starts_with(" + ") {
        return text.to_owned();
    }
    let bare = text.trim_matches(' ');
    let before = text.len().saturating_sub(text.trim_start_matches(' ').len());
    let after = text.len().saturating_sub(before).saturating_sub(bare.len());
    ["␠".repeat(before).as_str(), bare, "␠".repeat(after).as_str()].concat()
}

//! What may be shown. All text that leaves a diagnosis goes through here.
//!
//! Long runs of letters and digits are cut to four characters, so a token cannot be read off them;
//! no five characters in a row of the signature that arrived, and no eight of a raw secret; no user
//! name and password; and nothing but printable ASCII from the request, since terminals obey the
//! rest.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::params::Pair;
use super::parts::Parts;

/// Longest run of letters and digits that is shown whole: less than a token or a SID.
const MAX_RUN: usize = 20;
/// Characters that are shown of a longer one.
const START: usize = 4;
/// Longest text that is shown, in characters.
const MAX_TEXT: usize = 160;
/// Longest value of a parameter that is shown whole.
const MAX_VALUE: usize = 12;
/// Characters in a row of the signature that arrived which are not shown.
const SIGNATURE_WINDOW: usize = 5;
/// Characters in a row of a raw secret which are not shown.
const SECRET_WINDOW: usize = 8;
/// Bytes of a header that are kept from being shown.
const MAX_HEADER: usize = 1_024;
/// Pieces of a canonical string that are shown.
const SHOWN_PIECES: usize = 8;
/// What stands for what is not shown.
const CUT: char = '…';

/// What must not be shown, of one request.
pub(super) struct Redactor {
    hidden: Vec<Zeroizing<Vec<u8>>>,
}

/// A canonical string in pieces: of the URL, then each name with its value.
pub(super) struct Pieces(Vec<String>);

impl Redactor {
    pub(super) fn new<'s>(signature: &[u8], secrets: impl Iterator<Item = &'s str>) -> Self {
        let windows = |text: &[u8], len: usize| -> Vec<Zeroizing<Vec<u8>>> {
            if text.len() < len {
                return Vec::from([Zeroizing::new(text.to_vec())]);
            }
            text.windows(len).map(|window| Zeroizing::new(window.to_vec())).collect()
        };
        let signature = signature.get(..MAX_HEADER).unwrap_or(signature);
        let mut hidden = Vec::new();
        if signature.len() >= SIGNATURE_WINDOW {
            hidden.extend(windows(signature, SIGNATURE_WINDOW));
        }
        for secret in secrets {
            hidden.extend(windows(secret.as_bytes(), SECRET_WINDOW));
        }
        hidden.retain(|window| !window.trim_ascii().is_empty());
        Self { hidden }
    }

    /// The text as it may be shown.
    pub(super) fn show(&self, text: &str) -> String {
        self.mask(&cut(&without_userinfo(text)))
    }

    /// Masks what is hidden. It comes last: what is masked is what would be shown.
    fn mask(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut masked: Vec<bool> = bytes.iter().map(|_| false).collect();
        for window in &self.hidden {
            for (at, found) in bytes.windows(window.len()).enumerate() {
                if found == &***window {
                    let hidden = masked.iter_mut().skip(at).take(window.len());
                    hidden.for_each(|byte| *byte = true);
                }
            }
        }
        let shown =
            text.char_indices().map(|(at, c)| if masked.get(at) == Some(&true) { '*' } else { c });
        shown.collect()
    }

    /// The pieces of two canonical strings around their first difference.
    pub(super) fn difference(&self, given: &Pieces, signed: &Pieces) -> (String, String) {
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

impl Pieces {
    pub(super) fn new(url: &str, pairs: &[Pair<'_>]) -> Self {
        let mut pieces = Vec::new();
        if let Some(parts) = Parts::cut(url) {
            pieces.extend([parts.scheme.clone(), "://".to_owned()]);
            pieces.extend(parts.userinfo.iter().map(|_| "***@".to_owned()));
            pieces.push(parts.host.clone());
            pieces.extend(parts.port.iter().map(|port| [":", port].concat()));
            let segments = parts.path.split_inclusive('/').map(ToOwned::to_owned);
            pieces.extend(segments);
            for (mark, segment) in parts.query.iter().flat_map(|query| {
                query
                    .split('&')
                    .enumerate()
                    .map(|(nth, text)| (if nth == 0 { "?" } else { "&" }, text))
            }) {
                pieces.push([mark, segment].concat());
            }
            pieces.extend(parts.fragment.iter().map(|fragment| ["#", fragment].concat()));
        } else {
            pieces.push(url.to_owned());
        }
        for (name, value) in pairs {
            let name = String::from_utf8_lossy(name);
            pieces.push([" + ", &name, "="].concat());
            pieces.push(String::from_utf8_lossy(value).into_owned());
        }
        Self(pieces)
    }
}

/// A piece, cut around its first difference from `other` if it is long.
fn value_cut(piece: &str, other: &str) -> String {
    let len = piece.chars().count();
    let lead = piece.starts_with(['?', '&', '#', '/']) || piece.starts_with(" + ");
    let max =
        if lead { MAX_RUN * 2 } else { MAX_VALUE.max(if piece.contains('.') { 60 } else { 0 }) };
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

/// The text with user name and password of a URL masked.
fn without_userinfo(text: &str) -> String {
    let Some((before, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    match rest
        .split_at_checked(end)
        .and_then(|(authority, after)| Some((authority.rsplit_once('@')?.1, after)))
    {
        Some((host, after)) => [before, "://***@", host, after].concat(),
        None => text.to_owned(),
    }
}

/// Cuts long runs and long texts, and writes what is not printable ASCII as an escape.
fn cut(text: &str) -> String {
    let mut shown = String::new();
    let mut run = String::new();
    let end_run = |run: &mut String, shown: &mut String| {
        if run.len() > MAX_RUN {
            shown.extend(run.chars().take(START));
            shown.push(CUT);
        } else {
            shown.push_str(run);
        }
        run.clear();
    };
    for c in text.chars().take(MAX_TEXT) {
        if c.is_ascii_alphanumeric() {
            run.push(c);
            continue;
        }
        end_run(&mut run, &mut shown);
        match c {
            ' '..='~' | CUT | '␠' => shown.push(c),
            _ => shown.extend(c.escape_default()),
        }
    }
    end_run(&mut run, &mut shown);
    if text.chars().nth(MAX_TEXT).is_some() {
        shown.push(CUT);
    }
    shown
}

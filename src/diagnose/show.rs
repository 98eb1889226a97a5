//! What may be shown. All text that leaves a diagnosis goes through here.
//!
//! Long runs of letters and digits are cut to four characters, so a token cannot be read off them;
//! no five characters in a row of the signature that arrived, and no eight of a raw secret; no user
//! name and password; and nothing but printable ASCII from the request, since terminals obey the
//! rest.

mod pieces;
mod userinfo;

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

pub(super) use pieces::Pieces;

/// Longest run of letters and digits that is shown whole: less than a token or a SID.
const MAX_RUN: usize = 20;
/// Characters that are shown of a longer one.
const START: usize = 4;
/// Longest text that is shown, in characters.
const MAX_TEXT: usize = 160;
/// Longest text that is looked at for it, in characters.
const MAX_READ: usize = 4_096;
/// Characters in a row of the signature that arrived which are not shown.
const SIGNATURE_WINDOW: usize = 5;
/// Characters in a row of a raw secret which are not shown.
const SECRET_WINDOW: usize = 8;
/// Bytes of a header, and of a raw secret, that are kept from being shown.
const MAX_HIDDEN: usize = 1_024;
/// What stands for what is not shown.
const CUT: char = '…';

/// What must not be shown, of one request.
pub(super) struct Redactor {
    hidden: Vec<Zeroizing<Vec<u8>>>,
}

impl Redactor {
    pub(super) fn new<'s>(signature: &[u8], secrets: impl Iterator<Item = &'s str>) -> Self {
        let windows = |text: &[u8], len: usize| -> Vec<Zeroizing<Vec<u8>>> {
            let text = text.get(..MAX_HIDDEN).unwrap_or(text);
            if text.len() < len {
                return Vec::from([Zeroizing::new(text.to_vec())]);
            }
            text.windows(len).map(|window| Zeroizing::new(window.to_vec())).collect()
        };
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
        let end = text.char_indices().nth(MAX_READ).map_or(text.len(), |(at, _)| at);
        self.mask(&cut(&userinfo::without(text.get(..end).unwrap_or(text))))
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

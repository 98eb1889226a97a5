//! Verdicts as text and as JSON.

use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use twilio_sig::{Verified, VerifyError};

use crate::failure::Failure;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const LABEL: Style = Style::new().bold();

/// Longest label in front of a text, in bytes.
const MAX_LABEL_LEN: usize = 12;

/// A verdict, as a line of a batch has it: the fields are written in this order.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum VerdictLine {
    Verified {
        ok: bool,
        coverage: String,
        candidate: String,
        key: usize,
    },
    BadInput {
        ok: bool,
        error: &'static str,
        detail: String,
    },
    Refused {
        ok: bool,
        error: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        causes: Option<Vec<&'static str>>,
    },
}

impl VerdictLine {
    /// The verdict on a line that cannot be read.
    pub(crate) fn bad_input(detail: impl Into<String>) -> Self {
        Self::BadInput { ok: false, error: "bad_input", detail: detail.into() }
    }

    /// With what a diagnosis found, if it is a refusal.
    pub(crate) fn with_causes(mut self, found: Option<Vec<&'static str>>) -> Self {
        if let Self::Refused { causes, .. } = &mut self {
            *causes = found;
        }
        self
    }

    /// The code of the error.
    pub(crate) const fn error(&self) -> Option<&'static str> {
        match self {
            Self::Verified { .. } => None,
            Self::BadInput { error, .. } | Self::Refused { error, .. } => Some(error),
        }
    }

    pub(crate) const fn is_ok(&self) -> bool {
        matches!(self, Self::Verified { .. })
    }
}

impl From<Result<Verified<'_>, VerifyError>> for VerdictLine {
    fn from(verdict: Result<Verified<'_>, VerifyError>) -> Self {
        match verdict {
            Ok(verified) => Self::Verified {
                ok: true,
                coverage: verified.coverage().to_string(),
                candidate: verified.candidate().to_string(),
                key: verified.key(),
            },
            Err(error) => Self::Refused { ok: false, error: error.code(), causes: None },
        }
    }
}

/// Prints text in colour, if standard output is a terminal.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
}

/// Says something beside the result, on standard error.
pub(crate) fn note(text: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(anstream::stderr(), "{LABEL}note:{LABEL:#} {text}");
}

/// Prints one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    write_json(&mut out, value).and_then(|()| out.flush()).map_err(Failure::output)
}

/// Writes one line of JSON.
pub(crate) fn write_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

/// A text of others, without what a terminal would obey, and of at most `max` characters.
pub(crate) fn printable(text: &str, max: usize) -> String {
    let mut shown = String::new();
    for character in text.chars().take(max) {
        let is_obeyed = character.is_control() && !matches!(character, '\n' | '\t');
        if is_obeyed || is_invisible(character) {
            shown.extend(character.escape_unicode().filter(|_| character != '\r'));
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(max).is_some() {
        shown.push('…');
    }
    shown
}

/// The columns of the terminal on standard output, if it is one.
pub(crate) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| usize::from(width))
}

/// The line in pieces of at most `max` columns, broken between words. What follows stands below the
/// text and not below its label. A word that is longer stays whole.
pub(crate) fn wrapped(line: &str, max: usize) -> Vec<String> {
    if line.chars().count() <= max {
        return vec![line.to_owned()];
    }
    let indent = indent(line);
    let mut pieces = Vec::new();
    let start = line.char_indices().nth(indent).map_or(line.len(), |(at, _)| at);
    let (mut piece, text) = match line.split_at_checked(start) {
        Some((label, text)) => (label.to_owned(), text),
        None => (String::new(), line),
    };
    let mut is_first = true;
    for word in text.split(' ') {
        let needed = piece.chars().count().saturating_add(word.chars().count());
        if !is_first && needed >= max {
            pieces.push(core::mem::replace(&mut piece, " ".repeat(indent)));
            is_first = true;
        }
        if !is_first {
            piece.push(' ');
        }
        piece.push_str(word);
        is_first = false;
    }
    pieces.push(piece);
    pieces
}

/// The column where the text behind a label begins.
fn indent(line: &str) -> usize {
    let spaces = |text: &str| text.len().saturating_sub(text.trim_start_matches(' ').len());
    let before = spaces(line);
    let rest = line.get(before..).unwrap_or_default();
    let label = rest.find("  ").filter(|at| *at <= MAX_LABEL_LEN);
    label.map_or(before, |at| {
        let gap = spaces(rest.get(at..).unwrap_or_default());
        before.saturating_add(at).saturating_add(gap)
    })
}

/// Marks that turn the direction of a text around, so that it reads as another.
const fn is_invisible(character: char) -> bool {
    let is_mark = matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}');
    is_mark || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

/// A URL in one line, without its user information.
pub(crate) fn printable_url(url: &str, max: usize) -> String {
    let shown = match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}{rest}")
        }
        None => url.to_owned(),
    };
    printable(&shown, max).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_it() {
        assert_eq!(printable("a\u{1b}[31m\r\nb\u{202e}", 99), "a\\u{1b}[31m\nb\\u{202e}");
        assert_eq!(printable("äöü", 2), "äö…");
        let url = printable_url("https://u:p@ss@e.com/a@b?\nx", 99);
        assert_eq!(url, "https://e.com/a@b? x");
        assert_eq!(printable_url("/a@b", 99), "/a@b");
    }
    #[test]
    fn lines_are_wrapped_between_words_below_their_text() {
        let line = "  fix      Build the URL with https: configure it.";
        assert_eq!(wrapped(line, 80), [line]);
        let pieces =
            ["  fix      Build the URL with", "           https: configure", "           it."];
        assert_eq!(wrapped(line, 29), pieces);
        assert_eq!(wrapped("a longword b", 5), ["a", "longword", "b"]);
        assert_eq!(
            wrapped("note       https://e.com/x y", 12),
            ["note       https://e.com/x", "           y"]
        );
    }
}

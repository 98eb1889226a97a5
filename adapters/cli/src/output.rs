//! Verdicts as text and as JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use twilio_sig::{Verified, VerifyError};

use crate::failure::Failure;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const LABEL: Style = Style::new().bold();

/// A verdict, as a line of a batch has it: the fields are written in this order.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Verdict {
    Verified { ok: bool, coverage: String, candidate: String, key: usize },
    BadInput { ok: bool, error: &'static str, detail: String },
    Refused { ok: bool, error: &'static str },
}

impl Verdict {
    /// The verdict on a line that cannot be read.
    pub(crate) fn bad_input(detail: impl Into<String>) -> Self {
        Self::BadInput { ok: false, error: "bad_input", detail: detail.into() }
    }

    pub(crate) const fn is_ok(&self) -> bool {
        matches!(self, Self::Verified { .. })
    }
}

impl From<Result<Verified<'_>, VerifyError>> for Verdict {
    fn from(verdict: Result<Verified<'_>, VerifyError>) -> Self {
        match verdict {
            Ok(verified) => Self::Verified {
                ok: true,
                coverage: verified.coverage().to_string(),
                candidate: verified.candidate().to_string(),
                key: verified.key(),
            },
            Err(error) => Self::Refused { ok: false, error: error.code() },
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
}

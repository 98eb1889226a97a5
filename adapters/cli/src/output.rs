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

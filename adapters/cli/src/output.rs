//! Verdicts as text and as JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use twilio_sig::{Verified, VerifyError};

use crate::failure::Failure;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const LABEL: Style = Style::new().bold();

/// The verdict, as a line of a batch has it.
pub(crate) fn verdict(verdict: Result<Verified<'_>, VerifyError>) -> Value {
    match verdict {
        Ok(verified) => json!({
            "ok": true,
            "coverage": verified.coverage().to_string(),
            "candidate": verified.candidate().to_string(),
            "key": verified.key(),
        }),
        Err(error) => json!({ "ok": false, "error": error.code() }),
    }
}

/// Prints text in colour, if standard output is a terminal.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
}

/// Prints one line of JSON.
pub(crate) fn print_json(value: &Value) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}").and_then(|()| out.flush()).map_err(Failure::output)
}

//! What is printed: a row for each request, and below a refused one its diagnosis.

use core::fmt::Write as _;
use core::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::time::{SystemTime, UNIX_EPOCH};

use twilio_sig::{Hints, Verifier, VerifyError, diagnose};

use crate::args::ListenArgs;
use crate::diagnose::{coloured, with_headers};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, LABEL, printable, printable_url};
use crate::request::Request;

/// Columns of the request without and with the column of the files: with both, a row fits into 80. A
/// longer one is cut.
const REQUEST_WIDTHS: [usize; 2] = [32, 21];
/// Columns of the verdict: the longest code of an error.
const VERDICT_WIDTH: usize = 28;

/// A request that was answered.
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) verdict: Decided,
    /// The status of the answer.
    pub(super) status: u16,
    /// What to say below the row: that a forward failed, or that Twilio could not use the answer.
    pub(super) note: Option<String>,
    /// The name of the file, or why there is none.
    pub(super) saved: Option<Result<String, String>>,
    /// How many requests before it were not shown.
    pub(super) not_shown: u32,
}

/// What was decided of it.
pub(super) enum Decided {
    Verified,
    /// Refused, with what a diagnosis needs.
    Refused(VerifyError, Box<Request>),
    /// Not looked at: it is no request that can be verified.
    Unread(&'static str),
}

/// What stands above the table.
pub(super) fn heading(args: &ListenArgs, address: SocketAddr) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{LABEL}{label:<10}{LABEL:#} {value}");
    };
    line("listening", &format!("http://{address} (Ctrl-C ends)"));
    match &args.url {
        Some(url) => line("public", &printable_url(url, 200)),
        None => line("public", "http:// and the Host header of each request; --url sets it"),
    }
    if let Some(forward) = &args.forward_to {
        let anew = if args.sign_anew { ", signed anew" } else { "" };
        line("forward", &format!("{}{anew}", printable_url(forward, 200)));
    }
    if let Some(folder) = &args.save {
        line("save", &folder.display().to_string());
    }
    let width = request_width(args.save.is_some());
    let saved = if args.save.is_some() { "  SAVED" } else { "" };
    let _ = writeln!(
        text,
        "\n{LABEL}{:<8}  {:<width$}  {:<VERDICT_WIDTH$}  ANSWER{saved}{LABEL:#}",
        "UTC", "REQUEST", "VERDICT"
    );
    text
}

const fn request_width(has_files: bool) -> usize {
    let [without, with] = REQUEST_WIDTHS;
    if has_files { with } else { without }
}

/// Prints, and diagnoses one request at a time.
pub(super) struct Table {
    verifier: Verifier,
    hints: Hints,
}

impl Table {
    pub(super) const fn new(verifier: Verifier, hints: Hints) -> Self {
        Self { verifier, hints }
    }

    /// Prints until the server ends.
    ///
    /// # Errors
    /// [`Failure::Io`] or [`Failure::Closed`] if standard output fails.
    pub(super) fn print(&self, seen: &Receiver<Seen>) -> Result<(), Failure> {
        for seen in seen {
            let mut text = String::new();
            if seen.not_shown > 0 {
                let count = seen.not_shown;
                let _ = writeln!(text, "{BAD}{count} requests came too fast to be shown{BAD:#}");
            }
            text.push_str(&row(&seen));
            // The row first: a diagnosis may take most of a second.
            output::print(&text)?;
            if let Decided::Refused(_, request) = &seen.verdict {
                output::print(&self.diagnosis(request))?;
            }
        }
        Ok(())
    }

    fn diagnosis(&self, request: &Request) -> String {
        let hints = with_headers(self.hints.clone(), request);
        let diagnosis = request.with_webhook(|webhook| diagnose(&self.verifier, webhook, &hints));
        let url = printable_url(&request.url, 500);
        let mut text = format!("  {LABEL}URL{LABEL:#}        {url}\n");
        let width = output::width().map(|width| width.saturating_sub(2));
        for line in coloured(&diagnosis.to_string(), width).lines() {
            let _ = writeln!(text, "  {line}");
        }
        text
    }
}

fn row(seen: &Seen) -> String {
    let (style, verdict) = match &seen.verdict {
        Decided::Verified => (GOOD, "verified".to_owned()),
        Decided::Refused(error, _) => (BAD, format!("refused: {}", error.code())),
        Decided::Unread(why) => (BAD, format!("refused: {why}")),
    };
    let width = request_width(seen.saved.is_some());
    let request = one_line(&format!("{} {}", seen.method, seen.target), width.saturating_sub(1));
    let saved = match &seen.saved {
        Some(Ok(name)) => format!("  {name}"),
        Some(Err(why)) => format!("  {BAD}not saved: {why}{BAD:#}"),
        None => String::new(),
    };
    let (time, status) = (clock(), seen.status);
    let mut text = format!(
        "{time}  {request:<width$}  {style}{verdict:<VERDICT_WIDTH$}{style:#}  {status:<6}{saved}"
    );
    text.truncate(text.trim_end().len());
    text.push('\n');
    if let Some(note) = &seen.note {
        let _ = writeln!(text, "  {note}");
    }
    text
}

fn one_line(text: &str, max: usize) -> String {
    printable(text, max).replace(['\n', '\t'], " ")
}

/// The time of day, UTC.
fn clock() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() % 86_400;
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{:02}:{:02}:{seconds:02}", minutes / 60, minutes % 60)
}

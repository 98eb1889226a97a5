//! `twilio-sig batch`: one line in, one line out, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use zeroize::Zeroizing;

use crate::Outcome;
use crate::args::BatchArgs;
use crate::failure::Failure;
use crate::lines::{self, Line};
use crate::output::{self, Verdict};
use crate::record;

pub(crate) fn run(args: &BatchArgs) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let failed = |error: io::Error| Failure::read(path, &error);
    if path == Path::new("-") {
        return pump(io::stdin().lock(), path, args.max_line, &ProgressBar::hidden());
    }
    let file = File::open(path).map_err(failed)?;
    let bar = progress_bar(file.metadata().map_err(failed)?.len());
    let reader = BufReader::new(Watched { file, bar: bar.clone() });
    let outcome = pump(reader, path, args.max_line, &bar);
    bar.finish_and_clear();
    outcome
}

/// A progress bar over the bytes of a file; hidden unless it is seen, on a terminal.
fn progress_bar(bytes: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let template = "{bar:40} {percent:>3} %  {binary_bytes_per_sec}  {eta} left";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Refused lines do not make the batch fail: each has its verdict, and the status is 1 only if
/// there was one.
fn pump(
    mut reader: impl BufRead,
    path: &Path,
    max_line: usize,
    bar: &ProgressBar,
) -> Result<Outcome, Failure> {
    let to_terminal = io::stdout().is_terminal();
    let mut out = BufWriter::new(io::stdout().lock());
    // A line holds tokens.
    let mut line = Zeroizing::new(Vec::new());
    let mut outcome = Outcome::Good;
    loop {
        let verdict = match lines::read(&mut reader, &mut line, max_line) {
            Ok(Line::End) => break,
            Ok(Line::TooLong) => {
                Verdict::bad_input(format!("the line is longer than {max_line} bytes"))
            }
            Ok(Line::Whole) if line.trim_ascii().is_empty() => continue,
            Ok(Line::Whole) => record::verdict(&line),
            Err(error) => return Err(Failure::read(path, &error)),
        };
        if !verdict.is_ok() {
            outcome = Outcome::Refused;
        }
        let mut write = || {
            output::write_json(&mut out, &verdict)?;
            if to_terminal { out.flush() } else { Ok(()) }
        };
        let written = if to_terminal { bar.suspend(write) } else { write() };
        written.map_err(Failure::output)?;
    }
    out.flush().map_err(Failure::output)?;
    Ok(outcome)
}

/// A file whose reading moves the bar.
struct Watched {
    file: File,
    bar: ProgressBar,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bar.inc(u64::try_from(read).unwrap_or_default());
        Ok(read)
    }
}

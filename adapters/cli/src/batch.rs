//! `twilio-sig batch`: one line in, one line out, in bounded memory.

mod progress;
mod summary;

use std::fs::File;
use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::Path;

use twilio_sig::Hints;
use zeroize::Zeroizing;

use crate::Ending;
use crate::args::BatchArgs;
use crate::failure::Failure;
use crate::lines::{self, Line, WipedReader};
use crate::output::{self, VerdictLine};
use crate::record::{self, Decided};

use self::progress::Progress;
use self::summary::Summary;

pub(crate) fn run(args: &BatchArgs) -> Result<Ending, Failure> {
    let path = args.file.as_path();
    let failed = |error: io::Error| Failure::read(path, &error);
    if path == Path::new("-") {
        return from_standard_input(args).map_err(failed)?;
    }
    let file = File::open(path).map_err(failed)?;
    from_file(file, args).map_err(failed)?
}

/// A pipe has no length, and no bar.
fn from_file(file: File, args: &BatchArgs) -> io::Result<Result<Ending, Failure>> {
    let metadata = file.metadata()?;
    let progress =
        if metadata.is_file() { Progress::of(metadata.len()) } else { Progress::hidden() };
    let outcome = pump(WipedReader::new(progress.watch(file)), args, &progress);
    progress.finish();
    Ok(outcome)
}

/// Standard input without the buffer of the standard library, which cannot be wiped.
#[cfg(unix)]
fn from_standard_input(args: &BatchArgs) -> io::Result<Result<Ending, Failure>> {
    use std::os::fd::AsFd as _;
    from_file(io::stdin().as_fd().try_clone_to_owned().map(File::from)?, args)
}

#[cfg(not(unix))]
fn from_standard_input(args: &BatchArgs) -> io::Result<Result<Ending, Failure>> {
    Ok(pump(WipedReader::new(io::stdin().lock()), args, &Progress::hidden()))
}

/// Refused lines do not make the batch fail: each has its verdict, and the status is 1 only if
/// there was one.
fn pump(
    mut reader: impl BufRead,
    args: &BatchArgs,
    progress: &Progress,
) -> Result<Ending, Failure> {
    let to_terminal = io::stdout().is_terminal();
    let mut out = BufWriter::new(io::stdout().lock());
    let hints = args.diagnose.then(|| Hints::new().max_macs(args.max_macs));
    let mut summary = Summary::default();
    let mut line = Zeroizing::new(Vec::new());
    let mut number = 0_u64;
    loop {
        let read = lines::read(&mut reader, &mut line, args.max_line);
        let read = read.map_err(|error| Failure::read(&args.file, &error))?;
        number = number.saturating_add(1);
        let decided = match read {
            Line::End => break,
            Line::TooLong => {
                let detail = format!("the line is longer than {} bytes", args.max_line);
                Decided::without_diagnosis(VerdictLine::bad_input(detail))
            }
            Line::Whole if line.trim_ascii().is_empty() => continue,
            Line::Whole => record::decide(&line, hints.as_ref()),
        };
        progress.count(decided.verdict.is_ok());
        summary.count(number, &decided);
        let mut write = || {
            output::write_json(&mut out, &decided.verdict)?;
            if to_terminal { out.flush() } else { Ok(()) }
        };
        let written = if to_terminal { progress.suspend(write) } else { write() };
        written.map_err(Failure::output)?;
    }
    out.flush().map_err(Failure::output)?;
    progress.finish();
    if args.diagnose {
        summary.print();
    }
    Ok(if summary.refused() > 0 { Ending::Refused } else { Ending::Good })
}

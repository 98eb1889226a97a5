//! Compares the crate's verdicts with those of Twilio's helper libraries for Python and Node.
//!
//! Random webhooks are signed by a library and by the crate, some are tampered with, and both give
//! their verdict. Where they differ, `divergences.txt` must say why; every example there must
//! differ. `INTEROP_SEED` and `INTEROP_CASES` (each way, per library) choose the cases.

mod case;
mod divergence;
mod generate;
mod library;
mod random;
#[path = "../../../records/mod.rs"]
mod records;
mod run;
mod spelling;
mod tamper;
mod vectors;

use std::env;
use std::process::ExitCode;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::library::{Failure, Name};

/// Cases each way and per library, unless `INTEROP_CASES` says otherwise.
const CASES: usize = 5_000;

fn number(name: &str) -> Result<Option<u64>, Failure> {
    match env::var(name) {
        Ok(text) => Ok(Some(text.parse().map_err(|error| format!("{name}={text}: {error}"))?)),
        Err(_) => Ok(None),
    }
}

fn compare() -> Result<bool, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let seed = number("INTEROP_SEED")?.unwrap_or(now);
    let cases = number("INTEROP_CASES")?.map_or(Ok(CASES), usize::try_from)?;
    println!("INTEROP_SEED={seed} INTEROP_CASES={cases}");
    let start = Instant::now();
    let divergences = divergence::all()?;
    let divergences = &divergences;
    let reports: Vec<_> = thread::scope(|scope| {
        let runs =
            Name::ALL.map(|name| scope.spawn(move || run::run(name, seed, cases, divergences)));
        runs.into_iter().map(|run| run.join().map_err(|_| "a thread panicked")).collect()
    });
    let mut agreed = true;
    for report in reports {
        let report = report??;
        report.print();
        agreed &= report.failures.is_empty();
    }
    println!("{:.1} s", start.elapsed().as_secs_f32());
    Ok(agreed)
}

fn main() -> ExitCode {
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

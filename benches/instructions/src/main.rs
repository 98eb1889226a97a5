//! Counts the instructions of the main verdicts under valgrind, and compares them with those of
//! `counts.txt`. Unlike a time, a count hardly depends on the machine and on what else it does.
//!
//! - `cargo run --release -- check` fails if a count has changed by more than the tolerance.
//! - `cargo run --release -- update` writes the counts anew.
//!
//! Valgrind's processor has no instructions for SHA. What runs is the portable code of `sha1` and
//! `sha2`, which takes most of the whole; so what all the rest takes is counted apart.

mod callgrind;
mod counts;
mod probe;
#[path = "../../../tests/records/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod records;
#[path = "../../verify/requests.rs"]
mod requests;

use std::error::Error;
use std::process::ExitCode;

use counts::Counts;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let task = std::env::args().nth(1);
    let agrees = match task.as_deref() {
        // What the other two run under valgrind.
        Some(callgrind::PROBE) => probe::run().map(|()| true)?,
        Some("check") => Counts::committed()?.agree_with(&Counts::counted()?),
        Some("update") => Counts::counted()?.commit().map(|()| true)?,
        _ => return Err("say what to do: check or update".into()),
    };
    Ok(if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

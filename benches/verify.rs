//! `verify` beside its floor: the bare HMAC of the same canonical bytes, by a key that is ready.
//! Nothing that verifies can take less. Beside it also the verifier that one writes first.
//!
//! - `cargo bench --bench verify` runs criterion, and prints a table of ratios at its end. With a
//!   filter it runs criterion alone.
//! - `cargo bench --bench verify -- --ratios` prints the table alone, in half a minute. It fails if
//!   a ratio is above what is held by more than a quarter: a busy machine should not fail it, and a
//!   step back should. What is held is the target, or, where that is not met yet, what was reached.
//!
//! Each ratio is one of shortest times over many rounds in which the two take turns
//! (`verify/measure.rs`). Numbers of one machine mean little on another; ratios mean a lot.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a bench, whose indices are its own, which prints what it finds"
)]

#[path = "verify/hostile.rs"]
mod hostile;
#[path = "verify/measure.rs"]
mod measure;
#[path = "verify/naive.rs"]
mod naive;
#[path = "../tests/records/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod records;
#[path = "verify/requests.rs"]
mod requests;
#[path = "verify/rows.rs"]
mod rows;
#[path = "verify/table.rs"]
mod table;

use core::error::Error;
use core::time::Duration;
use std::process::ExitCode;

use criterion::{Criterion, Throughput};
use rows::Row;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let rows = rows::all()?;
    let asked = |option: &str| std::env::args().any(|argument| argument == option);
    if !asked("--ratios") {
        let mut criterion = Criterion::default().configure_from_args();
        for row in &rows {
            bench(&mut criterion, row);
        }
        criterion.final_summary();
        // Asked for some of it alone, or by `cargo test`.
        if !std::env::args().skip(1).eq(["--bench".to_owned()]) {
            return Ok(ExitCode::SUCCESS);
        }
    }
    Ok(if table::print(&rows) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bench(criterion: &mut Criterion, row: &Row) {
    let mut group = criterion.benchmark_group(format!("{}/{}", row.group, row.name));
    group.throughput(Throughput::Bytes(row.bytes.try_into().unwrap()));
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    group.measurement_time(Duration::from_millis(500));
    group.bench_function("verify", |bencher| bencher.iter(&row.work));
    group.bench_function(&*row.against, |bencher| bencher.iter(&row.base));
    if let Some(naive) = &row.naive {
        group.bench_function("naive", |bencher| bencher.iter(naive));
    }
    group.finish();
}

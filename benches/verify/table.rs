//! The table of ratios, and whether they meet their targets.

use crate::measure::lower;
use crate::rows::Row;

/// How far above what is held a ratio may be before it fails the run.
const TOLERANCE: f64 = 1.25;
/// How often every row is measured, and how often those above their targets are once more. What
/// keeps the machine busy during one pass may be over in the next.
const PASSES: usize = 6;
const MORE_PASSES: usize = 12;

/// The shortest times of a row, in nanoseconds.
struct Shortest {
    times: [f64; 3],
}

impl Shortest {
    const fn new() -> Self {
        Self { times: [f64::INFINITY; 3] }
    }

    fn measure(&mut self, row: &Row) {
        let mut works = vec![&row.work, &row.base];
        works.extend(&row.naive);
        lower(&mut self.times, &works);
    }

    /// The work's time in times of the base's, and that of the naive verifier.
    fn ratios(&self, row: &Row) -> (f64, Option<f64>) {
        let [time, base, naive] = self.times;
        let base = base * row.scale;
        (time / base, row.naive.is_some().then_some(naive / base))
    }

    /// In times of a bound; 0 if there is none.
    fn above(&self, row: &Row, bound: Option<f64>) -> f64 {
        bound.map_or(0.0, |bound| self.ratios(row).0 / bound)
    }
}

/// Prints the table. Whether every ratio is within a quarter of what is held.
pub(crate) fn print(rows: &[Row]) -> bool {
    let mut measured: Vec<_> = rows.iter().map(|row| (row, Shortest::new())).collect();
    for pass in 0..PASSES + MORE_PASSES {
        for (row, shortest) in &mut measured {
            if pass < PASSES || shortest.above(row, row.target) > 1.0 {
                shortest.measure(row);
            }
        }
    }

    println!(
        "\n{:<42} {:>9} {:>9}  {:<26} {:>6} {:>6} {:>6}  {:>6}",
        "", "bytes", "us", "times of", "ratio", "target", "", "naive"
    );
    let mut group = "";
    for (row, shortest) in &measured {
        if row.group != group {
            group = row.group;
            println!("{group}");
        }
        print_row(row, shortest);
    }
    let missed = |(row, times): &&(&Row, Shortest)| times.above(row, row.target) > 1.0;
    let failed = |(row, times): &&(&Row, Shortest)| times.above(row, row.held) > TOLERANCE;
    let missed = measured.iter().filter(missed).count();
    let failed = measured.iter().filter(failed).count();
    let targets = rows.iter().filter(|row| row.target.is_some()).count();
    println!(
        "\n{targets} targets, {missed} missed; {failed} more than a quarter above what is held"
    );
    failed == 0
}

fn print_row(row: &Row, shortest: &Shortest) {
    let (ratio, naive) = shortest.ratios(row);
    println!(
        "  {:<40} {:>9} {:>9.2}  {:<26} {:>6.2} {:>6} {:>6}  {:>6}",
        row.name,
        row.bytes,
        shortest.times[0] / 1e3,
        row.against,
        ratio,
        row.target.map_or_else(String::new, |target| format!("{target:.1}")),
        match row.target {
            Some(target) if ratio > target => "MISSED",
            Some(_) => "met",
            None => "",
        },
        naive.map_or_else(String::new, |naive| format!("{naive:.2}")),
    );
}

//! Times of things that are compared, on a machine that does other things too.

use core::time::Duration;
use std::time::Instant;

/// A piece of work, done once for each call.
pub(crate) type Work = Box<dyn Fn()>;

/// How long a round of one work is.
const ROUND: Duration = Duration::from_micros(150);
/// How long works take turns, round by round.
const TURNS: Duration = Duration::from_millis(80);
const MIN_ROUNDS: usize = 10;

/// Lowers `shortest` to the nanoseconds that each work takes, where it is less in any round.
///
/// The works take turns, so that whatever slows the machine down slows all of them. What disturbs a
/// round makes it longer and never shorter, so the shortest one counts.
pub(crate) fn lower(shortest: &mut [f64], works: &[&Work]) {
    let repeats: Vec<u32> = works.iter().map(|work| repeats(work)).collect();
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < MIN_ROUNDS || start.elapsed() < TURNS {
        for ((work, shortest), repeats) in works.iter().zip(&mut *shortest).zip(&repeats) {
            *shortest = shortest.min(time(work, *repeats));
        }
        rounds += 1;
    }
}

/// How often a work is done in a round.
fn repeats(work: &Work) -> u32 {
    let once = (0..3).map(|_| time(work, 1)).fold(f64::INFINITY, f64::min);
    let most = ROUND.as_secs_f64() * 1e9 / once;
    (1..=1_000).take_while(|repeats| f64::from(*repeats) <= most).last().unwrap_or(1)
}

/// Nanoseconds of one call, over so many.
fn time(work: &Work, repeats: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..repeats {
        work();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(repeats)
}

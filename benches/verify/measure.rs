//! Times of two or three things that are compared, on a machine that does other things too.

use core::time::Duration;
use std::time::Instant;

/// A piece of work, done once for each call.
pub(crate) type Work = Box<dyn Fn()>;

/// How long one of the rounds is, in which the works take turns.
const ROUND: Duration = Duration::from_micros(150);
/// How long they take turns.
const TURNS: Duration = Duration::from_millis(250);
const MIN_ROUNDS: usize = 25;

/// The shortest time of each work, in nanoseconds, over many short rounds.
///
/// The works take turns round by round, so that whatever slows the machine down slows all of them.
/// What disturbs a round makes it longer and never shorter, so the shortest one counts.
pub(crate) fn shortest<const N: usize>(works: [&Work; N]) -> [f64; N] {
    let times = works.map(|work| {
        let run = || time(work, 1);
        (0..3).map(|_| run()).fold(f64::INFINITY, f64::min)
    });
    let repeats = times.map(|time| {
        let repeats = ROUND.as_secs_f64() * 1e9 / time;
        (1..=1_000).take_while(|n| f64::from(*n) <= repeats).last().unwrap_or(1)
    });
    let mut shortest = [f64::INFINITY; N];
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < MIN_ROUNDS || start.elapsed() < TURNS {
        for ((work, shortest), repeats) in works.iter().zip(&mut shortest).zip(repeats) {
            *shortest = shortest.min(time(work, repeats));
        }
        rounds += 1;
    }
    shortest
}

/// Nanoseconds of one call, over so many.
fn time(work: &Work, repeats: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..repeats {
        work();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(repeats)
}

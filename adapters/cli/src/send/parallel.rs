//! Events at the same moment, as a service meets them.

use core::sync::atomic::Ordering;
use std::sync::{Barrier, mpsc};
use std::thread;

use super::Plan;
use crate::Ending;
use crate::failure::Failure;
use crate::output::{self, LABEL};

/// Sends `count` events at once, and prints each when it is done.
///
/// # Errors
/// The first failure, after all have ended.
pub(super) fn run(plan: &Plan<'_>, count: u8) -> Result<Ending, Failure> {
    let start = Barrier::new(usize::from(count));
    let (sender, done) = mpsc::channel();
    let (mut outcome, mut failure) = (Ending::Good, None);
    let (mut good, mut bad) = (0_u32, 0_u32);
    thread::scope(|scope| {
        for nth in 0..u64::from(count) {
            let (sender, start) = (sender.clone(), &start);
            let nth = if plan.is_one_event() { 0 } else { nth };
            scope.spawn(move || {
                let mut text = String::new();
                start.wait();
                let outcome = plan.event(plan.number.wrapping_add(nth), &mut |part| {
                    text.push_str(part);
                    Ok(())
                });
                // The receiver outlives the threads.
                let _ = sender.send((text, outcome));
            });
        }
        drop(sender);
        for (text, event) in done {
            let printed = output::print(&text);
            match printed.and(event) {
                Ok(Ending::Good) => good = good.saturating_add(1),
                Ok(Ending::Refused) => bad = bad.saturating_add(1),
                Err(error) => failure = failure.take().or(Some(error)),
            }
        }
    });
    let is_lost = !plan.args.forged && plan.useful.load(Ordering::Relaxed) == 0;
    if bad > 0 || is_lost {
        outcome = Ending::Refused;
    }
    let what = if plan.is_one_event() { "one event, the same bytes" } else { "events" };
    let lost = if is_lost { "; Twilio could use none of the answers" } else { "" };
    let text = format!(
        "{LABEL}at once{LABEL:#}  {count} ({what}): {good} answered as they should, {bad} not{lost}\n"
    );
    output::print(&text)?;
    failure.map_or(Ok(outcome), Err)
}

//! A bound on how many events happen within any minute.

use alloc::collections::VecDeque;
use core::time::Duration;
use std::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// When each of the last minute was.
#[derive(Default)]
pub(super) struct Window(VecDeque<Instant>);

impl Window {
    /// Takes a place, if fewer than `most` were taken in the minute before `now`.
    pub(super) fn take(&mut self, now: Instant, most: usize) -> bool {
        let is_over = |taken: &Instant| now.saturating_duration_since(*taken) >= MINUTE;
        while self.0.front().is_some_and(is_over) {
            self.0.pop_front();
        }
        let is_free = self.0.len() < most;
        if is_free {
            self.0.push_back(now);
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At any times no minute has more, and none is refused without a reason.
    #[test]
    fn no_minute_has_more() {
        let (start, most) = (Instant::now(), 3);
        let mut window = Window::default();
        let mut taken: Vec<Duration> = Vec::new();
        // A sequence without a pattern, of steps from none to half a minute.
        let mut seed: u64 = 1;
        let mut at = Duration::ZERO;
        for _ in 0..10_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            at += Duration::from_millis(30_000 * (seed >> 33) / (1 << 31));
            let recent = taken.iter().rev().take_while(|then| **then + MINUTE > at).count();
            assert_eq!(window.take(start + at, most), recent < most);
            if recent < most {
                taken.push(at);
            }
            assert!(window.0.len() <= most);
        }
        assert!(taken.len() > 1_000);
    }

    #[test]
    fn of_none_there_is_none() {
        assert!(!Window::default().take(Instant::now(), 0));
    }
}

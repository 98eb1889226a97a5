//! What each step does to the state.

use super::{ATTEMPTS, Asked, Attempt, END, End, LEASE, PATIENCE, State, Step, TIMEOUT, TTL, WORK};
use crate::reference::{Call, Fault, Reply};

impl State {
    /// The store answers within a tick, waiters ask once a tick, and an owner that lives renews in time
    /// and is done in time.
    pub(super) fn may_tick(&self) -> bool {
        !self.is_over()
            && self.attempts.iter().all(|attempt| match &attempt.step {
                Step::Asking(..) => false,
                Step::Waiting(asked) => *asked == self.now && self.now < attempt.begun + PATIENCE,
                Step::Working { since, renewed } => {
                    self.now < since + WORK
                        && (attempt.until > self.now + 1 || *renewed == self.now)
                }
                Step::Stalled { .. } | Step::Ended { .. } => true,
            })
    }

    /// Twilio tries again when it got no answer, or none in time.
    pub(super) fn may_try(&self) -> bool {
        let tries_again = self.attempts.last().is_none_or(|last| match last.step {
            Step::Ended { end, .. } => end != End::Answered,
            _ => self.now >= last.begun + TIMEOUT,
        });
        tries_again && self.attempts.len() < ATTEMPTS && self.now < END
    }

    /// Nothing more happens, but for what stands still.
    pub(super) fn is_over(&self) -> bool {
        let ended =
            |attempt: &Attempt| matches!(attempt.step, Step::Ended { .. } | Step::Stalled { .. });
        self.attempts.iter().all(ended) && !self.will_try()
    }

    pub(super) fn will_try(&self) -> bool {
        let answered =
            self.attempts.len().checked_sub(1).is_some_and(|last| self.ended(last, End::Answered));
        !answered && self.attempts.len() < ATTEMPTS && self.now < END
    }

    /// The event was never handled, and the last attempt did not fail of itself: it was refused when the
    /// last trouble was over for longer than a lease.
    pub(super) fn is_lost(&self) -> bool {
        let refused = self.attempts.last().is_some_and(|last| {
            matches!(last.step, Step::Ended { at, end: End::Refused } if at > self.trouble + LEASE)
        });
        refused && self.is_over() && self.worked.is_empty()
    }

    pub(super) fn ended(&self, at: usize, expected: End) -> bool {
        let attempt = self.attempts.get(at);
        attempt.is_some_and(
            |attempt| matches!(attempt.step, Step::Ended { end, .. } if end == expected),
        )
    }

    /// Whether this attempt is an owner whose lease has not ended, and that does not stand still.
    pub(super) fn lives(&self, attempt: &Attempt) -> bool {
        let owns = matches!(
            attempt.step,
            Step::Working { .. } | Step::Asking(Asked::Renew { .. } | Asked::Complete, _)
        );
        owns && attempt.until > self.now
    }

    pub(super) fn ask(&mut self, at: usize, asked: Asked) {
        self.attempts[at].step = Step::Asking(asked, None);
    }

    pub(super) fn end(&mut self, at: usize, end: End) {
        let attempt = &mut self.attempts[at];
        attempt.step = Step::Ended { at: self.now, end };
        // What does not matter any more must not make states different.
        (attempt.begun, attempt.until) = (0, 0);
    }

    pub(super) fn answer(&mut self, at: usize, answer: u8) {
        self.answers.push(answer);
        self.end(at, End::Answered);
    }

    pub(super) fn wrong(&mut self) {
        self.troubles -= 1;
        self.trouble = self.now;
    }

    /// The store executes the call. `None` if it has only read yet.
    pub(super) fn execute(&mut self, at: usize, fault: Option<Fault>) -> Option<Reply<u8>> {
        let call = self.call(at)?;
        let Step::Asking(_, seen) = &mut self.attempts[at].step else { return None };
        if fault != Some(Fault::ReadsThenWrites) {
            return Some(self.slot.call(&at, call, self.now, fault));
        }
        let Some(mut slot) = seen.take() else {
            *seen = Some(self.slot.clone());
            return None;
        };
        let reply = slot.call(&at, call, self.now, fault);
        self.slot = slot;
        Some(reply)
    }

    pub(super) fn call(&self, at: usize) -> Option<Call<u8>> {
        let Step::Asking(asked, _) = &self.attempts[at].step else { return None };
        Some(match asked {
            Asked::Claim => Call::Claim { lease: LEASE },
            Asked::Renew { .. } => Call::Renew { lease: LEASE },
            Asked::Complete => Call::Complete { ttl: TTL, answer: answer_of(at) },
            Asked::Release => Call::Release,
        })
    }

    /// The call that is on its way arrives some day.
    pub(super) fn go_astray(&mut self, at: usize) {
        if let Some(call) = self.call(at) {
            self.strays.push((at, call));
        }
    }

    pub(super) fn own(&mut self, at: usize) {
        let others = self.attempts.iter().enumerate().filter(|(other, _)| *other != at);
        self.twice |= others.map(|(_, other)| other).any(|other| self.lives(other));
        self.twice |= !self.answers.is_empty();
        self.attempts[at].until = self.now + LEASE;
    }

    /// What an attempt does with an answer of the store.
    pub(super) fn hear(&mut self, at: usize, reply: Reply<u8>) {
        let now = self.now;
        let Step::Asking(asked, _) = self.attempts[at].step else { return };
        match (asked, reply) {
            (Asked::Claim, Reply::Acquired) => {
                self.own(at);
                self.attempts[at].step = Step::Working { since: now, renewed: now };
            }
            (Asked::Claim, Reply::Done(answer)) => self.answer(at, answer),
            (Asked::Renew { since }, Reply::Ok) => {
                self.own(at);
                self.attempts[at].step = Step::Working { since, renewed: now };
            }
            (Asked::Renew { .. }, _) => {
                // The handler is told and stops.
                self.told = true;
                self.attempts[at].step = Step::Waiting(now);
            }
            (Asked::Complete, Reply::Ok) => self.answer(at, answer_of(at)),
            (Asked::Complete, _) => {
                // Another owner has the answer that counts.
                self.told = true;
                self.attempts[at].step = Step::Waiting(now.saturating_sub(1));
            }
            (Asked::Release, _) => self.end(at, End::Failed),
            (Asked::Claim, _) => self.attempts[at].step = Step::Waiting(now),
        }
    }

    /// What an attempt does without one: asks the same again, with the same token.
    pub(super) fn hear_nothing(&mut self, at: usize) {
        let now = self.now;
        let Step::Asking(asked, _) = self.attempts[at].step else { return };
        match asked {
            Asked::Claim => self.attempts[at].step = Step::Waiting(now),
            Asked::Renew { since } => {
                self.attempts[at].step = Step::Working { since, renewed: now };
            }
            Asked::Complete => self.ask(at, Asked::Complete),
            Asked::Release => self.end(at, End::Failed),
        }
    }
}

fn answer_of(at: usize) -> u8 {
    u8::try_from(at + 1).unwrap_or(u8::MAX)
}

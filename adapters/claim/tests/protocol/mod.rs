//! The protocol of a service and Twilio over one event, as a model: every order of its steps.
//!
//! Twilio tries a few times: the webhook, its retry, and the fallback URL, whose request has the same key.
//! Each attempt claims the key with a token of its own. Whatever does not acquire it waits, and asks again
//! each tick; an owner renews its lease, works, and completes the claim with its answer, or gives it back.
//! Calls may be lost on either way, or arrive much later; owners may crash, fail, or stand still and go on.

mod state;

use stateright::{Model, Property};

use crate::reference::{Call, Fault, Slot};

/// Times are ticks. What Twilio gives a webhook in all is three leases and more.
const LEASE: u64 = 2;
const TTL: u64 = 100;
/// The first tick in which Twilio tries no more.
const END: u64 = 6;
/// Twilio waits so long for an answer before it tries again.
const TIMEOUT: u64 = 2;
/// An attempt that is not the owner waits so long: longer than the lease of an owner that died.
const PATIENCE: u64 = LEASE + 1;
/// A handler that lives is done after so long: longer than its lease.
const WORK: u64 = LEASE + 1;
/// The webhook, its retry, and the fallback URL.
const ATTEMPTS: usize = 3;

/// The protocol over a store that may be broken.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) fault: Option<Fault>,
    /// How many things go wrong.
    pub(crate) troubles: u8,
}

/// Everything there is.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct State {
    now: u64,
    /// The store: the token is the attempt's number, the answer that number and 1.
    slot: Slot<usize, u8>,
    attempts: Vec<Attempt>,
    /// Calls that were given up. The store may execute them at any time, or never.
    strays: Vec<(usize, Call<u8>)>,
    /// Things that may still go wrong, and when the last one did.
    troubles: u8,
    trouble: u64,
    /// Attempts whose work was done.
    worked: Vec<usize>,
    /// What Twilio was answered.
    answers: Vec<u8>,
    /// An attempt became an owner beside one that lives, or after the event was answered.
    twice: bool,
    /// A late owner was told that it is none.
    told: bool,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Attempt {
    begun: u64,
    step: Step,
    /// When its lease ends, as far as it knows.
    until: u64,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Step {
    /// A call is on its way, and what a store that reads before it writes has seen.
    Asking(Asked, Option<Slot<usize, u8>>),
    /// Another owner was at work at this time.
    Waiting(u64),
    /// The handler is at work; the last renewal was tried at this time.
    Working {
        since: u64,
        renewed: u64,
    },
    /// The process stands still in its work.
    Stalled {
        since: u64,
    },
    Ended {
        at: u64,
        end: End,
    },
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Asked {
    Claim,
    Renew { since: u64 },
    Complete,
    Release,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum End {
    Answered,
    /// 503: it waited in vain.
    Refused,
    /// The handler failed, and the claim was given back.
    Failed,
    Crashed,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    Tick,
    Attempt,
    Ask(usize),
    GiveUp(usize),
    Renew(usize),
    Finish(usize),
    Resume(usize),
    Execute(usize),
    ExecuteStray(usize),
    // Troubles.
    LoseAnswer(usize),
    GoAstray(usize),
    Crash(usize),
    Fail(usize),
    Stall(usize),
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let first = Attempt { begun: 0, step: Step::Asking(Asked::Claim, None), until: 0 };
        vec![State { troubles: self.troubles, attempts: vec![first], ..State::default() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.may_tick() {
            actions.push(Action::Tick);
        }
        if state.may_try() {
            actions.push(Action::Attempt);
        }
        actions.extend((0..state.strays.len()).map(Action::ExecuteStray));
        let trouble = state.troubles > 0;
        for (at, attempt) in state.attempts.iter().enumerate() {
            match &attempt.step {
                Step::Asking(..) => {
                    actions.push(Action::Execute(at));
                    if trouble {
                        actions.extend([Action::LoseAnswer, Action::GoAstray].map(|lost| lost(at)));
                    }
                }
                Step::Waiting(asked) if *asked < state.now => actions.push(Action::Ask(at)),
                Step::Waiting(_) if state.now >= attempt.begun + PATIENCE => {
                    actions.push(Action::GiveUp(at));
                }
                Step::Working { renewed, .. } => {
                    actions.push(Action::Finish(at));
                    if *renewed < state.now {
                        actions.push(Action::Renew(at));
                    }
                    if trouble {
                        actions.extend([Action::Fail, Action::Stall].map(|wrong| wrong(at)));
                    }
                }
                Step::Stalled { .. } => actions.push(Action::Resume(at)),
                Step::Waiting(_) | Step::Ended { .. } => {}
            }
            if trouble && matches!(attempt.step, Step::Asking(..) | Step::Working { .. }) {
                actions.push(Action::Crash(at));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Attempt => {
                let (begun, step) = (state.now, Step::Asking(Asked::Claim, None));
                state.attempts.push(Attempt { begun, step, until: 0 });
            }
            Action::Ask(at) => state.ask(at, Asked::Claim),
            Action::GiveUp(at) => {
                // Its claim may have arrived, or arrive yet.
                state.slot.call(&at, Call::Release, state.now, self.fault);
                state.end(at, End::Refused);
            }
            Action::Renew(at) => {
                let Step::Working { since, .. } = state.attempts[at].step else { return None };
                state.ask(at, Asked::Renew { since });
            }
            Action::Finish(at) => {
                state.worked.push(at);
                state.ask(at, Asked::Complete);
            }
            Action::Resume(at) => {
                let Step::Stalled { since } = state.attempts[at].step else { return None };
                state.attempts[at].step = Step::Working { since, renewed: 0 };
            }
            Action::Execute(at) => {
                if let Some(reply) = state.execute(at, self.fault) {
                    state.hear(at, reply);
                }
            }
            Action::ExecuteStray(number) => {
                let (at, call) = state.strays.remove(number);
                state.slot.call(&at, call, state.now, self.fault);
                state.trouble = state.now;
            }
            Action::LoseAnswer(at) => {
                state.wrong();
                if state.execute(at, self.fault).is_some() {
                    state.hear_nothing(at);
                }
            }
            Action::GoAstray(at) => {
                state.wrong();
                state.go_astray(at);
                state.hear_nothing(at);
            }
            Action::Crash(at) => {
                state.wrong();
                state.go_astray(at);
                state.end(at, End::Crashed);
            }
            Action::Fail(at) => {
                state.wrong();
                state.ask(at, Asked::Release);
            }
            Action::Stall(at) => {
                state.wrong();
                let Step::Working { since, .. } = state.attempts[at].step else { return None };
                state.attempts[at].step = Step::Stalled { since };
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(HANDLED_ONCE, |_, state: &State| !state.twice),
            Property::always(NOT_LOST, |_, state: &State| !state.is_lost()),
            Property::always(EQUAL_ANSWERS, |_, state: &State| {
                state.answers.iter().all(|answer| Some(answer) == state.answers.first())
            }),
            // The model says nothing if these do not happen.
            Property::sometimes("a retry gets the first answer", |_, state: &State| {
                state.answers.len() == ATTEMPTS && state.worked.len() == 1
            }),
            Property::sometimes("a retry takes over after a crash", |_, state: &State| {
                state.ended(0, End::Crashed) && state.answers.first() == Some(&2)
            }),
            Property::sometimes("the fallback handles what twice failed", |_, state: &State| {
                state.ended(0, End::Failed) && state.ended(1, End::Failed) && state.answers == [3]
            }),
            Property::sometimes("a late owner is told", |_, state: &State| state.told),
            Property::sometimes("a late owner gets the other's answer", |_, state: &State| {
                state.told && state.worked.len() == 2 && state.answers.len() == 2
            }),
        ]
    }
}

pub(crate) const HANDLED_ONCE: &str = "no event is handled twice while an owner lives";
pub(crate) const NOT_LOST: &str = "no event is lost while Twilio tries";
pub(crate) const EQUAL_ANSWERS: &str = "all answers are equal";

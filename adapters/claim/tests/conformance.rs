//! The suite passes the reference, and finds every store that is broken on purpose.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its numbers are its own"
)]

mod reference;

use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::Mutex;

use reference::{Call, Fault, Reply, Slot};
use twilio_sig_claim::conformance::{self, Violation};
use twilio_sig_claim::{
    Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore, whole_millis,
};

type Token = [u8; Claim::TOKEN_LEN];

/// The reference as a store.
#[derive(Default)]
struct Store {
    slots: Mutex<HashMap<ClaimKey, Slot<Token, Answer>>>,
    millis: AtomicU64,
    broken: Option<Broken>,
}

/// How it is broken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Broken {
    Contract(Fault),
    /// Any duration is taken.
    NoBounds,
    /// Keys that begin alike are one key.
    CutsKeys,
    /// An answer is cut.
    CutsAnswers,
    /// An answer is taken for text.
    MendsAnswers,
}

impl Store {
    async fn call(&self, claim: &Claim, call: Call<Answer>) -> Result<Reply<Answer>, ClaimError> {
        let fault = match self.broken {
            Some(Broken::Contract(fault)) => Some(fault),
            _ => None,
        };
        let key = match self.broken {
            Some(Broken::CutsKeys) => ClaimKey::new("cut", &[]),
            _ => *claim.key(),
        };
        let now = self.millis.load(Ordering::Relaxed);
        let mut slot = self.slots.lock().unwrap().get(&key).cloned().unwrap_or_default();
        if fault == Some(Fault::ReadsThenWrites) {
            yield_once().await;
        }
        let reply = slot.call(claim.token(), call, now, fault);
        self.slots.lock().unwrap().insert(key, slot);
        Ok(reply)
    }

    fn millis(&self, duration: Duration) -> Result<u64, ClaimError> {
        match self.broken {
            Some(Broken::NoBounds) => Ok(u64::try_from(duration.as_millis()).unwrap_or(1 << 40)),
            _ => whole_millis(duration),
        }
    }
}

impl ClaimStore for Store {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let lease = self.millis(lease)?;
        Ok(match self.call(claim, Call::Claim { lease }).await? {
            Reply::Acquired => ClaimOutcome::Acquired,
            Reply::Done(answer) => ClaimOutcome::Done(answer),
            Reply::InProgress { rest } => {
                ClaimOutcome::InProgress { retry_after: Duration::from_millis(rest) }
            }
            reply => return Err(ClaimError::unavailable(format!("{reply:?}"))),
        })
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), ClaimError> {
        let lease = self.millis(lease)?;
        settled(&self.call(claim, Call::Renew { lease }).await?)
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        let ttl = self.millis(ttl)?;
        let answer = match self.broken {
            Some(Broken::CutsAnswers) => {
                Answer::new(answer.as_bytes().get(..65_535).unwrap_or(answer.as_bytes()))?
            }
            Some(Broken::MendsAnswers) => {
                let text = String::from_utf8_lossy(answer.as_bytes());
                Answer::new(text.as_bytes().get(..answer.len()).unwrap_or_default())?
            }
            _ => answer.clone(),
        };
        settled(&self.call(claim, Call::Complete { ttl, answer }).await?)
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        settled(&self.call(claim, Call::Release).await?)
    }
}

fn settled(reply: &Reply<Answer>) -> Result<(), ClaimError> {
    match reply {
        Reply::Ok => Ok(()),
        Reply::Lost => Err(ClaimError::Lost),
        reply => Err(ClaimError::unavailable(format!("{reply:?}"))),
    }
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if core::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn check(broken: Option<Broken>) -> Result<(), Violation> {
    let store = Store { broken, ..Store::default() };
    let wait = async |time: Duration| {
        store.millis.fetch_add(time.as_millis().try_into().unwrap(), Ordering::Relaxed);
    };
    let mut check = pin!(conformance::check(&store, b"seed", wait));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = check.as_mut().poll(&mut context) {
            return result;
        }
    }
}

#[test]
fn the_reference_keeps_the_contract() {
    check(None).unwrap();
}

#[test]
fn every_broken_store_is_found() {
    let faults = Fault::GRAVE.iter().chain(&Fault::OTHERS).copied().map(Broken::Contract);
    let others = [Broken::NoBounds, Broken::CutsKeys, Broken::CutsAnswers, Broken::MendsAnswers];
    for broken in faults.chain(others) {
        let result = check(Some(broken));
        let found = matches!(result, Err(Violation::Rule(_) | Violation::Error(ClaimError::Lost)));
        assert!(found, "{broken:?}: {result:?}");
    }
}

/// A store that cannot answer is told from one that breaks a rule.
#[test]
fn a_store_that_fails_is_an_error() {
    struct Down;
    impl ClaimStore for Down {
        async fn claim(&self, _: &Claim, _: Duration) -> Result<ClaimOutcome, ClaimError> {
            Err(ClaimError::unavailable("connection refused"))
        }
        async fn complete(&self, _: &Claim, _: Duration, _: &Answer) -> Result<(), ClaimError> {
            Ok(())
        }
        async fn release(&self, _: &Claim) -> Result<(), ClaimError> {
            Ok(())
        }
    }
    let mut check = pin!(conformance::check(&Down, b"seed", async |_| {}));
    let mut context = Context::from_waker(Waker::noop());
    let result = check.as_mut().poll(&mut context);
    let Poll::Ready(Err(error @ Violation::Error(_))) = result else { panic!("{result:?}") };
    assert!(error.to_string().ends_with("connection refused"), "{error}");
}

//! The memory store says what the reference says, whatever the order of calls.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its numbers are its own"
)]

extern crate alloc;

mod reference;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use reference::{Call, Reply, Slot};
use twilio_sig_claim::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, MemoryStore};

const KEYS: usize = 5;
const TOKENS: u8 = 3;
const CALLS: usize = 200_000;

fn reply(result: Result<ClaimOutcome, ClaimError>) -> Reply<Answer> {
    match result.unwrap() {
        ClaimOutcome::Acquired => Reply::Acquired,
        ClaimOutcome::Done(answer) => Reply::Done(answer),
        ClaimOutcome::InProgress { retry_after } => {
            Reply::InProgress { rest: retry_after.as_millis().try_into().unwrap() }
        }
        other => panic!("{other:?}"),
    }
}

fn settled(result: Result<(), ClaimError>) -> Reply<Answer> {
    match result {
        Ok(()) => Reply::Ok,
        Err(ClaimError::Lost) => Reply::Lost,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_memory_store_does_what_the_reference_does() {
    let millis = Arc::new(AtomicU64::new(0));
    let time = Arc::clone(&millis);
    let clock = move || Duration::from_millis(time.load(Ordering::Relaxed));
    let store = MemoryStore::builder(KEYS).clock(clock).build().unwrap();
    let mut slots = vec![Slot::default(); KEYS];
    let mut seed = 1_u64;
    let mut random = |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % bound
    };
    for round in 0..CALLS {
        // Mostly a few milliseconds, now and then longer than a tick of the store's wheel.
        let passed = if random(20) == 0 { random(400) } else { random(4) };
        let now = millis.fetch_add(passed, Ordering::Relaxed) + passed;
        let key = usize::try_from(random(u64::try_from(KEYS).unwrap())).unwrap();
        let token = [u8::try_from(random(u64::from(TOKENS))).unwrap(); Claim::TOKEN_LEN];
        let claim = Claim::with_token(ClaimKey::new("key", &[&key.to_be_bytes()]), token);
        let duration = 1 + random(200);
        let lease = Duration::from_millis(duration);
        let answer = Answer::new(&vec![7; usize::try_from(random(4)).unwrap()]).unwrap();
        let (call, found) = match random(8) {
            0..4 => (Call::Claim { lease: duration }, reply(store.try_claim(&claim, lease))),
            4 => (Call::Renew { lease: duration }, settled(store.try_renew(&claim, lease))),
            5 => (
                Call::Complete { ttl: duration, answer: answer.clone() },
                settled(store.try_complete(&claim, lease, &answer)),
            ),
            _ => (Call::Release, settled(store.try_release(&claim))),
        };
        let before = slots[key].clone();
        let expected = slots[key].call(&token, call.clone(), now, None);
        assert_eq!(found, expected, "round {round} at {now}: {call:?} of {token:?} on {before:?}");
    }
}

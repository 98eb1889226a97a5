//! The memory store keeps the contract of claims, is bounded, and never stalls.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its numbers are its own"
)]

extern crate alloc;

use alloc::sync::Arc;
use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use twilio_sig_claim::{
    Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, MAX_ANSWER_LEN, MAX_ENTRIES, MemoryStore,
    conformance,
};

const LEASE: Duration = Duration::from_secs(30);
const TTL: Duration = Duration::from_secs(3_600);

/// A clock that a test sets, in milliseconds.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn read(&self) -> impl Fn() -> Duration + Send + Sync + 'static {
        let millis = Arc::clone(&self.0);
        move || Duration::from_millis(millis.load(Ordering::Relaxed))
    }

    fn store(&self, entries: usize) -> MemoryStore {
        MemoryStore::builder(entries).clock(self.read()).build().unwrap()
    }

    fn set(&self, time: Duration) {
        self.0.store(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Runs a future whose every await is ready at once or sleeps the thread.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn key(number: usize) -> ClaimKey {
    ClaimKey::new("test", &[&number.to_be_bytes()])
}

/// A claim of the key with a token of its own.
fn claim_of(number: usize) -> Claim {
    static TOKENS: AtomicUsize = AtomicUsize::new(0);
    let token = TOKENS.fetch_add(1, Ordering::Relaxed) as u128;
    Claim::with_token(key(number), token.to_be_bytes())
}

fn claim(store: &MemoryStore, number: usize) -> Result<ClaimOutcome, ClaimError> {
    store.try_claim(&claim_of(number), LEASE)
}

fn acquire(store: &MemoryStore, number: usize, lease: Duration) -> Option<Claim> {
    let claim = claim_of(number);
    let outcome = store.try_claim(&claim, lease);
    matches!(outcome, Ok(ClaimOutcome::Acquired)).then_some(claim)
}

fn complete(store: &MemoryStore, claim: &Claim, ttl: Duration) -> Result<(), ClaimError> {
    store.try_complete(claim, ttl, &Answer::EMPTY)
}

fn is_done(outcome: &Result<ClaimOutcome, ClaimError>) -> bool {
    matches!(outcome, Ok(ClaimOutcome::Done(_)))
}

fn is_in_progress(outcome: &Result<ClaimOutcome, ClaimError>) -> bool {
    matches!(outcome, Ok(ClaimOutcome::InProgress { .. }))
}

fn is_full<T>(result: &Result<T, ClaimError>) -> bool {
    matches!(result, Err(ClaimError::Full))
}

#[test]
fn the_contract_is_kept_by_the_system_clock() {
    let store = MemoryStore::new(100_000).unwrap();
    run(conformance::check(&Arc::new(store), b"seed", async |time| thread::sleep(time))).unwrap();
}

#[test]
fn of_concurrent_claims_one_is_acquired() {
    const THREADS: usize = 64;
    const ROUNDS: usize = 1_000;
    let store = MemoryStore::new(2 * ROUNDS).unwrap();
    let owners: Vec<AtomicUsize> = (0..ROUNDS).map(|_| AtomicUsize::new(0)).collect();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for (round, owners) in owners.iter().enumerate() {
                    start.wait();
                    if let Some(claim) = acquire(&store, round, LEASE) {
                        owners.fetch_add(1, Ordering::Relaxed);
                        complete(&store, &claim, TTL).unwrap();
                    }
                }
            });
        }
    });
    assert!(owners.iter().all(|owners| owners.load(Ordering::Relaxed) == 1));
}

/// A thread that panics or vanishes in the middle of its work is a killed owner.
#[test]
fn a_vanished_owner_loses_nothing() {
    let store = MemoryStore::new(10).unwrap();
    let lease = Duration::from_millis(100);
    let start = Instant::now();
    let vanished = thread::scope(|scope| {
        scope
            .spawn(|| {
                let _claim = acquire(&store, 1, lease).unwrap();
                panic!("in the middle of the work");
            })
            .join()
    });
    assert!(vanished.is_err());
    let completed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let claim = claim_of(1);
                while !is_done(&store.try_claim(&claim, lease)) {
                    // In progress elsewhere, or acquired just now.
                    if complete(&store, &claim, TTL).is_ok() {
                        completed.fetch_add(1, Ordering::Relaxed);
                    }
                    thread::sleep(Duration::from_millis(5));
                }
            });
        }
    });
    assert_eq!(completed.into_inner(), 1);
    assert!(start.elapsed() >= lease, "the lease was honoured");
}

#[test]
fn a_full_store_refuses_and_says_so() {
    for entries in [1, 7, 4_096, 10_000] {
        let clock = Clock::default();
        let store = clock.store(entries);
        let claims: Vec<_> =
            (0..entries).map(|number| acquire(&store, number, LEASE).unwrap()).collect();
        assert_eq!(store.entries().unwrap(), entries);
        let more = || claim(&store, entries);
        assert!(is_full(&more()));
        // What is in it is found all the same, and can be completed.
        assert!(is_in_progress(&claim(&store, 0)));
        complete(&store, &claims[0], TTL).unwrap();
        assert!(is_full(&more()));
        assert!(is_done(&claim(&store, 0)));

        // One released makes room for one.
        if entries > 1 {
            store.try_release(&claims[1]).unwrap();
            let next = acquire(&store, entries, LEASE).unwrap();
            assert!(is_full(&claim(&store, 1)));
            store.try_release(&next).unwrap();
        }
        // What expires makes room, wherever it is: at once, when the tick of 64 ms is over.
        clock.set(TTL + Duration::from_millis(128));
        for number in 0..entries {
            assert!(acquire(&store, entries + number, LEASE).is_some(), "{entries} {number}");
        }
        assert!(is_full(&claim(&store, entries * 3)));
    }
}

/// Keys that come and go at a steady rate, into a store that has a fiftieth to spare: while whole levels
/// of the wheel are filed anew, what expires makes room in time.
#[test]
fn what_expires_makes_room_for_what_comes() {
    const LIVE: usize = 100_000;
    let clock = Clock::default();
    let store = clock.store(LIVE + LIVE / 50);
    let millis = |number: usize| Duration::from_millis(number.try_into().unwrap());
    for number in 0..12 * LIVE {
        clock.set(millis(number));
        assert!(acquire(&store, number, millis(LIVE)).is_some(), "claim {number}");
    }
}

#[test]
fn a_bound_out_of_range_is_refused() {
    for entries in [0, MAX_ENTRIES + 1, usize::MAX] {
        assert!(matches!(MemoryStore::new(entries), Err(ClaimError::OutOfRange)));
    }
}

#[test]
fn a_clock_that_goes_back_does_no_harm() {
    let clock = Clock::default();
    let store = clock.store(1_000);
    clock.set(Duration::from_secs(1_000));
    let owner = acquire(&store, 1, LEASE).unwrap();
    let done = acquire(&store, 2, LEASE).unwrap();
    complete(&store, &done, LEASE).unwrap();

    // Back by a quarter of an hour: none gets what is owned or done.
    clock.set(Duration::from_secs(100));
    assert!(acquire(&store, 1, LEASE).is_none());
    assert!(acquire(&store, 2, LEASE).is_none());
    complete(&store, &owner, LEASE).unwrap();
    let again = acquire(&store, 3, LEASE).unwrap();
    store.try_release(&again).unwrap();

    // On again: what was claimed is kept for as long as it was promised.
    clock.set(Duration::from_secs(1_029));
    assert!(is_done(&claim(&store, 1)));
    assert!(is_done(&claim(&store, 2)));
    clock.set(Duration::from_secs(1_031));
    assert!(acquire(&store, 1, LEASE).is_some());

    // To the end of time.
    clock.set(Duration::MAX);
    assert!(acquire(&store, 2, LEASE).is_some());
    clock.set(Duration::ZERO);
    assert!(acquire(&store, 2, LEASE).is_none());
}

#[test]
fn neither_token_nor_answer_is_shown() {
    let claim = Claim::with_token(key(1), [0xAB; 16]);
    let text = format!("{claim:?}").to_lowercase();
    assert!(!text.contains("abab") && !text.contains("171"), "{text}");
    let outcome = ClaimOutcome::Done(Answer::new(b"<Dial>+15005550006</Dial>").unwrap());
    assert_eq!(format!("{outcome:?}"), "Done(Answer(25 bytes))");
}

/// Answers are bounded together. One that has no room changes nothing, and none at all always has room.
#[test]
fn a_store_without_room_for_an_answer_says_so() {
    let clock = Clock::default();
    let longest = Answer::new(&vec![b'x'; MAX_ANSWER_LEN]).unwrap();
    let store =
        MemoryStore::builder(10).answer_bytes(2 * MAX_ANSWER_LEN).clock(clock.read()).build();
    let store = store.unwrap();
    for number in 0..2 {
        let owner = acquire(&store, number, LEASE).unwrap();
        store.try_complete(&owner, TTL, &longest).unwrap();
        // The same again takes no more.
        store.try_complete(&owner, TTL, &longest).unwrap();
    }
    let third = acquire(&store, 2, LEASE).unwrap();
    let one_byte = Answer::new(b"x").unwrap();
    assert!(is_full(&store.try_complete(&third, TTL, &one_byte)));
    assert!(is_in_progress(&claim(&store, 2)));
    complete(&store, &third, TTL).unwrap();
    assert!(matches!(claim(&store, 2), Ok(ClaimOutcome::Done(answer)) if answer.is_empty()));
    assert!(matches!(claim(&store, 0), Ok(ClaimOutcome::Done(answer)) if answer == longest));

    // What expires makes room: where it is claimed again, and where it is swept away.
    clock.set(TTL + Duration::from_millis(128));
    let again = acquire(&store, 0, LEASE).unwrap();
    store.try_complete(&again, TTL, &longest).unwrap();
    let last = acquire(&store, 3, LEASE).unwrap();
    store.try_complete(&last, TTL, &longest).unwrap();
    assert!(is_full(&store.try_complete(&claim_of(4), TTL, &one_byte)));
}

/// A store that is full of keys takes no answer for one more, and forgets that it was asked.
#[test]
fn an_answer_that_is_refused_takes_no_room() {
    let store = MemoryStore::builder(1).answer_bytes(10).build().unwrap();
    let owner = acquire(&store, 1, LEASE).unwrap();
    let answer = Answer::new(&[b'x'; 10]).unwrap();
    for number in 2..10 {
        assert!(is_full(&store.try_complete(&claim_of(number), TTL, &answer)));
    }
    store.try_complete(&owner, TTL, &answer).unwrap();
    assert!(matches!(claim(&store, 1), Ok(ClaimOutcome::Done(given)) if given == answer));
}

/// The bytes are those that the owner gave, and not a copy for each retry.
#[test]
fn an_answer_is_shared_and_not_copied() {
    let store = MemoryStore::new(10).unwrap();
    let owner = acquire(&store, 1, LEASE).unwrap();
    let answer = Answer::new(b"shared").unwrap();
    store.try_complete(&owner, TTL, &answer).unwrap();
    let Ok(ClaimOutcome::Done(given)) = claim(&store, 1) else { panic!("not done") };
    assert_eq!(given.as_bytes().as_ptr(), answer.as_bytes().as_ptr());
}

/// A clock that counts from 1970 is as good as one that starts with the store.
#[test]
fn any_clock_will_do() {
    for start in [0, 1_700_000_000_000, u64::MAX / 4] {
        let clock = Clock::default();
        let start = Duration::from_millis(start);
        clock.set(start);
        let store = clock.store(10);
        for number in 0..10 {
            acquire(&store, number, LEASE + Duration::from_secs(number as u64)).unwrap();
        }
        clock.set(start + LEASE + Duration::from_secs(5) + Duration::from_millis(64));
        // Those of 30 to 35 seconds have expired, and their room is there again.
        for number in 10..16 {
            acquire(&store, number, LEASE).expect("what has expired makes room");
        }
        assert!(is_full(&claim(&store, 16)), "{start:?}");
    }
}

/// Twenty rounds in which everything expires: memory is used again.
#[test]
fn memory_is_bounded_whatever_comes_and_goes() {
    let clock = Clock::default();
    // Keys and seed are fixed, and so is how even the shards are.
    let store = MemoryStore::builder(5_000).clock(clock.read()).seed([1, 2]).build().unwrap();
    let mut after_first = 0;
    for round in 0..20 {
        clock.set(TTL * round);
        for number in 0..5_000 {
            let number = usize::try_from(round).unwrap() * 5_000 + number;
            let claim = acquire(&store, number, LEASE).expect("there is room");
            complete(&store, &claim, TTL / 2).unwrap();
        }
        if round == 0 {
            after_first = store.heap_bytes().unwrap();
        }
    }
    let (bytes, entries) = (store.heap_bytes().unwrap(), store.entries().unwrap());
    // Random keys do not fill the shards quite evenly.
    assert!(bytes < after_first + after_first / 5, "{after_first} grew to {bytes}");
    assert!(bytes <= 128 * entries, "{bytes} bytes for {entries} entries");
}

/// The work of a claim is bounded, however much has expired. Four stores do the same, and the best
/// time of each call counts: that the machine takes the processor away is not the store's fault.
#[test]
fn a_million_entries_that_expire_at_once_stall_nobody() {
    const ENTRIES: usize = 1_000_000;
    const LATER: Duration = Duration::from_secs(100_000);
    let mut best = vec![Duration::MAX; ENTRIES / 10];
    for _ in 0..4 {
        let clock = Clock::default();
        let store = clock.store(ENTRIES);
        for number in 0..ENTRIES {
            // Times of every order of magnitude up to a day, so that all levels of the wheel are used.
            let lease = Duration::from_millis(1 << (number % 27));
            assert!(acquire(&store, number, lease).is_some());
        }
        clock.set(LATER);
        for (number, best) in best.iter_mut().enumerate() {
            let start = Instant::now();
            let claim = acquire(&store, ENTRIES + number, LEASE);
            *best = start.elapsed().min(*best);
            assert!(claim.is_some());
        }
        let left = store.entries().unwrap();
        assert!(left < ENTRIES / 2, "{left} entries are left");
    }
    let worst = best.iter().max().unwrap();
    assert!(*worst < Duration::from_millis(1), "a claim took {worst:?}");
}

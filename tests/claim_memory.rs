//! The memory store keeps the contract of claims, is bounded, and never stalls.

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

use twilio_sig::claim::{
    Claim, ClaimError, ClaimKey, ClaimStore, MAX_ENTRIES, MemoryStore, Outcome, conformance,
};

const LEASE: Duration = Duration::from_secs(30);
const KEEP: Duration = Duration::from_secs(3_600);

/// A clock that a test sets, in milliseconds.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn store(&self, entries: usize) -> Result<MemoryStore, ClaimError> {
        let millis = Arc::clone(&self.0);
        MemoryStore::with_clock(entries, move || {
            Duration::from_millis(millis.load(Ordering::Relaxed))
        })
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

fn fresh(store: &MemoryStore, number: usize, lease: Duration) -> Option<Claim> {
    match store.try_claim(&key(number), lease) {
        Ok(Outcome::Fresh(claim)) => Some(claim),
        _ => None,
    }
}

#[test]
fn the_contract_is_kept_by_the_system_clock() {
    let store = MemoryStore::new(100_000).unwrap();
    run(conformance::check(&Arc::new(store), async |time| thread::sleep(time))).unwrap();
}

/// The suite must be able to fail: each of these stores breaks one rule.
#[test]
fn the_suite_finds_broken_stores() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Broken {
        AlwaysFresh,
        EvictsOnRelease,
        AnyoneCompletes,
        ForgetsDone,
        LeaseForEver,
        NoBounds,
        ErrorIsFresh,
    }
    struct Store(MemoryStore, Broken);
    impl ClaimStore for Store {
        async fn claim(&self, key: &ClaimKey, lease: Duration) -> Result<Outcome, ClaimError> {
            let lease = match self.1 {
                Broken::LeaseForEver => KEEP,
                Broken::NoBounds => lease.clamp(LEASE, KEEP),
                _ => lease,
            };
            match self.0.claim(key, lease).await {
                Err(_) if self.1 == Broken::ErrorIsFresh => Claim::random(*key).map(Outcome::Fresh),
                Ok(Outcome::InProgress { .. }) if self.1 == Broken::AlwaysFresh => {
                    Claim::random(*key).map(Outcome::Fresh)
                }
                outcome => outcome,
            }
        }
        async fn complete(&self, claim: &Claim, keep: Duration) -> Result<(), ClaimError> {
            match (self.1, self.0.complete(claim, keep).await) {
                (Broken::AnyoneCompletes, Err(ClaimError::Lost)) => Ok(()),
                (Broken::ForgetsDone, Ok(())) => {
                    self.0.complete(claim, Duration::from_millis(1)).await
                }
                (_, result) => result,
            }
        }
        async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
            match (self.1, self.0.release(claim).await) {
                (Broken::EvictsOnRelease, Err(ClaimError::Lost)) => {
                    self.0.complete(claim, Duration::from_millis(1)).await
                }
                (_, result) => result,
            }
        }
    }
    for broken in [
        Broken::AlwaysFresh,
        Broken::EvictsOnRelease,
        Broken::AnyoneCompletes,
        Broken::ForgetsDone,
        Broken::LeaseForEver,
        Broken::NoBounds,
        Broken::ErrorIsFresh,
    ] {
        let (clock, millis) = (Clock::default(), AtomicU64::new(0));
        let store = Store(clock.store(1_000).unwrap(), broken);
        let wait = async |time: Duration| {
            let now = millis.fetch_add(time.as_millis().try_into().unwrap(), Ordering::Relaxed);
            clock.set(Duration::from_millis(now) + time);
        };
        // A step of a millisecond with every call, so that the shortest keep ends.
        let result = run(conformance::check(&store, async |time| {
            wait(time + Duration::from_millis(1)).await;
        }));
        assert!(result.is_err(), "{broken:?}");
    }
}

#[test]
fn of_concurrent_claims_one_is_fresh() {
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
                    if let Some(claim) = fresh(&store, round, LEASE) {
                        owners.fetch_add(1, Ordering::Relaxed);
                        store.try_complete(&claim, KEEP).unwrap();
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
                let _claim = fresh(&store, 1, lease).unwrap();
                panic!("in the middle of the work");
            })
            .join()
    });
    assert!(vanished.is_err());
    let completed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !matches!(store.try_claim(&key(1), lease), Ok(Outcome::Done)) {
                    if let Some(claim) = fresh(&store, 1, lease) {
                        store.try_complete(&claim, KEEP).unwrap();
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
        let store = clock.store(entries).unwrap();
        let claims: Vec<_> =
            (0..entries).map(|number| fresh(&store, number, LEASE).unwrap()).collect();
        assert_eq!(store.entries().unwrap(), entries);
        let more = || store.try_claim(&key(entries), LEASE);
        assert!(matches!(more(), Err(ClaimError::Full)));
        // What is in it is found all the same, and can be completed.
        assert!(matches!(store.try_claim(&key(0), LEASE), Ok(Outcome::InProgress { .. })));
        store.try_complete(&claims[0], KEEP).unwrap();
        assert!(matches!(more(), Err(ClaimError::Full)));
        assert!(matches!(store.try_claim(&key(0), LEASE), Ok(Outcome::Done)));

        // One released makes room for one.
        if entries > 1 {
            store.try_release(&claims[1]).unwrap();
            let next = fresh(&store, entries, LEASE).unwrap();
            assert!(matches!(store.try_claim(&key(1), LEASE), Err(ClaimError::Full)));
            store.try_release(&next).unwrap();
        }
        // What expires makes room, wherever it is: at once, when the tick of 64 ms is over.
        clock.set(KEEP + Duration::from_millis(128));
        for number in 0..entries {
            assert!(fresh(&store, entries + number, LEASE).is_some(), "{entries} {number}");
        }
        assert!(matches!(store.try_claim(&key(entries * 3), LEASE), Err(ClaimError::Full)));
    }
}

/// Keys that come and go at a steady rate, into a store that has a fiftieth to spare: while whole levels
/// of the wheel are filed anew, what expires makes room in time.
#[test]
fn what_expires_makes_room_for_what_comes() {
    const LIVE: usize = 100_000;
    let clock = Clock::default();
    let store = clock.store(LIVE + LIVE / 50).unwrap();
    let millis = |number: usize| Duration::from_millis(number.try_into().unwrap());
    for number in 0..12 * LIVE {
        clock.set(millis(number));
        assert!(fresh(&store, number, millis(LIVE)).is_some(), "claim {number}");
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
    let store = clock.store(1_000).unwrap();
    clock.set(Duration::from_secs(1_000));
    let owner = fresh(&store, 1, LEASE).unwrap();
    let done = fresh(&store, 2, LEASE).unwrap();
    store.try_complete(&done, LEASE).unwrap();

    // Back by a quarter of an hour: nobody gets what is owned or done.
    clock.set(Duration::from_secs(100));
    assert!(fresh(&store, 1, LEASE).is_none());
    assert!(fresh(&store, 2, LEASE).is_none());
    store.try_complete(&owner, LEASE).unwrap();
    let again = fresh(&store, 3, LEASE).unwrap();
    store.try_release(&again).unwrap();

    // On again: what was claimed is kept for as long as it was promised.
    clock.set(Duration::from_secs(1_029));
    assert!(matches!(store.try_claim(&key(1), LEASE), Ok(Outcome::Done)));
    assert!(matches!(store.try_claim(&key(2), LEASE), Ok(Outcome::Done)));
    clock.set(Duration::from_secs(1_031));
    assert!(fresh(&store, 1, LEASE).is_some());

    // To the end of time.
    clock.set(Duration::MAX);
    assert!(fresh(&store, 2, LEASE).is_some());
    clock.set(Duration::ZERO);
    assert!(fresh(&store, 2, LEASE).is_none());
}

#[test]
fn a_claim_of_another_store_is_nobodys() {
    let [first, second] = [10, 10].map(|entries| MemoryStore::new(entries).unwrap());
    let claim = fresh(&first, 1, LEASE).unwrap();
    let _same_key = fresh(&second, 1, LEASE).unwrap();
    assert!(matches!(second.try_complete(&claim, KEEP), Err(ClaimError::Lost)));
    assert!(matches!(second.try_release(&claim), Err(ClaimError::Lost)));
    let forged = Claim::random(key(1)).unwrap();
    assert!(matches!(first.try_complete(&forged, KEEP), Err(ClaimError::Lost)));
    assert!(matches!(first.try_claim(&key(1), LEASE), Ok(Outcome::InProgress { .. })));
}

#[test]
fn the_token_is_not_shown() {
    let claim = Claim::with_token(key(1), [0xAB; 16]);
    let text = format!("{claim:?}").to_lowercase();
    assert!(!text.contains("abab") && !text.contains("171"), "{text}");
}

/// Twenty rounds in which everything expires: memory is used again.
#[test]
fn memory_is_bounded_whatever_comes_and_goes() {
    let clock = Clock::default();
    let store = clock.store(5_000).unwrap();
    let mut after_first = 0;
    for round in 0..20 {
        clock.set(KEEP * round);
        for number in 0..5_000 {
            let number = usize::try_from(round).unwrap() * 5_000 + number;
            let claim = fresh(&store, number, LEASE).expect("there is room");
            store.try_complete(&claim, KEEP / 2).unwrap();
        }
        if round == 0 {
            after_first = store.heap_bytes().unwrap();
        }
    }
    let (bytes, entries) = (store.heap_bytes().unwrap(), store.entries().unwrap());
    // Random keys do not fill the shards quite evenly.
    assert!(bytes < after_first + after_first / 8, "{after_first} grew to {bytes}");
    assert!(bytes <= 96 * entries, "{bytes} bytes for {entries} entries");
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
        let store = clock.store(ENTRIES).unwrap();
        for number in 0..ENTRIES {
            // Of every order of magnitude up to a day, so that all levels of the wheel are used.
            let lease = Duration::from_millis(1 << (number % 27));
            assert!(fresh(&store, number, lease).is_some());
        }
        clock.set(LATER);
        for (number, best) in best.iter_mut().enumerate() {
            let start = Instant::now();
            let claim = fresh(&store, ENTRIES + number, LEASE);
            *best = start.elapsed().min(*best);
            assert!(claim.is_some());
        }
        let left = store.entries().unwrap();
        assert!(left < ENTRIES / 2, "{left} entries are left");
    }
    let worst = best.iter().max().unwrap();
    assert!(*worst < Duration::from_millis(1), "a claim took {worst:?}");
}

//! A watch of the memory store is ready as soon as its key is settled, and costs nothing when dropped.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

extern crate alloc;

use alloc::sync::Arc;
use alloc::task::Wake;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Waker};
use core::time::Duration;
use std::thread;
use std::time::Instant;

use twilio_sig_claim::{
    Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore, MemoryStore,
};

const LEASE: Duration = Duration::from_secs(5);
const TTL: Duration = Duration::from_secs(3_600);

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn key(name: &str) -> ClaimKey {
    ClaimKey::new("watch", &[name.as_bytes()])
}

fn claim_of(name: &str, token: u8) -> Claim {
    Claim::with_token(key(name), [token; Claim::TOKEN_LEN])
}

fn acquire(store: &MemoryStore, name: &str) -> Claim {
    let claim = claim_of(name, 1);
    assert!(matches!(store.try_claim(&claim, LEASE), Ok(ClaimOutcome::Acquired)));
    claim
}

fn is_ready(watch: Pin<&mut impl Future<Output = ()>>, woken: &Arc<Woken>) -> bool {
    let waker = Waker::from(Arc::clone(woken));
    watch.poll(&mut Context::from_waker(&waker)).is_ready()
}

type Settle = fn(&MemoryStore, &Claim) -> Result<(), ClaimError>;
const SETTLE: [Settle; 2] =
    [|store, claim| store.try_complete(claim, TTL, &Answer::EMPTY), MemoryStore::try_release];

#[test]
fn a_watch_is_woken_when_its_key_is_settled_and_not_before() {
    for settle in SETTLE {
        let store = MemoryStore::new(10).unwrap();
        let (owner, other) = (acquire(&store, "a"), acquire(&store, "b"));
        let (woken, woken_twin) = (Arc::default(), Arc::default());
        let (watched, key) = (key("a"), key("a"));
        let mut watch = pin!(store.watch(&watched));
        let mut twin = pin!(store.watch(&key));
        assert!(!is_ready(watch.as_mut(), &woken));
        assert!(!is_ready(twin.as_mut(), &woken_twin));

        store.try_renew(&owner, LEASE).unwrap();
        settle(&store, &other).unwrap();
        assert!(store.try_release(&claim_of("a", 9)).is_err());
        assert_eq!(woken.count(), 0);
        assert!(!is_ready(watch.as_mut(), &woken));

        settle(&store, &owner).unwrap();
        assert_eq!((woken.count(), woken_twin.count()), (1, 1));
        // Even if another owner has the key by then.
        let _ = store.try_claim(&claim_of("a", 2), LEASE);
        assert!(is_ready(watch, &woken));
        assert!(is_ready(twin, &woken_twin));
    }
}

/// The key was settled between the claim that found it in progress and the watch.
#[test]
fn a_watch_that_comes_too_late_is_ready() {
    for settle in SETTLE {
        let store = MemoryStore::new(10).unwrap();
        let owner = acquire(&store, "a");
        settle(&store, &owner).unwrap();
        let key = key("a");
        assert!(is_ready(pin!(store.watch(&key)), &Arc::default()));
    }
    let store = MemoryStore::new(10).unwrap();
    let key = key("never claimed");
    assert!(is_ready(pin!(store.watch(&key)), &Arc::default()));
}

/// A lease that runs out wakes those who watch when the store comes to remove it.
#[test]
fn a_lease_that_ran_out_is_settled() {
    let millis = Arc::new(AtomicU64::new(0));
    let time = Arc::clone(&millis);
    let clock = move || Duration::from_millis(time.load(Ordering::Relaxed));
    let store = MemoryStore::builder(10).clock(clock).build().unwrap();
    let _owner = acquire(&store, "a");
    let (woken, watched) = (Arc::default(), key("a"));
    let mut watch = pin!(store.watch(&watched));
    assert!(!is_ready(watch.as_mut(), &woken));
    millis.store(5_128, Ordering::Relaxed);
    let _other = acquire(&store, "b");
    assert_eq!(woken.count(), 1);
    assert!(is_ready(watch, &woken));
}

/// One too many is never woken, and one that is dropped makes room.
#[test]
fn watches_are_bounded_and_cleaned_up() {
    let store = MemoryStore::builder(10).watchers(2).build().unwrap();
    let owner = acquire(&store, "a");
    let key = key("a");
    let woken: [Arc<Woken>; 4] = Default::default();
    let mut first = Box::pin(store.watch(&key));
    let mut second = Box::pin(store.watch(&key));
    let mut third = Box::pin(store.watch(&key));
    for (watch, woken) in [&mut first, &mut second, &mut third].into_iter().zip(&woken) {
        assert!(!is_ready(watch.as_mut(), woken));
        assert!(!is_ready(watch.as_mut(), woken));
    }
    drop(first);
    let mut fourth = Box::pin(store.watch(&key));
    let [_, _, _, last] = &woken;
    assert!(!is_ready(fourth.as_mut(), last));
    for _ in 0..1_000 {
        let mut gone = Box::pin(store.watch(&key));
        assert!(!is_ready(gone.as_mut(), &Arc::default()));
    }
    store.try_release(&owner).unwrap();
    assert_eq!(woken.each_ref().map(|woken| woken.count()), [0, 1, 0, 1]);
    assert!(is_ready(second.as_mut(), last) && is_ready(fourth.as_mut(), last));
    // One that was never counted finds out when it is polled.
    assert!(is_ready(third.as_mut(), last));
    drop((second, third, fourth));

    // All of the room is there again.
    let _owner = acquire(&store, "a");
    let mut again = [Box::pin(store.watch(&key)), Box::pin(store.watch(&key))];
    for watch in &mut again {
        assert!(!is_ready(watch.as_mut(), last));
    }
    store.try_release(&claim_of("a", 1)).unwrap();
    assert_eq!(last.count(), 3);
}

/// A watch that moves to another task wakes that one.
#[test]
fn the_last_waker_is_woken() {
    let store = MemoryStore::new(10).unwrap();
    let owner = acquire(&store, "a");
    let (first, second, key) = (Arc::default(), Arc::default(), key("a"));
    let mut watch = pin!(store.watch(&key));
    assert!(!is_ready(watch.as_mut(), &first));
    assert!(!is_ready(watch.as_mut(), &second));
    store.try_release(&owner).unwrap();
    assert_eq!((first.count(), second.count()), (0, 1));
}

/// A waker may ask the store, drop its watch, or panic: it is not woken under a lock.
#[test]
fn a_waker_may_do_anything() {
    struct Reentrant(Arc<MemoryStore>);
    impl Wake for Reentrant {
        fn wake(self: Arc<Self>) {
            let outcome = self.0.try_claim(&claim_of("a", 7), LEASE);
            assert!(matches!(outcome, Ok(ClaimOutcome::Done(_))));
            panic!("a waker that panics");
        }
    }
    let store = Arc::new(MemoryStore::new(10).unwrap());
    let owner = acquire(&store, "a");
    let waker = Waker::from(Arc::new(Reentrant(Arc::clone(&store))));
    let key = key("a");
    let mut watch = pin!(store.watch(&key));
    assert!(watch.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let result = thread::scope(|scope| {
        let complete = || store.try_complete(&owner, TTL, &Answer::EMPTY);
        scope.spawn(complete).join()
    });
    assert!(result.is_err(), "the waker was not called");
    assert!(matches!(store.try_claim(&owner, LEASE), Ok(ClaimOutcome::Done(_))));
}

/// Waiters of many threads all get the answer of the one owner, long before its lease ends.
#[test]
fn waiters_get_the_answer_as_soon_as_it_is_there() {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    for _ in 0..50 {
        let store = MemoryStore::new(10).unwrap();
        let owner = acquire(&store, "a");
        let answer = Answer::new(b"<Response/>").unwrap();
        let start = Instant::now();
        thread::scope(|scope| {
            for token in 2..10 {
                let (store, answer) = (&store, &answer);
                scope.spawn(move || {
                    let waker = Waker::from(Arc::new(Unpark(thread::current())));
                    let mut context = Context::from_waker(&waker);
                    let claim = claim_of("a", token);
                    loop {
                        match store.try_claim(&claim, LEASE).unwrap() {
                            ClaimOutcome::Done(given) => break assert_eq!(given, *answer),
                            ClaimOutcome::InProgress { .. } => {}
                            other => panic!("{other:?}"),
                        }
                        let mut watch = pin!(store.watch(claim.key()));
                        while watch.as_mut().poll(&mut context).is_pending() {
                            thread::park_timeout(LEASE);
                        }
                    }
                });
            }
            store.try_complete(&owner, TTL, &answer).unwrap();
        });
        assert!(start.elapsed() < LEASE / 2, "a waiter slept through it");
    }
}

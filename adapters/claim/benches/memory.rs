//! Claims of the memory store beside a plain map under a lock, and beside moka.
//!
//! Each round claims keys that are vacant, at a steady number of live entries: with each claim one
//! entry expires. Time is counted in claims, so that every store has the same work. moka goes by the
//! clock alone, so nothing expires in it: it is measured without the work of expiry, which flatters
//! it, and built anew before it has grown by half.
//!
//! `cargo bench -p twilio_sig_claim --bench memory` prints first the bytes of an entry, the longest claim, and a table of the
//! stores side by side. There they take turns, and the best turn of each counts, so that a busy machine
//! slows none of them more than the others. The criterion figures after it are one store at a time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench, whose indices are its own, which prints what it finds"
)]
#![expect(unsafe_code, reason = "the allocator is counted, which its trait declares unsafe")]

extern crate alloc;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use std::alloc::System;
use std::collections::HashMap;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use twilio_sig_claim::{Claim, ClaimKey, ClaimOutcome, MemoryStore};

const LIVE: [usize; 2] = [10_000, 1_000_000];
const THREADS: [usize; 2] = [1, 2];
/// Claims between two looks at the clock, which threads share.
const STEP: usize = 64;

/// Something that keys are claimed in. True is acquired.
trait Store: Sync {
    const NAME: &'static str;
    /// Whether keys expire by the bench's clock.
    const EXPIRES: bool = true;
    fn new(live: usize, clock: Arc<AtomicU64>) -> Self;
    fn claim(&self, claim: &Claim) -> bool;
    /// Does what the store has put off.
    fn settle(&self) {}
}

struct Ours(MemoryStore, Duration);

impl Store for Ours {
    const NAME: &'static str = "memory_store";
    fn new(live: usize, clock: Arc<AtomicU64>) -> Self {
        // A little more than what is live: it keeps what has expired for a tick.
        let entries = live + live / 50 + 2 * STEP * THREADS.len();
        let clock = move || Duration::from_millis(clock.load(Relaxed));
        let store = MemoryStore::builder(entries).clock(clock).build().unwrap();
        Self(store, Duration::from_millis(live as u64))
    }
    fn claim(&self, claim: &Claim) -> bool {
        matches!(self.0.try_claim(claim, self.1), Ok(ClaimOutcome::Acquired))
    }
}

type Token = [u8; Claim::TOKEN_LEN];

/// What one writes first: a map of owner and end of the lease, and a queue of what expires next.
struct MapUnderLock {
    inner: Mutex<Inner>,
    clock: Arc<AtomicU64>,
    lease: u64,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<[u8; 32], (Token, u64)>,
    expiry: VecDeque<(u64, [u8; 32])>,
}

impl Store for MapUnderLock {
    const NAME: &'static str = "mutex_hash_map";
    fn new(live: usize, clock: Arc<AtomicU64>) -> Self {
        Self { inner: Mutex::default(), clock, lease: live as u64 }
    }
    fn claim(&self, claim: &Claim) -> bool {
        let now = self.clock.load(Relaxed);
        let inner = &mut *self.inner.lock().unwrap();
        while let Some((until, expired)) = inner.expiry.front()
            && *until <= now
        {
            inner.entries.remove(expired);
            inner.expiry.pop_front();
        }
        let until = now + self.lease;
        let mut acquired = false;
        inner.entries.entry(*claim.key().as_bytes()).or_insert_with(|| {
            acquired = true;
            (*claim.token(), until)
        });
        if acquired {
            inner.expiry.push_back((until, *claim.key().as_bytes()));
        }
        acquired
    }
}

struct Moka(moka::sync::Cache<[u8; 32], (Token, u64)>);

impl Store for Moka {
    const NAME: &'static str = "moka";
    const EXPIRES: bool = false;
    fn new(_live: usize, _clock: Arc<AtomicU64>) -> Self {
        let cache = moka::sync::Cache::builder().time_to_live(Duration::from_secs(86_400)).build();
        Self(cache)
    }
    fn claim(&self, claim: &Claim) -> bool {
        let owner = || (*claim.token(), 0);
        self.0.entry_by_ref(claim.key().as_bytes()).or_insert_with(owner).is_fresh()
    }
    fn settle(&self) {
        self.0.run_pending_tasks();
    }
}

/// So many keys that one has expired when it comes again, even if its thread had to wait a while.
fn claims_of(live: usize) -> Vec<Claim> {
    (0..2 * live + 1_000_000)
        .map(|number| {
            let key = ClaimKey::new("bench", &[&number.to_be_bytes()]);
            Claim::with_token(key, (number as u128).to_be_bytes())
        })
        .collect()
}

/// A store and the way through the keys.
struct Run<'k, S> {
    store: S,
    clock: Arc<AtomicU64>,
    keys: &'k [Claim],
    next: AtomicUsize,
}

impl<'k, S: Store> Run<'k, S> {
    fn filled(keys: &'k [Claim], live: usize) -> Self {
        let clock = Arc::new(AtomicU64::new(0));
        let store = S::new(live, Arc::clone(&clock));
        let run = Self { store, clock, keys, next: AtomicUsize::new(0) };
        run.claim(live / STEP);
        run.store.settle();
        run
    }

    /// Claims so many steps of keys, and moves the clock with each step.
    fn claim(&self, steps: usize) {
        for _ in 0..steps {
            let start = self.next.fetch_add(STEP, Relaxed);
            for at in start..start + STEP {
                let acquired = self.store.claim(&self.keys[at % self.keys.len()]);
                assert!(acquired, "{} refused a vacant key", S::NAME);
            }
            self.clock.fetch_add(STEP as u64, Relaxed);
        }
    }

    fn timed(&self, steps: usize, threads: usize) -> Duration {
        if threads == 1 {
            let start = Instant::now();
            self.claim(steps);
            return start.elapsed();
        }
        let barrier = Barrier::new(threads);
        let worker = || {
            barrier.wait();
            let start = Instant::now();
            self.claim(steps / threads);
            start.elapsed()
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).max().unwrap()
        })
    }
}

fn bench_store<S: Store>(criterion: &mut Criterion, live: usize, threads: usize) {
    let mut group = criterion.benchmark_group(format!("claim/live_{live}/threads_{threads}"));
    group.throughput(Throughput::Elements((STEP * threads) as u64));
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    let keys = claims_of(live);
    let mut run = Run::<S>::filled(&keys, live);
    group.bench_function(BenchmarkId::from_parameter(S::NAME), |bencher| {
        bencher.iter_custom(|rounds| {
            let mut left = usize::try_from(rounds).unwrap() * threads;
            let mut time = Duration::ZERO;
            while left > 0 {
                let most = live / STEP / 2;
                if !S::EXPIRES && run.next.load(Relaxed) > live + live / 2 {
                    run = Run::filled(&keys, live);
                }
                let steps = if S::EXPIRES { left } else { left.min(most) };
                time += run.timed(steps, threads);
                left -= steps;
            }
            time
        });
    });
    group.finish();
}

fn claims(criterion: &mut Criterion) {
    bytes_of_an_entry();
    longest_claim();
    side_by_side();
    for live in LIVE {
        for threads in THREADS {
            bench_store::<Ours>(criterion, live, threads);
            bench_store::<MapUnderLock>(criterion, live, threads);
            bench_store::<Moka>(criterion, live, threads);
        }
    }
}

/// Nanoseconds of a claim, for each store the best of some turns.
fn side_by_side() {
    const TURNS: usize = 15;
    println!("nanoseconds of a claim        live  threads   ours  map (ratio)  moka (ratio)");
    for live in LIVE {
        let keys = claims_of(live);
        for threads in THREADS {
            let ours = Run::<Ours>::filled(&keys, live);
            let map = Run::<MapUnderLock>::filled(&keys, live);
            let mut moka = Run::<Moka>::filled(&keys, live);
            let steps = live.min(200_000) / 2 / STEP;
            let mut best = [Duration::MAX; 3];
            for _ in 0..TURNS {
                // Nothing expires in moka.
                if moka.next.load(Relaxed) > live + live / 2 {
                    moka = Run::filled(&keys, live);
                }
                let times = [
                    ours.timed(steps, threads),
                    map.timed(steps, threads),
                    moka.timed(steps, threads),
                ];
                for (best, time) in best.iter_mut().zip(times) {
                    *best = time.min(*best);
                }
            }
            let claims = (steps / threads * threads * STEP) as f64;
            let [ours, map, moka] = best.map(|time| time.as_secs_f64() * 1e9 / claims);
            println!(
                "{live:>34} {threads:>8} {ours:>6.0} {map:>5.0} ({:>4.2}) {moka:>6.0} ({:>4.2})",
                map / ours,
                moka / ours
            );
        }
    }
}

fn bytes_of_an_entry() {
    fn measure<S: Store>(live: usize) {
        let keys = claims_of(live);
        let before = Counted::bytes();
        let run = black_box(Run::<S>::filled(&keys, live));
        // A full turn, so that what expires and what comes is counted too.
        if S::EXPIRES {
            run.claim(live / STEP);
        }
        let bytes = Counted::bytes().saturating_sub(before);
        println!(
            "bytes of an entry, {live} live: {:<15} {:6.1}",
            S::NAME,
            bytes as f64 / live as f64
        );
    }
    for live in LIVE {
        measure::<Ours>(live);
        measure::<MapUnderLock>(live);
        measure::<Moka>(live);
    }
}

/// The longest claim while a million entries have expired at once. A claim is timed in several
/// stores, and its best time counts, so that the machine's pauses do not.
fn longest_claim() {
    fn measure<S: Store>() {
        let live = 1_000_000;
        let keys = claims_of(live);
        let mut best = vec![Duration::MAX; live / 4];
        for _ in 0..3 {
            let run = Run::<S>::filled(&keys, live);
            run.clock.fetch_add(10 * live as u64, Relaxed);
            for (best, key) in best.iter_mut().zip(&keys[live..]) {
                let start = Instant::now();
                black_box(run.store.claim(key));
                *best = start.elapsed().min(*best);
            }
        }
        let longest = best.into_iter().max().unwrap();
        println!("longest claim while 1000000 expire: {:<15} {longest:9.1?}", S::NAME);
    }
    measure::<Ours>();
    measure::<MapUnderLock>();
}

/// The system's allocator, with the bytes that are in use.
struct Counted;

static BYTES: AtomicUsize = AtomicUsize::new(0);

impl Counted {
    fn bytes() -> usize {
        BYTES.load(Relaxed)
    }
}

// SAFETY: every call is handed on as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

criterion_group!(benches, claims);
criterion_main!(benches);

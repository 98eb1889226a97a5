//! Times and allocations of one verdict.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::time::Instant;

use crate::rust::{Call, Calls};

/// How often each peer has its turn; its shortest counts.
pub(crate) const ROUNDS: usize = 150;
/// Verdicts of a turn.
pub(crate) const REPEATS: u32 = 100;

/// Nanoseconds of one verdict, over a turn.
pub(crate) fn time(calls: &Calls) -> f64 {
    let turn: Vec<Call> = (0..REPEATS).map(|_| calls()).collect();
    let start = Instant::now();
    for call in turn {
        black_box(call());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(REPEATS)
}

/// How often one verdict asks for memory.
pub(crate) fn allocations(calls: &Calls) -> usize {
    // Once uncounted, so that nothing is done for the first time.
    calls()();
    let call = calls();
    let before = REQUESTS.get();
    black_box(call());
    REQUESTS.get() - before
}

struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;

thread_local! {
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    let _ = REQUESTS.try_with(|requests| requests.set(requests.get().wrapping_add(1)));
}

// SAFETY: every block comes from `System` and goes back to it; counting allocates nothing.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the block came from `System` with this layout.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `System` with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

//! The memory store where there is neither a clock nor randomness: the host gives both. `run.mjs` calls it
//! in node.

#![expect(unsafe_code, reason = "what the host calls has a name that is not mangled")]

use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use twilio_sig_claim::{ClaimError, MemoryStore, conformance};

/// The host's milliseconds since 1970.
static MILLIS: AtomicU64 = AtomicU64::new(0);

fn store(seed: u64) -> Result<MemoryStore, ClaimError> {
    let clock = || Duration::from_millis(MILLIS.load(Ordering::Relaxed));
    MemoryStore::builder(10_000).clock(clock).seed([seed, !seed]).build()
}

/// Runs the whole contract from this time. 0 if it is kept, 1 if a rule is broken, 2 if it never ends.
// SAFETY: no other function of this name is linked.
#[unsafe(no_mangle)]
pub extern "C" fn check(millis: u64, seed: u64) -> u32 {
    MILLIS.store(millis, Ordering::Relaxed);
    let Ok(store) = store(seed) else { return 1 };
    let wait = async |time: Duration| {
        let passed = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        MILLIS.fetch_add(passed, Ordering::Relaxed);
    };
    let seed = seed.to_be_bytes();
    let check = pin!(conformance::check(&store, &seed, wait));
    match check.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => 0,
        Poll::Ready(Err(_)) => 1,
        Poll::Pending => 2,
    }
}

/// Without a clock there is no store: an error, and no panic. 0 if so.
// SAFETY: no other function of this name is linked.
#[unsafe(no_mangle)]
pub extern "C" fn without_a_clock() -> u32 {
    match MemoryStore::new(10) {
        Err(ClaimError::Unavailable(_)) => 0,
        _ => 1,
    }
}

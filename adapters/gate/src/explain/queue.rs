//! The requests that wait to be explained, and the thread that does it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::panic::catch_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::ExplainPolicy;
use super::job::Job;
use super::window::Window;

/// What bounds the explanations of a gate and its clones.
pub(crate) struct Explainer {
    policy: ExplainPolicy,
    state: Mutex<State>,
    /// The bytes that are kept.
    bytes: Arc<AtomicUsize>,
    skipped: AtomicU64,
}

#[derive(Default)]
struct State {
    window: Window,
    /// Where the thread takes them from, if it has started. It ends when this is dropped.
    queue: Option<SyncSender<Box<Job>>>,
}

/// Bytes that are kept. They are given back when this is dropped.
pub(super) struct Kept {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Explainer {
    pub(super) fn new(policy: ExplainPolicy) -> Self {
        Self { policy, state: Mutex::default(), bytes: Arc::default(), skipped: AtomicU64::new(0) }
    }

    pub(super) const fn policy(&self) -> &ExplainPolicy {
        &self.policy
    }

    /// Whether one more may be explained in this minute.
    pub(super) fn admits(&self) -> bool {
        self.admits_within(self.policy.per_minute)
    }

    /// Whether one more without a well-formed signature may be: half of the places are for others.
    pub(super) fn admits_head(&self) -> bool {
        self.admits_within(self.policy.per_minute.div_ceil(2))
    }

    fn admits_within(&self, most: usize) -> bool {
        let is_admitted = self.state().window.take(Instant::now(), most);
        if !is_admitted {
            self.skip();
        }
        is_admitted
    }

    /// Lets a request of so many bytes wait, if there is room. It never blocks.
    pub(super) fn queue(&self, bytes: usize, job: impl FnOnce(Kept) -> Job) {
        let Some(kept) = self.keep(bytes) else { return self.skip() };
        // Made before the lock is taken, and dropped, if there is no room, after it is given back.
        let job = Box::new(job(kept));
        let mut state = self.state();
        if state.queue.is_none() {
            state.queue = start(self.policy.max_queued);
        }
        let sent = state.queue.as_ref().map(|queue| queue.try_send(job));
        drop(state);
        if !matches!(sent, Some(Ok(()))) {
            self.skip();
        }
    }

    fn keep(&self, bytes: usize) -> Option<Kept> {
        let most = self.policy.max_queued_bytes;
        let more = |now: usize| now.checked_add(bytes).filter(|sum| *sum <= most);
        self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Kept { bytes, all: Arc::clone(&self.bytes) })
    }

    fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were skipped since this was asked last.
    pub(super) fn take_skipped(&self) -> u64 {
        self.skipped.swap(0, Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Starts the thread. One that cannot start is tried again with the next request.
fn start(max_queued: usize) -> Option<SyncSender<Box<Job>>> {
    let (queue, jobs) = sync_channel::<Box<Job>>(max_queued);
    let work = move || {
        for job in jobs {
            // A listener that panics costs its own event and no other.
            let _ = catch_unwind(AssertUnwindSafe(|| job.run()));
        }
    };
    thread::Builder::new().name("twilio-sig-explain".into()).spawn(work).ok()?;
    Some(queue)
}

//! Renews what is held for long.
//!
//! Most handlers have answered before a lease must be renewed. A task for each request would cost more than its
//! claims do, so one task for each runtime looks after all of them, and begins a renewal when it is due.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use twilio_sig::claim::ClaimError;

use crate::deadline::within;
use crate::once::timed_out;
use crate::slot::Slot;
use crate::{Outcome, VerifiedWebhook};

/// What the requests of a gate hold, all with the same lease.
#[derive(Clone, Default)]
pub(crate) struct Renewals(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    last: u64,
    /// In the order in which they are due.
    waiting: BTreeMap<u64, Waiting>,
    renewed: BTreeMap<u64, Renewal>,
    /// Where a task looks after them.
    watched: Vec<Id>,
}

/// Claims whose first renewal is not due yet.
struct Waiting {
    webhook: VerifiedWebhook,
    slots: Vec<Arc<dyn Slot>>,
    runtime: Handle,
    since: Instant,
    due: Instant,
}

/// A task that renews.
pub(crate) struct Renewal {
    /// Its end is the signal.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Renewals {
    /// Renews these claims, which have just been made, until they are [taken](Self::take). `None` where there is
    /// no runtime.
    pub(crate) fn add(&self, webhook: &VerifiedWebhook, slots: Vec<Arc<dyn Slot>>) -> Option<u64> {
        let runtime = Handle::try_current().ok()?;
        let webhook = webhook.clone();
        let pause = pause(&webhook);
        let mut held = self.lock();
        held.last = held.last.wrapping_add(1);
        let (number, since) = (held.last, Instant::now());
        let due = since.checked_add(pause).unwrap_or(since);
        let watcher = (!held.watched.contains(&runtime.id()))
            .then(|| Watcher { renewals: self.clone(), runtime: Some(runtime.id()) });
        held.watched.extend(watcher.as_ref().and_then(|watcher| watcher.runtime));
        held.waiting
            .insert(number, Waiting { webhook, slots, runtime: runtime.clone(), since, due });
        drop(held);
        if let Some(watcher) = watcher {
            runtime.spawn(watcher.watch());
        }
        Some(number)
    }

    /// Begins no renewal any more, and gives the one that has begun.
    pub(crate) fn take(&self, number: u64) -> Option<Renewal> {
        let mut held = self.lock();
        let waiting = held.waiting.remove(&number);
        let renewal = if waiting.is_none() { held.renewed.remove(&number) } else { None };
        // The last of a webhook may be the last of its gate.
        drop(held);
        drop(waiting);
        renewal
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renewal {
    /// Ends it. It may be in the middle of a call of a store.
    pub(crate) fn abort(self) {
        self.task.abort();
    }

    /// Ends it, and waits for a call that is on its way.
    pub(crate) async fn finish(self, limit: Duration) {
        drop(self.stop);
        let _ = within(limit, self.task).await;
    }
}

/// The task of a runtime.
struct Watcher {
    renewals: Renewals,
    /// None when it has said that it ends.
    runtime: Option<Id>,
}

impl Watcher {
    async fn watch(mut self) {
        while let Some(due) = self.begin_due() {
            sleep_until(due).await;
        }
    }

    /// Begins what is due, on whatever runtime it was added. When the next is, if there is one.
    fn begin_due(&mut self) -> Option<Instant> {
        let mut held = self.renewals.lock();
        let now = Instant::now();
        while let Some(first) = held.waiting.first_entry() {
            if first.get().due > now {
                return Some(first.get().due);
            }
            let (number, waiting) = first.remove_entry();
            held.renewed.insert(number, waiting.begin());
        }
        let own = self.runtime.take();
        held.watched.retain(|watched| Some(*watched) != own);
        None
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Its runtime is shutting down.
        if let Some(own) = self.runtime.take() {
            self.renewals.lock().watched.retain(|watched| *watched != own);
        }
    }
}

impl Waiting {
    fn begin(self) -> Renewal {
        let Self { webhook, slots, runtime, since, .. } = self;
        let (stop, stopped) = oneshot::channel();
        Renewal { stop, task: runtime.spawn(renew(webhook, slots, since, stopped)) }
    }
}

/// How long from one renewal to the next.
fn pause(webhook: &VerifiedWebhook) -> Duration {
    let lease = webhook.gate().policy().lease;
    lease.checked_div(3).unwrap_or(lease)
}

/// Renews until it is stopped, or until the claims are lost.
async fn renew(
    webhook: VerifiedWebhook,
    slots: Vec<Arc<dyn Slot>>,
    since: Instant,
    mut stopped: oneshot::Receiver<()>,
) {
    let (policy, pause) = (webhook.gate().policy(), pause(&webhook));
    let limit = pause.min(webhook.gate().limit());
    let mut renewed = since;
    let reason: String = loop {
        if since.elapsed() >= policy.longest {
            break "the handler takes longer than a claim is renewed".into();
        }
        let asked = Instant::now();
        match renew_all(&slots, policy.lease, limit).await {
            Ok(()) => renewed = asked,
            Err(ClaimError::Unavailable(_)) if renewed.elapsed() < policy.lease => {}
            Err(error) => break error.to_string(),
        }
        if timeout(pause, &mut stopped).await.is_ok() {
            return;
        }
    };
    webhook.lose_lease();
    webhook.gate().report(Outcome::LeaseLost, webhook.about().with_detail(Some(&reason)));
}

async fn renew_all(
    slots: &[Arc<dyn Slot>],
    lease: Duration,
    limit: Duration,
) -> Result<(), ClaimError> {
    let calls = slots.iter().map(|slot| {
        let call = Arc::clone(slot).renew(lease);
        async move { within(limit, call).await.unwrap_or_else(|| Err(timed_out(limit))) }
    });
    join_all(calls).await.into_iter().collect()
}

//! Work that goes on after the answer: tried until it is done, or dead until an operator replays it.
//!
//! A table and a loop of our own, on SQLite and PostgreSQL. apalis, the job library for both, cannot put a job
//! into our transaction, which is what makes it exist if and only if its event does.

mod delivery;
mod recording;
mod table;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::fault::Fault;
use crate::forward::{Envelope, Forwarder};
use crate::store::Store;

pub(crate) use self::recording::Recording;
pub(crate) use self::table::{Job, Seen, dead, of_event, push, replay};

/// How many jobs are at work at a time: so many requests does the app get at once that are not Twilio's.
const AT_ONCE: usize = 16;
/// The same where there is no app: all that a job waits for is a commit, which is the cheaper for each the more
/// share it.
const AT_ONCE_ALONE: usize = 128;
/// How much later the table is looked at when a job has given back the only free slot, or when one was pushed
/// without a slot. Others do so meanwhile, and each look is a transaction.
const GATHER: Duration = Duration::from_millis(5);
/// How often the table is looked at without being woken: for jobs that are to be tried again, and for
/// those of a process that died.
const POLL: Duration = Duration::from_secs(1);

/// What is to be done.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Work {
    /// Keeps a recording.
    Recording(Recording),
    /// Hands an event on to the app.
    Delivery(Envelope),
}

impl Work {
    /// Its name.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Recording(_) => "recording",
            Self::Delivery(_) => "delivery",
        }
    }
}

/// Where jobs are begun. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    wake: Arc<Notify>,
    free: Arc<Semaphore>,
    at_once: usize,
    /// Whether jobs wait in the table for a slot.
    is_behind: Arc<AtomicBool>,
    begun: mpsc::UnboundedSender<(Job, Slot)>,
}

/// One of the jobs that may be at work.
pub(crate) type Slot = OwnedSemaphorePermit;

impl Queue {
    /// The queue, and what is begun without a look at the table. With an app, jobs are for it.
    pub(crate) fn new(has_app: bool) -> (Self, mpsc::UnboundedReceiver<(Job, Slot)>) {
        let (begun, receiver) = mpsc::unbounded_channel();
        let at_once = if has_app { AT_ONCE } else { AT_ONCE_ALONE };
        let free = Arc::new(Semaphore::new(at_once));
        let (wake, is_behind) = Default::default();
        (Self { wake, free, at_once, is_behind, begun }, receiver)
    }

    /// A job that is pushed with a slot is leased to us already. There is none while others wait: what comes
    /// faster than it is done would otherwise leave them behind for ever.
    pub(crate) fn slot(&self) -> Option<Slot> {
        if self.is_behind.load(Ordering::Relaxed) {
            return None;
        }
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Begins a job whose event is committed; without a slot when there is one.
    pub(crate) fn begin(&self, job: Job, slot: Option<Slot>) {
        match slot {
            // When nothing receives any more, its lease ends, and another process takes it over.
            Some(slot) => drop(self.begun.send((job, slot))),
            None => self.wake(),
        }
    }

    /// Says that there is something to do.
    pub(crate) fn wake(&self) {
        self.is_behind.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// So many of the slots that are free, or as many as there are. None if there is none.
    fn slots(&self, most: usize) -> Option<Slot> {
        let slots = self.free.available_permits().min(most);
        let slots = u32::try_from(slots).ok().filter(|slots| *slots > 0)?;
        Arc::clone(&self.free).try_acquire_many_owned(slots).ok()
    }
}

/// The end of a pause that begins now.
fn after(pause: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause).unwrap_or(now)
}

/// Does the work.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) max_attempts: u32,
    /// The app, if there is one.
    pub(crate) forwarder: Option<Forwarder>,
}

impl Runner {
    /// Works until it is told to stop, and then until what it has begun is finished.
    pub(crate) async fn run(
        self,
        mut begun: mpsc::UnboundedReceiver<(Job, Slot)>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut at_work = JoinSet::new();
        let mut look_at = Instant::now();
        loop {
            let is_stopping = *stop.borrow_and_update();
            if is_stopping {
                // What is pushed from now on is for the next process.
                self.queue.free.close();
            }
            let free = self.queue.free.available_permits();
            if is_stopping && free == self.queue.at_once && at_work.is_empty() {
                return;
            }
            if !is_stopping && free > 0 && look_at <= Instant::now() {
                let is_more = match self.lease(&mut at_work).await {
                    Ok(is_more) => is_more,
                    Err(error) => {
                        tracing::error!(event_type = "jobs_unavailable", ?error, "no jobs leased");
                        false
                    }
                };
                look_at = after(if is_more { GATHER } else { POLL });
            }
            // A slot may be given back without a job, which nothing tells.
            let rest = if is_stopping || free == 0 { after(POLL) } else { look_at };
            tokio::select! {
                Some((job, slot)) = begun.recv() => self.start(job, slot, &mut at_work),
                Some(_) = at_work.join_next() => if free == 0 { look_at = look_at.max(after(GATHER)) },
                () = self.queue.wake.notified(), if !is_stopping => look_at = look_at.min(after(GATHER)),
                _ = stop.changed(), if !is_stopping => {}
                () = tokio::time::sleep_until(rest) => {}
            }
        }
    }

    /// Leases and starts what is due, as far as there are slots. Whether there may be more.
    ///
    /// It takes no more slots than jobs are due: without one, a new job would go to the table too, and the
    /// next look would find it there.
    async fn lease(&self, at_work: &mut JoinSet<()>) -> Result<bool, Fault> {
        // A job that is pushed meanwhile says so again.
        self.queue.is_behind.store(false, Ordering::Relaxed);
        let due = table::due(&self.store, self.queue.at_once.saturating_add(1)).await?;
        let slots = self.queue.slots(due);
        let is_more = due > slots.as_ref().map_or(0, Slot::num_permits);
        if is_more {
            self.queue.is_behind.store(true, Ordering::Relaxed);
        }
        let Some(mut slots) = slots else { return Ok(is_more) };
        for job in table::lease(&self.store, slots.num_permits()).await? {
            let Some(slot) = slots.split(1) else { break };
            self.start(job, slot, at_work);
        }
        Ok(is_more)
    }

    fn start(&self, job: Job, slot: Slot, at_work: &mut JoinSet<()>) {
        let span =
            tracing::info_span!("job", job = job.number, kind = job.kind, attempt = job.attempts);
        let attempt = self.clone().attempt(job);
        at_work.spawn(
            async move {
                attempt.await;
                drop(slot);
            }
            .instrument(span),
        );
    }

    async fn attempt(self, job: Job) {
        let done = match serde_json::from_str(&job.payload) {
            // A job that does not fail but takes the process down must not do so for ever.
            _ if job.attempts > i64::from(self.max_attempts) => {
                Err(Fault::Unavailable("no attempt has ended".into()))
            }
            Ok(Work::Recording(recording)) => recording.run(&self.store, job.clone()).await,
            Ok(Work::Delivery(envelope)) => {
                delivery::run(envelope, self.forwarder.as_ref(), &self.store, &job).await
            }
            Err(error) => Err(Fault::Unavailable(format!("no work that is known: {error}"))),
        };
        let outcome = match done {
            Ok(()) => "done",
            Err(error) => self.give_back(&job, &error).await,
        };
        metrics::counter!("gateway_jobs_total", "kind" => job.kind, "outcome" => outcome)
            .increment(1);
    }

    async fn give_back(&self, job: &Job, error: &Fault) -> &'static str {
        let reason = error.to_string();
        let is_dead = job.attempts >= i64::from(self.max_attempts);
        tracing::warn!(event_type = "job_failed", job = job.number, is_dead, reason, "job failed");
        if let Err(error) = table::give_back(&self.store, job.clone(), reason, is_dead).await {
            // Its lease ends, and it is tried again.
            tracing::error!(event_type = "jobs_unavailable", ?error, job = job.number, "not noted");
        }
        if is_dead { "dead" } else { "retry" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::TestFolder;

    #[tokio::test]
    async fn what_waits_in_the_table_has_a_slot_before_what_comes_later() {
        let folder = TestFolder::new("slots");
        let store = folder.open().await;
        let (queue, begun) = Queue::new(false);
        assert!(queue.slot().is_some());
        let push = |sql: &mut dyn crate::store::Sql| {
            let event =
                "INSERT INTO inbox (id, mac, tenant, event_key, url, body, coverage, key_position,
                    answer, received_at)
                VALUES ('evt_1', ?1, 'acme', '', '', ?1, '', 0, ?1, 0)";
            sql.execute(event, &[[][..].into()])?;
            let recording = Recording {
                tenant: "acme".into(),
                sid: "RE1".into(),
                call_id: "1".into(),
                media_url: "https://example.com/RE1.mp3".into(),
                duration_s: None,
            };
            push(sql, "evt_1", &Work::Recording(recording), false)
        };
        queue.begin(store.write(push).await.unwrap(), None);
        assert!(queue.slot().is_none(), "it waits");

        let runner =
            Runner { store: store.clone(), queue: queue.clone(), max_attempts: 1, forwarder: None };
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(runner.run(begun, stopping));
        let state = "SELECT state FROM jobs";
        while store.read(|sql| sql.query(state, &[])).await.unwrap()[0].get::<String>(0).unwrap()
            != "done"
        {
            tokio::time::sleep(GATHER).await;
        }
        assert!(queue.slot().is_some(), "nothing waits any more");
        stop.send_replace(true);
        running.await.unwrap();
        store.close().await;
    }
}

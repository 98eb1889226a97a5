//! Work that goes on after the answer: tried until it is done, or dead until an operator replays it.
//!
//! A table and a loop of our own, on SQLite and PostgreSQL. apalis, the job library for both, cannot put a job
//! into our transaction, which is what makes it exist if and only if its event does.

mod delivery;
mod recording;
mod table;

use alloc::sync::Arc;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::fault::Fault;
use crate::forward::{Envelope, Forwarder};
use crate::store::Store;

pub(crate) use self::recording::Recording;
use self::table::Job;
pub(crate) use self::table::{Seen, dead, of_event, push, replay};

/// How many jobs are at work at a time.
const AT_ONCE: usize = 16;
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

/// Says that there are jobs. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue(Arc<Notify>);

impl Queue {
    /// Says that there is something to do.
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }
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
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut at_work = JoinSet::new();
        loop {
            let is_stopping = *stop.borrow_and_update();
            if is_stopping && at_work.is_empty() {
                return;
            }
            let free = if is_stopping { 0 } else { AT_ONCE.saturating_sub(at_work.len()) };
            match table::lease(&self.store, free).await {
                Ok(jobs) => {
                    for job in jobs {
                        let span = tracing::info_span!(
                            "job",
                            job = job.id,
                            kind = job.kind,
                            attempt = job.attempts
                        );
                        at_work.spawn(self.clone().attempt(job).instrument(span));
                    }
                }
                Err(error) => {
                    tracing::error!(event_type = "jobs_unavailable", ?error, "no jobs leased");
                }
            }
            tokio::select! {
                Some(_) = at_work.join_next() => {}
                () = self.queue.0.notified(), if !is_stopping => {}
                _ = stop.changed(), if !is_stopping => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
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
        tracing::warn!(event_type = "job_failed", job = job.id, is_dead, reason, "job failed");
        if let Err(error) = table::give_back(&self.store, job.clone(), reason, is_dead).await {
            // Its lease ends, and it is tried again.
            tracing::error!(event_type = "jobs_unavailable", ?error, job = job.id, "not noted");
        }
        if is_dead { "dead" } else { "retry" }
    }
}

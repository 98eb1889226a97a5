//! Waits for the disk, once for all that were committed meanwhile.
//!
//! SQLite would wait for it in each commit (`synchronous=FULL`), one after the other: some hundred
//! events a second. With `NORMAL` a commit is in the write-ahead log, in the order of commits, and
//! not yet on the disk; so before anything is answered, the log is flushed here. What was answered with
//! 2xx then survives a loss of power, as with `FULL`. See <https://www.sqlite.org/wal.html>.

use std::fs::File;
use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};

use super::disk;
use crate::fault::Fault;

/// How many may wait. Further ones wait to wait.
const MAX_WAITING: usize = 1_024;

type Waiting = oneshot::Sender<bool>;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Durable(mpsc::Sender<Waiting>);

impl Durable {
    /// For the database in this file. Works until the last clone is dropped.
    pub(super) fn new(database: PathBuf) -> Self {
        let mut log = database.into_os_string();
        log.push("-wal");
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(flush(log.into(), receiver));
        Self(sender)
    }

    /// Returns when all that was committed before is on the disk.
    pub(super) async fn wait(&self) -> Result<(), Fault> {
        let (sender, receiver) = oneshot::channel();
        let broken = || Fault::Unavailable("the disk does not keep what is written".into());
        self.0.send(sender).await.map_err(|_| broken())?;
        if receiver.await.unwrap_or(false) { Ok(()) } else { Err(broken()) }
    }
}

/// Ends with the first failure: the system has forgotten then what it could not write, and the next
/// flush would succeed without it. All calls that wait, now and later, get an error.
async fn flush(log: PathBuf, mut receiver: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    // A call that comes while the disk is at work waits for the next flush.
    while receiver.recv_many(&mut waiting, MAX_WAITING).await > 0 {
        let log = log.clone();
        let flushed = tokio::task::spawn_blocking(move || File::open(log)?.sync_data()).await;
        let fault = match flushed {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        for waiting in waiting.drain(..) {
            // A call that was dropped needs no answer.
            let _ = waiting.send(fault.is_none());
        }
        if let Some(error) = fault {
            tracing::error!(event_type = "disk_unavailable", error, "nothing is kept any more");
            disk::lose(error);
            return;
        }
    }
}

//! What waits for a connection of the database: each has a thread of its own.
//!
//! A transaction is a function that is sent to such a thread, so none is held open by a request that waits for
//! something else. What has come in meanwhile shares a commit, and so one wait for the disk: SQLite would
//! do some hundred a second otherwise.

use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::StoreError;
use super::sql::Sql;
use crate::fault::Fault;

/// How long a request waits for its turn and its commit. Twilio waits for 15 seconds in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may wait. One more is refused: a flood must not fill the memory.
const MAX_WAITING: usize = 4_096;

/// What a thread has a connection of.
pub(super) trait Database: Send + 'static {
    /// Gives `serve` the connection, until it returns.
    fn connect(self, serve: impl FnOnce(&mut dyn Connection));
}

/// A connection of its own.
pub(super) trait Connection: Sql {
    /// How many transactions of callers may share one commit.
    fn max_batch(&self) -> usize;

    /// Waits, after the first of a batch has come, for those that will share its commit.
    fn gather(&mut self) {}

    fn begin(&mut self) -> Result<(), StoreError>;

    fn commit(&mut self) -> Result<(), StoreError>;

    /// Leaves no transaction open, whatever has failed.
    fn rollback(&mut self);

    /// Marks a point, or leaves it behind.
    fn savepoint(&mut self, sql: &'static str) -> Result<(), StoreError>;
}

/// Where transactions are sent. Cheap to clone.
#[derive(Clone)]
pub(super) struct Queue {
    sender: SyncSender<Option<Box<dyn Task>>>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Queue {
    /// For these databases, with a thread for each.
    pub(super) fn new<D: Database>(databases: Vec<D>) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let start = |database: D| {
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new().name("database".into());
            thread.spawn(move || database.connect(|connection| serve(connection, &receiver)))
        };
        let threads = databases.into_iter().map(start).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { sender, threads: Arc::new(Mutex::new(threads)) })
    }

    /// Does this in a transaction. If it fails, what it wrote is undone.
    ///
    /// An error does not mean that it was not done: a commit may come after the patience of its caller.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Sql) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (caller, answer) = oneshot::channel();
        let call = Call { work, result: None, caller };
        if self.sender.try_send(Some(Box::new(call))).is_err() {
            return Err(Fault::Unavailable("too many wait for the database".into()));
        }
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Fault::Unavailable("the database is closed".into())),
            Err(_) => {
                Err(Fault::Unavailable(format!("the database took longer than {PATIENCE:?}")))
            }
        }
    }

    /// Ends the threads after what waits, and closes their connections.
    pub(super) async fn close(&self) {
        let threads =
            core::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let sender = self.sender.clone();
        let ended = tokio::task::spawn_blocking(move || {
            for _ in &threads {
                // A thread that has ended needs no word.
                let _ = sender.send(None);
            }
            for thread in threads {
                let _ = thread.join();
            }
        });
        let _ = ended.await;
    }
}

/// A transaction of a caller.
trait Task: Send {
    /// Whether its caller still waits for it.
    fn is_wanted(&self) -> bool;

    /// Does the work, or does it again after what it wrote was undone. False if that is to be undone.
    fn run(&mut self, sql: &mut dyn Sql) -> bool;

    /// Tells the caller, after the commit or what failed.
    fn finish(self: Box<Self>, committed: &Result<(), StoreError>);
}

struct Call<F, T> {
    work: F,
    result: Option<Result<T, Fault>>,
    caller: oneshot::Sender<Result<T, Fault>>,
}

impl<F, T> Task for Call<F, T>
where
    F: Fn(&mut dyn Sql) -> Result<T, Fault> + Send,
    T: Send,
{
    fn is_wanted(&self) -> bool {
        !self.caller.is_closed()
    }

    fn run(&mut self, sql: &mut dyn Sql) -> bool {
        // The thread serves others too, and a panic must not end it.
        let done = catch_unwind(AssertUnwindSafe(|| (self.work)(sql)));
        let result = done.unwrap_or_else(|_| Err(Fault::Unavailable("a panic".into())));
        self.result.insert(result).is_ok()
    }

    fn finish(self: Box<Self>, committed: &Result<(), StoreError>) {
        let result = match (committed, self.result) {
            // Its own error says more than that of a transaction that failed with it.
            (_, Some(Err(fault))) => Err(fault),
            (Ok(()), Some(done)) => done,
            (Err(error), _) => Err(Fault::from(error)),
            (Ok(()), None) => Err(Fault::Unavailable("it was not done".into())),
        };
        // A caller whose patience is over needs no answer.
        let _ = self.caller.send(result);
    }
}

fn serve(connection: &mut dyn Connection, receiver: &Mutex<Receiver<Option<Box<dyn Task>>>>) {
    let mut is_open = true;
    while is_open {
        let mut batch = Vec::new();
        {
            let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
            let Ok(Some(first)) = receiver.recv() else { return };
            batch.push(first);
            connection.gather();
            while is_open && batch.len() < connection.max_batch() {
                match receiver.try_recv() {
                    Ok(Some(task)) => batch.push(task),
                    Ok(None) => is_open = false,
                    Err(_) => break,
                }
            }
        }
        batch.retain(|task| task.is_wanted());
        if batch.is_empty() {
            continue;
        }
        let committed = transaction(connection, &mut batch);
        for task in batch {
            task.finish(&committed);
        }
    }
}

/// All of them in one transaction: each by itself, or none if the database fails.
fn transaction(
    connection: &mut dyn Connection,
    batch: &mut [Box<dyn Task>],
) -> Result<(), StoreError> {
    let done = connection.begin().and_then(|()| {
        if batch.iter_mut().all(|task| task.run(connection)) {
            return connection.commit();
        }
        connection.rollback();
        if batch.len() == 1 {
            return Ok(());
        }
        connection.begin()?;
        run_apart(connection, batch)?;
        connection.commit()
    });
    if done.is_err() {
        connection.rollback();
    }
    done
}

/// Undoes what those wrote that fail, and nothing else. A savepoint for each copies every page that is written,
/// so it is done only for a batch in which one has failed.
fn run_apart(
    connection: &mut dyn Connection,
    batch: &mut [Box<dyn Task>],
) -> Result<(), StoreError> {
    for task in batch {
        connection.savepoint("SAVEPOINT task")?;
        if !task.run(connection) {
            connection.savepoint("ROLLBACK TO task")?;
        }
        connection.savepoint("RELEASE task")?;
    }
    Ok(())
}

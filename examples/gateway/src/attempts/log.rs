//! Writes the webhook log: many rows in one transaction, and no request waits for it.

use core::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Record;
use crate::store::Store;

/// How many rows may wait. One more is lost and counted: a flood must not fill the memory.
const MAX_WAITING: usize = 4_096;
/// How many rows a transaction writes.
const MAX_ROWS: usize = 256;
/// How long the first of them waits for the others.
const PATIENCE: Duration = Duration::from_millis(50);

/// Where rows are put. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Log(Sender<Record>);

impl Log {
    /// The log, and the writer to be run.
    pub(crate) fn new(store: Store) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, receiver) = channel(MAX_WAITING);
        (Self(sender), write(store, receiver))
    }

    pub(super) fn push(&self, record: Record) {
        if self.0.try_send(record).is_err() {
            metrics::counter!("gateway_log_lost_total").increment(1);
        }
    }
}

/// Writes until the last `Log` is dropped and all rows are written.
async fn write(store: Store, mut receiver: Receiver<Record>) {
    let mut rows = Vec::with_capacity(MAX_ROWS);
    while receiver.recv_many(&mut rows, MAX_ROWS).await > 0 {
        gather(&mut receiver, &mut rows).await;
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let rows = core::mem::replace(&mut rows, Vec::with_capacity(MAX_ROWS));
        let written = store.write(move |sql| rows.iter().try_for_each(|row| row.insert(sql))).await;
        if let Err(error) = written {
            metrics::counter!("gateway_log_lost_total").increment(count);
            tracing::error!(event_type = "log_unavailable", %error, lost = count, "attempts not logged");
        }
    }
}

/// Waits a little for more rows, because each transaction holds up the requests.
async fn gather(receiver: &mut Receiver<Record>, rows: &mut Vec<Record>) {
    let more = async {
        while let room @ 1.. = MAX_ROWS.saturating_sub(rows.len()) {
            if receiver.recv_many(rows, room).await == 0 {
                return;
            }
        }
    };
    // What was received before the time is over is in `rows`.
    let _ = tokio::time::timeout(PATIENCE, more).await;
}

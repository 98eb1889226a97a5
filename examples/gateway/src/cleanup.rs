//! Deletes what is older than the setting `KEEP_DAYS`. Messages, calls and recordings stay.

use core::time::Duration;

use crate::clock;
use crate::fault::Fault;
use crate::store::Store;

const PAUSE: Duration = Duration::from_secs(60 * 60);
/// Rows that a statement deletes, so that none holds up a webhook.
const ROWS: i64 = 1_000;

/// What goes when it is older than `?1`, at most `?2` rows of it. Jobs that are dead, and their
/// events, wait for an operator.
const DELETE: [&str; 4] = [
    "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE at < ?1 LIMIT ?2)",
    "DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs WHERE state = 'done' AND due_at < ?1 LIMIT ?2)",
    "DELETE FROM further_requests WHERE mac IN (
        SELECT mac FROM further_requests WHERE received_at < ?1 LIMIT ?2)",
    "DELETE FROM inbox WHERE id IN (
        SELECT id FROM inbox WHERE received_at < ?1 AND handled_at IS NOT NULL LIMIT ?2)",
];

/// Cleans up every hour, until it is dropped.
pub(crate) async fn run(store: Store, keep: Duration) {
    loop {
        match clean(&store, keep).await {
            Ok(rows) => tracing::info!(rows, "cleaned up"),
            Err(error) => {
                tracing::error!(event_type = "cleanup_unavailable", %error, "not cleaned up");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn clean(store: &Store, keep: Duration) -> Result<u64, Fault> {
    let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let before = clock::now().saturating_sub(keep);
    let (mut rows, most) = (0_u64, ROWS);
    for delete in DELETE {
        loop {
            let done =
                store.write(move |sql| sql.execute(delete, &[before.into(), most.into()])).await?;
            rows = rows.saturating_add(done);
            if done < most.unsigned_abs() {
                break;
            }
        }
    }
    Ok(rows)
}

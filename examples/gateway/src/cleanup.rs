//! Deletes what is older than the setting `KEEP_DAYS`. Messages, calls and recordings stay.

use core::time::Duration;

use crate::clock;
use crate::fault::Fault;
use crate::store::Store;

const PAUSE: Duration = Duration::from_secs(60 * 60);
/// Rows that a statement deletes, so that none holds up a webhook.
const ROWS: i64 = 1_000;

/// What goes when it is older than `?1`, at most `?2` rows of it. Jobs that are dead wait for an operator.
const DELETE: [&str; 3] = [
    "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE at < ?1 LIMIT ?2)",
    "DELETE FROM jobs WHERE number IN (
        SELECT number FROM jobs WHERE state = 'done' AND due_at < ?1 LIMIT ?2)",
    "DELETE FROM further_requests WHERE mac IN (
        SELECT mac FROM further_requests WHERE received_at < ?1 LIMIT ?2)",
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
    Ok(rows.saturating_add(forget_events(store, before, most).await?))
}

/// Deletes the events that are older, by their numbers, which have the order of their times; and none before its
/// job. It looks at no more than `most` at a time.
async fn forget_events(store: &Store, before: i64, most: i64) -> Result<u64, Fault> {
    let (mut rows, mut seen) = (0_u64, 0_i64);
    loop {
        let next = store.read(move |sql| {
            sql.query(
                "SELECT number, received_at FROM (SELECT number, received_at FROM inbox
                    WHERE number > ?1 ORDER BY number LIMIT ?2) AS next
                ORDER BY number DESC LIMIT 1",
                &[seen.into(), most.into()],
            )
        });
        let Some(row) = next.await?.pop() else { return Ok(rows) };
        let (last, received_at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let forgotten = store.write(move |sql| {
            sql.execute(
                "DELETE FROM inbox WHERE number > ?1 AND number <= ?2 AND received_at < ?3
                    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.number = inbox.number)",
                &[seen.into(), last.into(), before.into()],
            )
        });
        rows = rows.saturating_add(forgotten.await?);
        if received_at >= before {
            return Ok(rows);
        }
        seen = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Sql, TestFolder};

    #[tokio::test]
    async fn an_event_is_forgotten_when_it_is_old_and_its_job_is_gone() {
        let folder = TestFolder::new("cleanup");
        let store = folder.open().await;
        let fill = |sql: &mut dyn Sql| {
            // There are ten events, and those up to the sixth are old. The first left a job that is dead, the fourth one that
            // was done long ago, and the fifth one that was done just now.
            for number in 1..=10_i64 {
                let at = if number <= 6 { number } else { clock::now() };
                sql.execute(
                    "INSERT INTO inbox (id, mac, received_at, tenant, event_key, url, body, coverage,
                        key_position, answer)
                    VALUES (?1, ?2, ?3, '', '', '', ?2, '', 0, ?2)",
                    &[number.to_string().as_str().into(), (&number.to_be_bytes()[..]).into(), at.into()],
                )?;
            }
            for (number, state, due_at) in
                [(1_i64, "dead", 1), (4, "done", 4), (5, "done", clock::now())]
            {
                sql.execute(
                    "INSERT INTO jobs (number, kind, payload, state, attempts, due_at, created_at)
                    VALUES (?1, '', '', ?2, 1, ?3, 0)",
                    &[number.into(), state.into(), due_at.into()],
                )?;
            }
            Ok(())
        };
        store.write(fill).await.unwrap();
        // The job and the events 2, 3, 4 and 6.
        assert_eq!(clean(&store, Duration::from_secs(60)).await.unwrap(), 5);
        let rows = store.read(|sql| sql.query("SELECT number FROM inbox ORDER BY 1", &[])).await;
        let left: Vec<i64> = rows.unwrap().iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(left, [1, 5, 7, 8, 9, 10]);

        // By few at a time, and beyond what stays.
        assert_eq!(forget_events(&store, clock::now(), 2).await.unwrap(), 4);
        assert_eq!(forget_events(&store, clock::now(), 2).await.unwrap(), 0);
        store.close().await;
    }
}

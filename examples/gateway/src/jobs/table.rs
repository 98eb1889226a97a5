//! The table of jobs: leased, given back, done, dead.

use sqlx::{FromRow as _, SqliteConnection};

use super::Work;
use crate::clock;
use crate::fault::Fault;
use crate::store::Store;

/// How long an attempt may take until another process may try, in milliseconds.
const LEASE_MS: i64 = 15_000;
/// The pause after the first failure, which doubles up to the longest, in milliseconds.
const FIRST_PAUSE_MS: i64 = 1_000;
const LONGEST_PAUSE_MS: i64 = 300_000;

/// A job that is leased to us.
#[derive(Debug)]
pub(crate) struct Job {
    /// The event and the kind: what the work is idempotent by.
    pub(crate) id: String,
    pub(crate) inbox_id: String,
    pub(crate) kind: String,
    pub(crate) payload: String,
    /// This one included.
    pub(crate) attempts: i64,
}

/// A job as operators see it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) id: String,
    /// ready, running, done or dead.
    pub(crate) state: String,
    pub(crate) attempts: i64,
    /// When it ended, or will be tried.
    pub(crate) at: i64,
    pub(crate) last_error: String,
}

pub(super) async fn push(
    connection: &mut SqliteConnection,
    inbox_id: &str,
    work: &Work,
) -> Result<(), Fault> {
    let unreadable = |error: serde_json::Error| Fault::Unavailable(error.to_string());
    let payload = serde_json::to_string(work).map_err(unreadable)?;
    let query = sqlx::query(
        "INSERT INTO jobs (id, inbox_id, kind, payload, state, attempts, due_at, created_at)
        VALUES ($1, $2, $3, $4, 'ready', 0, $5, $5)
        ON CONFLICT (id) DO UPDATE SET state = 'ready', attempts = 0, due_at = excluded.due_at",
    );
    let query = query.bind(format!("{inbox_id}:{}", work.kind())).bind(inbox_id).bind(work.kind());
    query.bind(payload).bind(clock::now()).execute(connection).await?;
    Ok(())
}

/// Takes up to `most` jobs that are due, and those whose process died.
pub(super) async fn lease(store: &Store, most: usize) -> Result<Vec<Job>, Fault> {
    let now = clock::now();
    if most == 0 || !is_any_due(store, now).await? {
        return Ok(Vec::new());
    }
    let query = sqlx::query(
        "UPDATE jobs SET state = 'running', attempts = attempts + 1, due_at = $2
        WHERE id IN (
            SELECT id FROM jobs WHERE state IN ('ready', 'running') AND due_at <= $1
            ORDER BY due_at LIMIT $3)
        RETURNING id, inbox_id, kind, payload, attempts",
    );
    let query = query.bind(now).bind(now.saturating_add(LEASE_MS));
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = query.bind(most).fetch_all(store.writer()).await?;
    let job = |row| {
        let (id, inbox_id, kind, payload, attempts) = <_>::from_row(row)?;
        Ok(Job { id, inbox_id, kind, payload, attempts })
    };
    rows.iter().map(job).collect()
}

/// To look costs no writer anything.
async fn is_any_due(store: &Store, now: i64) -> Result<bool, Fault> {
    let query = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM (
            SELECT 1 FROM jobs WHERE state IN ('ready', 'running') AND due_at <= $1 LIMIT 1) AS due",
    );
    Ok(query.bind(now).fetch_one(store.reader()).await? > 0)
}

/// Marks a job as done, in the transaction of its work. An error if it is no longer ours: then the
/// work must not be committed.
pub(super) async fn done(connection: &mut SqliteConnection, job: &Job) -> Result<(), Fault> {
    let query = sqlx::query(
        "UPDATE jobs SET state = 'done', due_at = $3, last_error = NULL
        WHERE id = $1 AND state = 'running' AND attempts = $2",
    );
    let query = query.bind(&job.id).bind(job.attempts).bind(clock::now());
    if query.execute(&mut *connection).await?.rows_affected() != 1 {
        return Err(Fault::Unavailable("the job was taken over".into()));
    }
    let query = sqlx::query("UPDATE inbox SET handled_at = $2 WHERE id = $1");
    query.bind(&job.inbox_id).bind(clock::now()).execute(connection).await?;
    Ok(())
}

/// Notes a failure: the job is tried again after a pause, or is dead.
pub(super) async fn give_back(
    store: &Store,
    job: &Job,
    reason: &str,
    is_dead: bool,
) -> Result<(), Fault> {
    let (state, pause) = if is_dead { ("dead", 0) } else { ("ready", pause_ms(job.attempts)) };
    let query = sqlx::query(
        "UPDATE jobs SET state = $3, due_at = $4, last_error = $5
        WHERE id = $1 AND state = 'running' AND attempts = $2",
    );
    let query = query.bind(&job.id).bind(job.attempts).bind(state);
    let query = query.bind(clock::now().saturating_add(pause)).bind(reason);
    query.execute(store.writer()).await?;
    Ok(())
}

fn pause_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(30);
    FIRST_PAUSE_MS.saturating_mul(2_i64.saturating_pow(doublings)).min(LONGEST_PAUSE_MS)
}

/// The jobs that were given up, the newest first, at most `most`.
pub(crate) async fn dead(store: &Store, most: i64) -> Result<Vec<Seen>, Fault> {
    let query = sqlx::query_as(
        "SELECT id, state, attempts, due_at, last_error FROM jobs WHERE state = 'dead'
        ORDER BY due_at DESC LIMIT $1",
    );
    let rows = query.bind(most).fetch_all(store.reader()).await?;
    Ok(rows.into_iter().map(Seen::of).collect())
}

/// The jobs of an event.
pub(crate) async fn of_event(store: &Store, inbox_id: &str) -> Result<Vec<Seen>, Fault> {
    let query = sqlx::query_as(
        "SELECT id, state, attempts, due_at, last_error FROM jobs WHERE inbox_id = $1 ORDER BY id",
    );
    let rows = query.bind(inbox_id).fetch_all(store.reader()).await?;
    Ok(rows.into_iter().map(Seen::of).collect())
}

/// Lets a job that is dead or done be tried anew. False if there is none of this id.
pub(crate) async fn replay(store: &Store, id: &str) -> Result<bool, Fault> {
    let query = sqlx::query(
        "UPDATE jobs SET state = 'ready', attempts = 0, due_at = $2
        WHERE id = $1 AND state IN ('dead', 'done')",
    );
    Ok(query.bind(id).bind(clock::now()).execute(store.writer()).await?.rows_affected() == 1)
}

impl Seen {
    fn of(row: (String, String, i64, i64, Option<String>)) -> Self {
        let (id, state, attempts, at, last_error) = row;
        Self { id, state, attempts, at, last_error: last_error.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        assert_eq!(
            [1, 2, 3, 9, 10, i64::MAX].map(pause_ms),
            [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]
        );
    }
}

//! The table of jobs: leased, given back, done, dead.

use super::Work;
use crate::clock;
use crate::fault::Fault;
use crate::store::{Row, Sql, Store};

/// How long an attempt may take until another process may try, in milliseconds.
const LEASE_MS: i64 = 15_000;
/// The pause after the first failure, which doubles up to the longest, in milliseconds.
const FIRST_PAUSE_MS: i64 = 1_000;
const LONGEST_PAUSE_MS: i64 = 300_000;

/// A job that is leased to us.
#[derive(Clone, Debug)]
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

/// Puts work into the table, leased to us or for any. An event has one job of a kind.
pub(crate) fn push(
    sql: &mut dyn Sql,
    inbox_id: &str,
    work: &Work,
    is_ours: bool,
) -> Result<Job, Fault> {
    let unreadable = |error: serde_json::Error| Fault::Unavailable(error.to_string());
    let payload = serde_json::to_string(work).map_err(unreadable)?;
    let (kind, now) = (work.kind(), clock::now());
    let id = id(inbox_id, kind);
    let (state, attempts, due_at) =
        if is_ours { ("running", 1, now.saturating_add(LEASE_MS)) } else { ("ready", 0, now) };
    // An event may come again after `KEEP_DAYS`, and finds what is left of its job.
    sql.execute(
        "INSERT INTO jobs (id, inbox_id, kind, payload, state, attempts, due_at, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, state = excluded.state,
            attempts = excluded.attempts, due_at = excluded.due_at",
        &[
            (&id).into(),
            inbox_id.into(),
            kind.into(),
            (&payload).into(),
            state.into(),
            attempts.into(),
            due_at.into(),
            now.into(),
        ],
    )?;
    Ok(Job { id, inbox_id: inbox_id.to_owned(), kind: kind.to_owned(), payload, attempts })
}

/// What a job is known by.
fn id(inbox_id: &str, kind: &str) -> String {
    format!("{inbox_id}:{kind}")
}

/// Takes up to `most` jobs that are due, and those whose process died.
pub(super) async fn lease(store: &Store, most: usize) -> Result<Vec<Job>, Fault> {
    let now = clock::now();
    if most == 0 || !is_any_due(store, now).await? {
        return Ok(Vec::new());
    }
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let leased = store.write(move |sql| {
        // Two lists, for each is read in the order of the index, and of no more than so many rows, however
        // many are due. The condition is there twice, because PostgreSQL looks at the outer one again when another
        // process has leased the job meanwhile; in a form that keeps SQLite from reading all that are due.
        sql.query(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, due_at = ?2
            WHERE state || '' IN ('ready', 'running') AND due_at <= ?1 AND id IN (
                SELECT id FROM (SELECT id FROM jobs WHERE state = 'running' AND due_at <= ?1
                    ORDER BY due_at LIMIT ?3) AS lost
                UNION ALL SELECT id FROM (SELECT id FROM jobs WHERE state = 'ready' AND due_at <= ?1
                    ORDER BY due_at LIMIT ?3) AS ready
                LIMIT ?3)
            RETURNING id, inbox_id, kind, payload, attempts",
            &[now.into(), now.saturating_add(LEASE_MS).into(), most.into()],
        )
    });
    let job = |row: &Row| {
        Ok(Job {
            id: row.get(0)?,
            inbox_id: row.get(1)?,
            kind: row.get(2)?,
            payload: row.get(3)?,
            attempts: row.get(4)?,
        })
    };
    leased.await?.iter().map(job).collect()
}

/// To look costs what writes nothing.
async fn is_any_due(store: &Store, now: i64) -> Result<bool, Fault> {
    let due = "SELECT 1 FROM jobs WHERE state IN ('ready', 'running') AND due_at <= ?1 LIMIT 1";
    Ok(!store.read(move |sql| sql.query(due, &[now.into()])).await?.is_empty())
}

/// Marks a job as done, in the transaction of its work. An error if it is no longer ours: then the
/// work must not be committed.
pub(super) fn done(sql: &mut dyn Sql, job: &Job) -> Result<(), Fault> {
    let now = clock::now();
    let changed = sql.execute(
        "UPDATE jobs SET state = 'done', due_at = ?3, last_error = NULL
        WHERE id = ?1 AND state = 'running' AND attempts = ?2",
        &[(&job.id).into(), job.attempts.into(), now.into()],
    )?;
    if changed != 1 {
        return Err(Fault::Unavailable("the job was taken over".into()));
    }
    let handled = "UPDATE inbox SET handled_at = ?2 WHERE id = ?1";
    sql.execute(handled, &[(&job.inbox_id).into(), now.into()]).map(drop)
}

/// Notes a failure: the job is tried again after a pause, or is dead.
pub(super) async fn give_back(
    store: &Store,
    job: Job,
    reason: String,
    is_dead: bool,
) -> Result<(), Fault> {
    let (state, pause) = if is_dead { ("dead", 0) } else { ("ready", pause_ms(job.attempts)) };
    let noted = store.write(move |sql| {
        sql.execute(
            "UPDATE jobs SET state = ?3, due_at = ?4, last_error = ?5
            WHERE id = ?1 AND state = 'running' AND attempts = ?2",
            &[
                (&job.id).into(),
                job.attempts.into(),
                state.into(),
                clock::now().saturating_add(pause).into(),
                (&reason).into(),
            ],
        )
    });
    noted.await.map(drop)
}

/// The jobs that were given up, the newest first, at most `most`.
pub(crate) async fn dead(store: &Store, most: i64) -> Result<Vec<Seen>, Fault> {
    let rows = store.read(move |sql| {
        sql.query(
            "SELECT id, state, attempts, due_at, last_error FROM jobs WHERE state = 'dead'
            ORDER BY due_at DESC LIMIT ?1",
            &[most.into()],
        )
    });
    rows.await?.iter().map(Seen::of).collect()
}

/// The jobs of an event.
pub(crate) async fn of_event(store: &Store, inbox_id: String) -> Result<Vec<Seen>, Fault> {
    let rows = store.read(move |sql| {
        let [one, other] = Work::KINDS.map(|kind| id(&inbox_id, kind));
        sql.query(
            "SELECT id, state, attempts, due_at, last_error FROM jobs WHERE id IN (?1, ?2)
            ORDER BY id",
            &[(&one).into(), (&other).into()],
        )
    });
    rows.await?.iter().map(Seen::of).collect()
}

/// Lets a job that is dead or done be tried anew. False if there is none of this id.
pub(crate) async fn replay(store: &Store, id: String) -> Result<bool, Fault> {
    let changed = store.write(move |sql| {
        sql.execute(
            "UPDATE jobs SET state = 'ready', attempts = 0, due_at = ?2
            WHERE id = ?1 AND state IN ('dead', 'done')",
            &[(&id).into(), clock::now().into()],
        )
    });
    Ok(changed.await? == 1)
}

fn pause_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(30);
    FIRST_PAUSE_MS.saturating_mul(2_i64.saturating_pow(doublings)).min(LONGEST_PAUSE_MS)
}

impl Seen {
    fn of(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            id: row.get(0)?,
            state: row.get(1)?,
            attempts: row.get(2)?,
            at: row.get(3)?,
            last_error: row.get::<Option<_>>(4)?.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::time::Instant;

    use super::*;
    use crate::store::TestFolder;

    /// Puts so many jobs into the table, of which every second one is of a process that died.
    async fn fill(store: &Store, count: i64) {
        let insert = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
            INSERT INTO jobs (id, inbox_id, kind, payload, state, attempts, due_at, created_at)
            SELECT 'evt_' || n, '', 'recording', '', iif(n % 2, 'ready', 'running'), 1, n, 0 FROM numbers";
        store.write(move |sql| sql.execute(insert, &[count.into()])).await.unwrap();
    }

    /// The shortest of some leases, of 16 jobs each.
    async fn shortest(store: &Store) -> Duration {
        let mut shortest = Duration::MAX;
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(lease(store, 16).await.unwrap().len(), 16);
            shortest = shortest.min(begun.elapsed());
        }
        shortest
    }

    #[tokio::test]
    async fn a_lease_takes_no_longer_the_more_jobs_are_due() {
        let [few, many] = ["few", "many"].map(TestFolder::new);
        let [few, many] = [&few, &many].map(TestFolder::open);
        let (few, many) = (few.await, many.await);
        fill(&few, 400).await;
        fill(&many, 200_000).await;
        let [of_few, of_many] = [shortest(&few).await, shortest(&many).await];
        assert!(of_many < of_few * 10, "{of_few:?}, of many {of_many:?}");
        few.close().await;
        many.close().await;
    }

    #[tokio::test]
    async fn what_a_dead_process_left_is_leased_first_and_nothing_twice() {
        let folder = TestFolder::new("leases");
        let store = folder.open().await;
        fill(&store, 8).await;
        let mut leased = Vec::new();
        for most in [3, 3, 3] {
            let jobs = lease(&store, most).await.unwrap();
            assert!(jobs.iter().all(|job| job.attempts == 2));
            let mut ids: Vec<_> = jobs.into_iter().map(|job| job.id).collect();
            ids.sort();
            leased.push(ids.join(" "));
        }
        assert_eq!(leased, ["evt_2 evt_4 evt_6", "evt_1 evt_3 evt_8", "evt_5 evt_7"]);
        assert!(lease(&store, 3).await.unwrap().is_empty());
        store.close().await;
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        assert_eq!(
            [1, 2, 3, 9, 10, i64::MAX].map(pause_ms),
            [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]
        );
    }
}

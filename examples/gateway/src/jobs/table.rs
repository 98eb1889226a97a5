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
    /// That of its event, which has no other.
    pub(crate) number: i64,
    pub(crate) kind: String,
    pub(crate) payload: String,
    /// This one included.
    pub(crate) attempts: i64,
}

/// A job as operators see it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) number: i64,
    /// The id of its event.
    pub(crate) event: String,
    pub(crate) kind: String,
    /// ready, running, done or dead.
    pub(crate) state: String,
    pub(crate) attempts: i64,
    /// When it ended, or will be tried.
    pub(crate) at: i64,
    pub(crate) last_error: String,
}

/// Puts the work that an event leaves into the table, leased to us or for any. Call it once for an event.
pub(crate) fn push(
    sql: &mut dyn Sql,
    event: &str,
    work: &Work,
    is_ours: bool,
) -> Result<Job, Fault> {
    let unreadable = |error: serde_json::Error| Fault::Unavailable(error.to_string());
    let payload = serde_json::to_string(work).map_err(unreadable)?;
    let (kind, now) = (work.kind(), clock::now());
    let rows = sql.query("SELECT number FROM inbox WHERE id = ?1", &[event.into()])?;
    let gone = || Fault::Unavailable("the event is not in the inbox".into());
    let number: i64 = rows.first().ok_or_else(gone)?.get(0)?;
    let (state, attempts, due_at) =
        if is_ours { ("running", 1, now.saturating_add(LEASE_MS)) } else { ("ready", 0, now) };
    sql.execute(
        "INSERT INTO jobs (number, kind, payload, state, attempts, due_at, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            number.into(),
            kind.into(),
            (&payload).into(),
            state.into(),
            attempts.into(),
            due_at.into(),
            now.into(),
        ],
    )?;
    Ok(Job { number, kind: kind.to_owned(), payload, attempts })
}

/// How many jobs are due, of which no more than `most` are counted. To look costs what writes nothing.
pub(super) async fn due(store: &Store, most: usize) -> Result<usize, Fault> {
    let (now, most) = (clock::now(), i64::try_from(most).unwrap_or(i64::MAX));
    let count = "SELECT count(*) FROM (SELECT 1 FROM jobs
        WHERE state IN ('ready', 'running') AND due_at <= ?1 LIMIT ?2) AS due";
    let rows = store.read(move |sql| sql.query(count, &[now.into(), most.into()])).await?;
    let due: i64 = rows.first().map_or(Ok(0), |row| row.get(0))?;
    Ok(usize::try_from(due).unwrap_or_default())
}

/// Takes up to `most` jobs that are due, and those whose process died.
pub(super) async fn lease(store: &Store, most: usize) -> Result<Vec<Job>, Fault> {
    let (now, most) = (clock::now(), i64::try_from(most).unwrap_or(i64::MAX));
    let leased = store.write(move |sql| {
        // Two lists, for each is read in the order of the index, and of no more than so many rows, however
        // many are due. The condition is there twice, because PostgreSQL looks at the outer one again when another
        // process has leased the job meanwhile; in a form that keeps SQLite from reading all that are due.
        sql.query(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, due_at = ?2
            WHERE state || '' IN ('ready', 'running') AND due_at <= ?1 AND number IN (
                SELECT number FROM (SELECT number FROM jobs WHERE state = 'running' AND due_at <= ?1
                    ORDER BY due_at LIMIT ?3) AS lost
                UNION ALL SELECT number FROM (SELECT number FROM jobs
                    WHERE state = 'ready' AND due_at <= ?1 ORDER BY due_at LIMIT ?3) AS ready
                LIMIT ?3)
            RETURNING number, kind, payload, attempts",
            &[now.into(), now.saturating_add(LEASE_MS).into(), most.into()],
        )
    });
    let job = |row: &Row| {
        Ok(Job {
            number: row.get(0)?,
            kind: row.get(1)?,
            payload: row.get(2)?,
            attempts: row.get(3)?,
        })
    };
    leased.await?.iter().map(job).collect()
}

/// Marks a job as done, in the transaction of its work. An error if it is no longer ours: then the
/// work must not be committed.
pub(super) fn done(sql: &mut dyn Sql, job: &Job) -> Result<(), Fault> {
    let changed = sql.execute(
        "UPDATE jobs SET state = 'done', due_at = ?3, last_error = NULL
        WHERE number = ?1 AND state = 'running' AND attempts = ?2",
        &[job.number.into(), job.attempts.into(), clock::now().into()],
    )?;
    if changed == 1 { Ok(()) } else { Err(Fault::Unavailable("the job was taken over".into())) }
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
            WHERE number = ?1 AND state = 'running' AND attempts = ?2",
            &[
                job.number.into(),
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
            "SELECT jobs.number, id, kind, state, attempts, due_at, last_error
            FROM jobs JOIN inbox ON inbox.number = jobs.number WHERE state = 'dead'
            ORDER BY due_at DESC LIMIT ?1",
            &[most.into()],
        )
    });
    rows.await?.iter().map(Seen::of).collect()
}

/// The job of an event, if it left one.
pub(crate) async fn of_event(store: &Store, event: String) -> Result<Vec<Seen>, Fault> {
    let rows = store.read(move |sql| {
        sql.query(
            "SELECT jobs.number, id, kind, state, attempts, due_at, last_error
            FROM jobs JOIN inbox ON inbox.number = jobs.number WHERE id = ?1",
            &[(&event).into()],
        )
    });
    rows.await?.iter().map(Seen::of).collect()
}

/// Lets a job that is dead or done be tried anew. False if there is none of this number.
pub(crate) async fn replay(store: &Store, number: i64) -> Result<bool, Fault> {
    let changed = store.write(move |sql| {
        sql.execute(
            "UPDATE jobs SET state = 'ready', attempts = 0, due_at = ?2
            WHERE number = ?1 AND state IN ('dead', 'done')",
            &[number.into(), clock::now().into()],
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
            number: row.get(0)?,
            event: row.get(1)?,
            kind: row.get(2)?,
            state: row.get(3)?,
            attempts: row.get(4)?,
            at: row.get(5)?,
            last_error: row.get::<Option<_>>(6)?.unwrap_or_default(),
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
            INSERT INTO jobs (number, kind, payload, state, attempts, due_at, created_at)
            SELECT n, 'recording', '', iif(n % 2, 'ready', 'running'), 1, n, 0 FROM numbers";
        store.write(move |sql| sql.execute(insert, &[count.into()])).await.unwrap();
    }

    /// The shortest of some looks and leases, of 16 jobs each.
    async fn shortest(store: &Store) -> Duration {
        let mut shortest = Duration::MAX;
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(due(store, 16).await.unwrap(), 16);
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
            let mut numbers: Vec<_> = jobs.into_iter().map(|job| job.number).collect();
            numbers.sort_unstable();
            leased.push(numbers);
        }
        assert_eq!(leased, [[2, 4, 6].to_vec(), [1, 3, 8].to_vec(), [5, 7].to_vec()]);
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

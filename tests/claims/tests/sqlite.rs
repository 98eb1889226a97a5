//! The store on SQLite: files of the tests' own, several connections, several processes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::fs;

use claims_live::backend::Folder;
use claims_live::scenes::{self, Scene, acquire, block_on, claim, complete, expect};
use claims_live::worker::Worker;
use sqlx::{Connection, Executor, SqliteConnection, SqlitePool};
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore};
use twilio_sig_sqlx::sqlite::{
    MIGRATION, SqliteStore, claim_in, complete_in, release_in, renew_in,
};

const WORKER: &str = env!("CARGO_BIN_EXE_claim_worker");
const LEASE: Duration = Duration::from_secs(60);
const TTL: Duration = Duration::from_secs(600);

/// A store, and a pool besides.
async fn open(folder: &Folder) -> Result<(SqliteStore, SqlitePool), Box<dyn core::error::Error>> {
    let store = SqliteStore::connect(&folder.url()).await?;
    store.migrate().await?;
    Ok((store, SqlitePool::connect(&folder.url()).await?))
}

fn key(name: &str) -> ClaimKey {
    ClaimKey::new("live", &[name.as_bytes()])
}

#[test]
fn the_contract_is_kept() -> Scene {
    scenes::the_contract_is_kept(&Folder::new()?.url())
}

#[test]
fn of_concurrent_claims_one_is_acquired() -> Scene {
    let folder = Folder::new()?;
    scenes::of_concurrent_claims_one_is_acquired(WORKER, &folder.url())
}

#[test]
fn a_killed_owner_loses_nothing() -> Scene {
    let folder = Folder::new()?;
    scenes::a_killed_owner_loses_nothing(WORKER, &folder.url())
}

#[test]
fn a_late_owner_is_told() -> Scene {
    let folder = Folder::new()?;
    scenes::a_late_owner_is_told(WORKER, &folder.url())
}

#[test]
fn a_clock_that_goes_back_does_no_harm() -> Scene {
    let folder = Folder::new()?;
    scenes::a_clock_that_goes_back_does_no_harm(&folder.url(), async || {
        let mut connection = SqliteConnection::connect(&folder.url()).await?;
        connection.execute("UPDATE twilio_sig_claims SET until = until + 3600000").await?;
        Ok(())
    })
}

/// Processes that are killed in the middle of writing lose nothing that was answered.
#[test]
fn what_was_answered_survives_a_killed_process() -> Scene {
    let folder = Folder::new()?;
    for round in 0..5 {
        let mut worker = Worker::start(WORKER, &folder.url())?;
        let name = format!("killed{round}");
        let claimed = worker.ask(&format!("claim {name} 1 600000"))?;
        expect(claimed.starts_with("acquired 1"), || claimed.clone())?;
        let completed = worker.ask(&format!("complete {name} 600000"))?;
        expect(completed == "ok", || completed.clone())?;
        worker.send("storm more 60000")?;
        std::thread::sleep(Duration::from_millis(200));
        worker.kill()?;
    }
    let mut worker = Worker::start(WORKER, &folder.url())?;
    for round in 0..5 {
        let claimed = worker.ask(&format!("claim killed{round} 1 60000"))?;
        expect(claimed.contains("done 1"), || format!("{round}: {claimed}"))?;
    }
    Ok(())
}

/// The claim and the work are one: both are committed, or neither is.
#[test]
fn a_claim_in_a_transaction_is_made_with_it_or_not_at_all() -> Scene {
    let folder = Folder::new()?;
    block_on(async {
        let (store, pool) = open(&folder).await?;
        pool.execute("CREATE TABLE work (note TEXT)").await?;
        let answer = Answer::new(b"done")?;
        for commit in [false, true] {
            let mut transaction = pool.begin().await?;
            let owner = Claim::random(key("event"))?;
            let outcome = claim_in(&mut transaction, &owner, LEASE).await?;
            expect(matches!(outcome, ClaimOutcome::Acquired), || format!("{outcome:?}"))?;
            renew_in(&mut transaction, &owner, LEASE).await?;
            transaction.execute("INSERT INTO work VALUES ('done')").await?;
            complete_in(&mut transaction, &owner, TTL, &answer).await?;
            if commit {
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
        }
        let notes = pool.fetch_all("SELECT * FROM work").await?.len();
        expect(notes == 1, || format!("the work was done {notes} times"))?;
        let after = claim(&store, &key("event"), LEASE).await?;
        let same = matches!(&after, ClaimOutcome::Done(given) if *given == answer);
        expect(same, || format!("{after:?}"))?;

        let mut transaction = pool.begin().await?;
        let owner = Claim::random(key("released"))?;
        let _outcome = claim_in(&mut transaction, &owner, LEASE).await?;
        release_in(&mut transaction, &owner).await?;
        transaction.commit().await?;
        acquire(&store, &key("released"), LEASE).await.map(drop)
    })
}

/// While a transaction writes, what is held or done is read all the same; a vacant key is an error in time,
/// and never acquired by two.
#[test]
fn an_open_transaction_is_waited_for() -> Scene {
    let folder = Folder::new()?;
    block_on(async {
        let (store, pool) = open(&folder).await?;
        let owner = acquire(&store, &key("done"), LEASE).await?;
        complete(&store, &owner, TTL).await?;
        let _held = acquire(&store, &key("held"), LEASE).await?;
        let mut transaction = pool.begin().await?;
        let first = Claim::random(key("open"))?;
        let _outcome = claim_in(&mut transaction, &first, LEASE).await?;

        let done = claim(&store, &key("done"), LEASE).await?;
        expect(matches!(done, ClaimOutcome::Done(_)), || format!("{done:?}"))?;
        let held = claim(&store, &key("held"), LEASE).await?;
        expect(matches!(held, ClaimOutcome::InProgress { .. }), || format!("{held:?}"))?;
        let asked = std::time::Instant::now();
        let open = claim(&store, &key("open"), LEASE).await;
        let locked = matches!(&open, Err(ClaimError::Unavailable(reason))
            if reason.to_string().contains("locked"));
        expect(locked, || format!("{open:?}"))?;
        expect(asked.elapsed() < Duration::from_secs(4), || format!("{:?}", asked.elapsed()))?;

        let waiting = {
            let store = store.clone();
            tokio::spawn(async move { claim(&store, &key("open"), LEASE).await })
        };
        tokio::time::sleep(Duration::from_millis(200)).await;
        transaction.commit().await?;
        let second = waiting.await??;
        expect(matches!(second, ClaimOutcome::InProgress { .. }), || format!("{second:?}"))
    })
}

#[test]
fn many_may_migrate_at_a_time() -> Scene {
    let folder = Folder::new()?;
    block_on(async {
        let store = SqliteStore::connect(&folder.url()).await?;
        let unready = claim(&store, &key("early"), LEASE).await;
        expect(matches!(unready, Err(ClaimError::Unavailable(_))), || format!("{unready:?}"))?;
        let migrations: Vec<_> = (0..8)
            .map(|_| {
                let url = folder.url();
                tokio::spawn(async move { SqliteStore::connect(&url).await?.migrate().await })
            })
            .collect();
        for migration in migrations {
            migration.await??;
        }
        // By hand as well, and with claims in the table.
        let _owner = acquire(&store, &key("kept"), LEASE).await?;
        let pool = SqlitePool::connect(&folder.url()).await?;
        pool.execute(MIGRATION).await?;
        let kept = claim(&store, &key("kept"), LEASE).await?;
        expect(matches!(kept, ClaimOutcome::InProgress { .. }), || format!("{kept:?}"))
    })
}

#[test]
fn a_purge_deletes_what_is_over_and_nothing_else() -> Scene {
    let folder = Folder::new()?;
    block_on(async {
        let (store, pool) = open(&folder).await?;
        // As claims would have left them, an hour ago.
        let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) \
            INSERT INTO twilio_sig_claims SELECT randomblob(32), randomblob(16), 1, x'', \
            (unixepoch('now') - 3600) * 1000 FROM n";
        pool.execute(insert).await?;
        let _open = acquire(&store, &key("open"), LEASE).await?;
        let owner = acquire(&store, &key("done"), LEASE).await?;
        complete(&store, &owner, TTL).await?;
        let never = store.purge(Duration::MAX).await;
        expect(matches!(never, Err(ClaimError::OutOfRange)), || format!("{never:?}"))?;
        let too_young = store.purge(Duration::from_secs(7_200)).await?;
        expect(too_young == 0, || format!("{too_young} were too young"))?;
        let purged = store.purge(Duration::from_secs(60)).await?;
        expect(purged == 25_000, || format!("{purged} were purged"))?;
        for (name, done) in [("open", false), ("done", true)] {
            let outcome = claim(&store, &key(name), LEASE).await?;
            let right = matches!(outcome, ClaimOutcome::Done(_)) == done
                && !matches!(outcome, ClaimOutcome::Acquired);
            expect(right, || format!("{name}: {outcome:?}"))?;
        }
        Ok(())
    })
}

#[test]
fn a_full_database_refuses_and_evicts_nothing() -> Scene {
    let folder = Folder::new()?;
    block_on(async {
        let (_, pool) = open(&folder).await?;
        pool.close().await;
        // So many pages are there, and no more.
        let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
        let pool = options.connect(&folder.url()).await?;
        pool.execute("PRAGMA max_page_count = 200").await?;
        let store = SqliteStore::with_pool(pool);
        let answer = Answer::new(&[b'x'; 5_000])?;
        let mut done = Vec::new();
        let full = loop {
            let claim = Claim::random(key(&done.len().to_string()))?;
            match store.claim(&claim, LEASE).await {
                Ok(ClaimOutcome::Acquired) => {}
                other => break format!("{other:?}"),
            }
            match store.complete(&claim, TTL, &answer).await {
                Ok(()) => done.push(claim),
                Err(error) => {
                    complete(&store, &claim, TTL).await?;
                    break format!("{error:?}");
                }
            }
            expect(done.len() < 10_000, || "it is never full".into())?;
        };
        expect(full.contains("is full"), || full.clone())?;
        expect(done.len() > 50, || format!("only {} fit", done.len()))?;
        for claim in &done {
            let outcome = scenes::claim(&store, claim.key(), LEASE).await?;
            let same = matches!(&outcome, ClaimOutcome::Done(given) if *given == answer);
            expect(same, || format!("{outcome:?}"))?;
        }
        Ok(())
    })
}

/// A claim of a key that is held writes nothing.
#[test]
fn duplicates_are_only_read() -> Scene {
    let folder = Folder::new()?;
    block_on(async {
        let (store, _) = open(&folder).await?;
        let owner = acquire(&store, &key("held"), LEASE).await?;
        let log = folder.path().join("claims.db-wal");
        let before = fs::read(&log)?;
        for _ in 0..10 {
            let held = claim(&store, &key("held"), LEASE).await?;
            expect(matches!(held, ClaimOutcome::InProgress { .. }), || format!("{held:?}"))?;
        }
        expect(fs::read(&log)? == before, || "it wrote".into())?;
        complete(&store, &owner, TTL).await?;
        expect(fs::read(&log)? != before, || "this looks at the wrong file".into())
    })
}

#[test]
fn a_database_in_memory_is_refused() -> Scene {
    block_on(async {
        for url in ["sqlite::memory:", "sqlite://", "sqlite:file::memory:?cache=shared"] {
            let refused = SqliteStore::connect(url).await;
            let says = matches!(&refused, Err(error) if error.to_string().contains("MemoryStore"));
            expect(says, || format!("{url}: {refused:?}"))?;
        }
        Ok(())
    })
}

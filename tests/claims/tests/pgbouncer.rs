//! The store on PostgreSQL behind PgBouncer, which gives a connection to another client after each transaction.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test's numbers are its own"
)]

use core::time::Duration;

use claims_live::scenes::{self, Scene, acquire, block_on, claim, complete, expect};
use claims_live::server::Server;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor, PgPool};
use twilio_sig::claim::{Answer, Claim, ClaimKey, ClaimOutcome, ClaimStore};
use twilio_sig_sqlx::postgres::{PostgresStore, claim_in, complete_in};

const WORKER: &str = env!("CARGO_BIN_EXE_claim_worker");
const LEASE: Duration = Duration::from_secs(60);
const TTL: Duration = Duration::from_secs(600);
/// Connections of PgBouncer: fewer than clients, so that each is of all.
const CONNECTIONS: usize = 3;
/// Stores with a pool of their own, as many processes would have.
const STORES: usize = 4;
const KEYS: usize = 400;
/// Claims at a time.
const AT_A_TIME: usize = 40;

fn start() -> std::io::Result<(Server, Server)> {
    let postgres = Server::postgres()?;
    let pooler = Server::pgbouncer(postgres.port(), CONNECTIONS)?;
    Ok((postgres, pooler))
}

fn key(number: usize) -> ClaimKey {
    ClaimKey::new("pooled", &[&number.to_be_bytes()])
}

fn answer_of(number: usize) -> Answer {
    Answer::new(format!("answer {number}").as_bytes()).unwrap_or_default()
}

#[test]
fn the_contract_is_kept() -> Scene {
    let (_postgres, pooler) = start()?;
    scenes::the_contract_is_kept(&pooler.url())
}

#[test]
fn of_concurrent_claims_one_is_acquired() -> Scene {
    let (_postgres, pooler) = start()?;
    scenes::of_concurrent_claims_one_is_acquired(WORKER, &pooler.url())
}

#[test]
fn a_killed_owner_loses_nothing() -> Scene {
    let (_postgres, pooler) = start()?;
    scenes::a_killed_owner_loses_nothing(WORKER, &pooler.url())
}

/// Claims a key, and completes what is acquired. What came of it.
async fn handle(store: PostgresStore, number: usize) -> Result<&'static str, String> {
    let claim = Claim::random(key(number)).map_err(|error| error.to_string())?;
    match store.claim(&claim, LEASE).await {
        Ok(ClaimOutcome::Acquired) => {
            let completed = store.complete(&claim, TTL, &answer_of(number)).await;
            completed.map(|()| "handled").map_err(|error| error.to_string())
        }
        Ok(ClaimOutcome::Done(answer)) if answer == answer_of(number) => Ok("done"),
        other => Err(format!("{number}: {other:?}")),
    }
}

/// Hundreds of fresh claims and of replays, mixed, from many connections, beside a service that prepares
/// statements of its own: not one of them is answered wrong.
#[test]
fn fresh_and_replayed_claims_are_never_mixed_up() -> Scene {
    let (_postgres, pooler) = start()?;
    block_on(async {
        let mut stores = Vec::new();
        for _ in 0..STORES {
            stores.push(PostgresStore::connect(&pooler.url()).await?);
        }
        stores[0].migrate().await?;
        let noise = tokio::spawn(prepare_statements(pooler.url()));

        // Half of the keys are done before; then all are claimed, the old among the new.
        let halves = [(0..KEYS).step_by(2).collect::<Vec<_>>(), (0..KEYS).collect()];
        let mut counts = [0, 0];
        for (round, numbers) in halves.iter().enumerate() {
            for (batch, chunk) in numbers.chunks(AT_A_TIME).enumerate() {
                let tasks: Vec<_> = chunk
                    .iter()
                    .map(|number| {
                        let store = stores[(number + batch) % STORES].clone();
                        (*number, tokio::spawn(handle(store, *number)))
                    })
                    .collect();
                for (number, task) in tasks {
                    let expected = if round == 1 && number % 2 == 0 { "done" } else { "handled" };
                    let found = task.await??;
                    expect(found == expected, || format!("{number} is {found}, not {expected}"))?;
                    counts[usize::from(found == "done")] += 1;
                }
            }
        }
        noise.abort();
        expect(counts == [KEYS, KEYS / 2], || format!("handled and done: {counts:?}"))?;

        // Releases and renewals among them.
        for number in KEYS..KEYS + 50 {
            let (first, second) = (&stores[number % STORES], &stores[(number + 1) % STORES]);
            let owner = acquire(first, &key(number), LEASE).await?;
            second.renew(&owner, LEASE).await?;
            let held = claim(second, &key(number), LEASE).await?;
            expect(matches!(held, ClaimOutcome::InProgress { .. }), || format!("{held:?}"))?;
            second.release(&owner).await?;
            let owner = acquire(second, &key(number), LEASE).await?;
            complete(first, &owner, TTL).await?;
        }
        Ok(())
    })
}

/// What a service does that is not made for a pooler: its statements fail or not, and are left behind on
/// connections that others get.
async fn prepare_statements(url: String) -> Result<(), sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new().max_connections(5);
    let pool = pool.connect_with(options.extra_float_digits(None)).await?;
    for number in 0_i64.. {
        for named in [true, false] {
            let query = sqlx::query_scalar::<_, i64>("SELECT $1 + 1").bind(number);
            let _ = query.persistent(named).fetch_one(&pool).await;
        }
    }
    Ok(())
}

/// A transaction has the connection until its end.
#[test]
fn a_claim_in_a_transaction_is_made_with_it_or_not_at_all() -> Scene {
    let (_postgres, pooler) = start()?;
    block_on(async {
        let store = PostgresStore::connect(&pooler.url()).await?;
        store.migrate().await?;
        let options: PgConnectOptions = pooler.url().parse()?;
        let pool = PgPool::connect_with(options.extra_float_digits(None)).await?;
        pool.execute("CREATE TABLE work (number int)").await?;
        for commit in [false, true] {
            let mut transaction = pool.begin().await?;
            let owner = Claim::random(key(0))?;
            let outcome = claim_in(&mut transaction, &owner, LEASE).await?;
            expect(matches!(outcome, ClaimOutcome::Acquired), || format!("{outcome:?}"))?;
            transaction.execute("INSERT INTO work VALUES (1)").await?;
            complete_in(&mut transaction, &owner, TTL, &answer_of(0)).await?;
            if commit {
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
        }
        let rows = pool.fetch_all("SELECT * FROM work").await?.len();
        expect(rows == 1, || format!("the work was done {rows} times"))?;
        let done = claim(&store, &key(0), LEASE).await?;
        let same = matches!(&done, ClaimOutcome::Done(answer) if *answer == answer_of(0));
        expect(same, || format!("{done:?}"))
    })
}

/// The server behind the pooler is killed and comes back: each call is an answer or an error in time, and
/// then all is as before.
#[test]
fn a_killed_server_comes_back() -> Scene {
    let (mut postgres, pooler) = start()?;
    block_on(async {
        let store = PostgresStore::connect(&pooler.url()).await?;
        store.migrate().await?;
        let owner = acquire(&store, &key(0), LEASE).await?;
        complete(&store, &owner, TTL).await?;
        let tasks = |number: usize| -> Vec<_> {
            let claim = |_| {
                let store = store.clone();
                tokio::spawn(async move { claim(&store, &key(number), LEASE).await })
            };
            (0..AT_A_TIME).map(claim).collect()
        };
        postgres.kill()?;
        for task in tasks(0) {
            let outcome = tokio::time::timeout(Duration::from_secs(8), task).await??;
            expect(outcome.is_err(), || format!("{outcome:?}"))?;
        }
        postgres.restart()?;
        let mut failed = 0;
        for task in tasks(0) {
            match task.await? {
                Ok(ClaimOutcome::Done(_)) => {}
                Ok(other) => return Err(format!("{other:?}").into()),
                Err(_) => failed += 1,
            }
        }
        expect(failed == 0, || format!("{failed} of {AT_A_TIME} failed after the restart"))
    })
}

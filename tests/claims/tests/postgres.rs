//! The store on PostgreSQL, against servers that the tests start and kill.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::time::Instant;

use claims_live::proxy::Proxy;
use claims_live::scenes::{self, Scene, acquire, block_on, claim, complete, expect};
use claims_live::server::Server;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome};
use twilio_sig_sqlx::postgres::{
    MIGRATION, PostgresStore, claim_in, complete_in, release_in, renew_in,
};

const WORKER: &str = env!("CARGO_BIN_EXE_claim_worker");
const LEASE: Duration = Duration::from_secs(60);
const TTL: Duration = Duration::from_secs(600);

#[test]
fn the_contract_is_kept() -> Scene {
    scenes::the_contract_is_kept(&Server::postgres()?.url())
}

#[test]
fn of_concurrent_claims_one_is_acquired() -> Scene {
    scenes::of_concurrent_claims_one_is_acquired(WORKER, &Server::postgres()?.url())
}

#[test]
fn a_killed_owner_loses_nothing() -> Scene {
    scenes::a_killed_owner_loses_nothing(WORKER, &Server::postgres()?.url())
}

#[test]
fn a_late_owner_is_told() -> Scene {
    scenes::a_late_owner_is_told(WORKER, &Server::postgres()?.url())
}

#[test]
fn a_killed_server_keeps_everything() -> Scene {
    scenes::a_killed_server_comes_back(WORKER, &mut Server::postgres()?, true)
}

#[test]
fn a_call_is_one_round_trip() -> Scene {
    let server = Server::postgres()?;
    let proxy = Proxy::start(server.port())?;
    block_on(async {
        PostgresStore::connect(&server.url()).await?.migrate().await?;
        // As `connect` does, with one connection, so that no other has statements to prepare.
        let options = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
        let pool = options.connect(&server.url_at(proxy.port())).await?;
        scenes::a_call_is_one_round_trip(&proxy, &PostgresStore::with_pool(pool)).await?;

        // In a transaction: `BEGIN`, the claim, its renewal and completion, `COMMIT`.
        let mut connection = PgConnection::connect(&server.url_at(proxy.port())).await?;
        for name in ["first", "second"] {
            let before = proxy.round_trips();
            let mut transaction = connection.begin().await?;
            let owner = acquire_in(&mut transaction, &key(name)).await?;
            renew_in(&mut transaction, &owner, LEASE).await?;
            complete_in(&mut transaction, &owner, TTL, &Answer::EMPTY).await?;
            transaction.commit().await?;
            let trips = proxy.round_trips() - before;
            expect(trips == 5, || format!("{name}: {trips} round trips"))?;
        }
        Ok(())
    })
}

#[test]
fn what_is_not_answered_is_an_error() -> Scene {
    scenes::what_is_not_answered_is_an_error(&Server::postgres()?)
}

#[test]
fn a_clock_that_goes_back_does_no_harm() -> Scene {
    let server = Server::postgres()?;
    scenes::a_clock_that_goes_back_does_no_harm(&server.url(), async || {
        let mut connection = PgConnection::connect(&server.url()).await?;
        let set_back = "UPDATE twilio_sig_claims SET until = until + interval '1 hour'";
        connection.execute(set_back).await?;
        Ok(())
    })
}

#[test]
fn tls_is_spoken_with_who_is_trusted() -> Scene {
    let server = Server::postgres_with_tls()?;
    let url = format!("{}?sslmode=verify-full", server.url());
    scenes::tls_is_spoken_with_who_is_trusted(WORKER, &server, &url)
}

/// A store, a pool besides, and their server, which must outlive them.
async fn open(server: &Server) -> Result<(PostgresStore, PgPool), Box<dyn core::error::Error>> {
    let store = PostgresStore::connect(&server.url()).await?;
    store.migrate().await?;
    Ok((store, PgPool::connect(&server.url()).await?))
}

fn key(name: &str) -> ClaimKey {
    ClaimKey::new("live", &[name.as_bytes()])
}

fn new(name: &str) -> Result<Claim, ClaimError> {
    Claim::random(key(name))
}

async fn acquire_in(
    connection: &mut PgConnection,
    key: &ClaimKey,
) -> Result<Claim, Box<dyn core::error::Error>> {
    let claim = Claim::random(*key)?;
    match claim_in(connection, &claim, LEASE).await? {
        ClaimOutcome::Acquired => Ok(claim),
        other => Err(format!("{other:?} and not acquired").into()),
    }
}

/// The claim and the work are one: both are committed, or neither is.
#[test]
fn a_claim_in_a_transaction_is_made_with_it_or_not_at_all() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let (store, pool) = open(&server).await?;
        sqlx::raw_sql("CREATE TABLE work (note text)").execute(&pool).await?;
        for commit in [false, true] {
            let mut transaction = pool.begin().await?;
            let owner = acquire_in(&mut transaction, &key("event")).await?;
            sqlx::raw_sql("INSERT INTO work VALUES ('done')").execute(&mut *transaction).await?;
            complete_in(&mut transaction, &owner, TTL, &Answer::EMPTY).await?;
            if commit {
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
        }
        let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM work").fetch_one(&pool).await?;
        expect(notes == 1, || format!("the work was done {notes} times"))?;
        let after = claim(&store, &key("event"), LEASE).await?;
        expect(matches!(after, ClaimOutcome::Done(_)), || format!("{after:?}"))?;

        let mut transaction = pool.begin().await?;
        let owner = acquire_in(&mut transaction, &key("released")).await?;
        release_in(&mut transaction, &owner).await?;
        transaction.commit().await?;
        let after = claim(&store, &key("released"), LEASE).await?;
        expect(matches!(after, ClaimOutcome::Acquired), || format!("{after:?}"))
    })
}

/// An owner that dies in the middle of the transaction needs no lease to run out.
#[test]
fn a_claim_in_a_transaction_dies_with_its_connection() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let (store, _) = open(&server).await?;
        let mut connection = PgConnection::connect(&server.url()).await?;
        connection.execute("BEGIN").await?;
        let claimed = claim_in(&mut connection, &new("dies")?, LEASE).await?;
        expect(matches!(claimed, ClaimOutcome::Acquired), || format!("{claimed:?}"))?;
        let died = Instant::now();
        drop(connection);
        while !matches!(claim(&store, &key("dies"), LEASE).await?, ClaimOutcome::Acquired) {
            expect(died.elapsed() < LEASE / 4, || "it does not come back".into())?;
        }
        Ok(())
    })
}

/// While a transaction holds a key, no other claim gets the key, and none waits for ever.
#[test]
fn a_key_in_an_open_transaction_is_in_progress() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let (store, pool) = open(&server).await?;
        let mut transaction = pool.begin().await?;
        let never = acquire_in(&mut transaction, &key("open")).await?;
        let asked = Instant::now();
        let second = claim(&store, &key("open"), LEASE).await?;
        expect(matches!(second, ClaimOutcome::InProgress { .. }), || format!("{second:?}"))?;
        expect(asked.elapsed() < Duration::from_secs(4), || "it waited too long".into())?;

        // Rolled back while another waits: the other one gets it.
        let waiting = {
            let store = store.clone();
            tokio::spawn(async move { claim(&store, &key("open"), LEASE).await })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        transaction.rollback().await?;
        let third = waiting.await??;
        expect(matches!(third, ClaimOutcome::Acquired), || format!("{third:?}"))?;
        // A claim that was never committed has no owner.
        let lost = complete(&store, &never, TTL).await;
        expect(matches!(lost, Err(ClaimError::Lost)), || format!("{lost:?}"))
    })
}

/// Committed while another waits, and in every isolation: never a second owner.
#[test]
fn a_transaction_that_commits_first_wins() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let (_store, pool) = open(&server).await?;
        for isolation in ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] {
            let mut first = pool.begin().await?;
            let mut second = pool.begin().await?;
            let set = format!("SET TRANSACTION ISOLATION LEVEL {isolation}");
            sqlx::raw_sql(&set).execute(&mut *second).await?;
            sqlx::raw_sql("SELECT count(*) FROM twilio_sig_claims").execute(&mut *second).await?;
            let owner = acquire_in(&mut first, &key(isolation)).await?;
            let waiting =
                tokio::spawn(async move { claim_in(&mut second, &new(isolation)?, LEASE).await });
            tokio::time::sleep(Duration::from_millis(300)).await;
            complete_in(&mut first, &owner, TTL, &Answer::EMPTY).await?;
            first.commit().await?;
            let outcome = waiting.await?;
            let refused = match isolation {
                "READ COMMITTED" => matches!(outcome, Ok(ClaimOutcome::Done(_))),
                _ => matches!(outcome, Err(ClaimError::Unavailable(_))),
            };
            expect(refused, || format!("{isolation}: {outcome:?}"))?;
        }
        Ok(())
    })
}

#[test]
fn many_may_migrate_at_a_time() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let store = PostgresStore::connect(&server.url()).await?;
        let unready = claim(&store, &key("early"), LEASE).await;
        expect(matches!(unready, Err(ClaimError::Unavailable(_))), || format!("{unready:?}"))?;
        let migrations: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.migrate().await })
            })
            .collect();
        for migration in migrations {
            migration.await??;
        }
        // By hand as well, and with claims in the table.
        let _claim = claim(&store, &key("kept"), LEASE).await?;
        let pool = PgPool::connect(&server.url()).await?;
        sqlx::raw_sql(MIGRATION).execute(&pool).await?;
        let kept = claim(&store, &key("kept"), LEASE).await?;
        expect(matches!(kept, ClaimOutcome::InProgress { .. }), || format!("{kept:?}"))
    })
}

#[test]
fn a_purge_deletes_what_is_over_and_nothing_else() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let (store, pool) = open(&server).await?;
        for number in 0..25_000 {
            if number % 100 == 0 {
                // A hundred at a time, as claims would have left them.
                let insert = "INSERT INTO twilio_sig_claims \
                    SELECT sha256(convert_to(($1 + n)::text, 'UTF8')), decode(repeat('ab', 16), 'hex'), \
                    true, '', clock_timestamp() - interval '1 hour' FROM generate_series(0, 99) n";
                sqlx::query(insert).bind(number).execute(&pool).await?;
            }
        }
        let _open = claim(&store, &key("open"), LEASE).await?;
        let owner = acquire(&store, &key("done"), LEASE).await?;
        complete(&store, &owner, TTL).await?;
        // Somebody is about to claim one of the old keys: the purge does not wait for them.
        let mut busy = pool.begin().await?;
        sqlx::raw_sql("SELECT FROM twilio_sig_claims WHERE key = sha256('7') FOR UPDATE")
            .execute(&mut *busy)
            .await?;
        let never = store.purge(Duration::MAX).await;
        expect(matches!(never, Err(ClaimError::OutOfRange)), || format!("{never:?}"))?;
        let too_young = store.purge(Duration::from_secs(7_200)).await?;
        expect(too_young == 0, || format!("{too_young} were too young"))?;
        let purged = store.purge(Duration::from_secs(60)).await?;
        expect(purged == 24_999, || format!("{purged} were purged"))?;
        busy.rollback().await?;
        let last = store.purge(Duration::ZERO).await?;
        expect(last == 1, || format!("{last} were left"))?;
        for (name, done) in [("open", false), ("done", true)] {
            let outcome = claim(&store, &key(name), LEASE).await?;
            expect(matches!(outcome, ClaimOutcome::Done(_)) == done, || {
                format!("{name}: {outcome:?}")
            })?;
            expect(!matches!(outcome, ClaimOutcome::Acquired), || name.to_owned())?;
        }
        Ok(())
    })
}

/// The contract is kept under any defaults of a database.
#[test]
fn the_contract_does_not_depend_on_settings() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let mut connection = PgConnection::connect(&server.url()).await?;
        for setting in [
            "bytea_output = 'escape'",
            "standard_conforming_strings = off",
            "default_transaction_isolation = 'serializable'",
            "lock_timeout = 0",
            "statement_timeout = 0",
            "client_encoding = 'LATIN1'",
        ] {
            connection.execute(&*format!("ALTER DATABASE postgres SET {setting}")).await?;
        }
        Ok(())
    })?;
    scenes::the_contract_is_kept(&server.url())
}

/// The reason reaches the log.
#[test]
fn an_error_says_why() -> Scene {
    let mut server = Server::postgres()?;
    block_on(async {
        let (store, pool) = open(&server).await?;
        pool.execute("ALTER DATABASE postgres SET default_transaction_read_only = on").await?;
        let read_only = PostgresStore::connect(&server.url()).await?;
        let why = async |store: &PostgresStore| match claim(store, &key("why"), LEASE).await {
            Err(error @ ClaimError::Unavailable(_)) => error.to_string(),
            other => format!("{other:?}"),
        };
        let text = why(&read_only).await;
        expect(text.contains("read-only transaction"), || text.clone())?;
        pool.execute("SET default_transaction_read_only = off; DROP TABLE twilio_sig_claims")
            .await?;
        let text = why(&store).await;
        expect(text.contains("\"twilio_sig_claims\" does not exist"), || text.clone())?;
        pool.close().await;
        server.kill()?;
        let (text, asked) = (why(&store).await, Instant::now());
        expect(text.contains("the database cannot be reached"), || text.clone())?;
        expect(asked.elapsed() < Duration::from_secs(4), || format!("{:?}", asked.elapsed()))
    })
}

/// A claim of a key that is held writes nothing.
#[test]
fn duplicates_are_only_read() -> Scene {
    let server = Server::postgres()?;
    block_on(async {
        let (store, pool) = open(&server).await?;
        let _claim = claim(&store, &key("held"), LEASE).await?;
        let version = "SELECT xmin::text || ctid::text FROM twilio_sig_claims";
        let before: String = sqlx::query_scalar(version).fetch_one(&pool).await?;
        for _ in 0..10 {
            let held = claim(&store, &key("held"), LEASE).await?;
            expect(matches!(held, ClaimOutcome::InProgress { .. }), || format!("{held:?}"))?;
        }
        let after: String = sqlx::query_scalar(version).fetch_one(&pool).await?;
        expect(before == after, || format!("{before} became {after}"))
    })
}

/// Passwords that are right, wrong, or in a URL that is none.
#[test]
fn passwords_are_in_no_error_and_no_debug() -> Scene {
    let server = Server::postgres()?;
    let good = server.url().replace("postgres@", "postgres:hunter2@");
    let bad = [
        good.replace("/postgres", "/nowhere"),
        good.replace("postgres:", "nobody:"),
        good.replace("127.0.0.1", "127.0.0.1.invalid"),
        good.replace("hunter2", "hunter2%FF"),
        good.replace("hunter2", "hunter2/x"),
        good.replace(&server.port().to_string(), "port"),
        format!("{good}?sslmode=verify-full"),
    ];
    block_on(async {
        let text = format!("{:?}", PostgresStore::connect(&good).await?);
        expect(!text.contains("hunter2"), || text.clone())?;
        for url in bad {
            let Err(error) = PostgresStore::connect(&url).await else {
                return Err(format!("{url} is accepted").into());
            };
            let text = format!("{error:?} {error}");
            expect(!text.contains("hunter2"), || text.clone())?;
        }
        Ok(())
    })
}

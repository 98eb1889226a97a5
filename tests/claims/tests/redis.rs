//! The store on Redis, against servers that the tests start and kill.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;

use claims_live::Store;
use claims_live::cluster::ask;
use claims_live::proxy::Proxy;
use claims_live::scenes::{self, Scene, block_on, claim, complete, expect};
use claims_live::server::Server;
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore};
use twilio_sig_redis::{ConnectError, RedisStore};

const WORKER: &str = env!("CARGO_BIN_EXE_claim_worker");
/// Everything that was answered is on the disk.
const KEEPS: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[test]
fn the_contract_is_kept() -> Scene {
    scenes::the_contract_is_kept(&Server::redis(&[])?.url())
}

#[test]
fn of_concurrent_claims_one_is_acquired() -> Scene {
    scenes::of_concurrent_claims_one_is_acquired(WORKER, &Server::redis(&[])?.url())
}

#[test]
fn a_killed_owner_loses_nothing() -> Scene {
    scenes::a_killed_owner_loses_nothing(WORKER, &Server::redis(&[])?.url())
}

#[test]
fn a_late_owner_is_told() -> Scene {
    scenes::a_late_owner_is_told(WORKER, &Server::redis(&[])?.url())
}

#[test]
fn a_killed_server_with_persistence_keeps_everything() -> Scene {
    scenes::a_killed_server_comes_back(WORKER, &mut Server::redis(&KEEPS)?, true)
}

#[test]
fn a_killed_server_without_persistence_comes_back_empty() -> Scene {
    scenes::a_killed_server_comes_back(WORKER, &mut Server::redis(&[])?, false)
}

#[test]
fn a_call_is_one_round_trip() -> Scene {
    let server = Server::redis(&[])?;
    let proxy = Proxy::start(server.port())?;
    block_on(async {
        let store = RedisStore::connect(&server.url_at(proxy.port())).await?;
        scenes::a_call_is_one_round_trip(&proxy, &store).await
    })
}

#[test]
fn what_is_not_answered_is_an_error() -> Scene {
    scenes::what_is_not_answered_is_an_error(&Server::redis(&[])?)
}

#[test]
fn a_clock_that_goes_back_does_no_harm() -> Scene {
    const SET_BACK: &str = "for _, key in ipairs(redis.call('KEYS', '*')) do \
        redis.call('PEXPIREAT', key, redis.call('PEXPIRETIME', key) + 3600000) end";
    let server = Server::redis(&[])?;
    scenes::a_clock_that_goes_back_does_no_harm(&server.url(), async || {
        let client = redis::Client::open(server.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        Ok(redis::cmd("EVAL").arg(SET_BACK).arg(0).exec_async(&mut connection).await?)
    })
}

#[test]
fn tls_is_spoken_with_who_is_trusted() -> Scene {
    let server = Server::redis_with_tls()?;
    scenes::tls_is_spoken_with_who_is_trusted(WORKER, &server, &server.url())
}

#[test]
fn a_server_that_may_evict_is_refused() -> Scene {
    for policy in ["allkeys-lru", "volatile-ttl", "volatile-lru", "allkeys-random"] {
        let server = Server::redis(&["--maxmemory-policy", policy])?;
        block_on(async {
            let refused = RedisStore::connect(&server.url()).await;
            expect(matches!(&refused, Err(ConnectError::Evicts(found)) if found == policy), || {
                format!("{policy}: {refused:?}")
            })
        })?;
    }
    Ok(())
}

#[test]
fn a_full_server_refuses_and_evicts_nothing() -> Scene {
    let server = Server::redis(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"])?;
    block_on(async {
        let store = Store::connect(&server.url()).await?;
        let (lease, ttl) = (Duration::from_secs(600), Duration::from_secs(600));
        let mut claims = Vec::new();
        let full = loop {
            let key = ClaimKey::new("full", &[&claims.len().to_be_bytes()]);
            let claim = Claim::random(key)?;
            match store.claim(&claim, lease).await {
                Ok(ClaimOutcome::Acquired) => claims.push(claim),
                other => break other,
            }
            expect(claims.len() < 100_000, || "it is never full".into())?;
        };
        expect(matches!(full, Err(ClaimError::Full)), || format!("{full:?}"))?;
        expect(claims.len() > 1_000, || format!("only {} fit", claims.len()))?;
        // What is in it is found all the same, and can be renewed and completed; an answer needs room.
        store.renew(&claims[0], lease).await?;
        let answer = Answer::new(&[b'x'; 10_000])?;
        let refused = store.complete(&claims[0], ttl, &answer).await;
        expect(matches!(refused, Err(ClaimError::Full)), || format!("{refused:?}"))?;
        let held = claim(&store, claims[0].key(), lease).await?;
        expect(matches!(held, ClaimOutcome::InProgress { .. }), || format!("{held:?}"))?;
        complete(&store, &claims[0], ttl).await?;
        let done = claim(&store, claims[0].key(), lease).await?;
        expect(matches!(done, ClaimOutcome::Done(_)), || format!("{done:?}"))?;
        let held = claim(&store, claims[2].key(), lease).await?;
        expect(matches!(held, ClaimOutcome::InProgress { .. }), || format!("{held:?}"))?;
        let more = ClaimKey::new("full", &[b"more"]);
        let full = claim(&store, &more, lease).await;
        expect(matches!(full, Err(ClaimError::Full)), || format!("{full:?}"))?;
        // Room is made by what is over, and nothing else.
        for claim in claims.iter().skip(1).step_by(2) {
            store.release(claim).await?;
        }
        for held in claims.iter().skip(2).step_by(2) {
            let outcome = claim(&store, held.key(), lease).await?;
            expect(matches!(outcome, ClaimOutcome::InProgress { .. }), || format!("{outcome:?}"))?;
        }
        let room = claim(&store, &more, lease).await?;
        expect(matches!(room, ClaimOutcome::Acquired), || format!("{room:?}"))
    })
}

/// The reason reaches the log.
#[test]
fn an_error_says_why() -> Scene {
    let (mut server, primary) = (Server::redis(&[])?, Server::redis(&[])?);
    let proxy = Proxy::start(server.port())?;
    block_on(async {
        let key = ClaimKey::new("why", &[]);
        let lease = Duration::from_secs(60);
        let store = RedisStore::connect(&server.url_at(proxy.port())).await?;
        let direct = RedisStore::connect(&server.url()).await?;
        let why = async |store: &RedisStore| match claim(store, &key, lease).await {
            Err(error @ ClaimError::Unavailable(_)) => error.to_string().to_lowercase(),
            other => format!("{other:?}"),
        };
        proxy.hold(true);
        let text = why(&store).await;
        expect(text.ends_with("redis gave no answer within 2 s"), || text.clone())?;
        ask::<()>(&server, redis::cmd("REPLICAOF").arg("127.0.0.1").arg(primary.port()))?;
        let text = why(&direct).await;
        expect(text.ends_with("redis: read-only: readonly"), || text.clone())?;
        server.kill()?;
        let text = why(&direct).await;
        expect(text.contains("connection refused"), || text.clone())
    })
}

#[test]
fn prefixes_share_a_server_and_no_claim() -> Scene {
    let server = Server::redis(&[])?;
    block_on(async {
        let store = RedisStore::connect(&server.url()).await?;
        let other = store.clone().prefix("other:");
        let key = ClaimKey::new("prefix", &[]);
        for store in [&store, &other] {
            let outcome = claim(store, &key, Duration::from_secs(60)).await?;
            expect(matches!(outcome, ClaimOutcome::Acquired), || format!("{outcome:?}"))?;
        }
        Ok(())
    })
}

/// A value that is not ours, or one without an end, is never vacant.
#[test]
fn what_others_wrote_under_our_name_is_not_vacant() -> Scene {
    let server = Server::redis(&[])?;
    block_on(async {
        let store = RedisStore::connect(&server.url()).await?.prefix("");
        let client = redis::Client::open(server.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let [text, list] = ["text", "list"].map(|name| ClaimKey::new(name, &[]));
        redis::cmd("SET").arg(text.to_string()).arg("x").exec_async(&mut connection).await?;
        redis::cmd("RPUSH").arg(list.to_string()).arg("x").exec_async(&mut connection).await?;
        let outcome = claim(&store, &text, Duration::from_secs(60)).await?;
        expect(matches!(outcome, ClaimOutcome::InProgress { .. }), || format!("{outcome:?}"))?;
        let outcome = claim(&store, &list, Duration::from_secs(60)).await;
        expect(matches!(outcome, Err(ClaimError::Unavailable(_))), || format!("{outcome:?}"))
    })
}

/// Passwords that are right, wrong, in a URL that is none, or quoted by the server.
#[test]
fn passwords_are_in_no_error_and_no_debug() -> Scene {
    let server = Server::redis(&["--requirepass", "hunter2"])?;
    let without_auth =
        Server::redis(&["--rename-command", "AUTH", "", "--rename-command", "HELLO", ""])?;
    let good = server.url().replace("127", ":hunter2@127");
    let bad = [
        good.replace("hunter2", "hunter22"),
        good.replace("hunter2@127.0.0.1", "hunter2@127.0.0.1.invalid"),
        good.replace("redis://", "http://"),
        good.replace("redis://", "rediss://"),
        good.replace("hunter2", "hunter2%FF"),
        good.replace("hunter2", "hunter2/x"),
        good.replace(&server.port().to_string(), "port"),
        without_auth.url().replace("127", "user:hunter2@127"),
        without_auth.url().replace("127", "user:hunter2@127") + "?protocol=resp3",
    ];
    block_on(async {
        let text = format!("{:?}", RedisStore::connect(&good).await?);
        expect(!text.contains("hunter2"), || text.clone())?;
        for url in bad {
            let Err(error) = RedisStore::connect(&url).await else {
                return Err(format!("{url} is accepted").into());
            };
            let text = format!("{error:?} {error}");
            expect(!text.contains("hunter2"), || text.clone())?;
        }
        Ok(())
    })
}

//! The store on the primary that a sentinel names, which the tests kill.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::time::Instant;

use claims_live::Store;
use claims_live::cluster::ask;
use claims_live::scenes::{self, Scene, acquire, block_on, claim, complete, expect};
use claims_live::server::{SERVICE, Server};
use twilio_sig::claim::{ClaimError, ClaimKey, ClaimOutcome};
use twilio_sig_redis::{ConnectError, RedisStore};

const TTL: Duration = Duration::from_secs(600);
/// How long the sentinel may take to make the replica the primary.
const FAILOVER: Duration = Duration::from_secs(60);

/// A primary, its replica, and their sentinel, which knows both.
fn start() -> Result<(Server, Server, Server), Box<dyn core::error::Error>> {
    let primary = Server::redis(&[])?;
    let port = primary.port().to_string();
    let replica = Server::redis(&["--replicaof", "127.0.0.1", &port])?;
    until("the replica is in step", || {
        let info: String = ask(&replica, redis::cmd("INFO").arg("replication"))?;
        Ok(info.contains("master_link_status:up"))
    })?;
    let sentinel = Server::sentinel(primary.port())?;
    until("the sentinel knows the replica", || {
        let mut list = redis::cmd("SENTINEL");
        let replicas: Vec<redis::Value> = ask(&sentinel, list.arg("replicas").arg(SERVICE))?;
        Ok(replicas.len() == 1)
    })?;
    Ok((primary, replica, sentinel))
}

fn until(what: &str, holds: impl Fn() -> std::io::Result<bool>) -> Scene {
    let start = Instant::now();
    while !holds()? {
        expect(start.elapsed() < FAILOVER, || format!("not within a minute: {what}"))?;
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn url(sentinel: &Server) -> String {
    format!("sentinel+{}", sentinel.url())
}

#[test]
fn the_contract_is_kept() -> Scene {
    let (_primary, _replica, sentinel) = start()?;
    scenes::the_contract_is_kept(&url(&sentinel))
}

/// The primary is killed: there are errors in time until the replica is the primary, and then everything
/// works again, with what was replicated.
#[test]
fn a_killed_primary_is_replaced() -> Scene {
    let (mut primary, replica, sentinel) = start()?;
    block_on(async {
        let store = Store::connect(&url(&sentinel)).await?;
        let done = ClaimKey::new("sentinel", &[b"done"]);
        let owner = acquire(&store, &done, TTL).await?;
        complete(&store, &owner, TTL).await?;
        until("what is done is replicated", || {
            let value: Option<Vec<u8>> =
                ask(&replica, redis::cmd("GET").arg(format!("twilio_sig:claim:{done}")))?;
            Ok(value.is_some_and(|value| value.first() == Some(&b'D')))
        })?;
        primary.kill()?;
        let killed = Instant::now();
        loop {
            let asked = Instant::now();
            let outcome = claim(&store, &done, TTL).await;
            expect(asked.elapsed() < Duration::from_secs(4), || format!("{:?}", asked.elapsed()))?;
            match outcome {
                Ok(ClaimOutcome::Done(_)) => break,
                Err(ClaimError::Unavailable(_)) if killed.elapsed() < FAILOVER => {}
                outcome => return Err(format!("{outcome:?}").into()),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let fresh = ClaimKey::new("sentinel", &[b"fresh"]);
        let owner = acquire(&store, &fresh, TTL).await?;
        Ok(complete(&store, &owner, TTL).await?)
    })
}

/// A primary that has become a replica, as after a failover that we were not told of: the sentinel is asked
/// again, and the call that found out is made once more.
#[test]
fn a_primary_that_became_a_replica_costs_no_call() -> Scene {
    let (primary, replica, sentinel) = start()?;
    block_on(async {
        let store = Store::connect(&url(&sentinel)).await?;
        let first = ClaimKey::new("sentinel", &[b"first"]);
        let owner = acquire(&store, &first, TTL).await?;
        complete(&store, &owner, TTL).await?;
        // A sentinel that is busy thinks its replica too old to be promoted, until it hears of it again.
        until("the sentinel promotes the replica", || {
            let mut failover = redis::cmd("SENTINEL");
            match ask::<()>(&sentinel, failover.arg("FAILOVER").arg(SERVICE)) {
                Err(error) if error.to_string().contains("NOGOODSLAVE") => Ok(false),
                answer => answer.map(|()| true),
            }
        })?;
        until("the replica is the primary, and the primary a replica", || {
            let role = |server: &Server| ask(server, redis::cmd("INFO").arg("replication"));
            let (old, new): (String, String) = (role(&primary)?, role(&replica)?);
            Ok(old.contains("role:slave") && new.contains("role:master"))
        })?;
        let second = ClaimKey::new("sentinel", &[b"second"]);
        acquire(&store, &second, TTL).await.map(drop)
    })
}

#[test]
fn replicas_and_sentinels_are_refused() -> Scene {
    let (primary, replica, sentinel) = start()?;
    block_on(async {
        let refused = RedisStore::connect(&replica.url()).await;
        expect(matches!(refused, Err(ConnectError::Replica)), || format!("{refused:?}"))?;
        let refused = RedisStore::connect(&sentinel.url()).await;
        expect(matches!(refused, Err(ConnectError::Sentinel)), || format!("{refused:?}"))?;
        let refused = RedisStore::connect_sentinel(&[&sentinel.url()], "another").await;
        expect(matches!(refused, Err(ConnectError::Unusable(_))), || format!("{refused:?}"))?;
        let refused = RedisStore::connect_sentinel(&[&primary.url()], SERVICE).await;
        expect(matches!(refused, Err(ConnectError::Unusable(_))), || format!("{refused:?}"))
    })
}

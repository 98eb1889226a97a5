//! The store on a cluster of three Redis servers, which the tests start and kill.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its numbers are its own"
)]

use core::time::Duration;
use std::time::Instant;

use claims_live::Store;
use claims_live::cluster::{Cluster, ask};
use claims_live::scenes::{self, Scene, acquire, block_on, claim, complete, expect};
use claims_live::server::Server;
use twilio_sig::claim::{Answer, ClaimError, ClaimKey, ClaimOutcome, ClaimStore};
use twilio_sig_redis::{ConnectError, RedisStore};

const WORKER: &str = env!("CARGO_BIN_EXE_claim_worker");
const NODES: usize = 3;
const KEEPS: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];
const LEASE: Duration = Duration::from_secs(60);
const TTL: Duration = Duration::from_secs(600);

fn key(number: usize) -> ClaimKey {
    ClaimKey::new("cluster", &[&number.to_be_bytes()])
}

fn name_of(key: &ClaimKey) -> String {
    format!("twilio_sig:claim:{key}")
}

#[test]
fn the_contract_is_kept() -> Scene {
    scenes::the_contract_is_kept(&Cluster::start(NODES, &[])?.url())
}

#[test]
fn of_concurrent_claims_one_is_acquired() -> Scene {
    scenes::of_concurrent_claims_one_is_acquired(WORKER, &Cluster::start(NODES, &[])?.url())
}

#[test]
fn a_killed_owner_loses_nothing() -> Scene {
    scenes::a_killed_owner_loses_nothing(WORKER, &Cluster::start(NODES, &[])?.url())
}

/// Hundreds of webhooks, whose keys are on all nodes: each is acquired once and then done, in one call.
#[test]
fn keys_of_all_nodes_are_claimed_and_done() -> Scene {
    let mut cluster = Cluster::start(NODES, &[])?;
    block_on(async {
        let store = Store::connect(&cluster.url()).await?;
        let calls = |cluster: &mut Cluster| -> std::io::Result<Vec<u64>> {
            cluster.nodes().iter().map(evals).collect()
        };
        for number in 0..300_usize {
            let owner = acquire(&store, &key(number), LEASE).await?;
            store.complete(&owner, TTL, &Answer::new(&number.to_be_bytes())?).await?;
        }
        let before = calls(&mut cluster)?;
        for number in 0..300_usize {
            let outcome = claim(&store, &key(number), LEASE).await?;
            let expected = number.to_be_bytes();
            let same =
                matches!(&outcome, ClaimOutcome::Done(answer) if answer.as_bytes() == expected);
            expect(same, || format!("{number}: {outcome:?}"))?;
        }
        let after = calls(&mut cluster)?;
        let each: Vec<_> =
            after.iter().zip(&before).map(|(after, before)| after - before).collect();
        expect(each.iter().sum::<u64>() == 300, || format!("300 retries were {each:?} calls"))?;
        expect(each.iter().all(|calls| *calls > 50), || format!("{each:?}"))
    })
}

/// How many scripts a node has run.
fn evals(node: &Server) -> std::io::Result<u64> {
    let info: String = ask(node, redis::cmd("INFO").arg("commandstats"))?;
    let count = info.lines().find_map(|line| {
        let rest = line.strip_prefix("cmdstat_eval:calls=")?;
        rest.split(',').next()?.parse().ok()
    });
    Ok(count.unwrap_or_default())
}

/// A slot that has moved to another node is followed, without an error.
#[test]
fn keys_that_move_are_followed() -> Scene {
    let cluster = Cluster::start(NODES, &[])?;
    block_on(async {
        let store = Store::connect(&cluster.url()).await?;
        for number in 0..20 {
            let key = key(number);
            let to = cluster.move_slot(&name_of(&key))?;
            let owner = acquire(&store, &key, LEASE).await?;
            complete(&store, &owner, TTL).await?;
            let at = cluster.node_of(&name_of(&key))?;
            expect(at == to, || format!("{number} is at {at} and not at {to}"))?;
        }
        Ok(())
    })
}

/// A node that is killed takes its own keys with it, for which there are errors in time, and no others. When
/// it is back, so are they.
#[test]
fn a_killed_node_takes_its_own_keys_with_it() -> Scene {
    let mut cluster = Cluster::start(NODES, &KEEPS)?;
    block_on(async {
        let store = Store::connect(&cluster.url()).await?;
        let mut owners = Vec::new();
        for number in 0..60 {
            let owner = acquire(&store, &key(number), TTL).await?;
            complete(&store, &owner, TTL).await?;
            owners.push((cluster.node_of(&name_of(&key(number)))?, owner));
        }
        cluster.nodes()[0].kill()?;
        for (node, owner) in &owners {
            let asked = Instant::now();
            let outcome = claim(&store, owner.key(), LEASE).await;
            expect(asked.elapsed() < Duration::from_secs(4), || format!("{:?}", asked.elapsed()))?;
            let expected = match node {
                0 => matches!(outcome, Err(ClaimError::Unavailable(_))),
                _ => matches!(outcome, Ok(ClaimOutcome::Done(_))),
            };
            // The client may have lost its way for a moment, but never takes what is done for vacant.
            let excused = matches!(outcome, Err(ClaimError::Unavailable(_)));
            expect(expected || excused, || format!("node {node}: {outcome:?}"))?;
        }
        for (node, owner) in owners.iter().filter(|(node, _)| *node != 0) {
            let outcome = claim(&store, owner.key(), LEASE).await;
            let done = matches!(outcome, Ok(ClaimOutcome::Done(_)));
            expect(done, || format!("node {node}: {outcome:?}"))?;
        }
        cluster.nodes()[0].restart()?;
        cluster.wait()?;
        let deadline = Instant::now() + Duration::from_secs(20);
        for (_, owner) in &owners {
            loop {
                let outcome = claim(&store, owner.key(), LEASE).await;
                match outcome {
                    Ok(ClaimOutcome::Done(_)) => break,
                    Err(ClaimError::Unavailable(_)) if Instant::now() < deadline => {}
                    outcome => return Err(format!("after the restart: {outcome:?}").into()),
                }
            }
        }
        Ok(())
    })
}

#[test]
fn one_node_or_no_cluster_is_refused() -> Scene {
    let (mut cluster, alone) = (Cluster::start(NODES, &[])?, Server::redis(&[])?);
    block_on(async {
        let refused = RedisStore::connect(&cluster.nodes()[1].url()).await;
        expect(matches!(refused, Err(ConnectError::ClusterNode)), || format!("{refused:?}"))?;
        let refused = RedisStore::connect_cluster(&[&alone.url()]).await;
        expect(matches!(refused, Err(ConnectError::NoCluster)), || format!("{refused:?}"))?;
        // One that evicts is enough.
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("maxmemory-policy").arg("allkeys-lfu");
        ask::<()>(&cluster.nodes()[2], &set)?;
        let refused = RedisStore::connect_cluster(&[&cluster.nodes()[0].url()]).await;
        let evicts =
            matches!(&refused, Err(ConnectError::Evicts(policy)) if policy == "allkeys-lfu");
        expect(evicts, || format!("{refused:?}"))
    })
}

/// Passwords that are right, wrong, or in a URL that is none.
#[test]
fn passwords_are_in_no_error_and_no_debug() -> Scene {
    let server = Server::redis(&["--requirepass", "hunter2"])?;
    let good = server.url().replace("127", ":hunter2@127");
    let bad = [
        good.clone(),
        good.replace("hunter2", "hunter22"),
        good.replace("hunter2", "hunter2%FF"),
        good.replace("redis://", "http://"),
        good.replace(&server.port().to_string(), "1"),
    ];
    block_on(async {
        for url in bad {
            let cluster = RedisStore::connect_cluster(&[&url]).await;
            let sentinel = RedisStore::connect_sentinel(&[&url], "hunter2").await;
            for refused in [cluster, sentinel] {
                let Err(error) = refused else { return Err(format!("{url} is accepted").into()) };
                let text = format!("{error:?} {error}");
                expect(!text.contains("hunter2"), || text.clone())?;
            }
        }
        Ok(())
    })
}

//! What every store must survive. A scene that goes wrong is an error that says how.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use twilio_sig::claim::{ClaimKey, ClaimStore, Outcome, conformance};

use crate::Store;
use crate::proxy::Proxy;
use crate::server::Server;
use crate::worker::Worker;

/// How a scene ends.
pub type Scene = Result<(), Box<dyn Error>>;

/// Processes that claim one key.
const WORKERS: usize = 4;
/// Claims of each at a time: 64 together.
const CLAIMS: usize = 16;
/// How often they do.
const ROUNDS: usize = 1_000;

/// Claims of the scenes that say which answer they expect.
const FRESH: &str = "fresh 1, in progress 0, done 0, failed 0";
const IN_PROGRESS: &str = "fresh 0, in progress 1, done 0, failed 0";
const DONE: &str = "fresh 0, in progress 0, done 1, failed 0";
const FAILED: &str = "fresh 0, in progress 0, done 0, failed 1";

/// The public suite.
///
/// # Errors
/// The rule that the store broke.
pub fn the_contract_is_kept(url: &str) -> Scene {
    block_on(async {
        let store = Store::connect(url).await?;
        Ok(conformance::check(&store, async |time| tokio::time::sleep(time).await).await?)
    })
}

/// 64 claims of one key at a time, from four processes, a thousand times.
///
/// # Errors
/// If there was not exactly one owner.
pub fn of_concurrent_claims_one_is_fresh(program: &str, url: &str) -> Scene {
    let mut workers =
        (0..WORKERS).map(|_| Worker::start(program, url)).collect::<Result<Vec<_>, _>>()?;
    for round in 0..ROUNDS {
        for worker in &mut workers {
            worker.send(&format!("claim round{round} {CLAIMS} 60000"))?;
        }
        let answers = workers.iter_mut().map(Worker::answer).collect::<Result<Vec<_>, _>>()?;
        let owners = format!("fresh 1, in progress {}, done 0, failed 0", CLAIMS - 1);
        let others = format!("fresh 0, in progress {CLAIMS}, done 0, failed 0");
        let one = answers.iter().filter(|answer| **answer == owners).count() == 1;
        let rest = answers.iter().filter(|answer| **answer == others).count() == WORKERS - 1;
        expect(one && rest, || format!("round {round}: {answers:?}"))?;
    }
    Ok(())
}

/// SIGKILL in the middle of the work: after the lease, and not before, another process gets the key,
/// and exactly one completes.
///
/// # Errors
/// If it was otherwise.
pub fn a_killed_owner_loses_nothing(program: &str, url: &str) -> Scene {
    const LEASE: Duration = Duration::from_secs(2);
    let mut owner = Worker::start(program, url)?;
    let mut others = (0..3).map(|_| Worker::start(program, url)).collect::<Result<Vec<_>, _>>()?;
    let claimed = Instant::now();
    equal(&owner.ask("claim killed 1 2000")?, FRESH)?;
    owner.kill()?;

    let mut completed = 0;
    let deadline = Instant::now() + Duration::from_secs(30);
    while completed == 0 && Instant::now() < deadline {
        for worker in &mut others {
            worker.send("claim killed 1 60000")?;
        }
        for worker in &mut others {
            match worker.answer()?.as_str() {
                IN_PROGRESS => {}
                FRESH => {
                    expect(claimed.elapsed() >= LEASE, || "it was taken too early".into())?;
                    equal(&worker.ask("complete killed 600000")?, "ok")?;
                    completed += 1;
                }
                answer => expect(completed > 0 && answer == DONE, || answer.to_owned())?,
            }
        }
    }
    expect(completed == 1, || format!("{completed} completed"))?;
    for worker in &mut others {
        equal(&worker.ask("claim killed 1 1000")?, DONE)?;
    }
    Ok(())
}

/// An owner that stood still for longer than its lease cannot complete or release what another has
/// claimed since.
///
/// # Errors
/// If it could.
pub fn a_late_owner_is_told(program: &str, url: &str) -> Scene {
    for act in ["complete late 600000", "release late"] {
        let key = if act.starts_with("complete") { "late1" } else { "late2" };
        let act = act.replace("late", key);
        let mut late = Worker::start(program, url)?;
        let mut other = Worker::start(program, url)?;
        equal(&late.ask(&format!("claim {key} 1 1000"))?, FRESH)?;
        late.signal("STOP")?;
        thread::sleep(Duration::from_millis(1_200));
        equal(&other.ask(&format!("claim {key} 1 60000"))?, FRESH)?;
        late.signal("CONT")?;
        equal(&late.ask(&act)?, "lost")?;
        equal(&late.ask(&format!("claim {key} 1 60000"))?, IN_PROGRESS)?;
        equal(&other.ask(&format!("complete {key} 600000"))?, "ok")?;
        equal(&late.ask(&act)?, "lost")?;
        equal(&late.ask(&format!("claim {key} 1 60000"))?, DONE)?;
    }
    Ok(())
}

/// The server is killed in the middle and started again. Meanwhile everything is an error; then
/// everything works again. `keeps`: whether the server promised to keep what it answered.
///
/// # Errors
/// If it was otherwise.
pub fn a_killed_server_comes_back(program: &str, server: &mut Server, keeps: bool) -> Scene {
    let mut worker = Worker::start(program, &server.url())?;
    let mut other = Worker::start(program, &server.url())?;
    for key in 0..50 {
        equal(&worker.ask(&format!("claim done{key} 1 60000"))?, FRESH)?;
        equal(&worker.ask(&format!("complete done{key} 600000"))?, "ok")?;
    }
    equal(&worker.ask("claim open 1 60000")?, FRESH)?;

    server.kill()?;
    for command in ["claim done0 1 60000", "claim other 1 60000"] {
        for worker in [&mut worker, &mut other] {
            let asked = Instant::now();
            equal(&worker.ask(command)?, FAILED)?;
            let time = asked.elapsed();
            expect(time < Duration::from_secs(8), || format!("an error took {time:?}"))?;
        }
    }
    equal(&worker.ask("complete open 600000")?, "unavailable")?;
    equal(&worker.ask("release open")?, "unavailable")?;

    server.restart()?;
    for worker in [&mut worker, &mut other] {
        let deadline = Instant::now() + Duration::from_secs(30);
        while worker.ask("claim again 1 1")? == FAILED {
            expect(Instant::now() < deadline, || "it does not come back".into())?;
            thread::sleep(Duration::from_millis(100));
        }
    }
    for key in 0..50 {
        let first = if keeps { DONE } else { FRESH };
        let answers = [
            worker.ask(&format!("claim done{key} 1 60000"))?,
            other.ask(&format!("claim done{key} 1 60000"))?,
        ];
        let second = if keeps { DONE } else { IN_PROGRESS };
        expect(answers == [first, second], || format!("done{key}: {answers:?}"))?;
    }
    // The owner's claim outlived the server, or is vacant: in both cases its work counts.
    if keeps {
        equal(&other.ask("claim open 1 60000")?, IN_PROGRESS)?;
    }
    equal(&worker.ask("complete open 600000")?, "ok")?;
    equal(&other.ask("claim open 1 60000")?, DONE)
}

/// Each call is one round trip.
///
/// # Errors
/// If it was more.
pub fn a_call_is_one_round_trip(server: &Server) -> Scene {
    const CALLS: usize = 100;
    let proxy = Proxy::start(server.port())?;
    block_on(async {
        let store = Store::connect(&server.url_at(proxy.port())).await?;
        let (lease, keep) = (Duration::from_secs(60), Duration::from_secs(600));
        // The first time, a statement is prepared.
        let warm = ClaimKey::new("live", &[b"warm"]);
        for _ in 0..2 {
            if let Outcome::Fresh(claim) = store.claim(&warm, lease).await? {
                store.release(&claim).await?;
                store.complete(&claim, keep).await?;
            }
        }
        let mut claims = Vec::new();
        let before = proxy.round_trips();
        for number in 0..CALLS {
            let key = ClaimKey::new("live", &[b"trip", &number.to_be_bytes()]);
            match store.claim(&key, lease).await? {
                Outcome::Fresh(claim) => claims.push(claim),
                other => return Err(format!("{other:?}").into()),
            }
        }
        let fresh = proxy.round_trips() - before;
        expect(fresh == CALLS, || format!("{CALLS} fresh claims were {fresh} round trips"))?;
        for claim in &claims {
            let held = matches!(store.claim(claim.key(), lease).await?, Outcome::InProgress { .. });
            expect(held, || "not held".into())?;
        }
        let held = proxy.round_trips() - before - fresh;
        expect(held == CALLS, || format!("{CALLS} refused claims were {held} round trips"))?;
        for claim in &claims {
            store.complete(claim, keep).await?;
        }
        let completed = proxy.round_trips() - before - fresh - held;
        expect(completed == CALLS, || format!("{CALLS} completions were {completed} round trips"))
    })
}

/// Runs a future on a runtime of its own.
///
/// # Errors
/// Those of the future.
pub fn block_on(future: impl Future<Output = Scene>) -> Scene {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(future)
}

/// An error with this text, unless it holds.
///
/// # Errors
/// If it does not hold.
pub fn expect(holds: bool, text: impl FnOnce() -> String) -> Scene {
    if holds { Ok(()) } else { Err(text().into()) }
}

fn equal(answer: &str, expected: &str) -> Scene {
    expect(answer == expected, || format!("{answer:?} and not {expected:?}"))
}

//! What every store must survive. A scene that goes wrong is an error that says how.

use core::error::Error;
use core::fmt::Debug;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use twilio_sig::claim::{
    Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore, conformance,
};

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
/// A lease or ttl that does not end while a test runs.
const LONG: Duration = Duration::from_secs(600);
/// How long an error may take.
const BOUND: Duration = Duration::from_secs(8);

/// Claims of the scenes that say which answer they expect.
const ACQUIRED: &str = "acquired 1, in progress 0, done 0, failed 0";
const IN_PROGRESS: &str = "acquired 0, in progress 1, done 0, failed 0";
const DONE: &str = "acquired 0, in progress 0, done 1, failed 0";
const FAILED: &str = "acquired 0, in progress 0, done 0, failed 1";

/// The public suite.
///
/// # Errors
/// The rule that the store broke.
pub fn the_contract_is_kept(url: &str) -> Scene {
    block_on(async {
        let store = Store::connect(url).await?;
        let seed = *Claim::random(ClaimKey::new("seed", &[]))?.token();
        Ok(conformance::check(&store, &seed, async |time| tokio::time::sleep(time).await).await?)
    })
}

/// 64 claims of one key at a time, from four processes, a thousand times.
///
/// # Errors
/// If there was not exactly one owner.
pub fn of_concurrent_claims_one_is_acquired(program: &str, url: &str) -> Scene {
    let mut workers =
        (0..WORKERS).map(|_| Worker::start(program, url)).collect::<Result<Vec<_>, _>>()?;
    for round in 0..ROUNDS {
        for worker in &mut workers {
            worker.send(&format!("claim round{round} {CLAIMS} 60000"))?;
        }
        let answers = workers.iter_mut().map(Worker::answer).collect::<Result<Vec<_>, _>>()?;
        let owners = format!("acquired 1, in progress {}, done 0, failed 0", CLAIMS - 1);
        let others = format!("acquired 0, in progress {CLAIMS}, done 0, failed 0");
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
    equal(&owner.ask("claim killed 1 2000")?, ACQUIRED)?;
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
                ACQUIRED => {
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
        equal(&late.ask(&format!("claim {key} 1 1000"))?, ACQUIRED)?;
        late.signal("STOP")?;
        thread::sleep(Duration::from_millis(1_200));
        equal(&other.ask(&format!("claim {key} 1 60000"))?, ACQUIRED)?;
        late.signal("CONT")?;
        equal(&late.ask(&act)?, "lost")?;
        equal(&late.ask(&format!("claim {key} 1 60000"))?, IN_PROGRESS)?;
        equal(&other.ask(&format!("complete {key} 600000"))?, "ok")?;
        equal(&late.ask(&act)?, "lost")?;
        equal(&late.ask(&format!("claim {key} 1 60000"))?, DONE)?;
    }
    Ok(())
}

/// The server is killed and started again while processes claim and complete. Meanwhile everything
/// is an error; then everything works again. `keeps`: whether the server promised to keep what it
/// answered.
///
/// # Errors
/// If it was otherwise.
pub fn a_killed_server_comes_back(program: &str, server: &mut Server, keeps: bool) -> Scene {
    let mut worker = Worker::start(program, &server.url())?;
    let mut other = Worker::start(program, &server.url())?;
    equal(&worker.ask("claim done 1 60000")?, ACQUIRED)?;
    equal(&worker.ask("complete done 600000")?, "ok")?;
    equal(&worker.ask("claim open 1 600000")?, ACQUIRED)?;

    worker.send("storm one 2000")?;
    other.send("storm two 2000")?;
    thread::sleep(Duration::from_secs(1));
    server.kill()?;
    for worker in [&mut worker, &mut other] {
        let answer = worker.answer()?;
        let idle = answer.starts_with("completed 0,") || answer.ends_with("failed 0");
        expect(!idle, || format!("the server was not killed in the middle: {answer}"))?;
    }
    for command in ["claim done 1 60000", "claim other 1 60000"] {
        for worker in [&mut worker, &mut other] {
            let asked = Instant::now();
            equal(&worker.ask(command)?, FAILED)?;
            expect(asked.elapsed() < BOUND, || format!("an error took {:?}", asked.elapsed()))?;
        }
    }
    equal(&worker.ask("complete open 600000")?, "unavailable")?;
    equal(&worker.ask("release open")?, "unavailable")?;

    server.restart()?;
    for worker in [&mut worker, &mut other] {
        // So many at a time that every connection of a pool is used: not one of them fails.
        let answer = worker.ask("claim again 16 1")?;
        expect(answer.ends_with("failed 0"), || format!("after the restart: {answer}"))?;
    }
    for worker in [&mut worker, &mut other] {
        let counts = worker.ask("recount")?;
        let kept = counts.starts_with("acquired 0, in progress 0") && counts.ends_with("failed 0");
        let gone = counts.ends_with("in progress 0, done 0, failed 0");
        expect(if keeps { kept } else { gone }, || counts.clone())?;
    }
    // The owner's claim outlived the server, or is vacant: in both cases its work counts.
    if keeps {
        equal(&other.ask("claim done 1 60000")?, DONE)?;
        equal(&other.ask("claim open 1 60000")?, IN_PROGRESS)?;
    }
    equal(&worker.ask("complete open 600000")?, "ok")?;
    equal(&other.ask("claim open 1 60000")?, DONE)
}

/// A server that stands still is an error in time, and so is a lost answer. A claim that was made all
/// the same is its owner's, who may ask again or release it; if not, it comes back with its lease.
///
/// # Errors
/// If it was otherwise.
pub fn what_is_not_answered_is_an_error(server: &Server) -> Scene {
    const LEASE: Duration = Duration::from_secs(4);
    let proxy = Proxy::start(server.port())?;
    block_on(async {
        let store = Store::connect(&server.url_at(proxy.port())).await?;
        let direct = Store::connect(&server.url()).await?;
        let [open, lost, held] =
            ["open", "lost", "held"].map(|name| ClaimKey::new("live", &[name.as_bytes()]));
        let owner = acquire(&store, &open, LONG).await?;

        proxy.lose_answers(true);
        let unheard = Claim::random(lost)?;
        unavailable(&store.claim(&unheard, LEASE).await)?;
        unavailable(&complete(&store, &owner, LONG).await)?;
        proxy.lose_answers(false);
        let outcome = claim(&direct, &open, LEASE).await?;
        expect(!matches!(outcome, ClaimOutcome::Acquired), || format!("{outcome:?}"))?;
        complete(&store, &owner, LONG).await?;
        // If the claim was made, it is its owner's, who may ask again, or give it up.
        let other = Claim::random(lost)?;
        match direct.claim(&other, LEASE).await? {
            ClaimOutcome::Acquired => direct.release(&other).await?,
            outcome => {
                let held = matches!(outcome, ClaimOutcome::InProgress { .. });
                expect(held, || format!("{outcome:?}"))?;
            }
        }
        let outcome = store.claim(&unheard, LEASE).await?;
        expect(matches!(outcome, ClaimOutcome::Acquired), || format!("{outcome:?}"))?;
        store.release(&unheard).await?;
        acquire(&direct, &lost, LEASE).await?;

        proxy.hold(true);
        let asked = Instant::now();
        unavailable(&claim(&store, &held, LEASE).await)?;
        expect(asked.elapsed() < BOUND, || format!("an error took {:?}", asked.elapsed()))?;
        proxy.hold(false);
        comes_back(&store, &held, asked, LEASE).await?;
        let outcome = claim(&store, &open, LEASE).await?;
        expect(matches!(outcome, ClaimOutcome::Done(_)), || format!("{outcome:?}"))
    })
}

/// A key that may have been claimed for nobody is fresh for one, at the latest when its lease is over.
async fn comes_back(store: &Store, key: &ClaimKey, since: Instant, lease: Duration) -> Scene {
    loop {
        match claim(store, key, LONG).await {
            Ok(ClaimOutcome::Acquired) => break,
            Ok(ClaimOutcome::Done(_)) => return Err("nobody has completed it".into()),
            // The connection is made anew, and what was sent too late may run its whole lease.
            _ => expect(since.elapsed() < lease + BOUND, || "it does not come back".into())?,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let second = claim(store, key, LONG).await?;
    expect(matches!(second, ClaimOutcome::InProgress { .. }), || format!("{second:?}"))
}

fn unavailable<T: Debug>(result: &Result<T, ClaimError>) -> Scene {
    let holds = matches!(result, Err(ClaimError::Unavailable(_)));
    expect(holds, || format!("{result:?} and not unavailable"))
}

/// The server's clock goes back by an hour. `set_back` does what that does: everything ends an hour
/// later. Nobody gets what is owned or done, and the owner can complete.
///
/// # Errors
/// If it was otherwise.
pub fn a_clock_that_goes_back_does_no_harm(
    url: &str,
    set_back: impl AsyncFnOnce() -> Scene,
) -> Scene {
    const LEASE: Duration = Duration::from_millis(500);
    block_on(async {
        let store = Store::connect(url).await?;
        let keys = ["owned", "done", "free"].map(|name| ClaimKey::new("live", &[name.as_bytes()]));
        let mut claims = Vec::new();
        for key in &keys {
            claims.push(acquire(&store, key, LEASE).await?);
        }
        let [owned, done, free] = &claims[..] else { return Err("three".into()) };
        complete(&store, done, LEASE).await?;
        set_back().await?;
        tokio::time::sleep(LEASE).await;
        for key in &keys {
            let outcome = claim(&store, key, LEASE).await?;
            expect(!matches!(outcome, ClaimOutcome::Acquired), || format!("{outcome:?}"))?;
        }
        store.release(free).await?;
        let _again = acquire(&store, free.key(), LEASE).await?;
        // A new time is that of the new clock: this one ends when it should.
        complete(&store, owned, LEASE).await?;
        let outcome = claim(&store, owned.key(), LEASE).await?;
        expect(matches!(outcome, ClaimOutcome::Done(_)), || format!("{outcome:?}"))?;
        tokio::time::sleep(LEASE).await;
        acquire(&store, owned.key(), LEASE).await.map(drop)
    })
}

/// Over TLS as without it, to a server whose certificate is trusted, and to no other.
///
/// # Errors
/// If it was otherwise.
pub fn tls_is_spoken_with_who_is_trusted(program: &str, server: &Server, url: &str) -> Scene {
    let mut worker = Worker::start_trusting(program, url, &server.certificate())?;
    equal(&worker.ask("claim tls 1 60000")?, ACQUIRED)?;
    equal(&worker.ask("complete tls 60000")?, "ok")?;
    match Worker::start(program, url) {
        Ok(_) => Err("a certificate that nobody vouches for was trusted".into()),
        Err(error) => {
            let refused = error.to_string().to_lowercase().contains("certificate");
            expect(refused, || format!("refused for another reason: {error}"))
        }
    }
}

/// Each call is one round trip.
///
/// # Errors
/// If it was more.
pub async fn a_call_is_one_round_trip(proxy: &Proxy, store: &impl ClaimStore) -> Scene {
    const ROUNDS: usize = 100;
    const CALLS: usize = 7 * ROUNDS;
    let mut before = 0;
    for round in 0..=ROUNDS {
        // In the first round, PostgreSQL prepares each statement: one round trip more for each.
        if round == 1 {
            before = proxy.round_trips();
        }
        let key = ClaimKey::new("live", &[b"trip", &round.to_be_bytes()]);
        let first = acquire(store, &key, LONG).await?;
        let held = claim(store, &key, LONG).await?;
        expect(matches!(held, ClaimOutcome::InProgress { .. }), || format!("{held:?}"))?;
        store.release(&first).await?;
        let second = acquire(store, &key, LONG).await?;
        store.renew(&second, LONG).await?;
        let answer = Answer::new(&[b'x'; 1_000])?;
        store.complete(&second, LONG, &answer).await?;
        let outcome = claim(store, &key, LONG).await?;
        let same = matches!(&outcome, ClaimOutcome::Done(given) if *given == answer);
        expect(same, || format!("{outcome:?}"))?;
    }
    let trips = proxy.round_trips() - before;
    expect(trips == CALLS, || format!("{CALLS} calls were {trips} round trips"))
}

/// Claims a key with a new token.
///
/// # Errors
/// Those of the store.
pub async fn claim(
    store: &impl ClaimStore,
    key: &ClaimKey,
    lease: Duration,
) -> Result<ClaimOutcome, ClaimError> {
    store.claim(&Claim::random(*key)?, lease).await
}

/// The claim of a key that is vacant.
///
/// # Errors
/// If it is not.
pub async fn acquire(
    store: &impl ClaimStore,
    key: &ClaimKey,
    lease: Duration,
) -> Result<Claim, Box<dyn Error>> {
    let claim = Claim::random(*key)?;
    match store.claim(&claim, lease).await? {
        ClaimOutcome::Acquired => Ok(claim),
        other => Err(format!("{other:?} and not acquired").into()),
    }
}

/// Completes a claim without an answer.
///
/// # Errors
/// Those of the store.
pub async fn complete(
    store: &impl ClaimStore,
    claim: &Claim,
    ttl: Duration,
) -> Result<(), ClaimError> {
    store.complete(claim, ttl, &Answer::EMPTY).await
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

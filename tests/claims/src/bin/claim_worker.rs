//! Claims what its standard input says. See `claims_live::worker`.

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::env;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use claims_live::Store;
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore};

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("the URL of a store is missing")?;
    let store = match Store::connect(&url).await {
        Ok(store) => store,
        Err(error) => return say(&error.to_string()),
    };
    say("connected")?;
    let mut owned: HashMap<String, Claim> = HashMap::new();
    let mut stormed = Vec::new();
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let answer = match words[..] {
            ["claim", key, count, millis] => {
                let lease = Duration::from_millis(millis.parse()?);
                claim(&store, key, count.parse()?, lease, &mut owned).await?
            }
            ["complete", key, millis] => {
                let claim = owned.get(key).ok_or("never acquired")?;
                let ttl = Duration::from_millis(millis.parse()?);
                result(store.complete(claim, ttl, &Answer::EMPTY).await)
            }
            ["storm", name, millis] => {
                storm(&store, name, Duration::from_millis(millis.parse()?), &mut stormed).await?
            }
            ["recount"] => recount(&store, &stormed).await?.to_string(),
            ["release", key] => {
                result(store.release(owned.get(key).ok_or("never acquired")?).await)
            }
            _ => return Err(line.into()),
        };
        say(&answer)?;
    }
    Ok(())
}

async fn claim(
    store: &Store,
    key: &str,
    count: usize,
    lease: Duration,
    owned: &mut HashMap<String, Claim>,
) -> Result<String, Box<dyn Error>> {
    let claim_key = ClaimKey::new("live", &[key.as_bytes()]);
    let claims: Vec<_> = (0..count)
        .map(|_| {
            let store = store.clone();
            let claim = Claim::random(claim_key)?;
            Ok(tokio::spawn(async move {
                let outcome = store.claim(&claim, lease).await;
                (claim, outcome)
            }))
        })
        .collect::<Result<_, ClaimError>>()?;
    let mut counts = Counts::default();
    for task in claims {
        let (claim, outcome) = task.await?;
        if counts.count(&outcome) {
            owned.insert(key.to_owned(), claim);
        }
    }
    Ok(counts.to_string())
}

/// Claims and completes one key after the other for `time`, several at a time. Adds those that the
/// store said are completed.
async fn storm(
    store: &Store,
    name: &str,
    time: Duration,
    stormed: &mut Vec<ClaimKey>,
) -> Result<String, Box<dyn Error>> {
    const TASKS: usize = 8;
    let start = Instant::now();
    let task = |task: usize| {
        let (store, name) = (store.clone(), name.to_owned());
        tokio::spawn(async move {
            let (mut completed, mut failed) = (Vec::new(), 0_u32);
            for number in 0_usize.. {
                if start.elapsed() >= time {
                    break;
                }
                let number = [task.to_be_bytes(), number.to_be_bytes()].concat();
                let key = ClaimKey::new("storm", &[name.as_bytes(), &number]);
                let Ok(claim) = Claim::random(key) else { break };
                let Ok(ClaimOutcome::Acquired) = store.claim(&claim, LONG).await else {
                    failed = failed.saturating_add(1);
                    continue;
                };
                match store.complete(&claim, LONG, &Answer::EMPTY).await {
                    Ok(()) => completed.push(key),
                    Err(_) => failed = failed.saturating_add(1),
                }
            }
            (completed, failed)
        })
    };
    let tasks: Vec<_> = (0..TASKS).map(task).collect();
    let (before, mut all_failed) = (stormed.len(), 0_u32);
    for task in tasks {
        let (completed, failed) = task.await?;
        stormed.extend(completed);
        all_failed = all_failed.saturating_add(failed);
    }
    let completed = stormed.len().saturating_sub(before);
    Ok(format!("completed {completed}, failed {all_failed}"))
}

/// What the keys that were completed are now.
async fn recount(store: &Store, keys: &[ClaimKey]) -> Result<Counts, ClaimError> {
    let mut counts = Counts::default();
    for key in keys {
        counts.count(&store.claim(&Claim::random(*key)?, LONG).await);
    }
    Ok(counts)
}

/// A lease or ttl that does not end while a test runs.
const LONG: Duration = Duration::from_secs(600);

#[derive(Default)]
struct Counts {
    acquired: u32,
    in_progress: u32,
    done: u32,
    failed: u32,
}

impl Counts {
    /// Counts an outcome. Whether it is acquired.
    fn count(&mut self, outcome: &Result<ClaimOutcome, ClaimError>) -> bool {
        let count = match outcome {
            Ok(ClaimOutcome::Acquired) => &mut self.acquired,
            Ok(ClaimOutcome::InProgress { .. }) => &mut self.in_progress,
            Ok(ClaimOutcome::Done(_)) => &mut self.done,
            Ok(_) | Err(_) => &mut self.failed,
        };
        *count = count.saturating_add(1);
        matches!(outcome, Ok(ClaimOutcome::Acquired))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acquired, in_progress, done, failed } = self;
        write!(f, "acquired {acquired}, in progress {in_progress}, done {done}, failed {failed}")
    }
}

fn result(result: Result<(), ClaimError>) -> String {
    let answer = result.map_or_else(
        |error| match error {
            ClaimError::Lost => "lost",
            ClaimError::Full => "full",
            _ => "unavailable",
        },
        |()| "ok",
    );
    answer.to_owned()
}

fn say(line: &str) -> Result<(), Box<dyn Error>> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}

//! Claims what its standard input says. See `claims_live::worker`.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Duration;

use claims_live::Store;
use twilio_sig::claim::{Claim, ClaimError, ClaimKey, ClaimStore, Outcome};

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("the URL of a store is missing")?;
    let store = match Store::connect(&url).await {
        Ok(store) => store,
        Err(error) => return say(&format!("{error}: {:?}", error.source())),
    };
    say("connected")?;
    let mut owned: HashMap<String, Claim> = HashMap::new();
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let answer = match words[..] {
            ["claim", key, count, millis] => {
                let lease = Duration::from_millis(millis.parse()?);
                claim(&store, key, count.parse()?, lease, &mut owned).await?
            }
            ["complete", key, millis] => {
                let claim = owned.get(key).ok_or("never fresh")?;
                result(store.complete(claim, Duration::from_millis(millis.parse()?)).await)
            }
            ["release", key] => result(store.release(owned.get(key).ok_or("never fresh")?).await),
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
            tokio::spawn(async move { store.claim(&claim_key, lease).await })
        })
        .collect();
    let (mut fresh, mut in_progress, mut done, mut failed) = (0_u32, 0_u32, 0_u32, 0_u32);
    for claim in claims {
        let count = match claim.await? {
            Ok(Outcome::Fresh(claim)) => {
                owned.insert(key.to_owned(), claim);
                &mut fresh
            }
            Ok(Outcome::InProgress { .. }) => &mut in_progress,
            Ok(Outcome::Done) => &mut done,
            Ok(_) | Err(_) => &mut failed,
        };
        *count = count.saturating_add(1);
    }
    Ok(format!("fresh {fresh}, in progress {in_progress}, done {done}, failed {failed}"))
}

fn result(result: Result<(), ClaimError>) -> String {
    match result {
        Ok(()) => "ok",
        Err(ClaimError::Lost) => "lost",
        Err(ClaimError::Full) => "full",
        Err(_) => "unavailable",
    }
    .to_owned()
}

fn say(line: &str) -> Result<(), Box<dyn Error>> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}

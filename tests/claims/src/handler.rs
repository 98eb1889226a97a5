//! What the services do, whatever their framework: they verify, claim, and say in a journal what they do.
//! See [`service`](crate::service).

use alloc::sync::Arc;
use core::error::Error;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::{Write, stdout};
use std::net::TcpListener;
use std::path::Path;
use std::{env, process};

use twilio_sig::replay::Guard;
use twilio_sig::{AuthToken, Origin, Verifier};
use twilio_sig_tower::{ClaimPolicy, Dedup, Event, Gate, Outcome, VerifiedWebhook};

use crate::journal::Journal;
use crate::{Store, twilio};

/// A service that is told by its arguments where it listens and what it claims with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Handler {
    /// What it verifies and claims with.
    pub gate: Gate,
    /// What it does.
    pub journal: Arc<Journal>,
}

impl Handler {
    /// Reads the arguments, connects, and listens. [`ready`](Self::ready) says so.
    ///
    /// # Errors
    /// If an argument is missing or wrong, the store cannot be reached, or the port is taken.
    pub async fn start() -> Result<(Self, TcpListener), Box<dyn Error>> {
        let arguments: Vec<_> = env::args().skip(1).collect();
        let [url, port, lease, steps, journal] = &arguments[..] else {
            return Err("the arguments are STORE PORT LEASE_MILLIS both|guard JOURNAL".into());
        };
        let journal = Arc::new(Journal::open(Path::new(journal))?);
        let store = Store::connect(url).await?;
        let policy = ClaimPolicy::new().lease(Duration::from_millis(lease.parse()?))?;
        let told = Arc::clone(&journal);
        let verifier = Verifier::new(AuthToken::new(twilio::TOKEN)?);
        let gate = Gate::new(verifier, Origin::fixed(twilio::BASE)?)
            .guard(Guard::new(store.clone()))
            .claim_policy(policy)
            .on_event(move |event| tell(&told, event));
        let gate = if steps == "both" { gate.dedup(Dedup::new(store)) } else { gate };
        let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
        listener.set_nonblocking(true)?;
        Ok((Self { gate, journal }, listener))
    }

    /// Says where it listens: it serves now, or in a moment.
    ///
    /// # Errors
    /// If nobody reads it.
    pub fn ready(listener: &TcpListener) -> Result<(), Box<dyn Error>> {
        writeln!(stdout(), "port {}", listener.local_addr()?.port())?;
        Ok(stdout().flush()?)
    }
}

fn tell(journal: &Journal, event: &Event<'_>) {
    let word = match event.outcome {
        Outcome::LeaseLost => "lease_lost",
        Outcome::Unsettled => "unsettled",
        Outcome::Handled { .. } => "settled",
        _ => return,
    };
    let sid = event.sid.as_deref().unwrap_or_default();
    // What is not in the journal has not happened: the test fails.
    let _ = journal.write(format_args!("{word} {sid} {}", process::id()));
}

/// Does what `order`, the header `x-do`, says. The answer's body, which is TwiML.
///
/// # Errors
/// If it is told to fail, or the journal cannot be written: the answer is 500.
pub async fn work(
    journal: &Journal,
    webhook: &VerifiedWebhook,
    order: &str,
) -> Result<String, Box<dyn Error>> {
    static RUNS: AtomicU32 = AtomicU32::new(1);
    let event = webhook.param("MessageSid").unwrap_or_default();
    let run = format!("{event} {} {}", process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
    journal.write(format_args!("start {run}"))?;
    if order == "fail" {
        journal.write(format_args!("end {run} 500"))?;
        return Err("it was told to fail".into());
    }
    if let Some(millis) = order.strip_prefix("work ").and_then(|text| text.parse().ok()) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if order == "until lost" {
        while !webhook.lease_is_lost() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        journal.write(format_args!("lost {run}"))?;
    }
    journal.write(format_args!("end {run} 200"))?;
    Ok(format!("<Response><Message>{run}</Message></Response>"))
}

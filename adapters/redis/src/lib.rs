#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "cluster")]
mod cluster;
mod connect;
mod error;
mod link;
mod reply;
mod script;
#[cfg(feature = "sentinel")]
mod sentinel;

use core::fmt;
use core::time::Duration;

use tokio::time::timeout;
use twilio_sig_claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore, whole_millis};

pub use self::error::ConnectError;
use self::error::{claim_error, is_broken, no_answer};
use self::link::Link;

/// Claims on a Redis server, on a cluster, or on the primary that sentinels name. Cheap to clone:
/// clones share their connections.
///
/// `Debug` shows neither an address nor a password.
#[derive(Clone)]
pub struct RedisStore {
    link: Link,
    prefix: String,
}

/// How long a call may take, its second attempt included. Twilio waits for 15 seconds in all.
const TIMEOUT: Duration = Duration::from_secs(2);
/// What the names of our keys begin with, if nothing else is set.
const PREFIX: &str = "twilio_sig:claim:";

impl RedisStore {
    fn new(link: Link) -> Self {
        Self { link, prefix: PREFIX.to_owned() }
    }

    /// Sets what the names of our keys begin with. Default: `twilio_sig:claim:`. Services that share
    /// a server and must not share claims need one each.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), twilio_sig_redis::ConnectError> {
    /// let store = twilio_sig_redis::RedisStore::connect("redis://127.0.0.1/").await?;
    /// let invoices = store.prefix("invoices:claim:");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Runs a script on one key: one round trip. Where the connection broke, perhaps long ago, the
    /// call is made once more: every call can be repeated.
    async fn run(
        &self,
        script: &str,
        claim: &Claim,
        millis: u64,
        answer: &Answer,
    ) -> Result<Vec<Vec<u8>>, ClaimError> {
        // EVAL and not EVALSHA: a server that was restarted knows no hash.
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(1).arg(format!("{}{}", self.prefix, claim.key()));
        command.arg(claim.token()).arg(millis).arg(answer.as_bytes());
        let attempts = async {
            match self.link.query(&command).await {
                Err(error) if is_broken(&error) => self.link.query(&command).await,
                reply => reply,
            }
        };
        match timeout(TIMEOUT, attempts).await {
            Ok(reply) => reply.map_err(|error| claim_error(&error)),
            Err(_) => Err(no_answer()),
        }
    }
}

impl ClaimStore for RedisStore {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let lease = whole_millis(lease)?;
        reply::outcome(&self.run(script::CLAIM, claim, lease, &Answer::EMPTY).await?)
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        let ttl = whole_millis(ttl)?;
        reply::completed(&self.run(script::COMPLETE, claim, ttl, answer).await?)
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        reply::released(&self.run(script::RELEASE, claim, 0, &Answer::EMPTY).await?)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod script;

use core::fmt;
use core::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{ConnectionInfo, ErrorKind, RedisError};
use thiserror::Error;
use tokio::time::timeout;
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore, whole_millis};

/// Claims on a Redis server. Cheap to clone: clones share one connection.
///
/// `Debug` shows neither the address nor a password.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    prefix: String,
}

/// Why a server was not taken. Shows no password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server's `maxmemory-policy` is this one and not `noeviction`: it may push out keys
    /// before their time, and what is pushed out can be replayed.
    #[error("the server may evict keys: its maxmemory-policy is {0}, and must be noeviction")]
    Evicts(String),
    /// The URL is none, or the server did not answer, did not let us in, or does not say what its
    /// policy is.
    #[error("the server cannot be used: {0}")]
    Unusable(String),
}

/// How long a call may take. Twilio waits for 5 to 15 seconds.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The longest pause between two attempts to connect again.
const RETRY: Duration = Duration::from_secs(1);
/// What the names of our keys begin with, if nothing else is set.
const PREFIX: &str = "twilio_sig:claim:";

impl RedisStore {
    /// Connects to `redis://[user:password@]host[:port][/database]`, or `rediss://…` with the
    /// feature `tls`: then a program that has not chosen its cryptography for rustls gets `ring`'s.
    ///
    /// A call takes 2 seconds at most. A connection that breaks is made anew in the background. No
    /// call is sent twice.
    ///
    /// # Errors
    /// A [`ConnectError`].
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let info: ConnectionInfo = url.parse().map_err(unusable)?;
        #[cfg(feature = "tls")]
        if matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }) {
            choose_cryptography();
        }
        let client =
            redis::Client::open(info.set_tcp_settings(tcp_settings())).map_err(unusable)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_max_delay(RETRY)
            .set_number_of_retries(1);
        let connection = client.get_connection_manager_with_config(config).await;
        Self::with_connection(connection.map_err(unusable)?).await
    }

    /// Takes a connection that was made elsewhere. Its server is asked for its policy too.
    ///
    /// # Errors
    /// A [`ConnectError`].
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = redis::Client::open("redis://127.0.0.1/")?;
    /// let connection = client.get_connection_manager().await?;
    /// let store = twilio_sig_redis::RedisStore::with_connection(connection).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn with_connection(mut connection: ConnectionManager) -> Result<Self, ConnectError> {
        let mut command = redis::cmd("INFO");
        let info = command.arg("memory").query_async(&mut connection);
        let info: String = timeout(TIMEOUT, info)
            .await
            .map_err(|elapsed| ConnectError::Unusable(elapsed.to_string()))?
            .map_err(unusable)?;
        let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
        match policy.map(str::trim) {
            Some("noeviction") => Ok(Self { connection, prefix: PREFIX.to_owned() }),
            policy => Err(ConnectError::Evicts(policy.unwrap_or("unknown").to_owned())),
        }
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

    /// Runs a script on one key: one round trip.
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
        let mut connection = self.connection.clone();
        let reply = timeout(TIMEOUT, command.query_async(&mut connection)).await;
        reply.map_err(ClaimError::unavailable)?.map_err(|error| claim_error(&error))
    }
}

impl ClaimStore for RedisStore {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let reply = self.run(script::CLAIM, claim, whole_millis(lease)?, &Answer::EMPTY).await?;
        match &*reply {
            [word] if word == b"acquired" => Ok(ClaimOutcome::Acquired),
            [word, answer] if word == b"done" => Ok(ClaimOutcome::Done(Answer::new(answer)?)),
            [word, millis] if word == b"held" => {
                let millis = core::str::from_utf8(millis).ok().and_then(|text| text.parse().ok());
                let millis = millis.ok_or_else(nonsense)?;
                Ok(ClaimOutcome::InProgress { retry_after: Duration::from_millis(millis) })
            }
            _ => Err(nonsense()),
        }
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        let reply = self.run(script::COMPLETE, claim, whole_millis(ttl)?, answer).await?;
        settled(&reply, b"completed", b"not_completed")
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        let reply = self.run(script::RELEASE, claim, 0, &Answer::EMPTY).await?;
        settled(&reply, b"released", b"not_released")
    }
}

fn settled(reply: &[Vec<u8>], yes: &[u8], no: &[u8]) -> Result<(), ClaimError> {
    match reply {
        [word] if word == yes => Ok(()),
        [word] if word == no => Err(ClaimError::Lost),
        _ => Err(nonsense()),
    }
}

fn nonsense() -> ClaimError {
    ClaimError::unavailable("the server gave an answer that is none")
}

/// A server that may not evict and has no memory left says `OOM`.
fn claim_error(error: &RedisError) -> ClaimError {
    if error.code() == Some("OOM") {
        ClaimError::Full
    } else {
        ClaimError::unavailable(cause(error))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` asks for")]
fn unusable(error: RedisError) -> ConnectError {
    ConnectError::Unusable(cause(&error))
}

/// What went wrong, without the server's words: they may quote a command, and in it a password.
fn cause(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Io | ErrorKind::InvalidClientConfig, _) => error.to_string(),
        (_, Some(code)) => format!("{}: {code}", error.category()),
        _ => error.category().to_owned(),
    }
}

fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    // A host that has vanished says nothing. Without this the system takes a quarter of an hour to
    // give up the connection.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(TIMEOUT);
    settings
}

/// Where several implementations are compiled in and the program has not chosen one, rustls panics.
#[cfg(feature = "tls")]
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that another thread was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

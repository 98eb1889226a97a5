#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod script;

use core::fmt;
use core::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{ConnectionInfo, ErrorKind, FromRedisValue, RedisError};
use thiserror::Error;
use tokio::time::timeout;
use twilio_sig::claim::{Claim, ClaimError, ClaimKey, ClaimStore, Outcome, whole_millis};

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
    async fn run<T: FromRedisValue>(
        &self,
        script: &str,
        key: &ClaimKey,
        token: &[u8],
        millis: u64,
    ) -> Result<T, ClaimError> {
        // EVAL and not EVALSHA: a server that was restarted knows no hash.
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(1).arg(format!("{}{key}", self.prefix)).arg(token).arg(millis);
        let mut connection = self.connection.clone();
        let answer = timeout(TIMEOUT, command.query_async(&mut connection)).await;
        answer.map_err(ClaimError::unavailable)?.map_err(|error| claim_error(&error))
    }
}

impl ClaimStore for RedisStore {
    async fn claim(&self, key: &ClaimKey, lease: Duration) -> Result<Outcome, ClaimError> {
        let millis = whole_millis(lease)?;
        let claim = Claim::random(*key)?;
        let answer: i64 = self.run(script::CLAIM, key, claim.token(), millis).await?;
        match u64::try_from(answer) {
            Err(_) => Ok(Outcome::Fresh(claim)),
            Ok(0) => Ok(Outcome::Done),
            Ok(millis) => Ok(Outcome::InProgress { retry_after: Duration::from_millis(millis) }),
        }
    }

    async fn complete(&self, claim: &Claim, keep: Duration) -> Result<(), ClaimError> {
        let millis = whole_millis(keep)?;
        owned(self.run(script::COMPLETE, claim.key(), claim.token(), millis).await?)
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        owned(self.run(script::RELEASE, claim.key(), claim.token(), 0).await?)
    }
}

fn owned(answer: bool) -> Result<(), ClaimError> {
    if answer { Ok(()) } else { Err(ClaimError::Lost) }
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

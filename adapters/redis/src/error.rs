//! What went wrong, said without a server's words: they may quote a command, and in it a password.

use core::fmt;

use redis::{ErrorKind, RedisError};
use thiserror::Error;
use twilio_sig_claim::ClaimError;

/// Why a server was not taken. Shows no password. `Debug` says what `Display` says, because it is
/// what `main` prints.
///
/// # Examples
/// ```
/// let error = twilio_sig_redis::ConnectError::Evicts("allkeys-lru".to_owned());
/// assert!(error.to_string().starts_with("the Redis server may evict keys"));
/// assert!(error.to_string().contains("noeviction"));
/// assert_eq!(format!("{error:?}"), error.to_string());
/// ```
#[derive(Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A server's `maxmemory-policy` is this one and not `noeviction`: it may push out keys before
    /// their time, and what is pushed out can be replayed.
    #[error(
        "the Redis server may evict keys, and what is evicted can be replayed: its maxmemory-policy is {0}. \
         Set it to noeviction, or use another server for claims"
    )]
    Evicts(String),
    /// The server is a replica, on which nothing can be claimed.
    #[error(
        "the Redis server is a replica, on which nothing can be claimed. Connect to its primary, or let \
         sentinels name it: RedisStore::connect_sentinel, of the feature `sentinel`"
    )]
    Replica,
    /// The server is a node of a cluster, which has a part of the keys.
    #[error(
        "the Redis server is a node of a cluster, which has a part of the keys. Connect to the whole: \
         RedisStore::connect_cluster, of the feature `cluster`"
    )]
    ClusterNode,
    /// The server is no node of a cluster.
    #[error("the Redis server is no node of a cluster. Connect to it alone: RedisStore::connect")]
    NoCluster,
    /// The server is a sentinel, which has no keys.
    #[error(
        "the Redis server is a sentinel, which has no keys. Connect to what it watches: \
         RedisStore::connect_sentinel, of the feature `sentinel`"
    )]
    Sentinel,
    /// The URL is none, or the server did not answer, did not let us in, or does not say what it
    /// is.
    #[error("the Redis server cannot be used: {0}")]
    Unusable(String),
}

impl fmt::Debug for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` asks for")]
pub(crate) fn unusable(error: RedisError) -> ConnectError {
    ConnectError::Unusable(cause(&error))
}

/// A server that may not evict and has no memory left says `OOM`.
pub(crate) fn claim_error(error: &RedisError) -> ClaimError {
    if error.code() == Some("OOM") {
        ClaimError::Full
    } else if error.is_timeout() {
        no_answer()
    } else {
        ClaimError::unavailable(format!("Redis: {}", cause(error)))
    }
}

pub(crate) fn no_answer() -> ClaimError {
    ClaimError::unavailable("Redis gave no answer within 2 s")
}

/// Whether another attempt may find another connection, or another server.
pub(crate) fn is_broken(error: &RedisError) -> bool {
    error.is_connection_dropped() || error.code() == Some("READONLY")
}

fn cause(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Io | ErrorKind::InvalidClientConfig, _) => error.to_string(),
        (_, Some(code)) => format!("{}: {code}", error.category()),
        _ => error.category().to_owned(),
    }
}

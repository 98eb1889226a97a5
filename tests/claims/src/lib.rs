//! What the live tests of the claim stores share: servers that they start and kill, processes that
//! claim, and the scenes that every store must survive.

#![forbid(unsafe_code)]
#![allow(clippy::arithmetic_side_effects, reason = "the numbers are the tests' own")]

extern crate alloc;

pub mod backend;
pub mod cluster;
#[cfg(feature = "live")]
pub mod handler;
pub mod journal;
pub mod ledger;
pub mod load;
pub mod port;
pub mod proxy;
pub mod scenes;
pub mod server;
pub mod service;
pub mod twilio;
pub mod worker;

use core::time::Duration;

use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore};
use twilio_sig_redis::RedisStore;
use twilio_sig_sqlx::postgres::PostgresStore;
use twilio_sig_sqlx::sqlite::SqliteStore;

/// Any store, by the scheme of its URL.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are these")]
pub enum Store {
    /// `redis://…`, several of them with commas in between for a cluster, or `sentinel+redis://…`
    Redis(RedisStore),
    /// `postgres://…`
    Postgres(PostgresStore),
    /// `sqlite:…`
    Sqlite(SqliteStore),
}

impl Store {
    /// Connects, and makes the table.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if it cannot.
    pub async fn connect(url: &str) -> Result<Self, ClaimError> {
        let redis = if let Some(sentinel) = url.strip_prefix("sentinel+") {
            Some(RedisStore::connect_sentinel(&[sentinel], server::SERVICE).await)
        } else if url.contains(',') {
            Some(RedisStore::connect_cluster(&url.split(',').collect::<Vec<_>>()).await)
        } else if url.starts_with("redis") {
            Some(RedisStore::connect(url).await)
        } else {
            None
        };
        if let Some(store) = redis {
            return store.map(Self::Redis).map_err(ClaimError::unavailable);
        }
        if url.starts_with("sqlite") {
            let store = SqliteStore::connect(url).await?;
            store.migrate().await?;
            return Ok(Self::Sqlite(store));
        }
        let store = PostgresStore::connect(url).await?;
        store.migrate().await?;
        Ok(Self::Postgres(store))
    }
}

impl ClaimStore for Store {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        match self {
            Self::Redis(store) => store.claim(claim, lease).await,
            Self::Postgres(store) => store.claim(claim, lease).await,
            Self::Sqlite(store) => store.claim(claim, lease).await,
        }
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        match self {
            Self::Redis(store) => store.complete(claim, ttl, answer).await,
            Self::Postgres(store) => store.complete(claim, ttl, answer).await,
            Self::Sqlite(store) => store.complete(claim, ttl, answer).await,
        }
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        match self {
            Self::Redis(store) => store.release(claim).await,
            Self::Postgres(store) => store.release(claim).await,
            Self::Sqlite(store) => store.release(claim).await,
        }
    }
}

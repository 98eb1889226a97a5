//! Claims in PostgreSQL.
//!
//! Statements go by the simple protocol, each in one message: whatever pooler is in between, PgBouncer in
//! transaction mode too, it cannot come between a statement and its execution, and a call is one round trip.
//! No value in them is anything but hexadecimal digits and numbers.

mod pooled;
mod statement;

use core::fmt;
use core::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, PgPool};
use twilio_sig_claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore, MAX_DURATION};

pub use self::statement::{claim_in, complete_in, release_in, renew_in};
use crate::error::unavailable;
use crate::reply::Reply;
use crate::{ATTEMPTS, CONNECTION_TIMEOUT, PURGE_ROWS, SOON};

/// Claims in a table of a PostgreSQL database. Cheap to clone: clones share one pool.
///
/// `Debug` shows neither the address nor a password.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
}

/// The table, as [`PostgresStore::migrate`] makes it: for those who run migrations themselves.
pub const MIGRATION: &str = include_str!("../migrations/postgres/0001_claims.sql");

/// Two processes that migrate wait for each other: an advisory lock, any number but a secret.
const MIGRATION_LOCK: i64 = 0x7477_696c_696f;

impl PostgresStore {
    /// Connects to `postgres://[user[:password]@]host[:port]/database`, directly or through a
    /// pooler, with a pool of at most 10 connections. A call takes 3 seconds at most.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the server cannot be used.
    pub async fn connect(url: &str) -> Result<Self, ClaimError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        // PgBouncer refuses to set it. And a statement has the answer in it, which no log may show.
        let options = options.extra_float_digits(None).disable_statement_logging();
        let pool = PgPoolOptions::new()
            .acquire_timeout(CONNECTION_TIMEOUT)
            // Otherwise each claim is two round trips. A connection that is dead is found out by use.
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(unavailable)?;
        Ok(Self { pool })
    }

    /// Uses your pool. With its `test_before_acquire`, which is on by default, a claim is two round
    /// trips. With statement logging, which is on by default at the level `debug`, answers are in
    /// your log.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = sqlx::postgres::PgPoolOptions::new().test_before_acquire(false);
    /// let pool = options.connect("postgres://app@localhost/app").await?;
    /// let store = twilio_sig_sqlx::postgres::PostgresStore::with_pool(pool);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn with_pool(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Makes the table, if there is none. Safe to run again, and by several processes at a time. It
    /// keeps no book of its own, so it does not meddle with your migrations.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the server cannot be used, or does not let us make a table.
    pub async fn migrate(&self) -> Result<(), ClaimError> {
        // One message is one transaction.
        let migration = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK});\n{MIGRATION}");
        self.pool.execute(&*migration).await.map_err(unavailable)?;
        Ok(())
    }

    /// Deletes the rows that have been vacant for longer than `older_than`, and says how many they
    /// were. It blocks no claim. Run it now and then; nothing depends on it but the disk.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the server cannot be used, [`ClaimError::OutOfRange`] if
    /// `older_than` is above [`MAX_DURATION`].
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(store: twilio_sig_sqlx::postgres::PostgresStore) -> Result<(), twilio_sig_claim::ClaimError> {
    /// loop {
    ///     tokio::time::sleep(Duration::from_secs(600)).await;
    ///     store.purge(Duration::ZERO).await?;
    /// }
    /// # }
    /// ```
    pub async fn purge(&self, older_than: Duration) -> Result<u64, ClaimError> {
        if older_than > MAX_DURATION {
            return Err(ClaimError::OutOfRange);
        }
        let purge = statement::purge(older_than, PURGE_ROWS);
        let mut purged: u64 = 0;
        loop {
            let rows = self.pool.execute(&*purge).await.map_err(unavailable)?.rows_affected();
            purged = purged.saturating_add(rows);
            if rows < PURGE_ROWS.unsigned_abs() {
                return Ok(purged);
            }
        }
    }

    /// Says a statement in a transaction of its own, with our settings.
    async fn ask(&self, statement: &str) -> Result<Option<Reply>, ClaimError> {
        pooled::ask(&self.pool, &statement::alone(statement)).await
    }
}

impl ClaimStore for PostgresStore {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let statement = statement::claim(claim, lease)?;
        for _ in 0..ATTEMPTS {
            match self.ask(&statement).await {
                Ok(Some(reply)) => {
                    if let Some(outcome) = reply.outcome()? {
                        return Ok(outcome);
                    }
                }
                Ok(None) => {}
                // An open transaction has the key.
                Err(error) if statement::is_lock_timeout(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(ClaimOutcome::InProgress { retry_after: SOON })
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        let statement = statement::complete(claim, ttl, answer)?;
        self.ask(&statement).await?.unwrap_or_default().completed()
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.ask(&statement::release(claim)).await?.unwrap_or_default().released()
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

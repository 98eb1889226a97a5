//! Claims in SQLite: for the processes of one machine, without a server.

mod statement;

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor, SqlitePool};
use tokio::time::timeout;
use twilio_sig_claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore, MAX_DURATION};

pub use self::statement::{claim_in, complete_in, release_in, renew_in};
use crate::error::{no_answer, unavailable};
use crate::{CONNECTION_TIMEOUT, PURGE_ROWS, TIMEOUT};

/// Claims in a table of an SQLite database. Cheap to clone: clones share one pool.
///
/// `Debug` does not show the path.
#[derive(Clone)]
pub struct SqliteStore {
    pool: SqlitePool,
}

/// The table, as [`SqliteStore::migrate`] makes it: for those who run migrations themselves.
pub const MIGRATION: &str = include_str!("../migrations/sqlite/0001_claims.sql");

/// Connections of the pool. One writes at a time; the others read.
const CONNECTIONS: u32 = 4;
/// How long a statement waits for another that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

impl SqliteStore {
    /// Opens `sqlite:path`, and makes the file if there is none, with write-ahead logging, so that
    /// readers wait for no writer. What was answered survives a loss of power: each claim that is
    /// acquired, and each completion, waits for the disk. A call takes 3 seconds at most.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the file cannot be used, or the database is in memory: it would
    /// be gone when its connections are closed, so use
    /// [`MemoryStore`](https://docs.rs/twilio_sig_claim/latest/twilio_sig_claim/struct.MemoryStore.html).
    pub async fn connect(url: &str) -> Result<Self, ClaimError> {
        let options = SqliteConnectOptions::from_str(url).map_err(unavailable)?;
        let name = options.get_filename().to_string_lossy();
        if name.is_empty() || name.contains(":memory:") || name.contains("sqlx-in-memory") {
            return Err(ClaimError::unavailable("a database in memory forgets: use MemoryStore"));
        }
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECTION_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(unavailable)?;
        Ok(Self { pool })
    }

    /// Uses your pool. Its database must be a file, and in WAL mode: otherwise a claim waits for
    /// every reader. Its `busy_timeout` should be 2 seconds at most.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = sqlx::SqlitePool::connect("sqlite:app.db").await?;
    /// let store = twilio_sig_sqlx::sqlite::SqliteStore::with_pool(pool);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn with_pool(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// Makes the table, if there is none. Safe to run again, and by several processes at a time. It
    /// keeps no book of its own, so it does not meddle with your migrations.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the file cannot be used.
    pub async fn migrate(&self) -> Result<(), ClaimError> {
        let migration = format!("BEGIN IMMEDIATE;\n{MIGRATION}\nCOMMIT;");
        let mut connection = self.pool.acquire().await.map_err(unavailable)?;
        let migrated = connection.execute(&*migration).await;
        if migrated.is_err() {
            // A transaction that is left open must not come back to the pool.
            drop(connection.detach());
        }
        migrated.map(drop).map_err(unavailable)
    }

    /// Deletes the rows that have been vacant for longer than `older_than`, and says how many they
    /// were. Run it now and then; nothing depends on it but the disk. The file does not become
    /// smaller: its pages are used again.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the file cannot be used, [`ClaimError::OutOfRange`] if
    /// `older_than` is above [`MAX_DURATION`].
    pub async fn purge(&self, older_than: Duration) -> Result<u64, ClaimError> {
        if older_than > MAX_DURATION {
            return Err(ClaimError::OutOfRange);
        }
        let mut purged: u64 = 0;
        loop {
            let rows = statement::purge(&self.pool, older_than, PURGE_ROWS).await?;
            purged = purged.saturating_add(rows);
            if rows < PURGE_ROWS.unsigned_abs() {
                return Ok(purged);
            }
        }
    }
}

impl ClaimStore for SqliteStore {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let call = async {
            let mut connection = self.pool.acquire().await.map_err(unavailable)?;
            statement::claim(&mut connection, claim, lease).await
        };
        timeout(TIMEOUT, call).await.map_err(|_| no_answer())?
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        let call = async {
            let mut connection = self.pool.acquire().await.map_err(unavailable)?;
            complete_in(&mut connection, claim, ttl, answer).await
        };
        timeout(TIMEOUT, call).await.map_err(|_| no_answer())?
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        let call = async {
            let mut connection = self.pool.acquire().await.map_err(unavailable)?;
            release_in(&mut connection, claim).await
        };
        timeout(TIMEOUT, call).await.map_err(|_| no_answer())?
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod statement;

use core::fmt;
use core::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor, PgPool, Postgres};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore, MAX_DURATION};

pub use self::statement::{claim_in, complete_in, release_in};

/// Claims in a table of a PostgreSQL database. Cheap to clone: clones share one pool.
///
/// `Debug` shows neither the address nor a password.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
}

/// The table, as [`PostgresStore::migrate`] makes it: for those who run migrations themselves.
pub const MIGRATION: &str = include_str!("../migrations/0001_claims.sql");

/// How long a call may wait for a connection, and how long for an answer. Twilio waits for 5 to 15
/// seconds.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the server may wait for a lock, and how long it may work; and that a call which had to
/// wait for another sees what that one has done, whatever the database's default is.
const SESSION: [(&str, &str); 3] = [
    ("lock_timeout", "1s"),
    ("statement_timeout", "2s"),
    ("default_transaction_isolation", r"read\ committed"),
];
/// Two processes that migrate wait for each other: an advisory lock, any number but a secret.
const MIGRATION_LOCK: i64 = 0x7477_696c_696f;
/// Rows that one statement of a purge deletes, so that none is long.
const PURGE_ROWS: i64 = 10_000;

impl PostgresStore {
    /// Connects to `postgres://[user[:password]@]host[:port]/database`, with a pool of at most 10
    /// connections. A call takes 5 seconds at most: 2 to get one of them, 3 for the answer.
    ///
    /// The pool sets `lock_timeout`, `statement_timeout` and the isolation when it connects. Where
    /// something in between does not hand that on, such as a pooler, set them there and use
    /// [`with_pool`](Self::with_pool).
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`] if the server cannot be used.
    pub async fn connect(url: &str) -> Result<Self, ClaimError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        let options = options.options(SESSION);
        let pool = PgPoolOptions::new()
            .acquire_timeout(CONNECTION_TIMEOUT)
            // Else each claim is two round trips. A broken connection is an error, once.
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(unavailable)?;
        Ok(Self { pool })
    }

    /// Uses your pool. With its `test_before_acquire`, which is on by default, a claim is two round
    /// trips. Without a `lock_timeout`, a claim of a key that an open transaction holds is
    /// [`ClaimError::Unavailable`] and not in progress. The isolation must be `READ COMMITTED`, or
    /// claims of one key at a time are errors for all but one.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = sqlx::postgres::PgPoolOptions::new().test_before_acquire(false);
    /// let pool = options.connect("postgres://app@localhost/app?options[lock_timeout]=1s").await?;
    /// let store = twilio_sig_postgres::PostgresStore::with_pool(pool);
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
        let mut transaction = self.pool.begin().await.map_err(unavailable)?;
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
        lock.execute(&mut *transaction).await.map_err(unavailable)?;
        transaction.execute(MIGRATION).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)
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
    /// # async fn example(store: twilio_sig_postgres::PostgresStore) -> Result<(), twilio_sig::claim::ClaimError> {
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
        let micros = i64::try_from(older_than.as_micros()).map_err(|_| ClaimError::OutOfRange)?;
        let mut purged: u64 = 0;
        loop {
            let query = sqlx::query(statement::PURGE).bind(micros).bind(PURGE_ROWS);
            let rows = query.execute(&self.pool).await.map_err(unavailable)?.rows_affected();
            purged = purged.saturating_add(rows);
            if rows < PURGE_ROWS.unsigned_abs() {
                return Ok(purged);
            }
        }
    }

    async fn connection(&self) -> Result<PoolConnection<Postgres>, ClaimError> {
        let connection = timeout(CONNECTION_TIMEOUT, self.pool.acquire()).await;
        connection.map_err(ClaimError::unavailable)?.map_err(unavailable)
    }
}

impl ClaimStore for PostgresStore {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let mut connection = self.connection().await?;
        let call = statement::claim(&mut connection, claim, lease);
        let answer = timeout(ANSWER_TIMEOUT, call).await;
        in_time(connection, answer)
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        let mut connection = self.connection().await?;
        let call = complete_in(&mut connection, claim, ttl, answer);
        let answer = timeout(ANSWER_TIMEOUT, call).await;
        in_time(connection, answer)
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        let mut connection = self.connection().await?;
        let answer = timeout(ANSWER_TIMEOUT, release_in(&mut connection, claim)).await;
        in_time(connection, answer)
    }
}

/// A connection on which nobody answers is closed. Given back, it would keep its place in the pool
/// until somebody does.
fn in_time<T>(
    connection: PoolConnection<Postgres>,
    answer: Result<Result<T, ClaimError>, Elapsed>,
) -> Result<T, ClaimError> {
    answer.unwrap_or_else(|elapsed| {
        drop(connection.detach());
        Err(ClaimError::unavailable(elapsed))
    })
}

fn unavailable(error: sqlx::Error) -> ClaimError {
    ClaimError::unavailable(error)
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

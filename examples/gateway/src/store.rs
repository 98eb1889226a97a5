//! The database: SQLite, in one file.
//!
//! Its own types and not sqlx's `Any`, because a claim is made in the transaction of the work, and
//! `twilio_sig_sqlx` offers that for SQLite and for PostgreSQL, each with its own transaction. The
//! queries use what both understand (`$1`, `ON CONFLICT`, `RETURNING`).

pub(crate) mod disk;
mod durable;

use alloc::borrow::Cow;

use core::str::FromStr as _;
use core::time::Duration;

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use sqlx::error::BoxDynError;
use sqlx::migrate::{MigrateError, Migration, MigrationSource, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, SqlitePool, Transaction,
};

use self::durable::Durable;
use crate::exit::{Exit, Failure};
use crate::fault::Fault;

/// How long a request waits for its turn. Twilio waits for 15 seconds in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
const READERS: u32 = 4;
/// How long the write-ahead log grows until a commit moves it into the database, in pages of 4 KiB.
/// Each move waits for the disk, and so does every request: with the default of 1,000 that is every hundredth event.
const CHECKPOINT_PAGES: &str = "16000";

/// The schema, in the order in which it grew. What has landed is never changed.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "gateway", include_str!("../migrations/sqlite/0001_gateway.sql")),
    (2, "claims", twilio_sig_sqlx::sqlite::MIGRATION),
];

/// Whether a connection has ended its transaction. On a full disk SQLite rolls back by itself, so the rollback of
/// sqlx fails, and the connection would refuse every transaction from then on.
async fn is_usable(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    if !connection.is_in_transaction() {
        // It was ended. To ask costs two switches of threads, for every request.
        return Ok(true);
    }
    // What was sent before, such as a rollback, is done when this returns.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// One connection, because SQLite has one writer at a time: so they wait in a fair queue, and
    /// do not fight for a lock.
    writer: SqlitePool,
    reader: SqlitePool,
    durable: Durable,
}

impl Store {
    /// Opens the database, makes it if there is none, and brings its tables up to date.
    pub(crate) async fn open(url: &str) -> Result<Self, Failure> {
        let failed = |error: sqlx::Error| -> Failure {
            let reason = format!("cannot use the database {url}: {error}");
            if disk::is_of_disk(&error) { Exit::Disk(reason).into() } else { reason.into() }
        };
        let options = SqliteConnectOptions::from_str(url)
            .map_err(failed)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // `commit` waits for the disk, once for many.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .disable_statement_logging();
        make_private(options.get_filename()).map_err(|error| failed(sqlx::Error::Io(error)))?;
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(PATIENCE)
                .test_before_acquire(false)
                .after_release(|connection, _| Box::pin(is_usable(connection)))
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
        migrate(&writer).await.map_err(|error| {
            let (url, reason) = (url.to_owned(), because(&error));
            if disk::is_of_disk(&error) { Exit::Disk(reason) } else { Exit::Tables { url, reason } }
        })?;
        let durable = Durable::new(options.get_filename().to_owned());
        let reader = pool(READERS).connect_with(options).await.map_err(failed)?;
        Ok(Self { writer, reader, durable })
    }

    /// For single statements that write.
    pub(crate) const fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// For whatever only reads.
    pub(crate) const fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// A transaction that writes, and may read before.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Commits, and waits until it would survive a loss of power.
    pub(crate) async fn commit(&self, transaction: Transaction<'_, Sqlite>) -> Result<(), Fault> {
        transaction.commit().await?;
        self.durable.wait().await
    }

    /// Waits until whatever was committed would survive a loss of power.
    pub(crate) async fn wait(&self) -> Result<(), Fault> {
        self.durable.wait().await
    }

    /// Whether the disk keeps what is written.
    async fn probe(&self) -> Result<(), Fault> {
        let mut transaction = self.begin().await?;
        // It is 0 already, and is written all the same.
        sqlx::query("PRAGMA user_version = 0").execute(&mut *transaction).await?;
        self.commit(transaction).await
    }

    /// Closes the file, after what is under way.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

async fn migrate(writer: &SqlitePool) -> Result<(), MigrateError> {
    Migrator::new(Schema).await?.run(writer).await
}

/// What is wrong, and what may be done where that is known.
fn because(error: &MigrateError) -> String {
    match error {
        MigrateError::VersionMissing(version) => format!(
            "migration {version} is not one of this program; a newer gateway has used the database"
        ),
        MigrateError::VersionMismatch(version) => format!(
            "migration {version} is another than the one that was applied; restore a backup"
        ),
        other => other.to_string(),
    }
}

/// Makes the file if there is none, for its owner alone: there are messages in it. What SQLite puts
/// beside it has the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The migrations that are compiled in.
#[derive(Debug)]
struct Schema;

impl MigrationSource<'static> for Schema {
    fn resolve(
        self,
    ) -> core::pin::Pin<Box<dyn Future<Output = Result<Vec<Migration>, BoxDynError>> + Send>> {
        let migrations = MIGRATIONS.iter().map(|&(version, name, sql)| {
            let (name, sql) = (Cow::Borrowed(name), Cow::Borrowed(sql));
            Migration::new(version, name, MigrationType::Simple, sql, false)
        });
        let migrations = migrations.collect();
        Box::pin(async { Ok(migrations) })
    }
}

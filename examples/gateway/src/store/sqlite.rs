//! SQLite, in one file: one connection that writes, and some that read.

use core::str::FromStr as _;
use core::time::Duration;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Instant;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection as Raw, OpenFlags, PrepFlags, Statement, ToSql};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};

use super::queue::{Connection, Database, Queue};
use super::sql::{Column, Row, Sql, Value};
use super::{StoreError, migrations};
use crate::exit::Failure;
use crate::fault::Fault;

/// How often, and after which pause, a transaction asks for the file while another process writes: for two seconds.
const BUSY_ASKS: i32 = 4_000;
const BUSY_PAUSE: Duration = Duration::from_micros(500);
/// After a transaction the file is free for as long as that took, within these bounds. Another process has its
/// turn, for SQLite keeps no queue. Further requests come meanwhile and share the next commit, because a commit costs
/// as much of the processor as several requests.
const SHORTEST_GAP: Duration = Duration::from_micros(200);
const LONGEST_GAP: Duration = Duration::from_millis(20);
const READERS: usize = 2;
/// How many share a commit. They wait for each other, so it is bounded.
const MAX_BATCH: usize = 128;
/// What a connection keeps of the file in memory, in KiB.
const CACHE_KIB: i64 = 16_384;
/// How long the write-ahead log grows until a commit moves it into the database, in pages of 4 KiB.
/// Each move waits for the disk, and so does every request: with the default of 1,000 that is every hundredth event.
const CHECKPOINT_PAGES: i64 = 16_000;

/// Opens the file, makes it if there is none, and brings its tables up to date. Queues for what writes,
/// and for what reads.
pub(super) async fn open(url: &str) -> Result<[Queue; 2], Failure> {
    let failed = |error: StoreError| error.at_start(url);
    let options = SqliteConnectOptions::from_str(url).map_err(|error| failed(error.into()))?;
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    let path = options.get_filename().to_owned();
    make_private(&path).map_err(|error| failed(sqlx::Error::Io(error).into()))?;
    let mut connection = options.connect().await.map_err(|error| failed(error.into()))?;
    let migrated = async { migrations::sqlite().await?.run(&mut connection).await };
    migrated.await.map_err(|error| migrations::failed(url, error))?;

    let writer = File::open(&path, true).map_err(failed)?;
    let readers = (0..READERS).map(|_| File::open(&path, false));
    let readers = readers.collect::<Result<_, _>>().map_err(failed)?;
    Ok([Queue::new(vec![writer])?, Queue::new(readers)?])
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

/// The file, opened once more.
struct File {
    raw: Raw,
    writes: bool,
}

struct Sqlite<'f> {
    raw: &'f Raw,
    writes: bool,
    /// Each is compiled once: by its text, of which the program has some fifty.
    statements: HashMap<&'static str, Statement<'f>>,
    /// When its last transaction began and ended, and for how long the file is free after it.
    begun: Instant,
    ended: Instant,
    gap: Duration,
}

impl File {
    fn open(path: &Path, writes: bool) -> Result<Self, StoreError> {
        let raw = Raw::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        raw.busy_handler(Some(|asks| {
            thread::sleep(BUSY_PAUSE);
            asks < BUSY_ASKS
        }))?;
        raw.pragma_update(None, "foreign_keys", true)?;
        // A commit waits for the disk, so what is answered survives a loss of power.
        raw.pragma_update(None, "synchronous", "FULL")?;
        raw.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        raw.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok(Self { raw, writes })
    }
}

impl Database for File {
    fn connect(self, serve: impl FnOnce(&mut dyn Connection)) {
        let (now, statements) = (Instant::now(), HashMap::new());
        let Self { raw, writes } = &self;
        serve(&mut Sqlite {
            raw,
            writes: *writes,
            statements,
            begun: now,
            ended: now,
            gap: Duration::ZERO,
        });
    }
}

impl<'f> Sqlite<'f> {
    /// Binds the values, lets `run` run the statement, and forgets the values.
    fn with<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        run: impl FnOnce(&mut Statement<'f>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let statement = match self.statements.entry(sql) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let flags = PrepFlags::SQLITE_PREPARE_PERSISTENT;
                new.insert(self.raw.prepare_with_flags(sql, flags)?)
            }
        };
        let done = bind(statement, values).and_then(|()| run(statement));
        statement.clear_bindings();
        Ok(done?)
    }

    fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.with(sql, &[], |statement| statement.raw_execute().map(drop))
    }
}

impl Connection for Sqlite<'_> {
    fn max_batch(&self) -> usize {
        if self.writes { MAX_BATCH } else { 1 }
    }

    fn gather(&mut self) {
        thread::sleep(self.gap.saturating_sub(self.ended.elapsed()));
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        if !self.writes {
            return self.run("BEGIN");
        }
        self.run("BEGIN IMMEDIATE")?;
        self.begun = Instant::now();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.run("COMMIT")?;
        self.ended = Instant::now();
        self.gap = self.ended.duration_since(self.begun).clamp(SHORTEST_GAP, LONGEST_GAP);
        Ok(())
    }

    fn rollback(&mut self) {
        // On a full disk SQLite has rolled back by itself.
        if !self.raw.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::error!(event_type = "database_unavailable", %error, "not rolled back");
        }
    }

    fn savepoint(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.run(sql)
    }
}

impl Sql for Sqlite<'_> {
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let changed = self.with(sql, values, Statement::raw_execute)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let rows = self.with(sql, values, |statement| {
            let columns = statement.column_count();
            let (mut rows, mut found) = (statement.raw_query(), Vec::new());
            while let Some(row) = rows.next()? {
                let column = |position| Ok(Column::from(row.get_ref(position)?));
                found.push(Row((0..columns).map(column).collect::<rusqlite::Result<_>>()?));
            }
            Ok(found)
        });
        Ok(rows?)
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Value<'_>]) -> rusqlite::Result<()> {
    for (position, value) in (1..).zip(values) {
        statement.raw_bind_parameter(position, value)?;
    }
    Ok(())
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Integer(Some(value)) => ValueRef::Integer(value),
            Self::Text(Some(value)) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(Some(value)) => ValueRef::Blob(value),
            Self::Integer(None) | Self::Text(None) | Self::Bytes(None) => ValueRef::Null,
        }))
    }
}

impl From<ValueRef<'_>> for Column {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null | ValueRef::Real(_) => Self::Null,
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Text(value) => Self::Text(String::from_utf8_lossy(value).into_owned()),
            ValueRef::Blob(value) => Self::Bytes(value.to_vec()),
        }
    }
}

//! PostgreSQL: some connections, each for what reads and for what writes.

use core::str::FromStr as _;
use core::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{
    Column as _, ConnectOptions as _, Connection as _, PgConnection, Row as _, TypeInfo as _,
};
use tokio::runtime::{Builder, Runtime};

use super::queue::{Connection, Database, Queue};
use super::sql::{Column, Row, Sql, Value};
use super::{StoreError, migrations};
use crate::exit::Failure;
use crate::fault::Fault;

const CONNECTIONS: usize = 8;
/// How long a call may take. Its caller waits for five seconds.
const PATIENCE: Duration = Duration::from_secs(4);
/// The server ends what waits for a lock or works longer than that, so that no connection is held by what
/// its caller has given up. It is said in each transaction, because a pooler in between may change the server.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '4s'";

/// The number is ours.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7305808869229538667)";

/// Connects, and brings the tables up to date.
pub(super) async fn open(url: &str) -> Result<Queue, Failure> {
    let failed = |error: sqlx::Error| StoreError::from(error).at_start(url);
    let options = PgConnectOptions::from_str(url).map_err(failed)?.disable_statement_logging();
    // For a pooler in between: it may send the next transaction to another server, where a statement has no
    // name, and it takes no parameters at the start.
    let options = options.statement_cache_capacity(0).extra_float_digits(None);
    let mut connection = options.connect().await.map_err(failed)?;
    let migrated = migrate(&mut connection).await;
    migrated.map_err(|error| migrations::failed(url, error))?;
    connection.close().await.map_err(failed)?;

    let connection = |_| Postgres::new(options.clone());
    Ok(Queue::new((0..CONNECTIONS).map(connection).collect::<Result<_, _>>()?)?)
}

/// In one transaction, which another process waits for.
async fn migrate(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(MIGRATION_LOCK).execute(&mut *transaction).await?;
    migrations::postgres().await?.set_locking(false).run_direct(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

struct Postgres {
    options: PgConnectOptions,
    /// None at the start, and after an error that was not one of a statement.
    connection: Option<PgConnection>,
    runtime: Runtime,
}

impl Postgres {
    fn new(options: PgConnectOptions) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { options, connection: None, runtime })
    }

    fn connect(&mut self) -> Result<(), StoreError> {
        self.connection = None;
        let Self { options, runtime, .. } = self;
        let connected =
            runtime.block_on(async { tokio::time::timeout(PATIENCE, options.connect()).await });
        self.connection = Some(connected.map_err(|_| StoreError::Late)??);
        Ok(())
    }

    /// Does this on the connection, which is dropped if it may be broken: half a statement that took too long.
    fn run<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let Self { connection, runtime, .. } = self;
        let open = connection.as_mut().ok_or(StoreError::Late)?;
        let done = runtime.block_on(async { tokio::time::timeout(PATIENCE, call(open)).await });
        if !matches!(done, Ok(Ok(_) | Err(sqlx::Error::Database(_)))) {
            *connection = None;
        }
        Ok(done.map_err(|_| StoreError::Late)??)
    }

    fn raw(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.run(async |connection| sqlx::raw_sql(sql).execute(connection).await).map(drop)
    }
}

impl Database for Postgres {
    fn connect(mut self, serve: impl FnOnce(&mut dyn Connection)) {
        serve(&mut self);
    }
}

impl Connection for Postgres {
    fn max_batch(&self) -> usize {
        // Two that hold rows of several events could wait for each other's.
        1
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        // After a restart of the server the connection is a broken one, and the first call finds out.
        if self.raw(BEGIN).is_err() {
            self.connect()?;
            self.raw(BEGIN)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.raw("COMMIT")
    }

    fn rollback(&mut self) {
        if self.connection.is_some() && self.raw("ROLLBACK").is_err() {
            self.connection = None;
        }
    }

    fn savepoint(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.raw(sql)
    }
}

impl Sql for Postgres {
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let sql = numbered(sql);
        let done = self.run(async |connection| bind(&sql, values).execute(connection).await)?;
        Ok(done.rows_affected())
    }

    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let sql = numbered(sql);
        let rows = self.run(async |connection| bind(&sql, values).fetch_all(connection).await)?;
        let rows = rows.iter().map(row).collect::<sqlx::Result<_>>();
        Ok(rows.map_err(StoreError::from)?)
    }
}

/// With PostgreSQL's signs for parameters. No statement has a question mark elsewhere.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

fn bind<'q>(sql: &'q str, values: &'q [Value<'_>]) -> Query<'q, sqlx::Postgres, PgArguments> {
    let mut query = sqlx::query(sql).persistent(false);
    for value in values {
        query = match *value {
            Value::Integer(value) => query.bind(value),
            // PostgreSQL has no text with a NUL, and a sender may have one.
            Value::Text(Some(value)) if value.contains('\0') => {
                query.bind(value.replace('\0', "\u{fffd}"))
            }
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        };
    }
    query
}

fn row(row: &PgRow) -> sqlx::Result<Row> {
    let column = |(at, column): (usize, &sqlx::postgres::PgColumn)| {
        Ok(match column.type_info().name() {
            "INT8" => row.try_get::<Option<_>, _>(at)?.map_or(Column::Null, Column::Integer),
            "INT4" => {
                let value = row.try_get::<Option<i32>, _>(at)?;
                value.map_or(Column::Null, |value| Column::Integer(value.into()))
            }
            "TEXT" => row.try_get::<Option<_>, _>(at)?.map_or(Column::Null, Column::Text),
            _ => row.try_get::<Option<_>, _>(at)?.map_or(Column::Null, Column::Bytes),
        })
    };
    Ok(Row(row.columns().iter().enumerate().map(column).collect::<sqlx::Result<_>>()?))
}

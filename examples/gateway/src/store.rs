//! The database: SQLite in one file, or PostgreSQL.
//!
//! A transaction is a function that gets a connection, and its statements are those that both
//! understand (`ON CONFLICT`, `RETURNING`): each is written once.

pub(crate) mod disk;
mod migrations;
mod postgres;
mod queue;
mod sql;
mod sqlite;

use core::fmt;

use thiserror::Error;

use self::queue::Queue;
pub(crate) use self::sql::{Row, Sql};
use crate::exit::{Exit, Failure};
use crate::fault::Fault;

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    writer: Queue,
    reader: Queue,
}

impl Store {
    /// Opens the database, and brings its tables up to date. A file is made if there is none.
    pub(crate) async fn open(url: &str) -> Result<Self, Failure> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let queue = postgres::open(url).await?;
            return Ok(Self { writer: queue.clone(), reader: queue });
        }
        let [writer, reader] = sqlite::open(url).await?;
        Ok(Self { writer, reader })
    }

    /// Does this in a transaction: all of it or, where it gives an error, nothing. What it gives is on
    /// the disk when this returns. It may be called again after what it wrote was undone.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Sql) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.writer.run(work).await
    }

    /// Does this, which only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Sql) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.reader.run(work).await
    }

    /// Whether the disk of SQLite keeps what is written.
    async fn probe(&self) -> Result<(), Fault> {
        // It is 0 already, and is written all the same.
        self.write(|sql| sql.execute("PRAGMA user_version = 0", &[]).map(drop)).await
    }

    /// Closes it, after what is under way.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// What goes wrong with a database.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// `rusqlite`'s.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// sqlx's, of PostgreSQL, or of SQLite while its tables are made.
    #[error("{0}")]
    Sqlx(#[from] sqlx::Error),
    /// A call took longer than its bound.
    #[error("the database does not answer")]
    Late,
}

impl StoreError {
    /// Why the program cannot start.
    fn at_start(self, url: &str) -> Failure {
        let reason = format!("cannot use the database {}: {self}", Self::shown(url));
        if disk::is_of_disk(&self) { Exit::Disk(reason).into() } else { reason.into() }
    }

    /// The URL without a password, which may stand before the host or in the query.
    fn shown(url: &str) -> String {
        let url = url.split('?').next().unwrap_or_default();
        match url
            .split_once("://")
            .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1)))
        {
            Some((scheme, host)) => format!("{scheme}://…@{host}"),
            None => url.to_owned(),
        }
    }
}

/// A folder for a database of a test, removed at the end.
#[cfg(test)]
pub(crate) struct TestFolder(std::path::PathBuf);

#[cfg(test)]
impl TestFolder {
    /// Makes it, with a name that no other test has.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gateway-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    pub(crate) async fn open(&self) -> Store {
        let url = format!("sqlite:{}/gateway.db", self.0.display());
        let Ok(store) = Store::open(&url).await else { panic!("{url}") };
        store
    }
}

#[cfg(test)]
impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn of_transactions_that_share_a_commit_each_is_undone_by_itself() {
        let folder = TestFolder::new("shared");
        let store = folder.open().await;
        // The first one holds the writer until all others wait, so that they share commits.
        let (all_wait, until_all_wait) = std::sync::mpsc::channel::<()>();
        let until_all_wait = std::sync::Mutex::new(until_all_wait);
        let clone = store.clone();
        let hold = move |sql: &mut dyn Sql| {
            let add = "INSERT INTO tenants (id, active, primary_token, created_at)
                VALUES ('acme', 1, ?1, 0)";
            sql.execute(add, &[[][..].into()])?;
            let _ = until_all_wait.lock().unwrap().recv();
            Ok(())
        };
        let first = tokio::spawn(async move { clone.write(hold).await });
        let mut writes = JoinSet::new();
        for number in 0..300_i64 {
            let store = store.clone();
            writes.spawn(async move {
                let write = store.write(move |sql| {
                    // Done twice, it would be an error.
                    let insert = "INSERT INTO tenant_numbers (number, tenant) VALUES (?1, 'acme')";
                    sql.execute(insert, &[number.to_string().as_str().into()])?;
                    match number % 100 {
                        98 => Err(Fault::Malformed("it fails after a write")),
                        99 => panic!("it panics after a write"),
                        _ => Ok(number),
                    }
                });
                (number, write.await)
            });
        }
        // The runtime has one thread: by now each has been sent to the writer.
        tokio::task::yield_now().await;
        drop(all_wait);
        first.await.unwrap().unwrap();
        for (number, written) in writes.join_all().await {
            assert_eq!(written.ok(), (number % 100 < 98).then_some(number), "{number}");
        }
        let count = "SELECT count(*) FROM tenant_numbers";
        let rows = store.read(move |sql| sql.query(count, &[])).await.unwrap();
        assert_eq!(rows[0].get::<i64>(0).unwrap(), 294);
        store.close().await;
    }

    #[test]
    fn no_password_of_a_url_is_shown() {
        for (url, shown) in [
            ("sqlite:gateway.db?mode=rwc", "sqlite:gateway.db"),
            ("postgres://me:p@ss@db:5432/x?sslmode=require", "postgres://…@db:5432/x"),
            ("postgres:///x?host=/run&user=me&password=p", "postgres:///x"),
        ] {
            assert_eq!(StoreError::shown(url), shown);
        }
    }
}

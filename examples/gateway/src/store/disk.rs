//! A disk that keeps nothing for a while ends the program. With 503 for every webhook it would seem to be
//! at work, and only its log would tell; a supervisor sees a process that has ended.

use core::error::Error;
use core::time::Duration;
use std::io::ErrorKind;
use std::sync::LazyLock;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Store, StoreError};

/// `SQLITE_FULL`, and of `SQLITE_IOERR` those of writing: `WRITE`, `FSYNC`, `DIR_FSYNC`, `TRUNCATE`,
/// `SHMSIZE`. Source: <https://www.sqlite.org/rescode.html>
const CODES: [i32; 6] = [13, 778, FSYNC, DIR_FSYNC, 1546, 4874];
/// Those after which the system has forgotten what it could not write, so that the next flush would succeed
/// without it.
const FSYNC: i32 = 1034;
const DIR_FSYNC: i32 = 1290;
/// How long until a full disk is tried again.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
enum State {
    Fine,
    /// Nothing could be written. There may be room later.
    Full(String),
    /// What was written could not be flushed: the system has forgotten it.
    Lost(String),
}

/// One for the process, which has one database.
static DISK: LazyLock<watch::Sender<State>> = LazyLock::new(|| watch::Sender::new(State::Fine));

/// Notes an error of the database, if the disk is why.
pub(crate) fn note(error: &StoreError) {
    let Some(code) = code_of(error).filter(|code| CODES.contains(code)) else { return };
    let is_lost = [FSYNC, DIR_FSYNC].contains(&code);
    DISK.send_if_modified(|state| {
        let is_news = matches!(state, State::Fine) || is_lost && !matches!(state, State::Lost(_));
        if is_news {
            tracing::error!(event_type = "disk_full", %error, "the disk keeps nothing");
            let reason = error.to_string();
            *state = if is_lost { State::Lost(reason) } else { State::Full(reason) };
        }
        is_news
    });
}

/// Returns once nothing could be written for so long, or is kept any more, and says why.
pub(crate) async fn lost(store: &Store, patience: Duration) -> String {
    let mut states = DISK.subscribe();
    let mut full_since = None;
    loop {
        // The sender lives as long as the process.
        let state = states.wait_for(|state| !matches!(state, State::Fine)).await;
        let (reason, is_lost) = match state.map_or(State::Fine, |state| state.clone()) {
            State::Fine => continue,
            State::Full(reason) => (reason, false),
            State::Lost(reason) => (reason, true),
        };
        let since = *full_since.get_or_insert_with(Instant::now);
        if !is_lost && store.probe().await.is_ok() {
            full_since = None;
            DISK.send_if_modified(|state| {
                let is_full = matches!(state, State::Full(_));
                if is_full {
                    *state = State::Fine;
                }
                is_full
            });
            tracing::info!(event_type = "disk_recovered", "the disk keeps again");
            continue;
        }
        let left = patience.saturating_sub(since.elapsed());
        if is_lost || left.is_zero() {
            return reason;
        }
        tokio::time::sleep(left.min(RETRY)).await;
    }
}

/// Whether the disk is why, here or in what led to it.
pub(super) fn is_of_disk(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(sqlx::Error::Io(error)) = error.downcast_ref() {
            use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
            return matches!(error.kind(), StorageFull | FileTooLarge | QuotaExceeded);
        }
        let code = match error.downcast_ref() {
            Some(error) => code_of(error),
            None => error.downcast_ref().and_then(code_of_sqlx),
        };
        if code.is_some_and(|code| CODES.contains(&code)) {
            return true;
        }
        next = error.source();
    }
    false
}

/// The extended result code of SQLite.
fn code_of(error: &StoreError) -> Option<i32> {
    match error {
        StoreError::Sqlite(error) => Some(error.sqlite_error()?.extended_code),
        StoreError::Sqlx(error) => code_of_sqlx(error),
        StoreError::Late => None,
    }
}

fn code_of_sqlx(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?;
    // The codes of PostgreSQL have five digits, or letters.
    error
        .code()?
        .parse()
        .ok()
        .filter(|_| error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{Connection as _, SqliteConnection};

    #[tokio::test]
    async fn a_full_database_is_of_the_disk_and_a_locked_or_wrong_one_is_not() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut run = async |sql: &'static str| sqlx::raw_sql(sql).execute(&mut connection).await;
        run("PRAGMA max_page_count = 2; CREATE TABLE t (bytes BLOB);").await.unwrap();
        let full = run("INSERT INTO t VALUES (randomblob(100000))").await.unwrap_err();
        assert!(is_of_disk(&full), "{full}");
        let wrong = run("INSERT INTO nowhere VALUES (1)").await.unwrap_err();
        assert!(!is_of_disk(&wrong), "{wrong}");
        assert!(!is_of_disk(&sqlx::Error::PoolTimedOut));
        assert!(is_of_disk(&sqlx::Error::Io(ErrorKind::StorageFull.into())));
        let migration = sqlx::migrate::MigrateError::Execute(full);
        assert!(is_of_disk(&migration), "{migration}");
    }

    #[test]
    fn each_driver_says_which_it_is() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE t (bytes BLOB)").unwrap();
        let run = |sql| StoreError::from(connection.execute_batch(sql).unwrap_err());
        assert!(is_of_disk(&run("INSERT INTO t VALUES (randomblob(100000))")));
        assert!(!is_of_disk(&run("INSERT INTO nowhere VALUES (1)")));
        assert!(!is_of_disk(&StoreError::Late));
    }
}

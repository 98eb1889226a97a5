//! A disk that keeps nothing for a while ends the program. With 503 for every webhook it would seem to be
//! at work, and only its log would tell; a supervisor sees a process that has ended.

use core::error::Error;
use core::time::Duration;
use std::io::ErrorKind;
use std::sync::LazyLock;

use sqlx::error::DatabaseError;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Store;

/// `SQLITE_FULL`, and of `SQLITE_IOERR` those of writing: `WRITE`, `FSYNC`, `DIR_FSYNC`, `TRUNCATE`,
/// `SHMSIZE`. Source: <https://www.sqlite.org/rescode.html>
const CODES: [&str; 6] = ["13", "778", "1034", "1290", "1546", "4874"];
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
pub(crate) fn note(error: &(dyn Error + 'static)) {
    if !is_of_disk(error) {
        return;
    }
    DISK.send_if_modified(|state| {
        let is_news = matches!(state, State::Fine);
        if is_news {
            tracing::error!(event_type = "disk_full", %error, "the disk keeps nothing");
            *state = State::Full(error.to_string());
        }
        is_news
    });
}

/// Notes that nothing is kept any more, whatever room there will be.
pub(super) fn lose(reason: String) {
    DISK.send_replace(State::Lost(reason));
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
        match error.downcast_ref::<sqlx::Error>() {
            Some(sqlx::Error::Database(error)) if is_code_of_disk(&**error) => return true,
            Some(sqlx::Error::Io(error)) => {
                use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
                return matches!(error.kind(), StorageFull | FileTooLarge | QuotaExceeded);
            }
            _ => next = error.source(),
        }
    }
    false
}

fn is_code_of_disk(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| CODES.contains(&&*code))
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
}

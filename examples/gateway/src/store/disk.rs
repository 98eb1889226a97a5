//! A disk that keeps nothing more ends the program. With 503 for every webhook it would seem to be at
//! work, and only its log would tell; a process that has ended is seen by whatever watches it.

use core::error::Error;
use std::io::ErrorKind;
use std::sync::LazyLock;

use sqlx::error::DatabaseError;
use tokio::sync::watch;

/// `SQLITE_FULL`, and of `SQLITE_IOERR` those of writing: `WRITE`, `FSYNC`, `DIR_FSYNC`, `TRUNCATE`,
/// `SHMSIZE`. Source: <https://www.sqlite.org/rescode.html>
const CODES: [&str; 6] = ["13", "778", "1034", "1290", "1546", "4874"];

/// One for the process, which has one database. It holds the first reason.
static LOST: LazyLock<watch::Sender<Option<String>>> = LazyLock::new(|| watch::Sender::new(None));

/// Notes an error of the database, if the disk is why.
pub(crate) fn note(error: &(dyn Error + 'static)) {
    if is_of_disk(error) {
        lose(error.to_string());
    }
}

/// Notes that nothing is kept any more.
pub(super) fn lose(reason: String) {
    LOST.send_if_modified(|first| first.is_none() && first.replace(reason).is_none());
}

/// Returns once nothing is kept any more, and says why.
pub(crate) async fn lost() -> String {
    let mut reasons = LOST.subscribe();
    // The sender lives as long as the process.
    let reason = reasons.wait_for(Option::is_some).await;
    reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
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

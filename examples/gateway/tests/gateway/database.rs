//! The database of a test: SQLite in its folder, as by default.

use core::time::Duration;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

pub(crate) struct Database(PathBuf);

impl Database {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("gateway.db"))
    }

    /// What the program is told of it.
    #[expect(clippy::unused_self, reason = "other databases have settings")]
    pub(crate) const fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    pub(crate) fn connect(&self) -> Connection {
        let connection = Connection::open(&self.0).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
    }

    /// Rows, each as its columns in one text, and NULL as a dash.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        let connection = self.connect();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            let column = |at| match row.get_ref_unwrap(at) {
                ValueRef::Null => "-".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                ValueRef::Real(number) => number.to_string(),
            };
            Ok((0..columns).map(column).collect::<Vec<_>>().join(" "))
        };
        statement.query_map((), text).unwrap().map(Result::unwrap).collect()
    }
}

//! The tables, in the order in which they grew. What has landed is never changed.

use alloc::borrow::Cow;

use sqlx::error::BoxDynError;
use sqlx::migrate::{MigrateError, Migration, MigrationSource, MigrationType, Migrator};

use super::{StoreError, disk};
use crate::exit::{Exit, Failure};

/// Each with its version and its name.
type Migrations = &'static [(i64, &'static str, &'static str)];

const SQLITE: Migrations =
    &[(1, "gateway", include_str!("../../migrations/sqlite/0001_gateway.sql"))];
const POSTGRES: Migrations =
    &[(1, "gateway", include_str!("../../migrations/postgres/0001_gateway.sql"))];

pub(super) async fn sqlite() -> Result<Migrator, MigrateError> {
    Migrator::new(Schema(SQLITE)).await
}

pub(super) async fn postgres() -> Result<Migrator, MigrateError> {
    Migrator::new(Schema(POSTGRES)).await
}

/// Those that are compiled in.
#[derive(Debug)]
struct Schema(Migrations);

impl MigrationSource<'static> for Schema {
    fn resolve(
        self,
    ) -> core::pin::Pin<Box<dyn Future<Output = Result<Vec<Migration>, BoxDynError>> + Send>> {
        let migrations = self.0.iter().map(|&(version, name, sql)| {
            let (name, sql) = (Cow::Borrowed(name), Cow::Borrowed(sql));
            Migration::new(version, name, MigrationType::Simple, sql, false)
        });
        let migrations = migrations.collect();
        Box::pin(async { Ok(migrations) })
    }
}

/// Why the program ends, and what may be done where that is known.
pub(super) fn failed(url: &str, error: MigrateError) -> Failure {
    let is_of_disk = disk::is_of_disk(&error);
    let reason = match error {
        MigrateError::VersionMissing(version) => format!(
            "migration {version} is not one of this program; a newer gateway has used the database"
        ),
        MigrateError::VersionMismatch(version) => format!(
            "migration {version} is another than the one that was applied; restore a backup"
        ),
        MigrateError::Execute(error) if !is_of_disk => {
            return StoreError::from(error).at_start(url);
        }
        other => other.to_string(),
    };
    if is_of_disk {
        Exit::Disk(reason).into()
    } else {
        Exit::Tables { url: StoreError::shown(url), reason }.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_both_are_the_same() {
        let tables = |(version, name, sql): (i64, &'static str, &str), own_types: [&str; 3]| {
            let common = ["NUMBER OF ITS OWN", "BYTES", "NUMBER"];
            let sql = own_types
                .iter()
                .zip(common)
                .fold(sql.to_owned(), |sql, (own, common)| sql.replace(own, common));
            let sql = sql.replace(" WITHOUT ROWID", "");
            let is_code = |line: &&str| !line.trim_start().starts_with("--");
            (version, name, sql.lines().filter(is_code).collect::<Vec<_>>().join("\n"))
        };
        for (sqlite, postgres) in SQLITE.iter().zip(POSTGRES) {
            let attempts = "id INTEGER PRIMARY KEY,\n    request_id";
            let identity = "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    request_id";
            assert_eq!(
                tables(*sqlite, [attempts, "BLOB", "INTEGER"]),
                tables(*postgres, [identity, "BYTEA", "BIGINT"])
            );
        }
        assert_eq!(SQLITE.len(), POSTGRES.len());
    }
}

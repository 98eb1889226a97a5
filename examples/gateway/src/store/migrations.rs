//! The tables, in the order in which they grew. What has landed is never changed.

use alloc::borrow::Cow;

use sqlx::error::BoxDynError;
use sqlx::migrate::{MigrateError, Migration, MigrationSource, MigrationType, Migrator};

use super::{StoreError, disk};
use crate::exit::{Exit, Failure};

/// Each with its version and its name.
type Migrations = &'static [(i64, &'static str, &'static str)];

const SQLITE: Migrations = &[
    (1, "gateway", include_str!("../../migrations/sqlite/0001_gateway.sql")),
    (2, "numbers", include_str!("../../migrations/sqlite/0002_numbers.sql")),
];
const POSTGRES: Migrations = &[
    (1, "gateway", include_str!("../../migrations/postgres/0001_gateway.sql")),
    (2, "numbers", include_str!("../../migrations/postgres/0002_numbers.sql")),
];

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
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions as _, Connection as _};

    use super::*;
    use crate::store::{Sql, TestFolder};

    #[tokio::test]
    async fn what_an_older_gateway_has_kept_is_there_with_numbers() {
        let folder = TestFolder::new("older");
        let path = folder.path().join("gateway.db");
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        let first = Migrator::new(Schema(&SQLITE[..1])).await.unwrap();
        first.run(&mut connection).await.unwrap();
        // The job of the first event is done, that of the second is dead, and the third has none. One is left of an
        // event that is gone, and one of a life before of the second.
        let rows = "INSERT INTO inbox (id, mac, tenant, event_key, url, body, coverage, key_position, answer,
                received_at, handled_at)
            VALUES ('evt_b', x'02', 'acme', 'b', 'u', x'0b', 'form', 0, x'b0', 20, NULL),
                ('evt_a', x'01', 'acme', 'a', 'u', x'0a', 'form', 0, x'a0', 10, 11),
                ('evt_c', x'03', 'acme', 'c', 'u', x'0c', 'form', 0, x'c0', 30, 30);
            INSERT INTO jobs (id, inbox_id, kind, payload, state, attempts, due_at, created_at)
            VALUES ('evt_a:recording', 'evt_a', 'recording', 'a', 'done', 1, 11, 10),
                ('evt_b:recording', 'evt_b', 'recording', 'z', 'done', 1, 2, 1),
                ('evt_b:delivery', 'evt_b', 'delivery', 'b', 'dead', 9, 22, 20),
                ('evt_y:recording', 'evt_y', 'recording', 'y', 'done', 1, 4, 3);";
        sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();

        let store = folder.open().await;
        let kept = store.read(|sql: &mut dyn Sql| {
            sql.query(
                "SELECT inbox.number || ' ' || id || ' ' || hex(mac) || hex(body) || hex(answer)
                    || coalesce(' ' || payload || ' ' || state || ' ' || attempts || ' ' || due_at, '')
                FROM inbox LEFT JOIN jobs ON jobs.number = inbox.number ORDER BY inbox.number",
                &[],
            )
        });
        let kept = kept.await.unwrap();
        let kept: Vec<String> = kept.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(
            kept,
            ["1 evt_a 010AA0 a done 1 11", "2 evt_b 020BB0 b dead 9 22", "3 evt_c 030CC0"]
        );
        let jobs = store.read(|sql| sql.query("SELECT 1 FROM jobs", &[])).await.unwrap();
        assert_eq!(jobs.len(), 2);
        store.close().await;
    }

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
            let (own, identity) =
                ("INTEGER PRIMARY KEY,\n", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n");
            assert_eq!(
                tables(*sqlite, [own, "BLOB", "INTEGER"]),
                tables(*postgres, [identity, "BYTEA", "BIGINT"])
            );
        }
        assert_eq!(SQLITE.len(), POSTGRES.len());
    }
}

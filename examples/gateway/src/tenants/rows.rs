//! The tenants in the database.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::clock;
use crate::fault::Fault;
use crate::store::Store;

/// A tenant, with its tokens sealed.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) account_sid: Option<String>,
    pub(crate) active: bool,
    pub(crate) primary_token: Vec<u8>,
    pub(crate) secondary_token: Option<Vec<u8>>,
    pub(crate) primary_used_at: Option<i64>,
    pub(crate) secondary_used_at: Option<i64>,
    pub(crate) numbers: Vec<String>,
}

impl Row {
    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            account_sid: row.try_get("account_sid")?,
            active: row.try_get::<i64, _>("active")? != 0,
            primary_token: row.try_get("primary_token")?,
            secondary_token: row.try_get("secondary_token")?,
            primary_used_at: row.try_get("primary_used_at")?,
            secondary_used_at: row.try_get("secondary_used_at")?,
            numbers: Vec::new(),
        })
    }
}

/// How often the tenants were changed.
pub(crate) async fn changes(store: &Store) -> Result<i64, sqlx::Error> {
    let query = sqlx::query_scalar("SELECT count FROM tenant_changes WHERE id = 1");
    query.fetch_one(store.reader()).await
}

/// All tenants, in the order of their ids.
pub(crate) async fn all(store: &Store) -> Result<Vec<Row>, sqlx::Error> {
    let query = sqlx::query("SELECT * FROM tenants ORDER BY id");
    let found = query.fetch_all(store.reader()).await?;
    let mut rows = found.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
    let numbers = sqlx::query_as::<_, (String, String)>(
        "SELECT tenant, number FROM tenant_numbers ORDER BY number",
    );
    for (tenant, number) in numbers.fetch_all(store.reader()).await? {
        if let Some(row) = rows.iter_mut().find(|row| row.id == tenant) {
            row.numbers.push(number);
        }
    }
    Ok(rows)
}

/// Adds a tenant. False if the id or one of the numbers is taken.
pub(crate) async fn add(
    store: &Store,
    id: &str,
    account_sid: Option<&str>,
    numbers: &[String],
    token: &[u8],
) -> Result<bool, Fault> {
    let mut transaction = store.begin().await?;
    let tenant = sqlx::query(
        "INSERT INTO tenants (id, account_sid, active, primary_token, created_at)
        VALUES ($1, $2, 1, $3, $4) ON CONFLICT DO NOTHING",
    );
    let tenant = tenant.bind(id).bind(account_sid).bind(token).bind(clock::now());
    let mut is_new = tenant.execute(&mut *transaction).await?.rows_affected() == 1;
    for number in numbers {
        let query = sqlx::query(
            "INSERT INTO tenant_numbers (number, tenant) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        );
        let done = query.bind(number).bind(id).execute(&mut *transaction).await?;
        is_new &= done.rows_affected() == 1;
    }
    if is_new {
        sqlx::query(COUNT_CHANGE).execute(&mut *transaction).await?;
        store.commit(transaction).await?;
    }
    Ok(is_new)
}

/// Makes `token` the primary one, and the primary one the secondary. False if there is no such tenant.
pub(crate) async fn rotate(store: &Store, id: &str, token: &[u8]) -> Result<bool, Fault> {
    let query = sqlx::query(
        "UPDATE tenants SET secondary_token = primary_token, primary_token = $2,
            secondary_used_at = primary_used_at, primary_used_at = NULL, rotated_at = $3
        WHERE id = $1",
    );
    change(store, query.bind(id).bind(token).bind(clock::now())).await
}

/// Removes the secondary token. False if there is no such tenant.
pub(crate) async fn drop_secondary(store: &Store, id: &str) -> Result<bool, Fault> {
    let query = sqlx::query(
        "UPDATE tenants SET secondary_token = NULL, secondary_used_at = NULL WHERE id = $1",
    );
    change(store, query.bind(id)).await
}

/// Switches a tenant on or off. False if there is no such tenant.
pub(crate) async fn set_active(store: &Store, id: &str, active: bool) -> Result<bool, Fault> {
    let query = sqlx::query("UPDATE tenants SET active = $2 WHERE id = $1");
    change(store, query.bind(id).bind(i64::from(active))).await
}

/// Notes when a key was last used.
pub(crate) async fn mark_used(
    store: &Store,
    id: &str,
    position: usize,
    at: i64,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(if position == 0 {
        "UPDATE tenants SET primary_used_at = $2 WHERE id = $1"
    } else {
        "UPDATE tenants SET secondary_used_at = $2 WHERE id = $1"
    });
    query.bind(id).bind(at).execute(store.writer()).await?;
    Ok(())
}

const COUNT_CHANGE: &str = "UPDATE tenant_changes SET count = count + 1 WHERE id = 1";

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments<'q>>;

async fn change(store: &Store, query: Query<'_>) -> Result<bool, Fault> {
    let mut transaction = store.begin().await?;
    let changed = query.execute(&mut *transaction).await?.rows_affected() == 1;
    sqlx::query(COUNT_CHANGE).execute(&mut *transaction).await?;
    store.commit(transaction).await?;
    Ok(changed)
}

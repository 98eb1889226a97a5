//! The tenants in the database.

use crate::clock;
use crate::fault::Fault;
use crate::store::{Row, Sql, Store};

/// A tenant, with its tokens sealed.
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) account_sid: Option<String>,
    pub(crate) active: bool,
    pub(crate) primary_token: Vec<u8>,
    pub(crate) secondary_token: Option<Vec<u8>>,
    pub(crate) primary_used_at: Option<i64>,
    pub(crate) secondary_used_at: Option<i64>,
    pub(crate) numbers: Vec<String>,
}

const COLUMNS: &str = "SELECT id, account_sid, active, primary_token, secondary_token, \
    primary_used_at, secondary_used_at FROM tenants ORDER BY id";

impl Tenant {
    fn of(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            id: row.get(0)?,
            account_sid: row.get(1)?,
            active: row.get::<i64>(2)? != 0,
            primary_token: row.get(3)?,
            secondary_token: row.get(4)?,
            primary_used_at: row.get(5)?,
            secondary_used_at: row.get(6)?,
            numbers: Vec::new(),
        })
    }
}

/// How often the tenants were changed.
pub(crate) async fn changes(store: &Store) -> Result<i64, Fault> {
    let count = "SELECT count FROM tenant_changes WHERE id = 1";
    let rows = store.read(|sql| sql.query(count, &[])).await?;
    rows.first().ok_or_else(|| Fault::Unavailable("tenant_changes is empty".into()))?.get(0)
}

/// All tenants, in the order of their ids.
pub(crate) async fn all(store: &Store) -> Result<Vec<Tenant>, Fault> {
    let (found, numbers) = store
        .read(|sql| {
            let numbers = "SELECT tenant, number FROM tenant_numbers ORDER BY number";
            Ok((sql.query(COLUMNS, &[])?, sql.query(numbers, &[])?))
        })
        .await?;
    let mut tenants = found.iter().map(Tenant::of).collect::<Result<Vec<_>, _>>()?;
    for row in numbers {
        let (id, number): (String, String) = (row.get(0)?, row.get(1)?);
        if let Some(tenant) = tenants.iter_mut().find(|tenant| tenant.id == id) {
            tenant.numbers.push(number);
        }
    }
    Ok(tenants)
}

/// Adds a tenant. False if the id or one of the numbers is taken.
pub(crate) async fn add(
    store: &Store,
    id: &str,
    account_sid: Option<&str>,
    numbers: &[String],
    token: &[u8],
) -> Result<bool, Fault> {
    let (id, account_sid) = (id.to_owned(), account_sid.map(str::to_owned));
    let (numbers, token) = (numbers.to_vec(), token.to_vec());
    let add = store.write(move |sql| {
        let row =
            [(&id).into(), account_sid.as_deref().into(), token[..].into(), clock::now().into()];
        let mut added = sql.execute(
            "INSERT INTO tenants (id, account_sid, active, primary_token, created_at)
            VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO NOTHING",
            &row,
        )?;
        for number in &numbers {
            let insert = "INSERT INTO tenant_numbers (number, tenant) VALUES (?1, ?2)
                ON CONFLICT DO NOTHING";
            added = added.min(sql.execute(insert, &[number.into(), (&id).into()])?);
        }
        sql.execute(COUNT_CHANGE, &[])?;
        // An error undoes what was added before.
        if added == 1 { Ok(()) } else { Err(Fault::Malformed(TAKEN)) }
    });
    match add.await {
        Ok(()) => Ok(true),
        Err(Fault::Malformed(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Makes `token` the primary one, and the primary one the secondary. False if there is no such tenant.
pub(crate) async fn rotate(store: &Store, id: &str, token: &[u8]) -> Result<bool, Fault> {
    let token = token.to_vec();
    change(store, id, move |sql, id| {
        sql.execute(
            "UPDATE tenants SET secondary_token = primary_token, primary_token = ?2,
                secondary_used_at = primary_used_at, primary_used_at = NULL, rotated_at = ?3
            WHERE id = ?1",
            &[id.into(), token[..].into(), clock::now().into()],
        )
    })
    .await
}

/// Removes the secondary token. False if there is no such tenant.
pub(crate) async fn drop_secondary(store: &Store, id: &str) -> Result<bool, Fault> {
    change(store, id, |sql, id| {
        sql.execute(
            "UPDATE tenants SET secondary_token = NULL, secondary_used_at = NULL WHERE id = ?1",
            &[id.into()],
        )
    })
    .await
}

/// Switches a tenant on or off. False if there is no such tenant.
pub(crate) async fn set_active(store: &Store, id: &str, active: bool) -> Result<bool, Fault> {
    change(store, id, move |sql, id| {
        let set = "UPDATE tenants SET active = ?2 WHERE id = ?1";
        sql.execute(set, &[id.into(), i64::from(active).into()])
    })
    .await
}

/// Notes when a key was last used.
pub(crate) async fn mark_used(
    store: &Store,
    id: &str,
    position: usize,
    at: i64,
) -> Result<(), Fault> {
    let id = id.to_owned();
    let mark = if position == 0 {
        "UPDATE tenants SET primary_used_at = ?2 WHERE id = ?1"
    } else {
        "UPDATE tenants SET secondary_used_at = ?2 WHERE id = ?1"
    };
    store.write(move |sql| sql.execute(mark, &[(&id).into(), at.into()])).await.map(drop)
}

const TAKEN: &str = "the id or a number is taken";
const COUNT_CHANGE: &str = "UPDATE tenant_changes SET count = count + 1 WHERE id = 1";

async fn change(
    store: &Store,
    id: &str,
    update: impl Fn(&mut dyn Sql, &str) -> Result<u64, Fault> + Send + 'static,
) -> Result<bool, Fault> {
    let id = id.to_owned();
    let changed = store.write(move |sql| {
        let changed = update(sql, &id)?;
        sql.execute(COUNT_CHANGE, &[])?;
        Ok(changed)
    });
    Ok(changed.await? == 1)
}

//! A row of the webhook log.

use sqlx::{QueryBuilder, SqliteConnection};

/// What is kept of an attempt.
#[derive(Debug)]
pub(crate) struct Record {
    pub(super) request_id: String,
    pub(super) at: i64,
    pub(super) event_type: String,
    pub(super) status: &'static str,
    pub(super) http_status: u16,
    pub(super) reason: Option<&'static str>,
    pub(super) tenant: Option<String>,
    pub(super) ip: Option<String>,
    pub(super) url: String,
    pub(super) sid: Option<String>,
    pub(super) inbox_id: Option<String>,
    pub(super) headers: String,
    pub(super) payload: String,
    pub(super) duration_us: i64,
    pub(super) diagnosis: Option<String>,
}

impl Record {
    /// Writes these rows, with one statement: each waits for the thread of SQLite.
    pub(super) async fn insert(
        rows: &[Self],
        connection: &mut SqliteConnection,
    ) -> Result<(), sqlx::Error> {
        let mut query = QueryBuilder::new(
            "INSERT INTO attempts (request_id, at, provider, event_type, status, http_status,
                reason, tenant, ip, url, sid, inbox_id, headers, payload, duration_us, diagnosis) ",
        );
        query.push_values(rows, |mut values, row| {
            values.push_bind(&row.request_id).push_bind(row.at).push("'twilio'");
            values.push_bind(&row.event_type).push_bind(row.status).push_bind(row.http_status);
            values.push_bind(row.reason).push_bind(&row.tenant).push_bind(&row.ip);
            values.push_bind(&row.url).push_bind(&row.sid).push_bind(&row.inbox_id);
            values.push_bind(&row.headers).push_bind(&row.payload).push_bind(row.duration_us);
            values.push_bind(&row.diagnosis);
        });
        // Each number of rows is a statement of its own.
        query.build().persistent(false).execute(connection).await?;
        Ok(())
    }
}

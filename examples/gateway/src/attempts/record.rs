//! A row of the webhook log.

use sqlx::SqliteConnection;

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
    pub(super) async fn insert(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "INSERT INTO attempts (request_id, at, provider, event_type, status, http_status,
                reason, tenant, ip, url, sid, inbox_id, headers, payload, duration_us, diagnosis)
            VALUES ($1, $2, 'twilio', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        );
        let query = query.bind(&self.request_id).bind(self.at).bind(&self.event_type);
        let query = query.bind(self.status).bind(self.http_status).bind(self.reason);
        let query = query.bind(&self.tenant).bind(&self.ip).bind(&self.url).bind(&self.sid);
        let query = query.bind(&self.inbox_id);
        let query = query.bind(&self.headers).bind(&self.payload).bind(self.duration_us);
        query.bind(&self.diagnosis).execute(connection).await?;
        Ok(())
    }
}

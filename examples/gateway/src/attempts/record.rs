//! A row of the webhook log.

use crate::fault::Fault;
use crate::store::Sql;

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
    /// Empty for an event, whose body is in the inbox.
    pub(super) payload: String,
    pub(super) duration_us: i64,
    pub(super) diagnosis: Option<String>,
}

impl Record {
    pub(super) fn insert(&self, sql: &mut dyn Sql) -> Result<(), Fault> {
        let inserted = sql.execute(
            "INSERT INTO attempts (request_id, at, provider, event_type, status, http_status, reason,
                tenant, ip, url, sid, inbox_id, headers, payload, duration_us, diagnosis)
            VALUES (?1, ?2, 'twilio', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            &[
                (&self.request_id).into(),
                self.at.into(),
                (&self.event_type).into(),
                self.status.into(),
                i64::from(self.http_status).into(),
                self.reason.into(),
                self.tenant.as_deref().into(),
                self.ip.as_deref().into(),
                (&self.url).into(),
                self.sid.as_deref().into(),
                self.inbox_id.as_deref().into(),
                (&self.headers).into(),
                (&self.payload).into(),
                self.duration_us.into(),
                self.diagnosis.as_deref().into(),
            ],
        );
        inserted.map(drop)
    }
}

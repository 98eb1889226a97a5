//! Messages, and what became of those that were sent: `/v1/webhooks/twilio` and `…/status`.

use axum::extract::State;
use axum::{Form, Router, routing::post};
use serde::Deserialize;
use twilio_sig_tower::VerifiedWebhook;
use twilio_sig_tower::extract::Proven;

use super::id;
use super::status::message_rank;
use crate::app::App;
use crate::clock;
use crate::events::{Event, Stop};
use crate::fault::Fault;
use crate::reply::Reply;
use crate::settings::UnknownMessages;
use crate::store::Sql;

/// Twilio reads TwiML of these.
pub(super) fn twiml() -> Router<App> {
    Router::new().route("/v1/webhooks/twilio", post(receive))
}

/// Twilio reads nothing of these but the status.
pub(super) fn json() -> Router<App> {
    Router::new().route("/v1/webhooks/twilio/status", post(status))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "Twilio names them so")]
pub(super) struct Message {
    message_sid: Option<String>,
    /// The older name, which some webhooks have alone.
    sms_sid: Option<String>,
    from: String,
    to: String,
}

/// A message came in.
async fn receive(
    State(app): State<App>,
    proof: Proven<VerifiedWebhook>,
    message: Proven<Form<Message>>,
) -> Result<Reply, Stop> {
    let (event, message) = (Event::of(&proof, None)?, message.into_inner());
    app.events
        .record(event, Reply::twiml(""), None, move |sql, event| message.keep(sql, event))
        .await
}

impl Message {
    fn sid(&self) -> Result<&str, Fault> {
        sid(self.message_sid.as_deref(), self.sms_sid.as_deref())
    }

    /// It stays as it is if it is known.
    pub(super) fn keep(&self, sql: &mut dyn Sql, event: &Event) -> Result<(), Fault> {
        let (tenant, sid) = (&event.tenant, self.sid()?);
        let stored = sql.execute(
            "INSERT INTO messages
                (tenant, sid, direction, sender, recipient, status, status_rank, updated_at)
            VALUES (?1, ?2, 'inbound', ?3, ?4, 'received', 0, ?5) ON CONFLICT DO NOTHING",
            &[
                tenant.into(),
                sid.into(),
                (&self.from).into(),
                (&self.to).into(),
                clock::now().into(),
            ],
        );
        stored.map(drop)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "Twilio names them so")]
struct Status {
    message_sid: Option<String>,
    sms_sid: Option<String>,
    message_status: Option<String>,
    sms_status: Option<String>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    error_code: Option<String>,
}

/// Something became of a message.
async fn status(
    State(app): State<App>,
    proof: Proven<VerifiedWebhook>,
    status: Proven<Form<Status>>,
) -> Result<Reply, Stop> {
    let (event, status) = (Event::of(&proof, None)?, status.into_inner());
    let unknown = app.settings.unknown_messages;
    let keep = move |sql: &mut dyn Sql, event: &Event| status.keep(sql, &event.tenant, unknown);
    app.events.record(event, Reply::success(), None, keep).await.map_err(Stop::told)
}

impl Status {
    fn keep(&self, sql: &mut dyn Sql, tenant: &str, unknown: UnknownMessages) -> Result<(), Fault> {
        let sid = sid(self.message_sid.as_deref(), self.sms_sid.as_deref())?;
        if unknown == UnknownMessages::Reject {
            let known = "SELECT 1 FROM messages WHERE tenant = ?1 AND sid = ?2";
            if sql.query(known, &[tenant.into(), sid.into()])?.is_empty() {
                return Err(Fault::Unknown("no such message"));
            }
        }
        // A status that Twilio adds to its list is no reason to refuse the callback.
        let status = self.message_status.as_ref().or(self.sms_status.as_ref());
        let known = status.and_then(|status| Some((status, message_rank(status)?)));
        let Some((status, rank)) = known else { return Ok(()) };
        let stored = sql.execute(
            "INSERT INTO messages (tenant, sid, direction, sender, recipient, status, status_rank,
                error_code, updated_at)
            VALUES (?1, ?2, 'outbound', ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (tenant, sid) DO UPDATE SET
                status = excluded.status, status_rank = excluded.status_rank,
                error_code = excluded.error_code, updated_at = excluded.updated_at
            WHERE excluded.status_rank > messages.status_rank",
            &[
                tenant.into(),
                sid.into(),
                (&self.from).into(),
                (&self.to).into(),
                status.into(),
                rank.into(),
                self.error_code.as_deref().into(),
                clock::now().into(),
            ],
        );
        stored.map(drop)
    }
}

fn sid<'a>(message_sid: Option<&'a str>, sms_sid: Option<&'a str>) -> Result<&'a str, Fault> {
    let sid = message_sid.or(sms_sid);
    id::bounded(sid.ok_or(Fault::Malformed("there is neither MessageSid nor SmsSid"))?)
}

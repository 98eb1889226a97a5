//! Calls: `/api/webhooks/twilio/{voice,consent,status,recording}?callId=…`.

use axum::extract::State;
use axum::{Form, Router, routing::post};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use twilio_sig::dedup::Template;
use twilio_sig_tower::VerifiedWebhook;
use twilio_sig_tower::extract::Proven;

use super::id;
use super::status::{LAST_CALL_RANK, call_state};
use crate::app::App;
use crate::clock;
use crate::events::{Event, Stop};
use crate::fault::Fault;
use crate::jobs::{Recording, Work};
use crate::reply::Reply;
use crate::store::Sql;

/// Twilio reads TwiML of these.
pub(super) fn twiml() -> Router<App> {
    Router::new()
        .route("/api/webhooks/twilio/voice", post(voice))
        .route("/api/webhooks/twilio/consent", post(consent))
}

/// Twilio reads nothing of these but the status.
pub(super) fn json() -> Router<App> {
    Router::new()
        .route("/api/webhooks/twilio/status", post(status))
        .route("/api/webhooks/twilio/recording", post(recording))
}

/// The id that the service has put into the URL when it made the call; the URL is signed. Missing or too long: 400.
fn call_id(proof: &VerifiedWebhook) -> Result<String, Fault> {
    let query = proof.query_params();
    let id = query.get("callId").filter(|id| !id.is_empty());
    let id = id.ok_or(Fault::Malformed("callId is missing"))?;
    id::bounded(id).map(str::to_owned)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "Twilio names them so")]
struct Call {
    call_sid: String,
    call_status: Option<String>,
    call_duration: Option<String>,
    digits: Option<String>,
}

/// The call is there: a greeting, and the question.
async fn voice(
    State(app): State<App>,
    proof: Proven<VerifiedWebhook>,
    call: Proven<Form<Call>>,
) -> Result<Reply, Stop> {
    let (event, call, id) = (Event::of(&proof, None)?, call.into_inner(), call_id(&proof)?);
    // The id keeps nothing that means anything in XML.
    let in_url = utf8_percent_encode(&id, NON_ALPHANUMERIC);
    let verbs = format!(
        "<Gather numDigits=\"1\" action=\"consent?callId={in_url}\" method=\"POST\">\
         <Say>Hello. This call is recorded. Press 1 if you agree.</Say></Gather>\
         <Say>We heard nothing. Goodbye.</Say><Hangup/>"
    );
    let keep = move |sql: &mut dyn Sql, event: &Event| call.keep_state(sql, &event.tenant, &id);
    app.events.record(event, Reply::twiml(&verbs), None, keep).await
}

/// The answer to the question: 1 goes on, any other hangs up.
async fn consent(
    State(app): State<App>,
    proof: Proven<VerifiedWebhook>,
    call: Proven<Form<Call>>,
) -> Result<Reply, Stop> {
    // The result of a `<Gather>` has no identity of its own; here a call is asked once.
    let key = Template::parse("{CallSid}:consent").map_err(|_| Fault::Malformed("no key"))?;
    let (event, call, id) = (Event::of(&proof, Some(&key))?, call.into_inner(), call_id(&proof)?);
    let is_given = call.digits.as_deref() == Some("1");
    let in_url = utf8_percent_encode(&id, NON_ALPHANUMERIC);
    let verbs = if is_given {
        format!(
            "<Say>Thank you.</Say><Record recordingStatusCallback=\"recording?callId={in_url}\"/>"
        )
    } else {
        "<Say>Then goodbye.</Say><Hangup/>".to_owned()
    };
    let keep = move |sql: &mut dyn Sql, event: &Event| {
        call.keep_state(sql, &event.tenant, &id)?;
        let stored = sql.execute(
            "UPDATE calls SET consent_given = ?3 WHERE tenant = ?1 AND call_id = ?2",
            &[(&event.tenant).into(), (&id).into(), i64::from(is_given).into()],
        );
        stored.map(drop)
    };
    app.events.record(event, Reply::twiml(&verbs), None, keep).await
}

/// Something became of the call.
async fn status(
    State(app): State<App>,
    proof: Proven<VerifiedWebhook>,
    call: Proven<Form<Call>>,
) -> Result<Reply, Stop> {
    let (event, call, id) = (Event::of(&proof, None)?, call.into_inner(), call_id(&proof)?);
    let keep = move |sql: &mut dyn Sql, event: &Event| call.keep_state(sql, &event.tenant, &id);
    app.events.record(event, Reply::success(), None, keep).await.map_err(Stop::told)
}

impl Call {
    /// Moves the state of the call on, and never back.
    fn keep_state(&self, sql: &mut dyn Sql, tenant: &str, id: &str) -> Result<(), Fault> {
        let status = self.call_status.as_deref().and_then(call_state);
        let (state, rank) = status.unwrap_or(("pending", 0));
        let duration = self.call_duration.as_ref().and_then(|text| text.parse::<i64>().ok());
        let now = clock::now();
        let stored = sql.execute(
            "INSERT INTO calls
                (tenant, call_id, sid, state, state_rank, duration_s, completed_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (tenant, call_id) DO UPDATE SET
                sid = excluded.sid, state = excluded.state, state_rank = excluded.state_rank,
                duration_s = excluded.duration_s, completed_at = excluded.completed_at,
                updated_at = excluded.updated_at
            WHERE excluded.state_rank > calls.state_rank",
            &[
                tenant.into(),
                id.into(),
                (&self.call_sid).into(),
                state.into(),
                rank.into(),
                duration.into(),
                (rank == LAST_CALL_RANK).then_some(now).into(),
                now.into(),
            ],
        );
        stored.map(drop)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "Twilio names them so")]
struct Recorded {
    recording_sid: Option<String>,
    recording_url: Option<String>,
    recording_status: String,
    recording_duration: Option<String>,
}

/// A recording is ready, or is not.
async fn recording(
    State(app): State<App>,
    proof: Proven<VerifiedWebhook>,
    recorded: Proven<Form<Recorded>>,
) -> Result<Reply, Stop> {
    let (event, call_id) = (Event::of(&proof, None)?, call_id(&proof)?);
    let work = recorded.ready(&event.tenant, call_id)?.map(Work::Recording);
    app.events.record(event, Reply::success(), work, |_, _| Ok(())).await.map_err(Stop::told)
}

impl Recorded {
    /// What is to be kept. `in-progress` and `absent` have nothing yet, or never.
    fn ready(&self, tenant: &str, call_id: String) -> Result<Option<Recording>, Fault> {
        let (Some(sid), Some(url)) = (&self.recording_sid, &self.recording_url) else {
            return Ok(None);
        };
        if self.recording_status != "completed" {
            return Ok(None);
        }
        Ok(Some(Recording {
            tenant: tenant.to_owned(),
            sid: id::bounded(sid)?.to_owned(),
            call_id,
            media_url: format!("{url}.mp3"),
            duration_s: self.recording_duration.as_ref().and_then(|text| text.parse().ok()),
        }))
    }
}

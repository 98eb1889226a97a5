//! `/api/v1/whatsapp/webhook`: messages, on a route that may refuse what it has seen.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Form, Router, routing::post};
use twilio_sig_tower::VerifiedWebhook;
use twilio_sig_tower::extract::Proven;

use super::message::Message;
use crate::app::App;
use crate::events::{Event, Stop};
use crate::reply::Reply;
use crate::settings::Replay;

/// Its path.
pub(crate) const PATH: &str = "/api/v1/whatsapp/webhook";

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, post(receive))
}

async fn receive(
    State(app): State<App>,
    proof: Proven<VerifiedWebhook>,
    message: Proven<Form<Message>>,
) -> Result<Response, Stop> {
    let (event, message) = (Event::of(&proof, None)?, message.into_inner());
    let keep = app
        .events
        .record(event, Reply::twiml(""), None, move |sql, event| message.keep(sql, event));
    match (keep.await, app.settings.replay) {
        // The gate forgets with the process, if it has no Redis. The database does not.
        (Err(Stop::Done(done)), Replay::Reject) if done.is_replay => {
            Ok(StatusCode::CONFLICT.into_response())
        }
        (kept, _) => Ok(kept?.into_response()),
    }
}

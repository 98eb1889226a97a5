//! In front of an app: every path, verified, goes on to it.

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use twilio_sig_tower::VerifiedWebhook;
use twilio_sig_tower::extract::Proven;

use crate::app::App;
use crate::events::{Event, Stop};
use crate::forward::{Envelope, Forwarder, Proof, expects_twiml};
use crate::jobs::Work;
use crate::reply::Reply;

/// Every path that is no other route's.
pub(super) fn routes(forwarder: Forwarder) -> Router<App> {
    Router::new().fallback(move |state, method, uri, headers, proof| {
        forward(forwarder, state, method, uri, headers, proof)
    })
}

async fn forward(
    forwarder: Forwarder,
    State(app): State<App>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    webhook: Proven<VerifiedWebhook>,
) -> Result<Response, Stop> {
    if webhook.is_websocket() || ![Method::GET, Method::POST].contains(&method) {
        return Ok(StatusCode::METHOD_NOT_ALLOWED.into_response());
    }
    let event = Event::of(&webhook, None)?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let envelope = Envelope {
        id: event.id.clone(),
        content_type: content_type.map(str::to_owned),
        proof: Proof::of(&webhook, event.key.clone(), method.to_string(), target),
    };
    if !expects_twiml(&webhook) {
        let work = Some(Work::Delivery(envelope));
        let kept = app.events.record(event, Reply::no_content(), work, |_, _| Ok(()));
        return Ok(kept.await?.into_response());
    }
    // The app's answer is kept together with the event. If we die in between, Twilio's retry reaches it
    // again, under the same id.
    let event = app.events.begin(event).await?;
    let reply = forwarder.send(&envelope, webhook.body().clone()).await?;
    if reply.status >= 400 {
        return Ok(reply.into_response());
    }
    Ok(app.events.record(event, reply, None, |_, _| Ok(())).await?.into_response())
}

//! A service on axum, behind the layer of `twilio_sig_tower`. See `claims_live::handler`.

use alloc::sync::Arc;
use core::error::Error;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use claims_live::handler::{Handler, work};
use claims_live::journal::Journal;
use claims_live::twilio;
use tokio::net::TcpListener;
use twilio_sig_tower::{VerifiedWebhook, WebhookLayer};

extern crate alloc;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let (Handler { gate, journal, .. }, listener) = Handler::start().await?;
    let app = Router::new()
        .route(twilio::PATH, post(handle))
        .with_state(journal)
        .layer(WebhookLayer::new(gate));
    Handler::ready(&listener)?;
    Ok(axum::serve(TcpListener::from_std(listener)?, app).await?)
}

async fn handle(
    State(journal): State<Arc<Journal>>,
    Extension(webhook): Extension<VerifiedWebhook>,
    headers: HeaderMap,
) -> Response {
    let order = headers.get("x-do").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match work(&journal, &webhook, order).await {
        Ok(body) => ([(CONTENT_TYPE, "text/xml")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

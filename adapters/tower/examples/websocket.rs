//! Media Streams: a WebSocket that only Twilio can open.
//!
//! ```sh
//! TWILIO_AUTH_TOKEN=12345 cargo run -p twilio_sig_tower --example websocket --features axum
//! curl -i localhost:8080/media -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
//!     -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='  # 403
//! curl -i --max-time 1 localhost:8080/media -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
//!     -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
//!     -H 'X-Twilio-Signature: 7PR3qMkpDyEJtMrVOY/LDyNq8J8='  # 101
//! ```

#![allow(clippy::print_stdout, reason = "this program says what happens")]

use core::error::Error;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::{Router, routing::get};
use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_tower::extract::Proven;
use twilio_sig_tower::{Gate, VerifiedWebhook, WebhookLayer};

/// The proof comes first: without it there is no upgrade.
async fn media(_: Proven<VerifiedWebhook>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(listen)
}

async fn listen(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(event) = message {
            println!("{event}");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = AuthToken::from_env("TWILIO_AUTH_TOKEN")?;
    let signature = Signer::auth_token(&token).sign_url("wss://example.com/media");
    println!("X-Twilio-Signature: {}", signature.header_value());

    let gate = Gate::new(Verifier::new(token), Origin::fixed("https://example.com")?);
    let app = Router::new().route("/media", get(media)).layer(WebhookLayer::new(gate));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    Ok(axum::serve(listener, app).await?)
}

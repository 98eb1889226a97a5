//! A service that loses its own answer, and what Twilio's retry gets then.
//!
//! The first answer to each message is dropped on the way, as by a proxy that restarts. Twilio sends
//! the same bytes again and gets the answer that was lost: the order is not placed twice.
//!
//! ```sh
//! TWILIO_AUTH_TOKEN=12345 cargo run -p twilio_sig_tower --example retry --features axum,claim
//! curl -i localhost:8080/order -d Body=Pizza \
//!     -H 'X-Twilio-Signature: KB+Iu902tt9m+AiHHcF+bAnjuiw='  # 502
//! curl -i localhost:8080/order -d Body=Pizza \
//!     -H 'X-Twilio-Signature: KB+Iu902tt9m+AiHHcF+bAnjuiw='  # 200
//! ```
//!
//! The second has the header `twilio-sig-replayed: true`, and says `order 1` however often it is
//! sent.

#![allow(clippy::print_stdout, reason = "this program says what happens")]

use core::error::Error;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Form, Router, routing::post};
use twilio_sig::claim::MemoryStore;
use twilio_sig::replay::Guard;
use twilio_sig::{AuthToken, Origin, Verifier};
use twilio_sig_tower::extract::Proven;
use twilio_sig_tower::{Gate, WebhookLayer};

#[derive(serde::Deserialize)]
struct Sms {
    #[serde(rename = "Body")]
    body: String,
}

/// What must not happen twice.
async fn order(sms: Proven<Form<Sms>>) -> impl IntoResponse {
    static ORDERS: AtomicUsize = AtomicUsize::new(1);
    let number = ORDERS.fetch_add(1, Ordering::Relaxed);
    println!("order {number}: {}", sms.body);
    let twiml = format!("<Response><Message>order {number}</Message></Response>");
    ([(CONTENT_TYPE, "text/xml")], twiml)
}

/// Loses the first answer: outside of the layer, so the gate has seen it.
async fn lose_the_first(request: Request, next: Next) -> Response {
    static IS_LOST: AtomicBool = AtomicBool::new(false);
    let answer = next.run(request).await;
    if answer.status() == StatusCode::OK && !IS_LOST.swap(true, Ordering::Relaxed) {
        println!("the answer is lost");
        return StatusCode::BAD_GATEWAY.into_response();
    }
    answer
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = AuthToken::from_env("TWILIO_AUTH_TOKEN")?;
    let gate = Gate::new(Verifier::new(token), Origin::fixed("https://example.com")?)
        .guard(Guard::new(MemoryStore::new(100_000)?));
    let app = Router::new()
        .route("/order", post(order))
        .layer(WebhookLayer::new(gate))
        .layer(from_fn(lose_the_first));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    Ok(axum::serve(listener, app).await?)
}

//! How a service's own tests look: three lines with a fixture, through the layer that it runs.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

extern crate alloc;

use axum::body::Body;
use axum::http::Request;
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;
use tower::ServiceExt as _;
use twilio_sig::{AuthToken, Origin, Verifier, testing};
use twilio_sig_tower::extract::Proven;
use twilio_sig_tower::{Gate, WebhookLayer};

#[derive(Deserialize)]
struct Sms {
    #[serde(rename = "Body")]
    body: String,
}

async fn sms(sms: Proven<Form<Sms>>) -> String {
    format!("you said {}", sms.body)
}

fn token() -> AuthToken {
    AuthToken::new("a token of this test").unwrap()
}

/// The service, as its `main` makes it.
fn app() -> Router {
    let gate = Gate::new(Verifier::new(token()), Origin::fixed("https://example.com").unwrap());
    Router::new().route("/sms", post(sms)).layer(WebhookLayer::new(gate))
}

#[tokio::test]
async fn a_message_is_answered() {
    let sms = testing::sms().body("Ahoy 👋").sign(&token(), "https://example.com/sms").unwrap();
    let response = app().oneshot(Request::try_from(sms).unwrap().map(Body::from)).await.unwrap();
    assert_eq!(body_of(response).await, "you said Ahoy 👋");
}

#[tokio::test]
async fn a_forged_message_is_refused() {
    let other = AuthToken::new("another token").unwrap();
    let sms = testing::sms().sign(&other, "https://example.com/sms").unwrap();
    let response = app().oneshot(Request::try_from(sms).unwrap().map(Body::from)).await.unwrap();
    assert_eq!(response.status(), 403);
}

async fn body_of(response: axum::response::Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1_024).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The signature alone decides: each kind passes the layer, and none on another URL.
#[tokio::test]
async fn every_kind_passes_the_layer() {
    let gate = Gate::new(Verifier::new(token()), Origin::fixed("https://example.com").unwrap());
    let any = axum::routing::any(|| async { "passed" });
    let app =
        Router::new().route("/t", any.clone()).route("/u", any).layer(WebhookLayer::new(gate));
    for kind in testing::kinds() {
        for fixture in kind.fixtures() {
            let signed = fixture.sign(&token(), "https://example.com/t?a=b").unwrap();
            let request = || Request::try_from(signed.clone()).unwrap().map(Body::from);
            let response = app.clone().oneshot(request()).await.unwrap();
            assert_eq!(response.status(), 200, "{}", kind.name());
            let mut elsewhere = request();
            *elsewhere.uri_mut() = signed.target().replace("/t", "/u").parse().unwrap();
            let response = app.clone().oneshot(elsewhere).await.unwrap();
            assert_eq!(response.status(), 403, "{}", kind.name());
        }
    }
}

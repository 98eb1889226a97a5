//! The extractors for axum: only behind the layer, and only what the signature covers.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::http::Request;
use axum::routing::any;
use axum::{Form, Json, Router};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_tower::axum::Verified;
use twilio_sig_tower::{Gate, VerifiedWebhook, WebhookLayer};

const BASE: &str = "https://example.com";

#[derive(serde::Deserialize)]
struct Sms {
    #[serde(rename = "Body")]
    body: String,
}

async fn form(sms: Verified<Form<Sms>>) -> String {
    sms.body.clone()
}

async fn json(sms: Verified<Json<Sms>>) -> String {
    sms.body.clone()
}

async fn query(sms: Verified<Query<Sms>>) -> String {
    sms.body.clone()
}

async fn bytes(body: Verified<Bytes>) -> Bytes {
    body.into_inner()
}

async fn whole(webhook: Verified<VerifiedWebhook>) -> String {
    format!("{} {}", webhook.url(), webhook.coverage())
}

fn routes() -> Router {
    Router::new()
        .route("/form", any(form))
        .route("/json", any(json))
        .route("/query", any(query))
        .route("/bytes", any(bytes))
        .route("/whole", any(whole))
}

fn token() -> AuthToken {
    AuthToken::new("an auth token of the tests").unwrap()
}

fn layer() -> WebhookLayer {
    WebhookLayer::new(gate())
}

fn gate() -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed(BASE).unwrap())
}

fn request(target: &str, signature: &str, body: &str) -> Request<Body> {
    let request = Request::post(target).header("x-twilio-signature", signature);
    request.body(Body::from(body.to_owned())).unwrap()
}

fn signed_form(target: &str, body: &str) -> Request<Body> {
    let signature =
        Signer::auth_token(&token()).sign_form(&format!("{BASE}{target}"), body.as_bytes());
    request(target, &signature.unwrap().header_value(), body)
}

fn signed_hash(target: &str, body: &str) -> Request<Body> {
    let (url, signature) =
        Signer::auth_token(&token()).sign_body_hash(&format!("{BASE}{target}"), body.as_bytes());
    request(url.strip_prefix(BASE).unwrap(), &signature.header_value(), body)
}

async fn answer(app: Router, request: Request<Body>) -> (u16, String) {
    let response = app.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn behind_the_layer(request: Request<Body>) -> (u16, String) {
    answer(routes().layer(layer()), request).await
}

#[tokio::test]
async fn each_reads_what_is_signed() {
    let ahoy = (200, "Ahoy".to_owned());
    assert_eq!(behind_the_layer(signed_form("/form", "Body=Ahoy")).await, ahoy);
    assert_eq!(behind_the_layer(signed_hash("/form", "Body=Ahoy")).await, ahoy);
    assert_eq!(behind_the_layer(signed_hash("/json", r#"{"Body":"Ahoy"}"#)).await, ahoy);
    assert_eq!(behind_the_layer(signed_form("/query?Body=Ahoy", "")).await, ahoy);
    assert_eq!(behind_the_layer(signed_form("/bytes", "Body=Ahoy")).await.1, "Body=Ahoy");
    let whole = behind_the_layer(signed_form("/whole?x=1", "Body=Ahoy")).await;
    assert_eq!(whole.1, "https://example.com/whole?x=1 form");
}

/// Words that could be JSON and were signed as a form are no JSON that Twilio signed.
#[tokio::test]
async fn json_demands_a_body_hash() {
    assert_eq!(behind_the_layer(signed_form("/json", r#"{"Body":"Ahoy"}"#)).await.0, 403);
    assert_eq!(behind_the_layer(signed_form("/json", "")).await.0, 403);
}

#[tokio::test]
async fn a_form_demands_a_body() {
    assert_eq!(behind_the_layer(signed_form("/form?Body=Ahoy", "")).await.0, 403);
}

#[tokio::test]
async fn what_the_handler_does_not_read_is_422() {
    for form in ["Other=1", "Body=a&Body=b"] {
        assert_eq!(behind_the_layer(signed_form("/form", form)).await.0, 422, "{form}");
    }
    assert_eq!(behind_the_layer(signed_hash("/json", "{")).await.0, 422);
}

#[tokio::test]
async fn without_the_layer_no_handler_runs() {
    for target in ["/form", "/json", "/query?Body=Ahoy", "/bytes", "/whole"] {
        let genuine = signed_form(target, "Body=Ahoy");
        assert_eq!(answer(routes(), genuine).await.0, 500, "{target}");
        // Nor behind one that lets everything pass.
        let app = routes().layer(WebhookLayer::new(gate().report_only()));
        assert_eq!(answer(app, signed_form(target, "Body=Ahoy")).await.0, 500, "{target}");
    }
}

/// Axum cuts the prefix off before a nested router, and with it its layers, is asked.
#[tokio::test]
async fn nested_routers_verify_the_whole_path() {
    let app = || Router::new().nest("/api", routes().layer(layer()));
    assert_eq!(answer(app(), signed_form("/api/form", "Body=Ahoy")).await.0, 200);
    let mut other = signed_form("/form", "Body=Ahoy");
    *other.uri_mut() = "/api/form".parse().unwrap();
    assert_eq!(answer(app(), other).await.0, 403);
}

/// A middleware between layer and handler cannot slip the handler another body.
#[tokio::test]
async fn extractors_read_the_proof_and_not_the_request() {
    let swap = |mut request: Request<Body>| async {
        *request.body_mut() = Body::from("Body=Evil");
        request
    };
    let app = routes().layer(axum::middleware::map_request(swap)).layer(layer());
    assert_eq!(answer(app, signed_form("/form", "Body=Ahoy")).await.1, "Ahoy");
}

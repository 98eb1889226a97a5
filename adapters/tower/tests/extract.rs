//! The extractors for axum: only behind the layer, and only what the signature covers.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/extracts/mod.rs"]
mod extracts;
mod stack;

use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::http::Request;
use axum::routing::any;
use axum::{Form, Json, Router};
use extracts::{Signed, Sms};
use http_body_util::BodyExt as _;
use stack::{gate, token};
use tower::ServiceExt as _;
use twilio_sig::Signer;
use twilio_sig_tower::extract::Proven;
use twilio_sig_tower::{VerifiedWebhook, WebhookLayer};

async fn form(sms: Proven<Form<Sms>>) -> String {
    sms.body.clone()
}

async fn json(sms: Proven<Json<Sms>>) -> String {
    sms.body.clone()
}

async fn query(sms: Proven<Query<Sms>>) -> String {
    sms.body.clone()
}

async fn bytes(body: Proven<Bytes>) -> Bytes {
    body.into_inner()
}

async fn whole(webhook: Proven<VerifiedWebhook>) -> String {
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

fn layer() -> WebhookLayer {
    WebhookLayer::new(gate())
}

fn request(target: &str, signature: &str, body: &'static str) -> Request<Body> {
    let request = Request::post(target).header("x-twilio-signature", signature);
    request.body(Body::from(body)).unwrap()
}

fn signed_form(target: &str, body: &'static str) -> Request<Body> {
    let url = format!("https://example.com{target}");
    let signature = Signer::auth_token(&token()).sign_form(&url, body.as_bytes()).unwrap();
    request(target, &signature.header_value(), body)
}

async fn answer(app: Router, request: Request<Body>) -> (u16, String) {
    let response = app.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn axum_reads_what_is_signed_and_nothing_else() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    extracts::run(|gate, Signed { target, signature, body }| {
        let app = match gate {
            Some(gate) => routes().layer(WebhookLayer::new(gate)),
            None => routes(),
        };
        runtime.block_on(answer(app, request(target, signature, body)))
    });
}

/// Axum cuts the prefix off before a nested router, and with it its layers, is asked.
#[tokio::test]
async fn nested_routers_verify_the_whole_path() {
    let inner = || Router::new().nest("/b", routes().layer(layer()));
    let service = || Router::new().nest_service("/a", inner());
    for app in [Router::new().nest("/a", inner()), service()] {
        assert_eq!(answer(app.clone(), signed_form("/a/b/form?x=1", "Body=Ahoy")).await.0, 200);
        for signed_for in ["/form?x=1", "/b/form?x=1"] {
            let mut other = signed_form(signed_for, "Body=Ahoy");
            *other.uri_mut() = "/a/b/form?x=1".parse().unwrap();
            assert_eq!(answer(app.clone(), other).await.0, 403, "{signed_for}");
        }
    }
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

/// Nor can a middleware outside of it, whatever path it writes over what was received.
#[tokio::test]
async fn a_path_that_is_rewritten_inside_of_a_router_is_not_the_one_signed() {
    let rewrite = |mut request: Request<Body>| async {
        *request.uri_mut() = "/form".parse().unwrap();
        request
    };
    let rewritten = layer();
    let app = || {
        let app = Router::new().route("/admin", any(form)).layer(rewritten.clone());
        app.layer(axum::middleware::map_request(rewrite))
    };
    assert_eq!(answer(app(), signed_form("/admin", "Body=Ahoy")).await.0, 200);
    let mut other = signed_form("/form", "Body=Ahoy");
    *other.uri_mut() = "/admin".parse().unwrap();
    assert_eq!(answer(app(), other).await.0, 403);
}

/// A glob import of the crate leaves the name `axum` to axum: this compiles.
mod glob {
    use twilio_sig_tower::*;

    pub(crate) fn layered(gate: Gate) -> axum::Router {
        axum::Router::new().layer(WebhookLayer::new(gate))
    }
}

#[tokio::test]
async fn a_glob_import_hides_no_crate() {
    let unknown = signed_form("/none", "Body=Ahoy");
    assert_eq!(answer(glob::layered(gate()), unknown).await.0, 404);
}

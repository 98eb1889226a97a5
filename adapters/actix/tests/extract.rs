//! The extractors for actix-web: only behind the middleware, and only what the signature covers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/extracts/mod.rs"]
mod extracts;

use actix_web::middleware::Condition;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Bytes, Form, Json, Query, ServiceConfig, post, scope};
use actix_web::{App, rt};
use extracts::{Signed, Sms};
use twilio_sig::claim::MemoryStore;
use twilio_sig::replay::Guard;
use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_actix::{Gate, Proven, VerifiedWebhook, VerifyWebhook};

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

fn routes(app: &mut ServiceConfig) {
    app.route("/form", post().to(form))
        .route("/json", post().to(json))
        .route("/query", post().to(query))
        .route("/bytes", post().to(bytes))
        .route("/whole", post().to(whole));
}

fn token() -> AuthToken {
    AuthToken::new("a token of this file").unwrap()
}

fn gate() -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed("https://example.com").unwrap())
}

#[test]
fn actix_web_reads_what_is_signed_and_nothing_else() {
    let system = rt::System::new();
    extracts::run(|gate, Signed { target, signature, body }| {
        let is_gated = gate.is_some();
        let middleware = VerifyWebhook::new(gate.unwrap_or_else(self::gate));
        let request = TestRequest::post().uri(target).set_payload(*body);
        let request = request.insert_header(("x-twilio-signature", signature.as_str()));
        system.block_on(async {
            let app = App::new().configure(routes).wrap(Condition::new(is_gated, middleware));
            let app = init_service(app).await;
            let response = call_service(&app, request.to_request()).await;
            let status = response.status().as_u16();
            (status, String::from_utf8(read_body(response).await.to_vec()).unwrap())
        })
    });
}

/// As on nested scopes: a middleware that is there twice asks once.
#[actix_web::test]
async fn the_same_middleware_twice_is_once() {
    let guard = Guard::new(MemoryStore::new(10).unwrap());
    let middleware = VerifyWebhook::new(gate().guard(guard));
    let inner = scope("/b").configure(routes).wrap(middleware.clone());
    let app = init_service(App::new().service(scope("/a").service(inner)).wrap(middleware)).await;
    let url = "https://example.com/a/b/form";
    let signature = Signer::auth_token(&token()).sign_form(url, b"Body=Ahoy").unwrap();
    for _ in 0..2 {
        let request = TestRequest::post().uri("/a/b/form").set_payload("Body=Ahoy");
        let header = ("x-twilio-signature", signature.header_value());
        let response = call_service(&app, request.insert_header(header).to_request()).await;
        assert_eq!(
            (response.status().as_u16(), &read_body(response).await[..]),
            (200, &b"Ahoy"[..])
        );
    }
}

#[test]
fn scopes_verify_the_whole_path() {
    let answer = |signed_for: &str| {
        let signature = Signer::auth_token(&token()).sign_form(signed_for, b"Body=Ahoy").unwrap();
        let request = TestRequest::post().uri("/a/b/form").set_payload("Body=Ahoy");
        let header = ("x-twilio-signature", signature.header_value());
        let request = request.insert_header(header).to_request();
        rt::System::new().block_on(async {
            let inner = scope("/b").configure(routes).wrap(VerifyWebhook::new(gate()));
            let app = init_service(App::new().service(scope("/a").service(inner))).await;
            call_service(&app, request).await.status().as_u16()
        })
    };
    assert_eq!(answer("https://example.com/a/b/form"), 200);
    assert_eq!(answer("https://example.com/form"), 403);
}

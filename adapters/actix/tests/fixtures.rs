//! How a service's own tests look: three lines with a fixture, through the middleware that it runs.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

extern crate alloc;

use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Form, ServiceConfig, post};
use actix_web::{App, rt};
use serde::Deserialize;
use twilio_sig::testing::{self, SignedWebhook};
use twilio_sig::{AuthToken, Origin, Verifier};
use twilio_sig_actix::{Gate, Proven, VerifyWebhook};

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

/// The routes of the service.
fn routes(app: &mut ServiceConfig) {
    app.route("/sms", post().to(sms));
}

/// The middleware, as its `main` makes it.
fn middleware() -> VerifyWebhook {
    let origin = Origin::fixed("https://example.com").unwrap();
    VerifyWebhook::new(Gate::new(Verifier::new(token()), origin))
}

/// The request as actix-web's tests take it. Copy this: it is all that a test of yours needs.
fn request(signed: &SignedWebhook) -> TestRequest {
    let method = Method::from_bytes(signed.method().as_bytes()).unwrap();
    let request = TestRequest::with_uri(signed.target()).method(method);
    let request = signed.headers().fold(request, TestRequest::insert_header);
    request.set_payload(signed.body().to_vec())
}

#[test]
fn a_message_is_answered() {
    rt::System::new().block_on(async {
        let app = init_service(App::new().configure(routes).wrap(middleware())).await;
        let sms = testing::sms().body("Ahoy 👋").sign(&token(), "https://example.com/sms").unwrap();
        let response = call_service(&app, request(&sms).to_request()).await;
        assert_eq!(read_body(response).await, "you said Ahoy 👋");
    });
}

#[test]
fn a_forged_message_is_refused() {
    let other = AuthToken::new("another token").unwrap();
    rt::System::new().block_on(async {
        let app = init_service(App::new().configure(routes).wrap(middleware())).await;
        let sms = testing::sms().sign(&other, "https://example.com/sms").unwrap();
        let response = call_service(&app, request(&sms).to_request()).await;
        assert_eq!(response.status(), 403);
    });
}

/// The signature alone decides: each kind passes the middleware.
#[test]
fn every_kind_passes_the_middleware() {
    rt::System::new().block_on(async {
        let any = actix_web::web::to(async || "passed");
        let app = init_service(App::new().route("/t", any).wrap(middleware())).await;
        for kind in testing::kinds() {
            for fixture in kind.fixtures() {
                let signed = fixture.sign(&token(), "https://example.com/t?a=b").unwrap();
                let response = call_service(&app, request(&signed).to_request()).await;
                assert_eq!(response.status(), 200, "{}", kind.name());
            }
        }
    });
}

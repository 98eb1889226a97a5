//! An axum service that answers messages from Twilio and refuses every other request. Its log says why a
//! request was refused.
//!
//! ```sh
//! TWILIO_AUTH_TOKEN=12345 cargo run -p twilio_sig_tower --example axum --features axum,explain,tracing
//! curl -i localhost:8080/sms -d Body=Ahoy  # 403
//! curl -i localhost:8080/sms -d Body=Ahoy \
//!     -H 'X-Twilio-Signature: ZmPdm48OMhZPAXi12ePxecHG9OQ='  # 200
//! # Signed for another host, which the proxy names. The log says `wrong_host`, and the fix.
//! curl -i localhost:8080/sms -d Body=Ahoy -H 'X-Forwarded-Host: hooks.example.com' \
//!     -H 'X-Twilio-Signature: CIAGYJew8vlNWBR6xZRfLVCAzYk='  # 403
//! ```

#![allow(clippy::print_stdout, reason = "this program says what to do")]

use core::error::Error;
use core::net::SocketAddr;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Form, Router, routing::post};
use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_tower::extract::Proven;
use twilio_sig_tower::{ExplainPolicy, Gate, WebhookLayer};

/// As in Twilio's console: the public URL, without the path.
const BASE: &str = "https://example.com";

#[derive(serde::Deserialize)]
struct Sms {
    #[serde(rename = "Body")]
    body: String,
}

async fn sms(sms: Proven<Form<Sms>>) -> impl IntoResponse {
    println!("verified: {}", sms.body);
    ([(CONTENT_TYPE, "text/xml")], "<Response><Message>Ahoy!</Message></Response>")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let token = AuthToken::from_env("TWILIO_AUTH_TOKEN")?;
    let signature = Signer::auth_token(&token).sign_form(&format!("{BASE}/sms"), b"Body=Ahoy")?;
    println!("Listening. A message as Twilio signs it:");
    println!(
        "curl -i localhost:8080/sms -d Body=Ahoy -H 'X-Twilio-Signature: {}'",
        signature.header_value()
    );

    let gate = Gate::new(Verifier::new(token), Origin::fixed(BASE)?).explain(ExplainPolicy::new());
    let app = Router::new().route("/sms", post(sms)).layer(WebhookLayer::new(gate));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

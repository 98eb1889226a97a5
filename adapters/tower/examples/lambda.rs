//! AWS Lambda behind an API Gateway (HTTP API, payload 2.0), run on a recorded event.
//!
//! ```sh
//! TWILIO_AUTH_TOKEN=12345 cargo run -p twilio_sig_tower --example lambda  # prints 200 and 403
//! TWILIO_AUTH_TOKEN=12345 cargo run -p twilio_sig_cli -- sign --param Body=Ahoy \
//!     --url "https://example.com/sms?x=it%27s&y=a+b"  # the signature in the event
//! ```
//!
//! A deployed function ends in `lambda_http::run(service)` instead.

#![allow(clippy::print_stdout, reason = "this program says what happens")]

use core::error::Error;

use lambda_http::{Body, Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};
use twilio_sig::{AuthToken, Origin, Verifier};
use twilio_sig_tower::{Gate, RequestBody, VerifiedWebhook, WebhookLayer};

/// Called for verified requests only.
async fn handle(
    request: http::Request<RequestBody<Body>>,
) -> Result<Response<Body>, lambda_http::Error> {
    let webhook = request.extensions().get::<VerifiedWebhook>();
    let said = webhook.and_then(|webhook| webhook.param("Body"));
    let answer = Body::from(format!("you said {}", said.unwrap_or_default()));
    Ok(Response::builder().header("content-type", "text/plain").body(answer)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = AuthToken::from_env("TWILIO_AUTH_TOKEN")?;
    let gate = Gate::new(Verifier::new(token), Origin::fixed("https://example.com")?);
    let service = WebhookLayer::new(gate).layer(service_fn(handle));

    let recorded = include_str!("lambda_event.json");
    for event in [recorded.to_owned(), recorded.replace("Qm9keT1BaG95", "Qm9keT1FdmlsIQ==")] {
        let request: Request = lambda_http::request::from_str(&event)?;
        let response = service.clone().oneshot(request).await;
        let response = response.map_err(|error| error.to_string())?;
        println!("{}", response.status());
    }
    Ok(())
}

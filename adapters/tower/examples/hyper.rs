//! A hyper service, without a framework.
//!
//! ```sh
//! TWILIO_AUTH_TOKEN=12345 cargo run -p twilio_sig_tower --example hyper
//! curl -i localhost:8080/sms -d Body=Ahoy  # 403
//! curl -i localhost:8080/sms -d Body=Ahoy \
//!     -H 'X-Twilio-Signature: ZmPdm48OMhZPAXi12ePxecHG9OQ='  # 200
//! ```

#![allow(clippy::print_stdout, reason = "this program says what happens")]

use core::error::Error;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{Layer as _, service_fn};
use twilio_sig::{AuthToken, Origin, Verifier};
use twilio_sig_tower::{Gate, PeerAddr, RequestBody, VerifiedWebhook, WebhookLayer};

/// Called for verified requests only.
async fn handle(request: Request<RequestBody<Incoming>>) -> http::Result<Response<Full<Bytes>>> {
    let webhook = request.extensions().get::<VerifiedWebhook>();
    let said = webhook.and_then(|webhook| webhook.param("Body"));
    let answer = Full::from(format!("you said {}\n", said.unwrap_or_default()));
    Response::builder().header("content-type", "text/plain").body(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = AuthToken::from_env("TWILIO_AUTH_TOKEN")?;
    let gate = Gate::new(Verifier::new(token), Origin::fixed("https://example.com")?);
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    loop {
        let (stream, address) = listener.accept().await?;
        let service = WebhookLayer::new(gate.clone()).layer(service_fn(handle));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddr(address.ip()));
            tower::ServiceExt::oneshot(service.clone(), request)
        });
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            let service = TowerToHyperService::new(service);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                println!("{address}: {error}");
            }
        });
    }
}

//! Hands verified webhooks on to an app, signed so that it can trust the hop.
//!
//! The hop is `http` to an app beside the gateway, and `https` to one elsewhere.

mod expects;
mod proof;
mod signer;

use alloc::sync::Arc;
use core::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

pub(crate) use self::expects::expects_twiml;
pub(crate) use self::proof::Proof;
use self::signer::StandardSigner;
use crate::client::{Client, chain, client_for};
use crate::clock;
use crate::exit::Failure;
use crate::fault::Fault;
use crate::reply::Reply;
use crate::settings::Settings;

/// How long the app may take. Twilio waits for 15 seconds in all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer, in bytes: what Twilio reads of TwiML, and a claim keeps.
const MAX_ANSWER: usize = 65_536;

/// The app. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Forwarder(Arc<Shared>);

struct Shared {
    /// Without a slash at its end.
    base: String,
    signer: StandardSigner,
    client: Client,
}

/// A webhook without its body, as it goes on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Envelope {
    /// The id of the event: the same however often it is sent.
    pub(crate) id: String,
    pub(crate) content_type: Option<String>,
    pub(crate) proof: Proof,
}

impl Forwarder {
    /// The app that the settings name, if they do.
    pub(crate) fn new(settings: &Settings, secret: Option<&str>) -> Result<Option<Self>, Failure> {
        let Some(base) = &settings.forward_to else { return Ok(None) };
        let uri: Uri = base.parse().map_err(|error| format!("FORWARD_TO {base}: {error}"))?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_http || uri.host().is_none() || uri.query().is_some() {
            return Err(format!("FORWARD_TO {base} is not of the form http://host:port").into());
        }
        let secret = secret.ok_or("FORWARD_TO is set and FORWARD_SECRET is not")?;
        let signer =
            StandardSigner::new(secret).ok_or("FORWARD_SECRET is not whsec_ and base64")?;
        let client = client_for(&uri)?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Some(Self(Arc::new(Shared { base, signer, client }))))
    }

    /// Sends it, and gives the answer, whatever its status.
    pub(crate) async fn send(&self, envelope: &Envelope, body: Bytes) -> Result<Reply, Fault> {
        let request = self.request(envelope, body)?;
        let span = tracing::info_span!("app", otel.kind = "client", event = envelope.id);
        let out_of_order = |error| Fault::Unavailable(format!("the app: {}", chain(&error)));
        let answer = async {
            let response = self.0.client.request(request).await.map_err(out_of_order)?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await;
            let body = body.map_err(|error| Fault::Unavailable(format!("the app: {error}")))?;
            let content_type = parts.headers.get(CONTENT_TYPE);
            let content_type =
                content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
            Ok(Reply::new(parts.status.as_u16(), content_type.to_owned(), body.to_bytes()))
        };
        let too_late = |_| Fault::Unavailable(format!("the app took longer than {TIMEOUT:?}"));
        tokio::time::timeout(TIMEOUT, answer.instrument(span)).await.map_err(too_late)?
    }

    /// Body and proof are signed by Standard Webhooks, each by itself, with the same id and time:
    /// <https://www.standardwebhooks.com>.
    fn request(&self, envelope: &Envelope, body: Bytes) -> Result<Request<Full<Bytes>>, Fault> {
        let Envelope { id, content_type, proof } = envelope;
        let timestamp = clock::now().div_euclid(1_000);
        let sign = |payload: &[u8]| self.0.signer.sign(id, timestamp, payload);
        let header = serde_json::to_string(proof);
        let header = header.map_err(|error| Fault::Unavailable(error.to_string()))?;
        let mut request = Request::builder()
            .method(proof.method.as_str())
            .uri(format!("{}{}", self.0.base, proof.target))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", sign(&body))
            .header("twilio-proof-signature", sign(header.as_bytes()))
            .header("twilio-proof", header);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Full::new(body));
        request.map_err(|error| Fault::Unavailable(format!("the app: {error}")))
    }
}

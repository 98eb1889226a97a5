//! A service behind the layer, without a socket.

#![allow(
    clippy::unwrap_used,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    unreachable_pub,
    dead_code,
    reason = "test support, shared by tests that use different parts"
)]

use alloc::sync::Arc;
use core::convert::Infallible;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Empty, Full};
use tower::{Layer as _, ServiceExt as _, service_fn};
use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_tower::{Gate, RequestBody, VerifiedWebhook, WebhookLayer};

pub const FORM: &str = "Body=Ahoy&From=%2B15005550006";

pub fn full(body: &'static str) -> Full<Bytes> {
    Full::from(body)
}

pub fn token() -> AuthToken {
    AuthToken::new("an auth token of the tests").unwrap()
}

pub fn gate() -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed("https://example.com").unwrap())
}

/// A request to `/sms` with this body, signed as if it were `form`.
pub fn signed<B>(form: &str, body: B) -> Request<B> {
    let signature =
        Signer::auth_token(&token()).sign_form("https://example.com/sms", form.as_bytes());
    let header = signature.unwrap().header_value();
    Request::post("/sms").header("x-twilio-signature", header).body(body).unwrap()
}

/// Sends one request through the layer. Gives the status, the body that the handler read (`None`:
/// it was not called), and whether there was a proof.
pub async fn send<B>(gate: Gate, request: Request<B>) -> (u16, Option<Bytes>, bool)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: core::fmt::Debug + Send,
{
    let seen = Arc::new(Mutex::new((None, false)));
    let handler = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<RequestBody<B>>| {
            let seen = Arc::clone(&seen);
            let (parts, body) = request.into_parts();
            let proof = parts.extensions.get::<VerifiedWebhook>().is_some();
            async move {
                let body = body.collect().await.unwrap().to_bytes();
                *seen.lock().unwrap() = (Some(body), proof);
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            }
        })
    };
    let response = WebhookLayer::new(gate).layer(handler).oneshot(request).await.unwrap();
    let (body, proof) = seen.lock().unwrap().clone();
    (response.status().as_u16(), body, proof)
}

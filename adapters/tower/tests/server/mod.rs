//! A server of axum with one handler for every path, as the table describes it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a panic is how a test fails"
)]

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use super::table::Server;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use twilio_sig_tower::{Gate, VerifiedWebhook, WebhookLayer};

async fn echo(
    headers: &HeaderMap,
    proof: Option<Extension<VerifiedWebhook>>,
    calls: &AtomicUsize,
    body: Bytes,
) -> Response {
    calls.fetch_add(1, Ordering::SeqCst);
    match headers.get("x-do").and_then(|value| value.to_str().ok()) {
        Some("fail") => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some("panic") => panic!("a handler that panics"),
        Some(text) if text.starts_with("sleep ") => {
            let millis = text.trim_start_matches("sleep ").parse().unwrap();
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Some(status) => {
            return StatusCode::from_bytes(status.as_bytes()).unwrap().into_response();
        }
        None => {}
    }
    let Some(Extension(proof)) = proof else {
        return ([("x-verified", "no")], body).into_response();
    };
    assert_eq!(*proof.body(), body, "the proof is of another body");
    let headers = [
        ("x-lost", if proof.lease_is_lost() { "yes" } else { "no" }.to_owned()),
        ("x-verified", "yes".to_owned()),
        ("x-coverage", proof.coverage().to_string()),
        ("x-tenant", proof.tenant().unwrap_or_default().to_owned()),
    ];
    (headers, body).into_response()
}

pub fn start(runtime: &tokio::runtime::Runtime, gate: Gate) -> Server {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler =
        move |headers: HeaderMap, proof: Option<Extension<VerifiedWebhook>>, body: Bytes| {
            let counted = Arc::clone(&counted);
            async move { echo(&headers, proof, &counted, body).await }
        };
    let app = Router::new().fallback(handler).layer(WebhookLayer::new(gate));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { address, calls }
}

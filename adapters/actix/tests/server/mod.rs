//! A server of actix-web with one handler for every path, as the table describes it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a panic is how a test fails"
)]

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::mpsc;
use std::thread;

use super::table::Server;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Payload, PayloadConfig, ReqData};
use actix_web::{App, FromRequest as _, HttpRequest, HttpResponse, HttpServer, web};
use twilio_sig_actix::{Gate, VerifiedWebhook, VerifyWebhook};

async fn echo(
    request: HttpRequest,
    proof: Option<ReqData<VerifiedWebhook>>,
    calls: Data<AtomicUsize>,
    payload: Payload,
) -> HttpResponse {
    calls.fetch_add(1, Ordering::SeqCst);
    match request.headers().get("x-do").and_then(|value| value.to_str().ok()) {
        Some("fail") => return HttpResponse::InternalServerError().finish(),
        Some("panic") => panic!("a handler that panics"),
        Some(text) if text.starts_with("sleep ") => {
            let millis = text.trim_start_matches("sleep ").parse().unwrap();
            actix_web::rt::time::sleep(Duration::from_millis(millis)).await;
        }
        Some(status) => {
            return HttpResponse::new(StatusCode::from_bytes(status.as_bytes()).unwrap());
        }
        None => {}
    }
    // What follows a handshake is the WebSocket.
    let body = match &proof {
        Some(proof) if proof.is_websocket() => Bytes::new(),
        _ => Bytes::from_request(&request, &mut payload.into_inner()).await.unwrap(),
    };
    let Some(proof) = proof else {
        return HttpResponse::Ok().insert_header(("x-verified", "no")).body(body);
    };
    assert_eq!(*proof.body(), body, "the proof is of another body");
    HttpResponse::Ok()
        .insert_header(("x-verified", "yes"))
        .insert_header(("x-lost", if proof.lease_is_lost() { "yes" } else { "no" }))
        .insert_header(("x-coverage", proof.coverage().to_string()))
        .insert_header(("x-tenant", proof.tenant().unwrap_or_default()))
        .body(body)
}

pub fn start(gate: Gate) -> Server {
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, (send, receive)) = (Data::from(Arc::clone(&calls)), mpsc::channel());
    thread::spawn(move || {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(counted.clone())
                .app_data(PayloadConfig::new(1 << 20))
                .default_service(web::to(echo))
                .wrap(VerifyWebhook::new(gate.clone()))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        send.send(server.addrs()[0]).unwrap();
        actix_web::rt::System::new().block_on(server.run()).unwrap();
    });
    Server { address: receive.recv().unwrap(), calls }
}

//! Real servers on real sockets: HTTP/2, a WebSocket, many at once, clients that go away.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/table/mod.rs"]
mod table;

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite;
use tungstenite::client::IntoClientRequest as _;
use twilio_sig::{Origin, Scheme, Signer, Verifier};
use twilio_sig_tower::extract::Proven;
use twilio_sig_tower::{Gate, VerifiedWebhook, WebhookLayer};

const FORM: &[u8] = table::FORM;

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

fn echo(gate: Gate) -> Router {
    let handler = |body: Proven<Bytes>| async { body.into_inner() };
    Router::new().route("/sms", post(handler)).layer(WebhookLayer::new(gate))
}

fn signature_of(form: &[u8]) -> String {
    let signature = Signer::auth_token(&table::token()).sign_form("https://example.com/sms", form);
    signature.unwrap().header_value()
}

async fn connect_http2(server: SocketAddr) -> http2::SendRequest<Full<Bytes>> {
    let stream = TokioIo::new(TcpStream::connect(server).await.unwrap());
    let (client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The status and body of one request over HTTP/2, for the host of `uri`.
async fn over_http2(server: SocketAddr, uri: &str, lines: &[(&str, &str)]) -> (u16, Bytes) {
    let mut client = connect_http2(server).await;
    let mut request = hyper::Request::post(uri);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from_static(FORM))).unwrap();
    let response = client.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn http2_takes_the_host_from_the_authority() {
    let origin = Origin::allowed_hosts(Scheme::Https, ["example.com"]).unwrap();
    let server = serve(echo(Gate::new(Verifier::new(table::token()), origin))).await;
    let signature = signature_of(FORM);
    let signed = [("x-twilio-signature", &*signature)];
    let (url, elsewhere) = ("http://example.com/sms", "http://evil.example/sms");
    assert_eq!(over_http2(server, url, &signed).await, (200, Bytes::from_static(FORM)));
    assert_eq!(over_http2(server, elsewhere, &signed).await.0, 403);
    assert_eq!(over_http2(server, url, &[signed[0], signed[0]]).await.0, 400);
    assert_eq!(over_http2(server, url, &[]).await.0, 403);
    let host = [signed[0], ("host", "evil.example")];
    assert_eq!(over_http2(server, url, &host).await.0, 400);
}

/// An echo over a WebSocket, and how often the route was asked.
fn media(calls: Arc<AtomicUsize>) -> Router {
    let handler = move |_: Proven<VerifiedWebhook>, upgrade: WebSocketUpgrade| async move {
        calls.fetch_add(1, Ordering::SeqCst);
        let response: Response = upgrade.on_upgrade(|mut socket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                if !matches!(message, Message::Text(_)) || socket.send(message).await.is_err() {
                    break;
                }
            }
        });
        response
    };
    Router::new().route("/media", get(handler)).layer(WebhookLayer::new(table::gate()))
}

#[tokio::test]
async fn a_websocket_is_verified_before_the_upgrade() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = serve(media(Arc::clone(&calls))).await;
    let connect = async |signed_as: &str| {
        let mut request = format!("ws://{server}/media").into_client_request().unwrap();
        let signature = Signer::auth_token(&table::token()).sign_url(signed_as).header_value();
        request.headers_mut().insert("x-twilio-signature", signature.parse().unwrap());
        tokio_tungstenite::connect_async(request).await
    };

    for signed_as in ["wss://example.com/media", "wss://example.com/media/"] {
        let (mut socket, response) = connect(signed_as).await.unwrap();
        assert_eq!(response.status(), 101);
        socket.send(tungstenite::Message::text(r#"{"event":"connected"}"#)).await.unwrap();
        let echo = socket.next().await.unwrap().unwrap();
        assert_eq!(echo.into_text().unwrap().as_str(), r#"{"event":"connected"}"#);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);

    for signed_as in ["wss://evil.example/media", "https://example.com/media", "wss://example.com/"]
    {
        match connect(signed_as).await {
            Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{signed_as}: {other:?}"),
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2, "a refused handshake reached the route");
}

/// Twenty connections with a hundred requests each. Every third is a forgery; all others are in the
/// handler at the same time before one of them is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_at_once_get_their_own_answers() {
    const REQUESTS: usize = 2_000;
    let genuine = (0..REQUESTS).filter(|nth| nth % 3 != 0).count();
    let barrier = Arc::new(Barrier::new(genuine));
    let handler = move |body: Proven<Bytes>| async move {
        barrier.wait().await;
        body.into_inner()
    };
    let app = Router::new().route("/sms", post(handler));
    let server = serve(app.layer(WebhookLayer::new(table::gate()))).await;

    let mut tasks = JoinSet::new();
    for connection in 0..20 {
        let client = connect_http2(server).await;
        for nth in (0..REQUESTS).skip(connection).step_by(20) {
            let mut client = client.clone();
            tasks.spawn(async move {
                let body = format!("Body=number+{nth}");
                // A forgery has the signature of its neighbour.
                let signed =
                    if nth % 3 == 0 { format!("Body=number+{}", nth + 1) } else { body.clone() };
                let request = hyper::Request::post("http://example.com/sms")
                    .header("x-twilio-signature", signature_of(signed.as_bytes()))
                    .body(Full::new(Bytes::from(body.clone())));
                let answer = client.send_request(request.unwrap()).await.unwrap();
                let status = answer.status().as_u16();
                let answer = answer.into_body().collect().await.unwrap().to_bytes();
                let expected = if nth % 3 == 0 { (403, String::new()) } else { (200, body) };
                assert_eq!((status, str::from_utf8(&answer).unwrap()), (expected.0, &*expected.1));
            });
        }
    }
    let answers = tokio::time::timeout(Duration::from_secs(60), tasks.join_all());
    assert_eq!(answers.await.unwrap().len(), REQUESTS);
}

#[tokio::test]
async fn clients_that_go_away_leave_a_server_that_works() {
    let server = serve(echo(table::gate().body_limit(10_000))).await;
    let answers = tokio::task::spawn_blocking(move || {
        for _ in 0..50 {
            table::form("/sms", FORM).short_by(1).abandon(server).unwrap();
            table::form("/sms", FORM).short_chunked().abandon(server).unwrap();
            table::form("/sms", FORM).abandon(server).unwrap();
        }
        table::form("/sms", FORM).send(server).unwrap().unwrap()
    });
    let answer = tokio::time::timeout(Duration::from_secs(20), answers).await.unwrap().unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, FORM));
}

/// A sender who asks first does not get to send the body of a request that is refused by its head.
#[tokio::test]
async fn no_body_is_asked_for_that_would_be_refused() {
    let server = serve(echo(table::gate().body_limit(FORM.len()))).await;
    let asked = async |request: table::Request| {
        let answer = tokio::task::spawn_blocking(move || request.expect().send(server));
        let answer = answer.await.unwrap().unwrap().unwrap();
        (answer.status, answer.continued)
    };
    let longer = [FORM, b"&"].concat();
    assert_eq!(asked(table::form("/sms", FORM)).await, (200, true));
    assert_eq!(asked(table::form("/sms", &longer)).await, (413, false));
    assert_eq!(asked(table::Request::new("POST", "/sms").body(FORM)).await, (403, false));
}

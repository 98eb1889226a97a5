//! Real servers on real sockets: HTTP/2, a WebSocket, many at once, clients that go away.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/table/mod.rs"]
mod table;

use alloc::sync::Arc;
use core::future::ready;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use actix_http::{HttpService, Request};
use actix_server::Server;
use actix_service::{fn_service, map_config};
use actix_web::dev::{AppConfig, Service as _};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes, Payload, ServiceConfig};
use actix_web::{App, HttpRequest, HttpServer, rt};
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite;
use tungstenite::client::IntoClientRequest as _;
use twilio_sig::claim::MemoryStore;
use twilio_sig::replay::Guard;
use twilio_sig::{Origin, Scheme, Signer, Verifier};
use twilio_sig_actix::{Gate, Proven, VerifiedWebhook, VerifyWebhook};
use twilio_sig_gate::ClaimPolicy;

const FORM: &[u8] = table::FORM;

/// A server that speaks HTTP/1.1 and HTTP/2, with these routes behind the middleware.
fn serve(gate: Gate, routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> SocketAddr {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let server = HttpServer::new(move || {
            App::new().configure(routes.clone()).wrap(VerifyWebhook::new(gate.clone()))
        });
        let server = server.workers(1).disable_signals().bind_auto_h2c("127.0.0.1:0").unwrap();
        send.send(*server.addrs().first().unwrap()).unwrap();
        rt::System::new().block_on(server.run()).unwrap();
    });
    receive.recv().unwrap()
}

async fn echo(body: Proven<Bytes>) -> Bytes {
    body.into_inner()
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

/// The status and body of one form over HTTP/2, for the host of `uri`.
async fn over_http2(
    client: &mut http2::SendRequest<Full<Bytes>>,
    uri: &str,
    signature: &str,
    form: &[u8],
) -> (u16, Bytes) {
    let request = hyper::Request::post(uri)
        .header("x-twilio-signature", signature)
        .body(Full::new(Bytes::copy_from_slice(form)));
    let response = client.send_request(request.unwrap()).await.unwrap();
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn http2_takes_the_host_from_the_authority() {
    let origin = Origin::allowed_hosts(Scheme::Https, ["example.com"]).unwrap();
    let gate = Gate::new(Verifier::new(table::token()), origin);
    let server = serve(gate, |app| _ = app.route("/sms", web::post().to(echo)));
    let (mut client, signature) = (connect_http2(server).await, signature_of(FORM));
    let (url, elsewhere) = ("http://example.com/sms", "http://evil.example/sms");
    let whole = (200, Bytes::from_static(FORM));
    assert_eq!(over_http2(&mut client, url, &signature, FORM).await, whole);
    assert_eq!(over_http2(&mut client, elsewhere, &signature, FORM).await.0, 403);
    assert_eq!(over_http2(&mut client, url, &signature, b"Body=Evil").await.0, 403);
}

#[tokio::test]
async fn a_websocket_is_verified_before_the_upgrade() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let media = move |_: Proven<VerifiedWebhook>, request: HttpRequest, payload: Payload| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let (response, mut session, mut stream) = actix_ws::handle(&request, payload)?;
            rt::spawn(async move {
                while let Some(Ok(actix_ws::Message::Text(text))) = stream.next().await {
                    session.text(text).await.unwrap();
                }
            });
            Ok::<_, actix_web::Error>(response)
        }
    };
    let server =
        serve(table::gate(), move |app| _ = app.route("/media", web::get().to(media.clone())));
    let connect = async |signed_as: &str| {
        let mut request = format!("ws://{server}/media").into_client_request().unwrap();
        let signature = Signer::auth_token(&table::token()).sign_url(signed_as).header_value();
        request.headers_mut().insert("x-twilio-signature", signature.parse().unwrap());
        tokio_tungstenite::connect_async(request).await
    };

    let (mut socket, response) = connect("wss://example.com/media").await.unwrap();
    assert_eq!(response.status(), 101);
    socket.send(tungstenite::Message::text(r#"{"event":"connected"}"#)).await.unwrap();
    let echo = socket.next().await.unwrap().unwrap();
    assert_eq!(echo.into_text().unwrap().as_str(), r#"{"event":"connected"}"#);

    for signed_as in ["wss://evil.example/media", "https://example.com/media"] {
        match connect(signed_as).await {
            Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{signed_as}: {other:?}"),
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1, "a refused handshake reached the route");
}

/// Twenty connections with a hundred requests each. Every third is a forgery; all others are in the
/// handler at the same time before one of them is answered.
#[tokio::test]
async fn two_thousand_at_once_get_their_own_answers() {
    const REQUESTS: usize = 2_000;
    let genuine = (0..REQUESTS).filter(|nth| nth % 3 != 0).count();
    let barrier = Arc::new(Barrier::new(genuine));
    let handler = move |body: Proven<Bytes>| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            body.into_inner()
        }
    };
    let server =
        serve(table::gate(), move |app| _ = app.route("/sms", web::post().to(handler.clone())));

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
                let signature = signature_of(signed.as_bytes());
                let url = "http://example.com/sms";
                let answer = over_http2(&mut client, url, &signature, body.as_bytes()).await;
                let expected = if nth % 3 == 0 { (403, Bytes::new()) } else { (200, body.into()) };
                assert_eq!(answer, expected);
            });
        }
    }
    let answers = tokio::time::timeout(Duration::from_secs(60), tasks.join_all());
    assert_eq!(answers.await.unwrap().len(), REQUESTS);
}

/// A client that hangs up in the middle of a body leaves nothing behind. One that hangs up while the handler
/// is at work does not stop the handler, as actix-web lets it go on.
#[test]
fn clients_that_go_away_leave_a_server_that_works() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |body: Proven<Bytes>| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            rt::time::sleep(Duration::from_millis(200)).await;
            body.into_inner()
        }
    };
    let gate = table::gate().guard(Guard::new(MemoryStore::new(10).unwrap()));
    let server = serve(gate, move |app| _ = app.route("/sms", web::post().to(handler.clone())));
    for _ in 0..50 {
        table::form("/sms", FORM).short_by(1).abandon(server).unwrap();
        table::form("/sms", FORM).short_chunked().abandon(server).unwrap();
    }
    let answer = table::form("/sms", b"Body=Another").send(server).unwrap().unwrap();
    assert_eq!((answer.status, calls.load(Ordering::SeqCst)), (200, 1), "no cut body is handled");

    table::form("/sms", FORM).abandon(server).unwrap();
    let answer = (0..100).find_map(|_| {
        thread::sleep(Duration::from_millis(50));
        let answer = table::form("/sms", FORM).send(server).unwrap().unwrap();
        let is_replayed = answer.header("twilio-sig-replayed") == Some("true");
        (answer.status != 503).then_some((answer.status, is_replayed))
    });
    assert_eq!((answer, calls.load(Ordering::SeqCst)), (Some((200, true)), 2));
}

/// A sender who asks first (`Expect: 100-continue`) is refused by the head of its request.
#[test]
fn a_refusal_by_the_head_waits_for_no_body() {
    let gate = table::gate().body_limit(FORM.len());
    let longer = [FORM, b"&"].concat();
    let requests = [
        (table::form("/sms", FORM).expect(), 200),
        (table::form("/sms", &longer).unsent(), 413),
        (table::Request::new("POST", "/sms").body(FORM).unsent(), 403),
    ];
    // `HttpServer` has said before that it may send: no middleware is asked about that.
    let server = serve(gate.clone(), |app| _ = app.route("/sms", web::post().to(echo)));
    // Where the gate is asked, it is not.
    let asking = serve_asking(gate);
    for (request, status) in requests {
        for (server, continued) in [(server, true), (asking, status == 200)] {
            let answer = request.send(server).unwrap().unwrap();
            assert_eq!((answer.status, answer.continued), (status, continued));
        }
    }
}

/// A server that asks the gate before it says `100 Continue`.
fn serve_asking(gate: Gate) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let server = Server::build().workers(1).disable_signals();
        let server = server.listen("asking", listener, move || {
            let verify = VerifyWebhook::new(gate.clone());
            let app = App::new().route("/sms", web::post().to(echo)).wrap(verify.clone());
            let expect =
                move |request: Request| ready(verify.check_head(request.head()).map(|()| request));
            HttpService::build()
                .expect(fn_service(expect))
                .finish(map_config(app, |()| AppConfig::default()))
                .tcp()
        });
        rt::System::new().block_on(server.unwrap().run()).unwrap();
    });
    address
}

/// Where something else drops the work, a timeout perhaps, it goes on, and is ended at the longest
/// time: then the claim is given back.
#[actix_web::test]
async fn a_request_that_is_dropped_and_never_ends_gives_its_claim_back() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |body: Proven<Bytes>| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                core::future::pending::<()>().await;
            }
            body.into_inner()
        }
    };
    let longest = Duration::from_millis(200);
    let policy = ClaimPolicy::new().wait(Duration::ZERO).longest(longest);
    let guard = Guard::new(MemoryStore::new(10).unwrap());
    let gate = table::gate().guard(guard).claim_policy(policy);
    let app = App::new().route("/sms", web::post().to(handler)).wrap(VerifyWebhook::new(gate));
    let app = init_service(app).await;
    let request = || {
        let request = TestRequest::post().uri("/sms").set_payload(FORM);
        request.insert_header(("x-twilio-signature", signature_of(FORM))).to_request()
    };
    let mut at_work = Box::pin(app.call(request()));
    assert!(futures_util::poll!(&mut at_work).is_pending());
    assert_eq!(app.call(request()).await.unwrap().status(), 503);
    drop(at_work);
    assert_eq!(app.call(request()).await.unwrap().status(), 503);
    rt::time::sleep(longest.saturating_mul(2)).await;
    assert_eq!(app.call(request()).await.unwrap().status(), 200);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

//! The layer in stacks that are built on `http` 1 and are not axum: tonic and warp. hyper and
//! `lambda_http` have examples.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

mod stack;

use core::convert::Infallible;
use core::task::{Context, Poll};

use alloc::boxed::Box;
use bytes::Bytes;
use core::pin::Pin;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use stack::{FORM, full, gate, signed};
use tokio::net::{TcpListener, TcpStream};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower::{Layer as _, Service, ServiceExt as _};
use twilio_sig_tower::{VerifiedWebhook, WebhookLayer};
use warp::Filter as _;

/// Answers with the body that it reads, if that is proven.
#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "sms";
}

impl Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async {
            let proof = request.extensions().get::<VerifiedWebhook>().cloned().unwrap();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(*proof.body(), body);
            Ok(Response::new(Body::new(Full::new(body))))
        })
    }
}

#[tokio::test]
async fn tonic_serves_behind_the_layer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().layer(WebhookLayer::new(gate())).add_service(Echo);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let mut answer = async |body: &'static str| {
        let mut request = signed(FORM, full(body));
        *request.uri_mut() = "http://example.com/sms/incoming".parse().unwrap();
        let url = "https://example.com/sms/incoming";
        let signature = twilio_sig::Signer::auth_token(&stack::token());
        let signature = signature.sign_form(url, FORM.as_bytes()).unwrap().header_value();
        request.headers_mut().insert("x-twilio-signature", signature.parse().unwrap());
        let response = client.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.unwrap().to_bytes())
    };
    assert_eq!(answer(FORM).await, (200, Bytes::from(FORM)));
    assert_eq!(answer("Body=Evil").await, (403, Bytes::new()));
}

#[tokio::test]
async fn warp_serves_behind_the_layer() {
    let routes = warp::path!("sms")
        .and(warp::post())
        .and(warp::ext::get::<VerifiedWebhook>())
        .and(warp::body::bytes())
        .map(|proof: VerifiedWebhook, body: Bytes| {
            assert_eq!(*proof.body(), body);
            Response::new(body)
        });
    let service = WebhookLayer::new(gate()).layer(warp::service(routes));
    let answer = async |body| {
        let response = service.clone().oneshot(signed(FORM, full(body))).await.unwrap();
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.unwrap().to_bytes())
    };
    assert_eq!(answer(FORM).await, (200, Bytes::from(FORM)));
    assert_eq!(answer("Body=Evil").await, (403, Bytes::new()));
}

//! Sockets: a WebSocket handshake that verifies is answered, or handed on with all that follows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{Empty, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::upgrade::{self, OnUpgrade};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::bounds;
use super::server::{Permit, Reply, text};
use crate::http::HttpRequest;
use crate::outgoing::Outgoing;
use crate::url_arg::UrlArg;

/// What RFC 6455, section 1.3, puts behind the key.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// A close frame with status 1000, "normal" (RFC 6455, section 7.4.1).
const CLOSE: [u8; 4] = [0x88, 0x02, 0x03, 0xe8];

/// Opens the socket and closes it again: nothing is behind it.
pub(super) fn open(request: &HttpRequest, upgrade: OnUpgrade, permit: Permit) -> Reply {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let accept = STANDARD.encode(Sha1::digest(format!("{}{GUID}", key.trim())));
    let Ok(accept) = HeaderValue::try_from(accept) else {
        return text(StatusCode::BAD_REQUEST, "refused\n");
    };
    tokio::spawn(async move {
        let _permit = permit;
        if let Ok(upgraded) = upgrade.await {
            let mut socket = TokioIo::new(upgraded);
            // A caller that is gone needs no close.
            let _ = timeout(bounds::BODY_TIME, socket.write_all(&CLOSE)).await;
            let _ = timeout(bounds::BODY_TIME, socket.shutdown()).await;
        }
    });
    let mut reply = switching();
    reply.headers_mut().insert("sec-websocket-accept", accept);
    reply
}

/// Opens the socket of the service, and copies between the two until one ends.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn hand_on(
    place: &UrlArg,
    outgoing: &Outgoing,
    upgrade: OnUpgrade,
    permit: Permit,
) -> Result<Reply, String> {
    if place.is_secure() {
        return Err("a WebSocket is handed on to http: alone".to_owned());
    }
    let url = place.clone().without_query().into_http().url(outgoing.target());
    let mut request = Request::builder().uri(crate::url_arg::path_and_query(&url));
    let has_host = outgoing.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
    if !has_host {
        request = request.header("Host", place.host());
    }
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    request = request.header("Connection", "Upgrade").header("Upgrade", "websocket");
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;

    let answer = timeout(bounds::BODY_TIME, async {
        let address = (place.name().to_owned(), place.port());
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.map_err(|error| error.to_string())
    });
    let mut answer = answer.await.map_err(|_| "no answer in 15 s".to_owned())??;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(text(answer.status(), "the service opened no WebSocket\n"));
    }
    let mut reply = switching();
    for (name, value) in answer.headers() {
        if name.as_str().starts_with("sec-websocket-") {
            reply.headers_mut().append(name.clone(), value.clone());
        }
    }
    let service = upgrade::on(&mut answer);
    tokio::spawn(async move {
        let _permit = permit;
        if let Ok((caller, service)) = tokio::try_join!(upgrade, service) {
            let (mut caller, mut service) = (TokioIo::new(caller), TokioIo::new(service));
            // However it ends, both are closed.
            let _ = copy_bidirectional(&mut caller, &mut service).await;
        }
    });
    Ok(reply)
}

fn switching() -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    reply.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    reply
}

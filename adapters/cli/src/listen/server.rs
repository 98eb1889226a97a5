//! The server: a request in, its verdict, an answer.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::SyncSender;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, upgrade};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use twilio_sig::Verifier;

use super::bounds;
use super::forward::Forward;
use super::save::Folder;
use super::socket;
use super::table::{Decided, Seen};
use crate::deliver::Delivered;
use crate::failure::Failure;
use crate::http::HttpRequest;
use crate::outgoing::is_of_connection;
use crate::output::printable;
use crate::request::Request as Arrived;
use crate::twiml::{self, Use};
use crate::url_arg::UrlArg;

/// Longest answer that is handed back, in bytes. Twilio takes no longer one.
const MAX_ANSWER_LEN: usize = 64 * 1_024;
/// How long to wait if no connection can be accepted, as when there are no file handles.
const ACCEPT_PAUSE: core::time::Duration = core::time::Duration::from_millis(50);
/// The answer of one connection too many.
const TURNED_AWAY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

pub(super) type Reply = Response<Full<Bytes>>;

/// Kept as long as a connection takes one of the places.
pub(super) type Permit = Arc<OwnedSemaphorePermit>;

pub(super) struct Server {
    verifier: Verifier,
    public: Option<UrlArg>,
    forward: Option<Arc<Forward>>,
    folder: Option<Arc<Folder>>,
    seen: SyncSender<Seen>,
    not_shown: AtomicU32,
}

impl Server {
    pub(super) fn new(
        verifier: Verifier,
        public: Option<UrlArg>,
        forward: Option<Forward>,
        folder: Option<Folder>,
        seen: SyncSender<Seen>,
    ) -> Self {
        let (forward, folder) = (forward.map(Arc::new), folder.map(Arc::new));
        Self { verifier, public, forward, folder, seen, not_shown: AtomicU32::new(0) }
    }

    /// Serves for ever.
    ///
    /// # Errors
    /// [`Failure::Io`] if the socket cannot be used.
    pub(super) async fn serve(self, listener: std::net::TcpListener) -> Result<(), Failure> {
        let failed = |error| Failure::Io(format!("cannot listen: {error}"));
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let server = Arc::new(self);
        let places = Arc::new(Semaphore::new(bounds::MAX_CONNECTIONS));
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&places).try_acquire_owned() else {
                let _ = stream.try_write(TURNED_AWAY);
                continue;
            };
            tokio::spawn(connection(Arc::clone(&server), stream, Arc::new(permit)));
        }
    }

    async fn answer(&self, mut request: Request<Incoming>, permit: Permit) -> Reply {
        let upgrade = upgrade::on(&mut request);
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, bounds::MAX_BODY_LEN).collect();
        let body = match timeout(bounds::BODY_TIME, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return self.unread(&parts, StatusCode::PAYLOAD_TOO_LARGE, "body over 1 MiB");
            }
            Ok(Err(_)) => return self.unread(&parts, StatusCode::BAD_REQUEST, "body cut off"),
            Err(_) => {
                return self.unread(&parts, StatusCode::REQUEST_TIMEOUT, "body took over 15 s");
            }
        };
        let saved = self.save(&parts, &body).await;
        let request = HttpRequest::arrived(&parts, &body);
        let public = self.public.as_ref().map(|public| public.url(&request.target));
        let arrived = Arrived::of(request, public);
        let verdict = arrived.with_webhook(|webhook| self.verifier.verify(webhook).map(|_| ()));
        let (method, target) = (parts.method.to_string(), parts.uri.to_string());
        let (verdict, (reply, note)) = match verdict {
            Err(error) => {
                let reply = text(StatusCode::FORBIDDEN, "refused\n");
                (Decided::Refused(error, Box::new(arrived)), (reply, None))
            }
            Ok(()) => (Decided::Verified, self.verified(arrived, upgrade, permit).await),
        };
        let status = reply.status().as_u16();
        self.show(Seen { method, target, verdict, status, note, saved, not_shown: 0 });
        reply
    }

    /// The answer to a request that verifies, and what to say about it.
    async fn verified(
        &self,
        arrived: Arrived,
        upgrade: upgrade::OnUpgrade,
        permit: Permit,
    ) -> (Reply, Option<String>) {
        let Some(request) = arrived.http else { return bad_gateway("there is no request") };
        let is_handshake = arrived.websocket;
        let Some(forward) = self.forward.clone() else {
            let reply =
                if is_handshake { socket::open(&request, upgrade, permit) } else { empty_twiml() };
            return (reply, None);
        };
        let outgoing = match forward.outgoing(&request) {
            Ok(outgoing) => outgoing,
            Err(failure) => return bad_gateway(&failure.text()),
        };
        if is_handshake {
            return match socket::hand_on(&forward.place, &outgoing, upgrade, permit).await {
                Ok(reply) => (reply, None),
                Err(why) => bad_gateway(&why),
            };
        }
        match spawn_blocking(move || forward.send(&outgoing)).await {
            Ok(Ok(answer)) => handed_back(&answer),
            Ok(Err(undelivered)) => bad_gateway(&Failure::from(undelivered).text()),
            Err(_) => bad_gateway("the forward failed"),
        }
    }

    async fn save(&self, parts: &Parts, body: &Bytes) -> Option<Result<String, String>> {
        let folder = self.folder.clone()?;
        let (head, body) = (raw_head(parts, body.len()), body.clone());
        let saved = spawn_blocking(move || folder.save(&head, &body)).await;
        Some(match saved {
            Ok(saved) => saved.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// What is not read is not verified.
    fn unread(&self, parts: &Parts, status: StatusCode, why: &'static str) -> Reply {
        let (method, target) = (parts.method.to_string(), parts.uri.to_string());
        let (verdict, status_code) = (Decided::Unread(why), status.as_u16());
        let (note, saved, not_shown) = (None, None, 0);
        self.show(Seen { method, target, verdict, status: status_code, note, saved, not_shown });
        text(status, "refused\n")
    }

    fn show(&self, mut seen: Seen) {
        seen.not_shown = self.not_shown.swap(0, Ordering::Relaxed);
        let before = seen.not_shown;
        if self.seen.try_send(seen).is_err() {
            self.not_shown.fetch_add(before.saturating_add(1), Ordering::Relaxed);
        }
    }
}

async fn connection(server: Arc<Server>, stream: TcpStream, permit: Permit) {
    let service = service_fn(move |request| {
        let (server, permit) = (Arc::clone(&server), Arc::clone(&permit));
        async move { Ok::<_, Infallible>(server.answer(request, permit).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds::HEAD_TIME)
        .max_buf_size(bounds::MAX_HEAD_LEN)
        .max_headers(bounds::MAX_HEADERS);
    // A connection that fails has no one to be told.
    let _ = builder.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// The head as it arrived, but for the case of names. A body that came in chunks has a length now.
fn raw_head(parts: &Parts, body_len: usize) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri).into_bytes();
    let was_chunked = parts.headers.contains_key(TRANSFER_ENCODING);
    for (name, value) in &parts.headers {
        if *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING {
            continue;
        }
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if body_len > 0 || was_chunked || parts.headers.contains_key(CONTENT_LENGTH) {
        head.extend_from_slice(format!("content-length: {body_len}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

impl HttpRequest {
    /// A request of the server.
    fn arrived(parts: &Parts, body: &Bytes) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        Self::new(parts.method.to_string(), parts.uri.to_string(), headers.collect(), body.to_vec())
    }
}

/// The answer of the service, and what Twilio would do with one that it cannot use.
fn handed_back(answer: &Delivered) -> (Reply, Option<String>) {
    if answer.body.len() > MAX_ANSWER_LEN {
        return bad_gateway("11750: the answer of the service is longer than 64 KB");
    }
    let mut reply = Response::new(Full::new(Bytes::from(answer.body.clone())));
    *reply.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in &answer.headers {
        let header = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_slice()));
        if let (Ok(name), Ok(value)) = header
            && !is_of_connection(name.as_str())
        {
            reply.headers_mut().append(name, value);
        }
    }
    let judgement = twiml::judge(Use::Unknown, answer);
    let note = (!judgement.is_good).then(|| format!("Twilio     {}", judgement.text));
    (reply, note)
}

fn bad_gateway(why: &str) -> (Reply, Option<String>) {
    let note = format!("forward    {}", printable(why, 500));
    (text(StatusCode::BAD_GATEWAY, "the service did not answer\n"), Some(note))
}

pub(super) fn text(status: StatusCode, body: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    reply
}

/// TwiML that does nothing: good for a message, a call and a report alike.
fn empty_twiml() -> Reply {
    let mut reply = text(StatusCode::OK, "<Response/>\n");
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    reply
}

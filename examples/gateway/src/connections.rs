//! Connections: accepted, and closed when they are silent for too long.
//!
//! `axum::serve` has no such bound: a stranger could open connections and say nothing, until there is none left
//! for Twilio.

use core::net::SocketAddr;
use core::pin::pin;
use core::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// How long a connection may be open until the whole head of its next request is there. A proxy in front should
/// be the one that closes what is idle, and nginx does so after 60 seconds.
pub(crate) const SILENCE: Duration = Duration::from_secs(75);

/// Serves until it is told to stop, and then until what has begun is answered.
pub(crate) async fn serve(
    mut listener: TcpListener,
    router: Router,
    silence: Duration,
    stopped: impl Future<Output = ()>,
) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(silence);
    // Work goes on when its caller hangs up, so nothing is read meanwhile to find out.
    server.half_close(true);
    let connections = GracefulShutdown::new();
    let mut stopped = pin!(stopped);
    loop {
        let (stream, peer): (_, SocketAddr) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut stopped => break,
        };
        // An answer is written at once, and waits for nothing that could follow.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let with_peer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            service.call(request)
        });
        let connection = server.serve_connection(TokioIo::new(stream), with_peer);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A caller that hung up is no fault.
            let _ = connection.await;
        });
    }
    drop(listener);
    connections.shutdown().await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_says_nothing_is_closed_and_who_asks_is_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route(
            "/",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
                tokio::time::sleep(Duration::from_millis(400)).await;
                peer.to_string()
            }),
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let silence = Duration::from_millis(200);
        let serving = tokio::spawn(serve(listener, router, silence, stopped));
        for begun in ["", "GET / HTTP/1.1\r\nHost: exa"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            let mut said = String::new();
            let read = stream.read_to_string(&mut said);
            let closed = timeout(Duration::from_secs(10), read).await.expect("it is closed");
            assert!(closed.is_err() || !said.contains(" 200 "), "{said}");
        }

        // The handler may take longer; and what has begun is answered after the stop.
        let mut stream = TcpStream::connect(address).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(stop);
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with(&own), "{said}");
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}

//! A proxy that counts round trips, stands still, and loses answers.

use alloc::sync::Arc;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// Passes connections on to a port of the loopback interface. It lives as long as the process.
#[derive(Clone, Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    round_trips: AtomicUsize,
    holds: AtomicBool,
    loses_answers: AtomicBool,
}

/// PostgreSQL's empty `Sync`: sqlx's pool sends one when a connection comes back to it, behind the
/// back of a client that has had the answer already.
const SYNC: &[u8] = b"S\0\0\0\x04";

impl Proxy {
    /// A proxy for `port`.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn start(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let proxy = Self { port: listener.local_addr()?.port(), state: Arc::default() };
        let state = Arc::clone(&proxy.state);
        thread::spawn(move || {
            for client in listener.incoming() {
                // A server that is down: the client's connection is closed.
                let _ = client.and_then(|client| pass_on(client, port, &state));
            }
        });
        Ok(proxy)
    }

    /// Where clients connect.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How often a client has spoken and then waited for the server, be it to connect. An empty `Sync`
    /// is not counted.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.state.round_trips.load(SeqCst)
    }

    /// Passes nothing on from now, and says nothing; or passes on what it held.
    pub fn hold(&self, holds: bool) {
        self.state.holds.store(holds, SeqCst);
    }

    /// Passes on what clients say, and closes the connection instead of giving the answer.
    pub fn lose_answers(&self, loses: bool) {
        self.state.loses_answers.store(loses, SeqCst);
    }
}

fn pass_on(client: TcpStream, port: u16, state: &Arc<State>) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let answered = Arc::new(AtomicBool::new(true));
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let (was_answered, client_state) = (Arc::clone(&answered), Arc::clone(state));
    thread::spawn(move || {
        copy(from_client, to_server, &client_state, |bytes| {
            if bytes != SYNC && was_answered.swap(false, SeqCst) {
                client_state.round_trips.fetch_add(1, SeqCst);
            }
            true
        })
    });
    let state = Arc::clone(state);
    thread::spawn(move || {
        copy(server, client, &state, |_| {
            answered.store(true, SeqCst);
            !state.loses_answers.load(SeqCst)
        })
    });
    Ok(())
}

/// Copies until the end, or until `goes_on` says no.
fn copy(
    mut from: TcpStream,
    mut to: TcpStream,
    state: &State,
    mut goes_on: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).unwrap_or_default();
        while state.holds.load(SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return to.shutdown(Shutdown::Write);
        }
        if !goes_on(bytes) {
            from.shutdown(Shutdown::Both)?;
            return to.shutdown(Shutdown::Both);
        }
        to.write_all(bytes)?;
    }
}

//! A proxy that counts round trips.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Passes connections on to a port, and counts how often a client speaks after the server did. It
/// lives as long as the process.
#[derive(Clone, Debug)]
pub struct Proxy {
    port: u16,
    round_trips: Arc<AtomicUsize>,
}

impl Proxy {
    /// A proxy for `port` of the loopback interface.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn start(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let own = listener.local_addr()?.port();
        let proxy = Self { port: own, round_trips: Arc::default() };
        let round_trips = Arc::clone(&proxy.round_trips);
        thread::spawn(move || {
            for client in listener.incoming() {
                pass_on(client?, port, &round_trips)?;
            }
            io::Result::Ok(())
        });
        Ok(proxy)
    }

    /// Where clients connect.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Round trips so far, those of making connections included.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }
}

fn pass_on(client: TcpStream, port: u16, round_trips: &Arc<AtomicUsize>) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let waits = Arc::new(AtomicBool::new(false));
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let (client_waits, round_trips) = (Arc::clone(&waits), Arc::clone(round_trips));
    thread::spawn(move || {
        copy(from_client, to_server, || {
            if !client_waits.swap(true, Ordering::SeqCst) {
                round_trips.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    thread::spawn(move || copy(server, client, || waits.store(false, Ordering::SeqCst)));
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut()) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return to.shutdown(Shutdown::Write);
        };
        seen();
        to.write_all(bytes)?;
    }
}

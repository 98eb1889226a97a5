//! Ports for servers that tests start, kill, and start again.

use core::net::Ipv4Addr;
use core::ops::Range;
use core::sync::atomic::{AtomicU16, Ordering};
use std::io::{self, Error};
use std::net::TcpListener;
use std::process;

/// Below the ports that Linux gives to a connection, and to a server that asks for any. A port of
/// those can be taken again between the look at it and the start of the server, and while a server
/// is down:
/// <https://docs.kernel.org/networking/ip-sysctl.html#ip-variables> (`ip_local_port_range`)
const PORTS: Range<u16> = 10_000..32_768;

/// A free port on the loopback interface that this process has not been given before.
///
/// # Errors
/// [`io::ErrorKind::AddrInUse`] if every port is taken.
pub fn free_port() -> io::Result<u16> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let size = u32::from(PORTS.end - PORTS.start);
    for _ in PORTS {
        let given = u32::from(GIVEN.fetch_add(1, Ordering::Relaxed));
        // Processes begin at different ports: the factor keeps neighbours 97 apart.
        let offset = (process::id() % size * 97 + given) % size;
        let port = PORTS.start + u16::try_from(offset).map_err(Error::other)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::from(io::ErrorKind::AddrInUse))
}

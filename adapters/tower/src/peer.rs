//! The address at the other end of the connection.

use core::net::IpAddr;

use http::Extensions;

/// The address at the other end of the connection, as an extension of the request.
///
/// A server without axum's `ConnectInfo` inserts it, from the socket and never from a header: an
/// `Origin` that trusts proxies believes it, and events report it.
///
/// # Examples
/// ```
/// use core::net::Ipv4Addr;
/// use twilio_sig_tower::PeerAddr;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(PeerAddr(Ipv4Addr::LOCALHOST.into()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "it is an address and nothing else")]
pub struct PeerAddr(pub IpAddr);

/// The address that the server has put into the extensions.
pub(crate) fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    let ours = extensions.get().map(|&PeerAddr(ip)| ip);
    #[cfg(feature = "axum")]
    let ours = ours.or_else(|| crate::extract::peer_of(extensions));
    ours
}

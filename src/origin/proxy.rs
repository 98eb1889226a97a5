//! Which peers are believed, and which of their headers. What is not asked for is not read.

use alloc::vec::Vec;
use core::fmt;

use super::{OriginError, list::configured_list, network::Network, prefix::Prefix};

/// A proxy in front of the server: its addresses, and the headers that it writes.
///
/// Proxies hand on headers that they do not write themselves, so a client can send those. Therefore
/// each header is a setting, `Forwarded` and `X-Forwarded-*` are never mixed, and a header that is
/// asked for must be there exactly once with one value. In a chain of proxies the outermost one
/// must overwrite the header and the others leave it alone; where they append, use
/// [`Origin::fixed`](super::Origin::fixed).
///
/// | Proxy | What it does | Settings |
/// |---|---|---|
/// | nginx | writes what `proxy_set_header` says, hands on the rest | those headers |
/// | AWS ALB | writes `X-Forwarded-Proto` and `X-Forwarded-Port`, keeps `Host` | [`x_forwarded`](Self::x_forwarded), [`port_header`](Self::port_header) |
/// | ngrok | appends to `X-Forwarded-Proto`, keeps `Host`; keeps a client's `X-Forwarded-Host` | [`x_forwarded`](Self::x_forwarded) alone |
///
/// ```
/// use twilio_sig::{Origin, TrustedProxy};
///
/// let nginx = TrustedProxy::x_forwarded().host_header().peers(["127.0.0.1"])?;
/// let origin = Origin::behind_proxy(nginx, ["example.com"])?;
/// # Ok::<(), twilio_sig::OriginError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TrustedProxy {
    pub(super) peers: Vec<Network>,
    pub(super) forwarded: bool,
    pub(super) host_header: bool,
    pub(super) port_header: bool,
    pub(super) prefixes: Vec<Prefix>,
}

impl TrustedProxy {
    /// A proxy that writes `Forwarded` (RFC 7239): `proto` and `host` are both taken from it.
    ///
    /// The header must have one element, without spaces. Quoted strings with a comma or a backslash
    /// are refused, since neither a scheme nor a host needs one.
    ///
    /// ```
    /// use core::net::Ipv6Addr;
    /// use twilio_sig::{Origin, RequestHead, TrustedProxy};
    ///
    /// let origin = Origin::behind_proxy(TrustedProxy::forwarded().peers(["::1"])?, ["a.example"])?;
    /// let line = ("Forwarded", &b"for=192.0.2.1;proto=https;host=a.example"[..]);
    /// let head = RequestHead::new("/sms").headers([line]).peer(Some(Ipv6Addr::LOCALHOST.into()));
    /// assert_eq!(origin.url(&head)?, "https://a.example/sms");
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub const fn forwarded() -> Self {
        Self::reading(true)
    }

    /// A proxy that writes `X-Forwarded-Proto` and keeps `Host` as the client sent it.
    ///
    /// ```
    /// let proxy = twilio_sig::TrustedProxy::x_forwarded().peers(["10.0.0.0/8"])?;
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub const fn x_forwarded() -> Self {
        Self::reading(false)
    }

    /// Sets the peers that are believed: IP addresses and CIDR ranges, at most
    /// [`MAX_LIST_LEN`](super::Origin::MAX_LIST_LEN). Replaces an earlier list.
    ///
    /// A peer that comes as an IPv4-mapped IPv6 address is compared as IPv4. Trust in `0.0.0.0/0` is
    /// trust in every peer; then the host list alone protects.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidPeer`] if an entry is neither, is IPv4-mapped, or has bits set beyond
    /// the length of its range; [`OriginError::InvalidListLength`] if there is none or too many.
    ///
    /// ```
    /// use twilio_sig::{OriginError, TrustedProxy};
    ///
    /// assert!(TrustedProxy::x_forwarded().peers(["10.0.0.0/8", "2001:db8::1"]).is_ok());
    /// let error = TrustedProxy::x_forwarded().peers(["10.0.0.1/8"]).unwrap_err();
    /// assert_eq!(error, OriginError::InvalidPeer);
    /// ```
    pub fn peers(
        mut self,
        peers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, OriginError> {
        self.peers =
            configured_list(peers, |peer| Network::parse(peer).ok_or(OriginError::InvalidPeer))?;
        Ok(self)
    }

    /// Takes the host from `X-Forwarded-Host` instead of `Host`.
    ///
    /// ```
    /// let proxy = twilio_sig::TrustedProxy::x_forwarded().host_header();
    /// ```
    pub const fn host_header(mut self) -> Self {
        self.host_header = true;
        self
    }

    /// Takes the port from `X-Forwarded-Port`. If the host names a port too, they must agree.
    ///
    /// ```
    /// let proxy = twilio_sig::TrustedProxy::x_forwarded().port_header();
    /// ```
    pub const fn port_header(mut self) -> Self {
        self.port_header = true;
        self
    }

    /// Puts back the path that the proxy cut off and reports in `X-Forwarded-Prefix`, if it is one
    /// of `prefixes`, at most [`MAX_LIST_LEN`](super::Origin::MAX_LIST_LEN); `/` stands for none. It
    /// follows the prefix of [`Origin::path_prefix`](super::Origin::path_prefix), and its slash at
    /// the end counts as there. Replaces an earlier list.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidPrefix`] as in [`Origin::path_prefix`](super::Origin::path_prefix);
    /// [`OriginError::InvalidListLength`] if there is none or too many.
    ///
    /// ```
    /// let proxy = twilio_sig::TrustedProxy::x_forwarded().prefix_header(["/prod", "/test"])?;
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub fn prefix_header(
        mut self,
        prefixes: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, OriginError> {
        self.prefixes = configured_list(prefixes, Prefix::configured)?;
        Ok(self)
    }

    const fn reading(forwarded: bool) -> Self {
        Self {
            peers: Vec::new(),
            forwarded,
            host_header: false,
            port_header: false,
            prefixes: Vec::new(),
        }
    }

    /// Whether a peer is trusted, and `Forwarded` is read alone.
    pub(super) const fn is_consistent(&self) -> bool {
        let reads_x = self.host_header || self.port_header || !self.prefixes.is_empty();
        let mixed = self.forwarded && reads_x;
        !self.peers.is_empty() && !mixed
    }
}

/// Shows no prefix: it is a part of the URL.
impl fmt::Debug for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedProxy")
            .field("peers", &self.peers)
            .field("forwarded", &self.forwarded)
            .field("host_header", &self.host_header)
            .field("port_header", &self.port_header)
            .finish_non_exhaustive()
    }
}

//! Which peers are believed, and which of their headers. What is not asked for is not read.

use alloc::{string::String, vec::Vec};
use core::net::IpAddr;

use super::{
    OriginError, configured_list, configured_prefix,
    host::{Host, Scheme, parse_port},
    request::{FORWARDED, RequestHead, X_HOST, X_PORT, X_PREFIX, X_PROTO},
};

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
#[derive(Clone, Debug)]
#[must_use]
pub struct TrustedProxy {
    peers: Vec<Network>,
    forwarded: bool,
    host_header: bool,
    port_header: bool,
    prefixes: Vec<String>,
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
    /// trust in everyone; then the host list alone protects.
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
    /// of `prefixes`, at most [`MAX_LIST_LEN`](super::Origin::MAX_LIST_LEN); `/` stands for none. It follows
    /// the prefix of [`Origin::path_prefix`](super::Origin::path_prefix). Replaces an earlier list.
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
        self.prefixes = configured_list(prefixes, configured_prefix)?;
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

    /// The scheme, the host (not yet looked up) and the configured prefix of a request.
    pub(super) fn read<'a>(
        &self,
        head: &RequestHead<'a>,
    ) -> Result<(Scheme, Host<'a>, &str), OriginError> {
        let peer = head.socket_peer().map(|peer| peer.to_canonical());
        if !peer.is_some_and(|peer| self.peers.iter().any(|network| network.contains(peer))) {
            return Err(OriginError::UntrustedPeer);
        }
        if self.forwarded {
            let (scheme, host) = parse_forwarded(head.value(FORWARDED)?)
                .ok_or(OriginError::MalformedHeader(FORWARDED))?;
            return Ok((scheme, host, ""));
        }
        let scheme =
            Scheme::parse(head.value(X_PROTO)?).ok_or(OriginError::MalformedHeader(X_PROTO))?;
        let mut host = if self.host_header { head.host_in(X_HOST)? } else { head.host()? };
        if self.port_header {
            let port = parse_port(head.value(X_PORT)?);
            let port = port.ok_or(OriginError::MalformedHeader(X_PORT))?;
            if host.port.replace(port).is_some_and(|named| named != port) {
                return Err(OriginError::HostConflict);
            }
        }
        Ok((scheme, host, self.prefix(head)?))
    }

    fn prefix(&self, head: &RequestHead<'_>) -> Result<&str, OriginError> {
        if self.prefixes.is_empty() {
            return Ok("");
        }
        let received = head.value(X_PREFIX)?;
        let received = received.strip_suffix('/').unwrap_or(received);
        let prefix = self.prefixes.iter().find(|prefix| *prefix == received);
        prefix.map(String::as_str).ok_or(OriginError::PrefixNotAllowed)
    }
}

/// Reads one element of RFC 7239, section 4: `name=value` joined by `;`, a value being a token or a
/// quoted string. `proto` and `host` must be there, each once; other names are skipped.
fn parse_forwarded(element: &str) -> Option<(Scheme, Host<'_>)> {
    let (mut proto, mut host) = (None, None);
    let mut rest = element;
    loop {
        let (name, tail) = rest.split_once('=')?;
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').filter(|(text, _)| !text.contains('\\'))?,
            None => tail
                .split_at_checked(tail.find(';').unwrap_or(tail.len()))
                .filter(|(text, _)| is_token(text))?,
        };
        if !is_token(name) {
            return None;
        }
        let slot = if name.eq_ignore_ascii_case("proto") {
            Some(&mut proto)
        } else if name.eq_ignore_ascii_case("host") {
            Some(&mut host)
        } else {
            None
        };
        if slot.is_some_and(|slot| slot.replace(value).is_some()) {
            return None;
        }
        if tail.is_empty() {
            return Some((Scheme::parse(proto?)?, Host::parse(host?)?));
        }
        rest = tail.strip_prefix(';')?;
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}

/// An IP address, or a range of them that share their first `bits` bits.
#[derive(Clone, Copy, Debug)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().ok()?;
        let (width, zeros) = match address {
            IpAddr::V4(v4) => (u32::BITS, v4.to_bits().trailing_zeros()),
            IpAddr::V6(v6) => (u128::BITS, v6.to_bits().trailing_zeros()),
        };
        let bits = bits.map_or(Ok(width), str::parse).ok()?;
        // Mapped addresses would never match, and stray bits are a slip of the pen.
        let sound = address.to_canonical() == address && zeros >= width.checked_sub(bits)?;
        sound.then_some(Self { address, bits })
    }

    fn contains(&self, peer: IpAddr) -> bool {
        let shared = match (self.address, peer) {
            (IpAddr::V4(ours), IpAddr::V4(peer)) => {
                (ours.to_bits() ^ peer.to_bits()).leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(peer)) => {
                (ours.to_bits() ^ peer.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        shared >= self.bits
    }
}

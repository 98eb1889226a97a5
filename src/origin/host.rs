//! Schemes and hosts. A host is taken only in the form that every client writes alike.

use alloc::{
    format,
    string::{String, ToString},
};
use core::{fmt, net::Ipv6Addr};

use url::Url;

/// The scheme of a public URL.
///
/// ```
/// assert_eq!(twilio_sig::Scheme::Https.to_string(), "https");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Scheme {
    /// `http`, standard port 80.
    Http,
    /// `https`, standard port 443.
    Https,
    /// `ws`, standard port 80.
    Ws,
    /// `wss`, standard port 443.
    Wss,
}

impl Scheme {
    /// Reads a scheme in any case of letters.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let all = [Self::Http, Self::Https, Self::Ws, Self::Wss];
        all.into_iter().find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    const fn standard_port(self) -> u16 {
        match self {
            Self::Http | Self::Ws => 80,
            Self::Https | Self::Wss => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A host and its port as written; untrusted until it is found on a list.
#[derive(Clone, Copy)]
pub(super) struct Host<'a> {
    name: &'a str,
    pub(super) port: Option<u16>,
}

impl<'a> Host<'a> {
    /// Reads `name[:port]` or `[ipv6][:port]`. User information, percent signs, zone ids, white
    /// space and bytes beyond ASCII are refused: names have letters, digits, `-`, `.` and `_`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (name, port) = if let Some(literal) = text.strip_prefix('[') {
            let (address, tail) = literal.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            let port = if tail.is_empty() { None } else { Some(tail.strip_prefix(':')?) };
            (text.strip_suffix(tail)?, port)
        } else {
            let (name, port) = text.split_once(':').map_or((text, None), |(n, p)| (n, Some(p)));
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(legal) {
                return None;
            }
            (name, port)
        };
        let port = match port {
            Some(digits) => Some(parse_port(digits)?),
            None => None,
        };
        Some(Self { name, port })
    }

    /// Whether a URL parser sees the same host: not a number that becomes an IPv4 address, not an
    /// IPv6 address in a longer form, not an invalid `xn--` label.
    pub(super) fn is_read_alike_by_url(self) -> bool {
        Url::parse(&format!("https://{}", self.name)).is_ok_and(|url| {
            url.host_str().is_some_and(|name| name.eq_ignore_ascii_case(self.name))
        })
    }
}

/// Reads a port from 1 to 65535 without sign or leading zeros.
pub(super) fn parse_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

/// A host of the configuration, in the spelling that goes into the URL.
#[derive(Clone)]
pub(super) struct AllowedHost {
    name: String,
    port: Option<u16>,
}

impl AllowedHost {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let host = Host::parse(text).filter(|host| host.is_read_alike_by_url())?;
        Some(Self { name: host.name.to_string(), port: host.port })
    }

    pub(super) fn is(&self, received: Host<'_>, scheme: Scheme) -> bool {
        let port = |port: Option<u16>| port.unwrap_or(scheme.standard_port());
        self.name.eq_ignore_ascii_case(received.name) && port(self.port) == port(received.port)
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

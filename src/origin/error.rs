//! Why there is no origin, or no URL. No variant has room for a byte of the request.

use core::fmt;

#[cfg(doc)]
use super::{Origin, RequestHead};

/// Why an [`Origin`] could not be built, or why it knows no URL for a request.
///
/// It carries no byte of the request: the text in a variant is the name of a header that was looked
/// for. `Debug` says what `Display` says, because it is what `main` prints.
///
/// ```
/// use twilio_sig::OriginError;
///
/// assert_eq!(OriginError::HostNotAllowed.http_status(), 403);
/// assert_eq!(OriginError::MissingHeader("host").to_string(), "header host is missing");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Configuration: the base of [`Origin::fixed`] is not `scheme://host[:port][/path]`.
    #[error("the base URL is not http(s) or ws(s)://host[:port][/path] without a query")]
    InvalidBase,
    /// Configuration: the URL of [`Origin::whole_url`] is not `scheme://host[:port][/path][?query]`.
    #[error("the whole URL is not http(s) or ws(s)://host[:port][/path][?query]")]
    InvalidWholeUrl,
    /// Configuration: an entry of the host list is not `host[:port]`.
    #[error("an allowed host is not host[:port]")]
    InvalidAllowedHost,
    /// Configuration: an entry of the peer list is neither an IP address nor a CIDR range.
    #[error("a trusted peer is neither an IP address nor a CIDR range")]
    InvalidPeer,
    /// Configuration: a path prefix does not start with `/`, holds a byte that no path has, or was
    /// given to a whole URL, which has its path.
    #[error("a path prefix does not start with a slash, is no path, or belongs to a whole URL")]
    InvalidPrefix,
    /// Configuration: a list is empty or longer than [`Origin::MAX_LIST_LEN`].
    #[error("a list of hosts, peers or prefixes is empty or too long")]
    InvalidListLength,
    /// Configuration: the proxy trusts no peer, or mixes `Forwarded` with `X-Forwarded-*`.
    #[error("the trusted proxy has no peers or mixes Forwarded with X-Forwarded headers")]
    InvalidProxy,
    /// The target does not start with `/`, or holds `#`, white space or a control character.
    #[error("the request target is not a path with an optional query")]
    MalformedTarget,
    /// The target is longer than [`RequestHead::MAX_TARGET_LEN`].
    #[error("the request target is too long")]
    TargetTooLong,
    /// The server was not told the peer's address, so no header of a proxy can be believed. The
    /// service is at fault: [`RequestHead::peer`] was not given the address of the socket. An adapter
    /// takes the address from the server: axum's `into_make_service_with_connect_info::<SocketAddr>()`,
    /// elsewhere in tower the extension `PeerAddr`.
    #[error(
        "the peer's address is unknown: serve axum with into_make_service_with_connect_info::<SocketAddr>(), \
         or give the socket's address to the extension PeerAddr or to RequestHead::peer"
    )]
    UnknownPeer,
    /// The peer's address is not one of a trusted proxy.
    #[error("the peer is none of TrustedProxy::peers")]
    UntrustedPeer,
    /// A header that the origin depends on is missing.
    #[error("header {0} is missing")]
    MissingHeader(&'static str),
    /// A header is there twice, or holds several values; no rule says which one to believe.
    #[error("header {0} has several values")]
    RepeatedHeader(&'static str),
    /// A header is longer than [`RequestHead::MAX_HEADER_LEN`].
    #[error("header {0} is too long")]
    HeaderTooLong(&'static str),
    /// A header is empty, or its value is not of the form that it must have.
    #[error("header {0} is malformed")]
    MalformedHeader(&'static str),
    /// `Host` and `:authority` differ, or the port of the host is not `X-Forwarded-Port`.
    #[error("two parts of the request name different hosts or ports")]
    HostConflict,
    /// The host, with its port, is not on the list.
    #[error("the host is not on the list of hosts that the Origin was given")]
    HostNotAllowed,
    /// The value of `X-Forwarded-Prefix` is not on the list.
    #[error("the path prefix is not on the list of prefixes that the TrustedProxy was given")]
    PrefixNotAllowed,
    /// The query is not the one in the URL of [`Origin::whole_url`].
    #[error("the query is not that of Origin::whole_url")]
    QueryNotConfigured,
}

impl OriginError {
    /// A status to answer with: 403 for what is refused, 400 for what is malformed, 500 where the
    /// service is set up wrongly.
    ///
    /// ```
    /// use twilio_sig::OriginError;
    ///
    /// assert_eq!(OriginError::RepeatedHeader("host").http_status(), 400);
    /// ```
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidBase
            | Self::InvalidWholeUrl
            | Self::InvalidAllowedHost
            | Self::InvalidPeer
            | Self::InvalidPrefix
            | Self::InvalidListLength
            | Self::InvalidProxy
            | Self::UnknownPeer => 500,
            Self::UntrustedPeer
            | Self::HostNotAllowed
            | Self::PrefixNotAllowed
            | Self::QueryNotConfigured => 403,
            Self::MalformedTarget
            | Self::TargetTooLong
            | Self::MissingHeader(_)
            | Self::RepeatedHeader(_)
            | Self::HeaderTooLong(_)
            | Self::MalformedHeader(_)
            | Self::HostConflict => 400,
        }
    }
}

/// As [`Display`](fmt::Display): it is what `main` prints of an error that it returns.
impl fmt::Debug for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

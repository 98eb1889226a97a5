//! The public URL of a request: the one Twilio signed, which a server behind a proxy does not see.
//!
//! One rule holds for every [`Origin`]: each byte before the request target is configured text.
//! Headers choose among what is configured and are never copied into the URL.

mod host;
mod proxy;
mod request;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use self::host::{AllowedHost, Host};
pub use self::{host::Scheme, proxy::TrustedProxy, request::RequestHead};

/// Decides the public URL of a request.
///
/// Twilio signs the URL that is written in its console. A server behind a TLS terminator or a
/// gateway sees another scheme, host or path. There are three ways to know the public one; take the
/// first that fits:
///
/// | Constructor | The origin comes from | Use it when |
/// |---|---|---|
/// | [`fixed`](Self::fixed) | the configuration | there is one public URL: recommended |
/// | [`allowed_hosts`](Self::allowed_hosts) | `Host`, if it is on a list | there are several hosts, and the proxy keeps `Host` (AWS ALB and ngrok do) |
/// | [`behind_proxy`](Self::behind_proxy) | headers of a proxy whose address is trusted, if the host is on a list | the proxy rewrites `Host`, or serves several schemes |
///
/// Without the token nobody can sign for another URL. But whoever may choose the URL can replay a
/// request that was signed for one service to another one with the same token. Hence the lists.
///
/// The request target is appended byte for byte. It is never parsed and printed again, because
/// Twilio signed its text and not its meaning.
///
/// ```
/// use twilio_sig::{Origin, RequestHead};
///
/// let origin = Origin::fixed("https://example.com/prod/")?;
/// let url = origin.url(&RequestHead::new("/sms?tag=it's"))?;
/// assert_eq!(url, "https://example.com/prod/sms?tag=it's");
/// # Ok::<(), twilio_sig::OriginError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Origin {
    source: Source,
    path_prefix: String,
}

#[derive(Clone, Debug)]
enum Source {
    Fixed(String),
    Hosts(Scheme, Vec<AllowedHost>),
    Proxy(TrustedProxy, Vec<AllowedHost>),
}

impl Origin {
    /// The longest list of hosts, peers or prefixes: 64 entries, since each request walks through
    /// them.
    pub const MAX_LIST_LEN: usize = 64;

    /// The origin that is configured, whatever the request says: `scheme://host[:port][/path]`.
    ///
    /// `base` is kept as written, upper-case letters and a standard port included; only slashes at
    /// its end are dropped, for the target brings its own. The scheme is `http`, `https`, `ws` or
    /// `wss`.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidBase`] if `base` has another shape or scheme; has userinfo, a query or
    /// a fragment; holds a byte that is not visible ASCII; has a port outside 1 to 65535; or names
    /// a host that the `url` crate reads differently (`0x7f.1` is `127.0.0.1` to a browser).
    ///
    /// ```
    /// use twilio_sig::{Origin, OriginError};
    ///
    /// assert!(Origin::fixed("https://example.com:8443").is_ok());
    /// let error = Origin::fixed("https://user@example.com").unwrap_err();
    /// assert_eq!(error, OriginError::InvalidBase);
    /// ```
    pub fn fixed(base: &str) -> Result<Self, OriginError> {
        let invalid = OriginError::InvalidBase;
        let (scheme, rest) = base.split_once("://").ok_or(invalid)?;
        Scheme::parse(scheme).ok_or(invalid)?;
        let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("");
        let host = rest.strip_suffix(path).and_then(Host::parse).ok_or(invalid)?;
        if !is_path(path) || !host.is_read_alike_by_url() {
            return Err(invalid);
        }
        Ok(Self::new(Source::Fixed(base.trim_end_matches('/').to_string())))
    }

    /// The host that the request names in `Host` or `:authority`, if it is one of `hosts`
    /// (`host[:port]`; no wildcards; at most [`MAX_LIST_LEN`](Self::MAX_LIST_LEN)), under a configured scheme.
    ///
    /// Hosts are compared without regard to ASCII case; an IPv6 literal is compared as text. A
    /// missing port is the scheme's standard port. The URL carries the spelling of the list, not the
    /// one received, since that is the one in Twilio's console. Write it as it is there.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidAllowedHost`] if an entry is not `host[:port]`, or names a host that
    /// the `url` crate reads differently; [`OriginError::InvalidListLength`] if there is no entry or
    /// more than [`MAX_LIST_LEN`](Self::MAX_LIST_LEN).
    ///
    /// ```
    /// use twilio_sig::{Origin, RequestHead, Scheme};
    ///
    /// let origin = Origin::allowed_hosts(Scheme::Https, ["a.example.com", "b.example.com:8443"])?;
    /// let head = RequestHead::new("/sms").headers([("host", &b"A.example.com"[..])]);
    /// assert_eq!(origin.url(&head)?, "https://a.example.com/sms");
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub fn allowed_hosts(
        scheme: Scheme,
        hosts: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, OriginError> {
        Ok(Self::new(Source::Hosts(scheme, allow_list(hosts)?)))
    }

    /// What the headers of a trusted proxy say, if the host is one of `hosts` (as in
    /// [`allowed_hosts`](Self::allowed_hosts)).
    ///
    /// A request whose peer is not trusted is refused. To ignore its headers instead would mean to
    /// guess the scheme, and only the proxy has any business there.
    ///
    /// # Errors
    ///
    /// Those of [`allowed_hosts`](Self::allowed_hosts), and [`OriginError::InvalidProxy`] if `proxy`
    /// trusts no peer, or reads both `Forwarded` and an `X-Forwarded-*` header.
    ///
    /// ```
    /// use core::net::Ipv4Addr;
    /// use twilio_sig::{Origin, RequestHead, TrustedProxy};
    ///
    /// let proxy = TrustedProxy::x_forwarded().peers(["10.0.0.0/8", "::1"])?;
    /// let origin = Origin::behind_proxy(proxy, ["example.com"])?;
    /// let head = RequestHead::new("/sms")
    ///     .headers([("host", &b"example.com"[..]), ("x-forwarded-proto", b"https")])
    ///     .peer(Some(Ipv4Addr::new(10, 0, 0, 7).into()));
    /// assert_eq!(origin.url(&head)?, "https://example.com/sms");
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub fn behind_proxy(
        proxy: TrustedProxy,
        hosts: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, OriginError> {
        if !proxy.is_consistent() {
            return Err(OriginError::InvalidProxy);
        }
        Ok(Self::new(Source::Proxy(proxy, allow_list(hosts)?)))
    }

    /// Puts back the path that a gateway cuts off before the request gets here, such as the stage
    /// `/prod`. It follows the origin, and the path of a fixed base. Replaces an earlier one.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidPrefix`] if `prefix` does not start with `/`, or holds `?`, `#`, `\` or
    /// a byte that is not visible ASCII. Slashes at its end are dropped.
    ///
    /// ```
    /// use twilio_sig::{Origin, RequestHead};
    ///
    /// let origin = Origin::fixed("https://example.com")?.path_prefix("/prod")?;
    /// assert_eq!(origin.url(&RequestHead::new("/sms"))?, "https://example.com/prod/sms");
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub fn path_prefix(mut self, prefix: &str) -> Result<Self, OriginError> {
        self.path_prefix = configured_prefix(prefix)?;
        Ok(self)
    }

    /// The public URL of the request: the origin, the prefix, and the target as received.
    ///
    /// # Errors
    ///
    /// One of the variants of [`OriginError`] that speak of a request; each states its condition.
    ///
    /// ```
    /// use twilio_sig::{Origin, OriginError, RequestHead, Scheme};
    ///
    /// let origin = Origin::allowed_hosts(Scheme::Https, ["example.com"])?;
    /// let head = RequestHead::new("/sms").headers([("host", &b"evil.example"[..])]);
    /// assert_eq!(origin.url(&head), Err(OriginError::HostNotAllowed));
    /// # Ok::<(), OriginError>(())
    /// ```
    pub fn url(&self, head: &RequestHead<'_>) -> Result<String, OriginError> {
        let target = head.checked_target()?;
        let path_prefix = &self.path_prefix;
        match &self.source {
            Source::Fixed(base) => Ok(format!("{base}{path_prefix}{target}")),
            Source::Hosts(scheme, hosts) => {
                let host = pick(hosts, *scheme, head.host()?)?;
                Ok(format!("{scheme}://{host}{path_prefix}{target}"))
            }
            Source::Proxy(proxy, hosts) => {
                let (scheme, received, prefix) = proxy.read(head)?;
                let host = pick(hosts, scheme, received)?;
                Ok(format!("{scheme}://{host}{path_prefix}{prefix}{target}"))
            }
        }
    }

    const fn new(source: Source) -> Self {
        Self { source, path_prefix: String::new() }
    }
}

/// Why an [`Origin`] could not be built, or why it knows no URL for a request.
///
/// It carries no byte of the request: the text in a variant is the name of a header that was looked
/// for.
///
/// ```
/// use twilio_sig::OriginError;
///
/// assert_eq!(OriginError::HostNotAllowed.http_status(), 403);
/// assert_eq!(OriginError::MissingHeader("host").to_string(), "header host is missing");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Configuration: the base of [`Origin::fixed`] is not `scheme://host[:port][/path]`.
    #[error("the base URL is not http(s) or ws(s)://host[:port][/path] and nothing else")]
    InvalidBase,
    /// Configuration: an entry of the host list is not `host[:port]`.
    #[error("an allowed host is not host[:port]")]
    InvalidAllowedHost,
    /// Configuration: an entry of the peer list is neither an IP address nor a CIDR range.
    #[error("a trusted peer is neither an IP address nor a CIDR range")]
    InvalidPeer,
    /// Configuration: a path prefix does not start with `/`, or holds a byte that no path has.
    #[error("a path prefix does not start with a slash or is not a path")]
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
    /// The peer's address is unknown, or not one of a trusted proxy.
    #[error("the peer is not a trusted proxy")]
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
    #[error("the host is not on the list")]
    HostNotAllowed,
    /// The value of `X-Forwarded-Prefix` is not on the list.
    #[error("the path prefix is not on the list")]
    PrefixNotAllowed,
}

impl OriginError {
    /// A status to answer with: 403 for what is refused, 400 for what is malformed, 500 for an
    /// error of the configuration.
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
            | Self::InvalidAllowedHost
            | Self::InvalidPeer
            | Self::InvalidPrefix
            | Self::InvalidListLength
            | Self::InvalidProxy => 500,
            Self::UntrustedPeer | Self::HostNotAllowed | Self::PrefixNotAllowed => 403,
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

fn allow_list(
    hosts: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Vec<AllowedHost>, OriginError> {
    configured_list(hosts, |host| AllowedHost::parse(host).ok_or(OriginError::InvalidAllowedHost))
}

fn pick<'a>(
    hosts: &'a [AllowedHost],
    scheme: Scheme,
    received: Host<'_>,
) -> Result<&'a AllowedHost, OriginError> {
    hosts.iter().find(|host| host.is(received, scheme)).ok_or(OriginError::HostNotAllowed)
}

fn configured_list<T>(
    texts: impl IntoIterator<Item = impl AsRef<str>>,
    parse: impl Fn(&str) -> Result<T, OriginError>,
) -> Result<Vec<T>, OriginError> {
    // One more than allowed is enough to see that there are too many.
    let items = texts.into_iter().take(Origin::MAX_LIST_LEN.saturating_add(1));
    let list = items.map(|text| parse(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() || list.len() > Origin::MAX_LIST_LEN {
        return Err(OriginError::InvalidListLength);
    }
    Ok(list)
}

fn configured_prefix(prefix: &str) -> Result<String, OriginError> {
    if prefix.is_empty() || !is_path(prefix) {
        return Err(OriginError::InvalidPrefix);
    }
    Ok(prefix.trim_end_matches('/').to_string())
}

fn is_path(text: &str) -> bool {
    // Clients read `\` as a slash, so Twilio would not ask for the path as written.
    (text.is_empty() || text.starts_with('/'))
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\".contains(&byte))
}

//! What an origin looks at in a request. Every part is untrusted, and none is copied.

use core::{fmt, net::IpAddr, str};

use super::{OriginError, host::Host};

pub(super) const HOST: &str = "host";
pub(super) const FORWARDED: &str = "forwarded";
pub(super) const X_PROTO: &str = "x-forwarded-proto";
pub(super) const X_HOST: &str = "x-forwarded-host";
pub(super) const X_PORT: &str = "x-forwarded-port";
pub(super) const X_PREFIX: &str = "x-forwarded-prefix";
const AUTHORITY: &str = ":authority";

/// The head of a request, borrowed from any framework.
///
/// Headers come as pairs of name and value, one pair for each line. A slice gives them with
/// `.iter().copied()`; the header maps of `http` and of `actix-web` alike:
///
/// ```text
/// let target = uri.path_and_query().map_or("/", |target| target.as_str());
/// RequestHead::new(target)
///     .authority(uri.authority().map(|authority| authority.as_str()))
///     .headers(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())))
///     .peer(socket_address.map(|address| address.ip()))
/// ```
///
/// These lines also treat the absolute form of a target rightly: its authority must agree with `Host`.
/// [`Origin::fixed`](super::Origin::fixed) needs the target alone.
///
/// ```
/// use twilio_sig::{Origin, OriginError, RequestHead, Scheme};
///
/// let lines: &[(&str, &[u8])] = &[("Host", b"example.com"), ("host", b"evil.example")];
/// let head = RequestHead::new("/sms").headers(lines.iter().copied());
/// let origin = Origin::allowed_hosts(Scheme::Https, ["example.com"])?;
/// assert_eq!(origin.url(&head), Err(OriginError::RepeatedHeader("host")));
/// # Ok::<(), OriginError>(())
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct RequestHead<'a> {
    target: &'a str,
    authority: Option<&'a str>,
    peer: Option<IpAddr>,
    headers: [Header<'a>; 6],
}

#[derive(Clone, Copy)]
struct Header<'a> {
    name: &'static str,
    value: Option<&'a [u8]>,
    repeated: bool,
}

impl<'a> RequestHead<'a> {
    /// The longest target in bytes: 16 KiB, twice what common servers take for a request line.
    pub const MAX_TARGET_LEN: usize = 16_384;

    /// The longest header value in bytes that is looked at: 512. A host with its port has at most
    /// 259; the rest is room for the addresses in `Forwarded`.
    pub const MAX_HEADER_LEN: usize = 512;

    /// A request with this target: path and query exactly as received, starting with `/`.
    ///
    /// The absolute form (`https://host/path`) is refused by
    /// [`Origin::url`](super::Origin::url): hand its authority to [`authority`](Self::authority).
    ///
    /// ```
    /// let head = twilio_sig::RequestHead::new("/sms?x=1");
    /// ```
    pub const fn new(target: &'a str) -> Self {
        const fn unseen<'a>(name: &'static str) -> Header<'a> {
            Header { name, value: None, repeated: false }
        }
        let headers = [
            unseen(HOST),
            unseen(FORWARDED),
            unseen(X_PROTO),
            unseen(X_HOST),
            unseen(X_PORT),
            unseen(X_PREFIX),
        ];
        Self { target, authority: None, peer: None, headers }
    }

    /// Adds header lines. All lines of the request may be given; the six that matter are kept.
    ///
    /// ```
    /// let lines = [("host", &b"example.com"[..]), ("accept", b"*/*")];
    /// let head = twilio_sig::RequestHead::new("/sms").headers(lines);
    /// ```
    pub fn headers(mut self, lines: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        for (name, value) in lines {
            for header in &mut self.headers {
                // Lengths differ nearly always, and are compared first.
                if header.name.len() == name.len() && header.name.eq_ignore_ascii_case(name) {
                    header.repeated = header.value.replace(value).is_some();
                }
            }
        }
        self
    }

    /// Whether [`headers`](Self::headers) keeps a header of this name, in any case.
    ///
    /// ```
    /// use twilio_sig::RequestHead;
    ///
    /// assert!(RequestHead::reads("X-Forwarded-Host"));
    /// assert!(!RequestHead::reads("Cookie"));
    /// ```
    #[must_use]
    pub fn reads(name: &str) -> bool {
        Self::new("/").headers.iter().any(|header| header.name.eq_ignore_ascii_case(name))
    }

    /// Sets the `:authority` of HTTP/2 and HTTP/3, or the authority of a target in absolute form.
    /// The authority must agree with `Host` if both are there.
    ///
    /// ```
    /// let head = twilio_sig::RequestHead::new("/sms").authority(Some("example.com"));
    /// ```
    #[inline]
    pub const fn authority(mut self, authority: Option<&'a str>) -> Self {
        self.authority = authority;
        self
    }

    /// Sets the address at the other end of the connection. Take it from the socket, never from a
    /// header: [`TrustedProxy`](super::TrustedProxy) believes it.
    ///
    /// ```
    /// use core::net::{IpAddr, Ipv4Addr};
    ///
    /// let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    /// let head = twilio_sig::RequestHead::new("/sms").peer(Some(peer));
    /// ```
    #[inline]
    pub const fn peer(mut self, peer: Option<IpAddr>) -> Self {
        self.peer = peer;
        self
    }

    pub(super) const fn socket_peer(&self) -> Option<IpAddr> {
        self.peer
    }

    pub(super) fn checked_target(&self) -> Result<&'a str, OriginError> {
        if self.target.len() > Self::MAX_TARGET_LEN {
            return Err(OriginError::TargetTooLong);
        }
        // A fragment is never sent; the verifier would cut it off again.
        let illegal = |char: char| char.is_control() || char.is_whitespace() || char == '#';
        if !self.target.starts_with('/') || self.target.contains(illegal) {
            return Err(OriginError::MalformedTarget);
        }
        Ok(self.target)
    }

    /// The host that the client asked for: `Host`, `:authority`, or both if they agree.
    pub(super) fn host(&self) -> Result<Host<'a>, OriginError> {
        let Some(authority) = self.authority else {
            return self.host_in(HOST);
        };
        let authority = single_value(AUTHORITY, authority.as_bytes())?;
        match self.value(HOST) {
            Err(OriginError::MissingHeader(_)) => {}
            Err(error) => return Err(error),
            Ok(host) if host.eq_ignore_ascii_case(authority) => {}
            Ok(_) => return Err(OriginError::HostConflict),
        }
        Host::parse(authority).ok_or(OriginError::MalformedHeader(AUTHORITY))
    }

    pub(super) fn host_in(&self, name: &'static str) -> Result<Host<'a>, OriginError> {
        Host::parse(self.value(name)?).ok_or(OriginError::MalformedHeader(name))
    }

    /// The one value of a header: visible ASCII, not empty, of bounded length.
    pub(super) fn value(&self, name: &'static str) -> Result<&'a str, OriginError> {
        let header = self.headers.iter().find(|header| header.name == name);
        match header.and_then(|header| header.value.map(|value| (value, header.repeated))) {
            None => Err(OriginError::MissingHeader(name)),
            Some((_, true)) => Err(OriginError::RepeatedHeader(name)),
            Some((value, false)) => single_value(name, value),
        }
    }
}

/// Shows no byte of the request: its URL may hold what must stay out of a log.
impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("target_len", &self.target.len())
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

fn single_value<'a>(name: &'static str, value: &'a [u8]) -> Result<&'a str, OriginError> {
    if value.len() > RequestHead::MAX_HEADER_LEN {
        return Err(OriginError::HeaderTooLong(name));
    }
    // A comma joins the values of several proxies, the first of which may be the client itself.
    if value.contains(&b',') {
        return Err(OriginError::RepeatedHeader(name));
    }
    match str::from_utf8(value) {
        Ok(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(text)
        }
        _ => Err(OriginError::MalformedHeader(name)),
    }
}

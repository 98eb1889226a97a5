//! The ways to know the public origin.

use super::{
    Origin, OriginError, Scheme, TrustedProxy, UrlSource, base::Base, list::host_list,
    prefix::Prefix, whole::WholeUrl,
};

impl Origin {
    /// The origin that is configured, whatever the request says: `scheme://host[:port][/path]`.
    ///
    /// `base` is kept as written, upper-case letters and a standard port included. A slash at its
    /// end counts for the target `/` alone: `https://h/sms` gives `https://h/sms` for it, and
    /// `https://h/sms/` gives `https://h/sms/`. User information (`user:password@`) is dropped, since
    /// Twilio calls with it and signs without it. The scheme is `http`, `https`, `ws` or `wss`.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidBase`] if `base` has another shape or scheme; has a query or a fragment;
    /// holds a byte that is not visible ASCII, or a `\`; has a port outside 1 to 65535; or names a
    /// host that the `url` crate reads differently (`0x7f.1` is `127.0.0.1` to a browser).
    ///
    /// ```
    /// use twilio_sig::{Origin, OriginError, RequestHead};
    ///
    /// let origin = Origin::fixed("https://user:password@example.com:8443")?;
    /// assert_eq!(origin.url(&RequestHead::new("/sms"))?, "https://example.com:8443/sms");
    /// let error = Origin::fixed("https://example.com?x=1").unwrap_err();
    /// assert_eq!(error, OriginError::InvalidBase);
    /// # Ok::<(), OriginError>(())
    /// ```
    pub fn fixed(base: &str) -> Result<Self, OriginError> {
        let base = Base::parse(base).ok_or(OriginError::InvalidBase)?;
        if base.query.is_some() || base.has_fragment {
            return Err(OriginError::InvalidBase);
        }
        Ok(Self::new(UrlSource::Fixed(base.origin, Prefix::of(base.path))))
    }

    /// One whole public URL, as it is in Twilio's console: `scheme://host[:port][/path][?query]`.
    ///
    /// The request's path is **not used**: every path of the service stands for this URL, so let
    /// all paths lead to one handler. User information and a fragment (`#rc=2`) are dropped, since
    /// Twilio signs neither.
    ///
    /// A request's query is signed. If `url` has none, the request's is appended byte for byte. If
    /// `url` has one, it is used as written, and the request must have the same parameters: any
    /// order of names, any encoding, values of one name in one order. That is for gateways that take
    /// a query apart and write another one. A `bodySHA256` of the request, which Twilio adds, is
    /// appended. A handler should read the query from the verified URL.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidWholeUrl`] if `url` has another shape or scheme, holds a byte that is
    /// not visible ASCII, or has a path, port or host that [`fixed`](Self::fixed) refuses.
    ///
    /// ```
    /// use twilio_sig::{Origin, OriginError, RequestHead};
    ///
    /// let origin = Origin::whole_url("https://example.com/prod/sms?to=b&at=a%20c#rc=2")?;
    /// let url = origin.url(&RequestHead::new("/2015-03-31/invoke?at=a+c&to=b"))?;
    /// assert_eq!(url, "https://example.com/prod/sms?to=b&at=a%20c");
    /// let other = origin.url(&RequestHead::new("/?at=x&to=b"));
    /// assert_eq!(other, Err(OriginError::QueryNotConfigured));
    /// # Ok::<(), OriginError>(())
    /// ```
    pub fn whole_url(url: &str) -> Result<Self, OriginError> {
        let whole = WholeUrl::parse(url).ok_or(OriginError::InvalidWholeUrl)?;
        Ok(Self::new(UrlSource::Whole(whole)))
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
        Ok(Self::new(UrlSource::Hosts(scheme, host_list(hosts)?)))
    }

    /// What the headers of a trusted proxy say, if the host is one of `hosts` (as in
    /// [`allowed_hosts`](Self::allowed_hosts)).
    ///
    /// A request whose peer is not trusted is refused: without the proxy's headers its scheme would
    /// be a guess.
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
        Ok(Self::new(UrlSource::Proxy(proxy, host_list(hosts)?)))
    }

    /// Puts back the path that a gateway cuts off before the request gets here, such as the stage
    /// `/prod`. It follows the origin, and the path of a fixed base. Replaces an earlier one.
    ///
    /// A slash at its end counts for the target `/` alone, as with [`fixed`](Self::fixed). The
    /// prefix `/` is none.
    ///
    /// # Errors
    ///
    /// [`OriginError::InvalidPrefix`] if `prefix` does not start with `/`; holds `?`, `#`, `\` or a
    /// byte that is not visible ASCII; or if this is a [`whole_url`](Self::whole_url).
    ///
    /// ```
    /// use twilio_sig::{Origin, RequestHead};
    ///
    /// let origin = Origin::fixed("https://example.com")?.path_prefix("/prod")?;
    /// assert_eq!(origin.url(&RequestHead::new("/sms"))?, "https://example.com/prod/sms");
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub fn path_prefix(mut self, prefix: &str) -> Result<Self, OriginError> {
        if matches!(self.source, UrlSource::Whole(_)) {
            return Err(OriginError::InvalidPrefix);
        }
        self.path_prefix = Prefix::configured(prefix)?;
        Ok(self)
    }

    const fn new(source: UrlSource) -> Self {
        Self { source, path_prefix: Prefix::NONE }
    }
}

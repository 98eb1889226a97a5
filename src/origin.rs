//! The public URL of a request: the one Twilio signed, which a server behind a proxy does not see.
//!
//! One rule holds for every [`Origin`]: each byte before the request target is configured text.
//! Headers choose among what is configured and are never copied into the URL.

mod base;
mod constructors;
mod error;
mod forwarded;
mod headers;
mod host;
mod list;
mod network;
mod prefix;
mod proxy;
mod request;
mod whole;

use alloc::{format, string::String, vec::Vec};
use core::fmt;

pub use self::{error::OriginError, host::Scheme, proxy::TrustedProxy, request::RequestHead};
use self::{
    host::AllowedHost,
    list::pick,
    prefix::{NO_PREFIX, Prefix, join},
    whole::WholeUrl,
};

/// Decides the public URL of a request.
///
/// Twilio signs the URL that is written in its console. A server behind a TLS terminator or a
/// gateway sees another scheme, host or path. There are four ways to know the public one; take the
/// first that fits:
///
/// | Constructor | The origin comes from | Use it when |
/// |---|---|---|
/// | [`fixed`](Self::fixed) | the configuration | there is one public origin: recommended |
/// | [`whole_url`](Self::whole_url) | the configuration, with the path | there is one webhook, or the request's path is not the public one: functions, Lambda |
/// | [`allowed_hosts`](Self::allowed_hosts) | `Host`, if it is on a list | there are several hosts, and the proxy keeps `Host` |
/// | [`behind_proxy`](Self::behind_proxy) | headers of a proxy whose address is trusted, if the host is on a list | the proxy rewrites `Host`, or serves several schemes |
///
/// The lists are there for one attack. Without the token no client can sign for another URL; but a client
/// that may choose the URL can replay a request that was signed for one service, at another service with
/// the same token.
///
/// The request target is appended byte for byte, and never parsed and printed again, because Twilio signed
/// its text and not its meaning. The one exception is the target `/` behind a path that a proxy cut off:
/// it becomes the end of the configured path. Write `/sms` if the
/// URL in Twilio's console ends in `/sms`, and `/sms/` if it ends in `/sms/`.
///
/// `Debug` shows the kind of the origin and no URL.
///
/// ```
/// use twilio_sig::{Origin, RequestHead};
///
/// let origin = Origin::fixed("https://example.com/prod")?;
/// let url = origin.url(&RequestHead::new("/sms?tag=it's"))?;
/// assert_eq!(url, "https://example.com/prod/sms?tag=it's");
/// assert_eq!(origin.url(&RequestHead::new("/"))?, "https://example.com/prod");
/// # Ok::<(), twilio_sig::OriginError>(())
/// ```
#[doc = include_str!("origin/recipes.md")]
#[derive(Clone)]
pub struct Origin {
    source: UrlSource,
    path_prefix: Prefix,
}

#[derive(Clone)]
enum UrlSource {
    /// Scheme and host, and the path.
    Fixed(String, Prefix),
    Whole(WholeUrl),
    Hosts(Scheme, Vec<AllowedHost>),
    Proxy(TrustedProxy, Vec<AllowedHost>),
}

impl Origin {
    /// The longest list of hosts, peers or prefixes: 64 entries, since each request walks through the
    /// list.
    pub const MAX_LIST_LEN: usize = 64;

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
        let (origin, inner) = match &self.source {
            UrlSource::Whole(whole) => return whole.url(target),
            UrlSource::Fixed(origin, path) => {
                return Ok(join(origin, [path, &self.path_prefix], target));
            }
            UrlSource::Hosts(scheme, hosts) => {
                let host = pick(hosts, *scheme, head.host()?)?;
                (format!("{scheme}://{host}"), &NO_PREFIX)
            }
            UrlSource::Proxy(proxy, hosts) => {
                let (scheme, received, prefix) = proxy.read(head)?;
                let host = pick(hosts, scheme, received)?;
                (format!("{scheme}://{host}"), prefix)
            }
        };
        Ok(join(&origin, [&self.path_prefix, inner], target))
    }

    /// The hosts of the list, `host` or `host:port`, as configured. None for [`fixed`](Self::fixed) and
    /// [`whole_url`](Self::whole_url), whose host is in every URL.
    ///
    /// ```
    /// use twilio_sig::{Origin, Scheme};
    ///
    /// let origin = Origin::allowed_hosts(Scheme::Https, ["one.example", "two.example:8443"])?;
    /// let hosts: Vec<String> = origin.hosts().collect();
    /// assert_eq!(hosts, ["one.example", "two.example:8443"]);
    /// # Ok::<(), twilio_sig::OriginError>(())
    /// ```
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        let hosts = match &self.source {
            UrlSource::Fixed(..) | UrlSource::Whole(_) => &[][..],
            UrlSource::Hosts(_, hosts) | UrlSource::Proxy(_, hosts) => hosts,
        };
        hosts.iter().map(|host| format!("{host}"))
    }
}

/// Shows no URL, no host and no path, because many people read a log.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.source {
            UrlSource::Fixed(..) => "fixed",
            UrlSource::Whole(_) => "whole_url",
            UrlSource::Hosts(..) => "allowed_hosts",
            UrlSource::Proxy(..) => "behind_proxy",
        };
        f.debug_tuple("Origin").field(&format_args!("{kind}")).finish_non_exhaustive()
    }
}

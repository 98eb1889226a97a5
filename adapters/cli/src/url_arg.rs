//! Where requests go, or where they are known to come in: an origin, or the URL of one webhook.

use crate::failure::Failure;

/// A URL of the command line, taken apart. Without a path it is an origin, and each request has a
/// path of its own; with one it is the whole URL of one webhook, whatever the request's path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct UrlArg {
    scheme: &'static str,
    authority: String,
    /// The path of one webhook. It begins with `/`.
    path: Option<String>,
    query: Option<String>,
}

impl UrlArg {
    /// # Errors
    /// [`Failure::Usage`], which names the `option`, unless the scheme is http, https, ws or wss and
    /// there is a host.
    pub(crate) fn new(option: &str, url: &str) -> Result<Self, Failure> {
        let wrong =
            || Failure::usage(format!("{option} takes a URL such as http://localhost:3000/sms"));
        let url = url.split('#').next().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let scheme = ["http", "https", "ws", "wss"].into_iter().find(|known| *known == scheme);
        let scheme = scheme.ok_or_else(wrong)?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let path_start = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(path_start).unwrap_or((rest, ""));
        let is_host = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(is_host) {
            return Err(wrong());
        }
        let path = (path.len() > 1).then(|| path.to_owned());
        Ok(Self { scheme, authority: authority.to_owned(), path, query })
    }

    /// The URL of a request with this target, which is path and query, or a whole URL.
    ///
    /// The target's query is taken if there is one, for Twilio adds to it.
    pub(crate) fn url(&self, target: &str) -> String {
        let target = path_and_query(target);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let path = self.path.as_deref().unwrap_or(path);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let mut url = format!("{}://{}{slash}{path}", self.scheme, self.authority);
        if let Some(query) = query.or(self.query.as_deref()) {
            url.push('?');
            url.push_str(query);
        }
        url
    }

    /// This place without its query: requests bring theirs.
    pub(crate) fn without_query(mut self) -> Self {
        self.query = None;
        self
    }

    /// The scheme of a client that knows http alone.
    pub(crate) fn into_http(mut self) -> Self {
        self.scheme = if self.is_secure() { "https" } else { "http" };
        self
    }

    pub(crate) fn is_secure(&self) -> bool {
        matches!(self.scheme, "https" | "wss")
    }

    /// The name or address of the host, without the brackets of IPv6.
    pub(crate) fn name(&self) -> &str {
        let host = self.host();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name)
    }

    /// The port, or the usual one of the scheme.
    pub(crate) fn port(&self) -> u16 {
        let port = self.host().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// What the Host header says: without user information.
    pub(crate) fn host(&self) -> &str {
        self.authority.rsplit('@').next().unwrap_or(&self.authority)
    }
}

/// Path and query of a URL; all of what is no URL.
pub(crate) fn path_and_query(url: &str) -> &str {
    match url.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
            rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/")
        }
        _ => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_takes_every_path_and_a_webhook_its_own() {
        for (place, target, url) in [
            ("https://e.com", "/sms?a=1", "https://e.com/sms?a=1"),
            ("https://e.com/", "/", "https://e.com/"),
            ("https://u:p@e.com:8443", "http://10.0.0.1/x", "https://u:p@e.com:8443/x"),
            ("https://e.com", "http://10.0.0.1", "https://e.com/"),
            ("https://e.com", "http://10.0.0.1?a", "https://e.com/?a"),
            ("http://h:1/hook", "/sms?a=1", "http://h:1/hook?a=1"),
            ("http://h:1/hook?b=2#rc=1", "/sms", "http://h:1/hook?b=2"),
            ("http://h:1/hook?b=2", "/sms?b=2&c", "http://h:1/hook?b=2&c"),
            ("wss://e.com", "/a?next=https://x/", "wss://e.com/a?next=https://x/"),
        ] {
            assert_eq!(UrlArg::new("--to", place).unwrap().url(target), url, "{place} {target}");
        }
        let place = UrlArg::new("--to", "wss://u:p@e.com:1/m?a").unwrap();
        assert_eq!((place.host(), place.name(), place.port()), ("e.com:1", "e.com", 1));
        let address = UrlArg::new("--to", "http://[::1]").unwrap();
        assert_eq!((address.name(), address.port()), ("::1", 80));
        assert_eq!(place.without_query().into_http().url("/"), "https://u:p@e.com:1/m");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in ["", "e.com", "ftp://e.com", "http://", "http:///sms", "http://a b/", "HTTP://e"]
        {
            assert_eq!(UrlArg::new("--to", url).unwrap_err().status(), 2, "{url}");
        }
    }
}

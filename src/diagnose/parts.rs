//! A URL in pieces that can be exchanged one by one.

use alloc::string::String;

/// The pieces of `scheme://userinfo@host:port/path?query#fragment`, as written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Parts {
    pub(super) scheme: String,
    pub(super) userinfo: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<String>,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) fragment: Option<String>,
}

impl Parts {
    /// `None` without a scheme and a host.
    pub(super) fn cut(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, fragment) = cut_at(rest, '#');
        let (rest, query) = cut_at(rest, '?');
        let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        let (host, port) = cut_port(host);
        let usable = !scheme.is_empty() && !host.is_empty();
        usable.then(|| Self {
            scheme: scheme.into(),
            userinfo: userinfo.map(Into::into),
            host: host.into(),
            port: port.map(Into::into),
            path: path.into(),
            query: query.map(Into::into),
            fragment: fragment.map(Into::into),
        })
    }

    pub(super) fn join(&self) -> String {
        let mut url = String::from(&*self.scheme);
        url.push_str("://");
        let mut piece = |before: &str, piece: Option<&str>, after: &str| {
            if let Some(piece) = piece {
                url.extend([before, piece, after]);
            }
        };
        piece("", self.userinfo.as_deref(), "@");
        piece("", Some(&self.host), "");
        piece(":", self.port.as_deref(), "");
        piece("", Some(&self.path), "");
        piece("?", self.query.as_deref(), "");
        piece("#", self.fragment.as_deref(), "");
        url
    }

    /// Host and port.
    pub(super) fn authority(&self) -> String {
        let mut authority = self.host.clone();
        if let Some(port) = &self.port {
            authority.extend([":", port]);
        }
        authority
    }

    /// Whether the scheme is https or wss.
    pub(super) fn is_secure(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("https") || self.scheme.eq_ignore_ascii_case("wss")
    }

    /// Whether the scheme is ws or wss.
    pub(super) fn is_websocket(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("ws") || self.scheme.eq_ignore_ascii_case("wss")
    }
}

/// Cuts `host[:port]`. An IPv6 literal keeps its brackets.
pub(super) fn cut_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port))
            if !port.contains(']') && (!host.contains(':') || host.ends_with(']')) =>
        {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

fn cut_at(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_and_joining_changes_nothing() {
        for url in [
            "https://example.com",
            "https://example.com:8443/a/b?x=1&y#rc=2",
            "https://user:p@ss@example.com/?",
            "wss://[2001:db8::1]:443/media",
            "http://[::1]",
            "https://example.com?x=a/b",
            "https://example.com:/#",
        ] {
            assert_eq!(Parts::cut(url).unwrap().join(), url);
        }
        assert_eq!(Parts::cut("/sms"), None);
        assert_eq!(Parts::cut("https:///sms"), None);
    }
}

//! The URL that an event came to, as far as it tells two events apart.

use alloc::string::String;

use crate::claim::ClaimKey;

/// A hash of the URL, since a URL may hold a password. The hash leaves out what may be written in two
/// ways: the fragment, user information, the case of scheme and host, the standard port, an empty path. It
/// leaves out the hash of a body too, since a batch may be sent in other parts.
pub(super) fn place(url: &str, with_query: bool) -> ClaimKey {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let scheme = scheme.to_ascii_lowercase();
    let port = if matches!(&*scheme, "https" | "wss") { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = if path.is_empty() { "/" } else { path };

    let mut kept = String::new();
    let segments = query.split('&').filter(|text| !text.starts_with("bodySHA256="));
    for segment in segments.filter(|text| with_query && !text.is_empty()) {
        kept.push('&');
        kept.push_str(segment);
    }
    let parts = [scheme.as_bytes(), host.as_bytes(), path.as_bytes(), kept.as_bytes()];
    ClaimKey::new("place", &parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_url_are_one_place() {
        let place = |url| place(url, true);
        let expected = place("https://example.com/sms?a=1&b=it's");
        for url in [
            "https://example.com/sms?a=1&b=it's#rc=2",
            "https://user:p@ss@example.com/sms?a=1&b=it's",
            "HTTPS://Example.COM:443/sms?a=1&b=it's",
            "https://example.com/sms?a=1&bodySHA256=00&b=it's",
            "https://example.com/sms?&a=1&&b=it's&",
        ] {
            assert_eq!(place(url), expected, "{url}");
        }
        assert_eq!(place("http://h:80"), place("http://h/"));
        assert_eq!(place("wss://h:443?a=1"), place("wss://h/?a=1"));
    }

    #[test]
    fn whatever_can_be_another_webhook_is_another_place() {
        let urls = [
            "https://example.com/sms?a=1",
            "https://example.com/sms?a=2",
            "https://example.com/sms?A=1",
            "https://example.com/sms",
            "https://example.com/sms/",
            "https://example.com/SMS",
            "https://example.com/",
            "http://example.com/",
            "http://example.com:443/",
            "https://example.com:8443/",
            "https://example.com:80/",
            "https://other.example/",
        ];
        for (at, url) in urls.iter().enumerate() {
            for other in &urls[..at] {
                assert_ne!(place(url, true), place(other, true), "{url} {other}");
            }
        }
        assert_eq!(place(urls[0], false), place(urls[1], false));
        assert_ne!(place(urls[0], false), place(urls[4], false));
    }
}

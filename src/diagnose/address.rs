//! What a text means that should be a URL: operators and proxies write it in many ways.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::parts::{Parts, cut_port};

const SCHEMES: [&str; 4] = ["https", "http", "wss", "ws"];

/// The text without white space, quotation marks and angle brackets around it.
pub(super) fn bare(text: &str) -> &str {
    let is_wrapping = |c: char| {
        super::blanks::is_blank(c)
            || matches!(c, '"' | '\'' | '`' | '<' | '>' | '\u{201c}' | '\u{201d}')
    };
    text.trim_matches(is_wrapping)
}

/// The URLs that a text may mean, the likeliest first. Without a host it is a path.
pub(super) fn readings(text: &str) -> Vec<Parts> {
    let text = bare(text);
    let mut readings: Vec<Parts> = Vec::new();
    readings.extend(glued(text).and_then(Parts::cut));
    if let Some(parts) = Parts::cut(text).filter(|parts| is_scheme(&parts.scheme)) {
        readings.push(parts);
        return readings;
    }
    if let Some(url) = with_scheme(text) {
        readings.extend(Parts::cut(&url));
    } else if let Some(parts) = path(text) {
        readings.push(parts);
    }
    readings
}

/// The second of two URLs, if the first was put before it as if it were a path.
pub(super) fn glued(text: &str) -> Option<&str> {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let before = text.get(..end)?;
    let marks = before.match_indices("://").map(|(at, _)| at).skip(1);
    let starts = marks.filter_map(|at| {
        let before = text.get(..at)?;
        let scheme = SCHEMES.into_iter().find(|scheme| {
            let start = before.len().checked_sub(scheme.len());
            start
                .and_then(|start| before.get(start..))
                .is_some_and(|end| end.eq_ignore_ascii_case(scheme))
        })?;
        text.get(at.checked_sub(scheme.len())?..)
    });
    starts.last()
}

/// A text that has a host but no scheme, or one that is written wrongly.
fn with_scheme(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    for scheme in SCHEMES {
        let rest = lower.strip_prefix(scheme).and_then(|_| text.get(scheme.len()..));
        let rest = rest.filter(|rest| rest.starts_with("://") || rest.starts_with([':', '/']));
        let rest = rest.map(|rest| rest.trim_start_matches([':', '/', '\\']));
        if let Some(rest) = rest.filter(|rest| has_host(rest)) {
            return Some(format!("{scheme}://{rest}"));
        }
    }
    let after_slashes = text.strip_prefix("//");
    let rest = after_slashes.or_else(|| text.strip_prefix("://")).unwrap_or(text);
    let is_certain = after_slashes.is_some() && !rest.is_empty();
    (is_certain || has_host(rest)).then(|| format!("https://{rest}"))
}

/// A path with a query, and no host.
fn path(text: &str) -> Option<Parts> {
    let parts = Parts::cut(&format!("https://h{text}")).filter(|_| text.starts_with('/'))?;
    Some(Parts { host: String::new(), ..parts })
}

/// Whether a text begins with a host: a name with a dot, one with a port, or `localhost`.
fn has_host(text: &str) -> bool {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let authority = text.get(..end).unwrap_or_default();
    let (_, authority) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = cut_port(authority);
    let is_named = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    let has_port = port.is_some_and(|port| port.parse::<u16>().is_ok());
    is_authority(authority) && !host.is_empty() && (is_named || has_port || host == "localhost")
}

pub(super) fn is_scheme(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(text))
}

/// Whether a text is `host[:port]`.
pub(super) fn is_authority(text: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || "-._~:[]".contains(c);
    !text.is_empty() && text.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn urls(text: &str) -> Vec<String> {
        readings(text).iter().map(Parts::join).collect()
    }

    #[test]
    fn what_is_no_url_is_read_as_what_it_means() {
        let url = "https://app.example.com/sms";
        for text in [
            url,
            " \u{200b}\"https://app.example.com/sms\"\n",
            "<https://app.example.com/sms>",
            "app.example.com/sms",
            "//app.example.com/sms",
            "://app.example.com/sms",
            "https:/app.example.com/sms",
            "https:///app.example.com/sms",
            "https//app.example.com/sms",
            "https:app.example.com/sms",
        ] {
            assert_eq!(urls(text), [url], "{text}");
        }
        for base in ["https://base.example.com", "https://base.example.com/", "http://h:80/v1/"] {
            assert_eq!(urls(&[base, url].concat()).first().map(|url| &**url), Some(url), "{base}");
        }
        assert_eq!(urls("localhost:3000/sms?a=1"), ["https://localhost:3000/sms?a=1"]);
        assert_eq!(urls("bob:secret@e.com/x#rc=2"), ["https://bob:secret@e.com/x#rc=2"]);
        assert_eq!(urls("/sms?a=1"), ["https:///sms?a=1"]);
        assert_eq!(
            urls("https://e.com/?next=https://o.com/"),
            ["https://e.com/?next=https://o.com/"]
        );
        for nothing in ["", "sms", "TWILIO_URL", "ftp://", "..", "a b"] {
            assert_eq!(urls(nothing), vec![""; 0], "{nothing}");
        }
    }
}

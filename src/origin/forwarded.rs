//! The `Forwarded` header of RFC 7239, one element of it.

use super::host::{Host, Scheme};

/// Reads one element of RFC 7239, section 4: `name=value` joined by `;`, a value being a token or a
/// quoted string. `proto` and `host` must be there, each once; other names are skipped.
pub(super) fn parse_forwarded(element: &str) -> Option<(Scheme, Host<'_>)> {
    let (mut proto, mut host) = (None, None);
    let mut rest = element;
    loop {
        let (name, tail) = rest.split_once('=')?;
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').filter(|(text, _)| !text.contains('\\'))?,
            None => tail
                .split_at_checked(tail.find(';').unwrap_or(tail.len()))
                .filter(|(text, _)| is_token(text))?,
        };
        if !is_token(name) {
            return None;
        }
        let slot = if name.eq_ignore_ascii_case("proto") {
            Some(&mut proto)
        } else if name.eq_ignore_ascii_case("host") {
            Some(&mut host)
        } else {
            None
        };
        if slot.is_some_and(|slot| slot.replace(value).is_some()) {
            return None;
        }
        if tail.is_empty() {
            return Some((Scheme::parse(proto?)?, Host::parse(host?)?));
        }
        rest = tail.strip_prefix(';')?;
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}

//! User names and passwords of URLs, wherever in a text there are such.

use alloc::string::String;

/// What stands for user name and password.
const MASK: &str = "***@";

/// The text with user name and password of every URL in it masked, also of one that is escaped, as
/// in the query of another, and of one without a scheme.
pub(super) fn without(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut start = 0;
    let mut at = 0;
    // Where user information may begin, and whether a colon is in it, or two slashes are before it.
    let (mut from, mut is_userinfo) = (0, false);
    let mut last_slash = None;
    while let Some((c, len)) = next(text, at) {
        let after = at.saturating_add(len);
        match c {
            '@' if is_userinfo => {
                shown.push_str(text.get(start..from).unwrap_or_default());
                shown.push_str(MASK);
                start = after;
                // The last `@` ends it, whatever that holds.
                from = after;
            }
            '/' => {
                is_userinfo = last_slash == Some(at);
                last_slash = Some(after);
                from = after;
            }
            ':' => is_userinfo = true,
            '?' | '#' | '&' | '=' | ' ' | ',' | ';' | '"' | '\'' | '<' | '>' | '(' => {
                (from, is_userinfo) = (after, false);
            }
            _ => {}
        }
        at = after;
    }
    shown.push_str(text.get(start..).unwrap_or_default());
    shown
}

/// The next character, as what it stands for if it is escaped, once or several times, and how many
/// bytes it takes.
fn next(text: &str, at: usize) -> Option<(char, usize)> {
    let rest = text.get(at..)?;
    let plain = rest.chars().next()?;
    let escaped = rest.strip_prefix('%').and_then(|escape| {
        let bare = escape.trim_start_matches("25");
        let digits =
            bare.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii)?;
        let len = rest.len().saturating_sub(bare.len()).saturating_add(digits.len());
        Some((char::from(byte), len))
    });
    Some(escaped.unwrap_or((plain, plain.len_utf8())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_information_is_masked_wherever_it_is() {
        for (text, shown) in [
            ("https://bob:secret@host/sms", "https://***@host/sms"),
            ("https://bob@host/sms", "https://***@host/sms"),
            ("https://b:s@e@cret@host/", "https://***@***@***@host/"),
            ("bob:secret@host/sms", "***@host/sms"),
            ("//bob:secret@host/sms", "//***@host/sms"),
            ("https://h/?cb=https://bob:secret@host/", "https://h/?cb=https://***@host/"),
            (
                "https://h/?cb=https%3A%2F%2Fbob%3Asecret%40host%2F",
                "https://h/?cb=https%3A%2F%2F***@host%2F",
            ),
            ("?cb=https%253a%252f%252fbob%253asecret%2540host", "?cb=https%253a%252f%252f***@host"),
            ("?cb=bob%3Asecret@host", "?cb=***@host"),
            ("a https://b:s@h and https://c:t@i", "a https://***@h and https://***@i"),
            (
                "https://host:80/sms?email=bob@example.com",
                "https://host:80/sms?email=bob@example.com",
            ),
            ("https://host/@bob:x", "https://host/@bob:x"),
            ("%", "%"),
            ("100%25@", "100%25@"),
        ] {
            assert_eq!(without(text), shown);
        }
    }
}

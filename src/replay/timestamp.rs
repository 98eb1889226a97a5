//! Reads the `Timestamp` of a webhook, whichever kind it is.
//!
//! | kind | format | example |
//! |---|---|---|
//! | call status, conference | RFC 2822 | `Wed, 16 Feb 2022 16:11:53 +0000` |
//! | media stream status, debugger | ISO 8601 | `2022-02-16T16:11:53.123Z` |
//! | TaskRouter | seconds since 1970 | `1645027913` |

use core::time::Duration;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// The longest text that is looked at. The formats need 35 characters.
const MAX_LEN: usize = 64;

/// Most seconds since 1970 that are taken for a time: the end of the year 9999, as with the other
/// formats. It also keeps milliseconds since 1970 from being read as seconds.
const MAX_EPOCH: u64 = 253_402_300_799;

pub(super) fn read(text: &[u8]) -> Option<SystemTime> {
    let text = str::from_utf8(text).ok().filter(|text| text.len() <= MAX_LEN)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= MAX_EPOCH)?;
        return SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    }
    let timestamp = if text.as_bytes().get(4) == Some(&b'-') {
        text.parse::<Timestamp>().ok()?
    } else {
        rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?
    };
    let since = timestamp.as_duration();
    if since.is_negative() {
        return SystemTime::UNIX_EPOCH.checked_sub(since.unsigned_abs());
    }
    SystemTime::UNIX_EPOCH.checked_add(since.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_names_the_same_second() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_645_027_913);
        for text in [
            "Wed, 16 Feb 2022 16:11:53 +0000",
            "16 Feb 2022 16:11:53 GMT",
            "Wed, 16 Feb 2022 08:11:53 -0800",
            "2022-02-16T16:11:53Z",
            "2022-02-16T16:11:53.000Z",
            "2022-02-16T17:11:53+01:00",
            "1645027913",
        ] {
            assert_eq!(read(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn whatever_is_not_a_time_is_refused() {
        let long = "1".repeat(65);
        for text in [
            "",
            " ",
            "now",
            "-1",
            "+1645027913",
            "1645027913000000",
            "99999999999999999999999",
            "1645027913.5",
            "2022-02-16",
            "2022-02-16T16:11:53",
            "2022-02-30T16:11:53Z",
            "Thu, 16 Feb 2022 16:11:53 +0000",
            "Wed, 16 Feb 2022 16:11:53 +0000 and more",
            "\u{0661}\u{0662}",
            &long,
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read(b"1645\xFF"), None);
    }
}

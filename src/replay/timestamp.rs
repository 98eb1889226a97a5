//! Reads the `Timestamp` of a webhook, whichever kind it is.
//!
//! | kind | format | example |
//! |---|---|---|
//! | call status, conference | RFC 2822 | `Wed, 16 Feb 2022 16:11:53 +0000` |
//! | media stream status, debugger | ISO 8601 | `2022-02-16T16:11:53.123Z` |
//! | TaskRouter | seconds since 1970 | `1645027913` |
//!
//! Milliseconds since 1970, and ISO 8601 and SQL without a zone, are read too, as UTC, because Twilio's
//! times are UTC. A zone that was split off from a value is `Z`, so the time stays the same.

use core::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// The longest text that is looked at. The formats need 35 characters.
const MAX_LEN: usize = 64;

/// The shortest text in ISO 8601 or SQL: a date alone is no time.
const MIN_ISO_LEN: usize = "2022-02-16T16:11".len();

/// The largest number that is taken for seconds since 1970: the end of the year 9999, as with the other
/// formats. A larger number is milliseconds, from the year 1978 on.
const MAX_SECONDS: u64 = 253_402_300_799;

/// The time since 1970-01-01 00:00:00 UTC. An earlier time counts as this one, since both are too old.
pub(super) fn read(text: &[u8]) -> Option<Duration> {
    let text = str::from_utf8(text).ok().filter(|text| text.len() <= MAX_LEN)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = text.parse().ok()?;
        let millis = MAX_SECONDS.saturating_mul(1_000).saturating_add(999);
        return match number {
            0..=MAX_SECONDS => Some(Duration::from_secs(number)),
            _ => (number <= millis).then_some(Duration::from_millis(number)),
        };
    }
    let timestamp = if text.as_bytes().get(4) == Some(&b'-') {
        read_iso(text).filter(|_| text.len() >= MIN_ISO_LEN)?
    } else {
        rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?
    };
    let since = timestamp.as_duration();
    Some(if since.is_negative() { Duration::ZERO } else { since.unsigned_abs() })
}

fn read_iso(text: &str) -> Option<Timestamp> {
    let zoned = text.parse::<Timestamp>().ok();
    zoned.or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_names_the_same_second() {
        let expected = Duration::from_secs(1_645_027_913);
        for text in [
            "Wed, 16 Feb 2022 16:11:53 +0000",
            "16 Feb 2022 16:11:53 GMT",
            "Wed, 16 Feb 2022 08:11:53 -0800",
            "2022-02-16T16:11:53Z",
            "2022-02-16T16:11:53.000Z",
            "2022-02-16T17:11:53+01:00",
            "1645027913",
            "1645027913000",
            "2022-02-16 16:11:53",
            "2022-02-16 16:11:53.000",
            "2022-02-16T16:11:53",
            "2022-02-16 16:11:53Z",
        ] {
            assert_eq!(read(text.as_bytes()), Some(expected), "{text}");
        }
        assert_eq!(read(b"1645027913123"), Some(expected + Duration::from_millis(123)));
        assert_eq!(read(b"2022-02-16T16:11:53.123"), Some(expected + Duration::from_millis(123)));
    }

    #[test]
    fn the_ends_of_what_is_read() {
        assert_eq!(read(b"0"), Some(Duration::ZERO));
        assert_eq!(read(b"1969-12-31T23:59:59Z"), Some(Duration::ZERO));
        assert_eq!(read(b"253402300799"), Some(Duration::from_secs(253_402_300_799)));
        assert_eq!(read(b"253402300800"), Some(Duration::from_millis(253_402_300_800)));
        assert_eq!(read(b"253402300799999"), Some(Duration::from_millis(253_402_300_799_999)));
        assert_eq!(read(b"253402300800000"), None);
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
            "2022-02-30T16:11:53Z",
            "2022-02-16T16:11:53+",
            "2022-02-16T16:11:53 UTC",
            "2022-02-16T25:11:53",
            "v1",
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

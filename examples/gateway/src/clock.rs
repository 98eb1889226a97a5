//! The time, in milliseconds since 1970, as the database has it.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Now. A clock that is set before 1970 gives 0.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time for people: `2026-11-26 08:00:00Z`.
pub(crate) fn show(millis: i64) -> String {
    match Timestamp::from_millisecond(millis) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        Err(_) => millis.to_string(),
    }
}

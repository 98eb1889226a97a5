//! The time that a webhook says it was made at.

use alloc::string::String;

use jiff::Timestamp;

use super::fixture::Fixture;

const TIMESTAMP: &str = "Timestamp";

impl Fixture {
    /// Sets `Timestamp` to these seconds since 1970, as Twilio writes it (RFC 2822). A service that checks
    /// how old a webhook is refuses a fixture without it: its own time is fixed. A kind that Twilio sends
    /// without a `Timestamp` stays as it is, and so does every kind for a time after the year 9999.
    ///
    /// Source: <https://www.twilio.com/docs/voice/api/call-resource#statuscallback>
    ///
    /// # Examples
    /// ```
    /// use std::time::{SystemTime, UNIX_EPOCH};
    /// use twilio_sig::{AuthToken, testing};
    ///
    /// let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    /// let fresh = testing::call_status("completed").at(now);
    /// # let _ = fresh;
    /// let token = AuthToken::new("a token of this test")?;
    /// let late = testing::conference().at(1_800_000_000).sign(&token, "https://example.com/")?;
    /// let timestamp = ("Timestamp".into(), "Fri, 15 Jan 2027 08:00:00 +0000".into());
    /// assert!(late.params().contains(&timestamp));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(self, unix_seconds: u64) -> Self {
        let has_timestamp = self.params.iter().any(|(own, _)| own == TIMESTAMP);
        match rfc2822(unix_seconds) {
            Some(text) if has_timestamp => self.param(TIMESTAMP, &text),
            _ => self,
        }
    }
}

/// `None` after the year 9999.
fn rfc2822(unix_seconds: u64) -> Option<String> {
    let time = Timestamp::from_second(i64::try_from(unix_seconds).ok()?).ok()?;
    // jiff's own RFC 2822 writes the first nine days of a month with one digit.
    jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S +0000", time).ok()
}

//! The answer to a request that does not reach the handler.

use alloc::borrow::Cow;
use core::time::Duration;

use bytes::Bytes;

/// The longest body, in bytes, that is stored and given again: 64 KiB, as much TwiML as Twilio reads.
pub const MAX_STORED_BODY_LEN: usize = 65_536;

/// A response in the terms of no framework: a status, a body, and the two headers it may need.
///
/// # Examples
/// ```
/// use twilio_sig_gate::GateResponse;
///
/// let answer = GateResponse::new(200).with_body("text/xml", "<Response/>");
/// assert_eq!((answer.status(), &answer.body()[..]), (200, &b"<Response/>"[..]));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct GateResponse {
    status: u16,
    retry_after: Option<Duration>,
    content_type: Option<Cow<'static, str>>,
    body: Bytes,
    replayed: bool,
}

impl GateResponse {
    /// An answer with an empty body. A `status` that is none (below 100, above 999) becomes 500.
    pub const fn new(status: u16) -> Self {
        let status = if 100 <= status && status <= 999 { status } else { 500 };
        Self { status, retry_after: None, content_type: None, body: Bytes::new(), replayed: false }
    }

    /// `{"success":true,"duplicate":true}` with 200: for
    /// `Gate::duplicate_answer` (feature `claim`), where the sender reads JSON. Twilio
    /// expects TwiML of a call or a message, and reports this as its error 12300.
    pub const fn duplicate() -> Self {
        Self {
            status: 200,
            retry_after: None,
            content_type: Some(Cow::Borrowed("application/json")),
            body: Bytes::from_static(br#"{"success":true,"duplicate":true}"#),
            replayed: false,
        }
    }

    /// Adds `Retry-After`, in whole seconds, rounded up, at least 1.
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds a body of this media type.
    pub fn with_body(
        mut self,
        content_type: impl Into<Cow<'static, str>>,
        body: impl Into<Bytes>,
    ) -> Self {
        self.content_type = Some(content_type.into());
        self.body = body.into();
        self
    }

    /// Adds a body whose media type is not stated.
    pub fn with_bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Marks it as given without the handler, because what the request asks for is done.
    #[cfg(feature = "claim")]
    pub(crate) const fn mark_replayed(mut self) -> Self {
        self.replayed = true;
        self
    }

    /// The name of the header that an adapter adds, with the value `true`, to an answer that is
    /// [replayed](Self::is_replayed).
    pub const REPLAYED_HEADER: &'static str = "twilio-sig-replayed";

    /// Whether no handler made it now: what the request asks for is done, and this is the first
    /// answer again, or what stands for it.
    #[must_use]
    pub const fn is_replayed(&self) -> bool {
        self.replayed
    }

    /// The HTTP status, 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The value of `Retry-After`, in seconds, if there is to be one.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        let wait = self.retry_after?;
        Some(wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1))
    }

    /// The value of `Content-Type`, if there is to be one.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body, without a copy.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        let seconds = |millis| {
            GateResponse::new(503).with_retry_after(Duration::from_millis(millis)).retry_after()
        };
        assert_eq!([0, 1, 1_000, 1_001].map(seconds), [1, 1, 1, 2].map(Some));
        assert_eq!(GateResponse::new(503).retry_after(), None);
    }

    #[test]
    fn a_status_that_is_none_becomes_500() {
        assert_eq!(
            [0, 99, 100, 999, 1_000].map(|n| GateResponse::new(n).status()),
            [500, 500, 100, 999, 500]
        );
    }
}

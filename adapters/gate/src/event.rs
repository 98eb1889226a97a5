//! What an operator learns of each request.

use alloc::borrow::Cow;
use core::net::IpAddr;

use twilio_sig::{Candidate, Coverage};

use crate::{Refusal, VerifiedWebhook};

/// The longest text of a request that an event carries, in bytes.
const MAX_TEXT_LEN: usize = 256;

/// How a request fared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was verified, and goes to the handler.
    #[non_exhaustive]
    Verified {
        /// How the signature covers the body.
        coverage: Coverage,
        /// The spelling of the URL that was signed.
        candidate: Candidate,
        /// The position of the key that matched.
        key: usize,
    },
    /// It was refused; in report-only mode it goes to the handler all the same, unverified.
    Refused(Refusal),
    /// It was verified and tells of an event that is done: answered without the handler.
    Duplicate,
    /// The handler is done, and the claim store could not mark it so: the request or event may be
    /// let through again when its lease has run out.
    Unsettled,
}

impl Outcome {
    pub(crate) fn verified(webhook: &VerifiedWebhook) -> Self {
        Self::Verified {
            coverage: webhook.coverage(),
            candidate: webhook.candidate(),
            key: webhook.key(),
        }
    }
}

/// One request, for metrics, logs and audit. It holds no secret: no token, no signature, no body,
/// and of the URL no query.
///
/// What came from the request is cut to 256 bytes, and bytes other than printable ASCII are
/// replaced, so that nobody writes into a log what was not said.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// How it fared.
    pub outcome: Outcome,
    /// The tenant, if one was found.
    pub tenant: Option<&'a str>,
    /// The address at the other end of the connection; behind a proxy that is the proxy's.
    pub ip: Option<IpAddr>,
    /// The public URL without its query; of a request whose URL cannot be told, the path.
    pub url: Cow<'a, str>,
    /// The `User-Agent`, which anyone can choose.
    pub user_agent: Option<Cow<'a, str>>,
    /// Whether the gate only reports.
    pub report_only: bool,
}

/// The part of a URL that may be logged.
pub(crate) fn loggable_url(url: &str) -> Cow<'_, str> {
    loggable(url.split(['?', '#']).next().unwrap_or_default().as_bytes())
}

/// Printable ASCII, of bounded length.
pub(crate) fn loggable(text: &[u8]) -> Cow<'_, str> {
    let text = text.get(..MAX_TEXT_LEN).unwrap_or(text);
    match str::from_utf8(text) {
        Ok(text) if text.bytes().all(is_printable) => Cow::Borrowed(text),
        _ => {
            let char = |&byte: &u8| if is_printable(byte) { char::from(byte) } else { '\u{fffd}' };
            Cow::Owned(text.iter().map(char).collect())
        }
    }
}

const fn is_printable(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b' '
}

impl Event<'_> {
    /// Hands the event to the `tracing` subscriber: a refusal as a warning, or as an error where
    /// something is out of order here; the rest for debugging.
    #[cfg(feature = "tracing")]
    pub(crate) fn trace(&self) {
        let tenant_id = self.tenant.unwrap_or_default();
        let ip_address = self.ip.map(tracing::field::display);
        let (url, user_agent) = (&*self.url, self.user_agent.as_deref().unwrap_or_default());
        let report_only = self.report_only;
        match self.outcome {
            Outcome::Refused(refusal) => {
                let (event_type, reason) = (refusal.event_type(), refusal.code());
                let detail = tracing::field::display(refusal);
                if refusal.http_status() >= 500 {
                    tracing::error!(
                        event_type,
                        provider = "twilio",
                        tenant_id,
                        ip_address,
                        url,
                        user_agent,
                        reason,
                        report_only,
                        "{detail}"
                    );
                } else {
                    tracing::warn!(
                        event_type,
                        provider = "twilio",
                        tenant_id,
                        ip_address,
                        url,
                        user_agent,
                        reason,
                        report_only,
                        "{detail}"
                    );
                }
            }
            Outcome::Verified { coverage, candidate, key } => {
                let (coverage, candidate) =
                    (tracing::field::display(coverage), tracing::field::display(candidate));
                tracing::debug!(
                    event_type = "verified_webhook", provider = "twilio", tenant_id, ip_address,
                    url, %coverage, %candidate, key, report_only, "verified"
                );
            }
            Outcome::Duplicate => tracing::info!(
                event_type = "duplicate_webhook",
                provider = "twilio",
                tenant_id,
                ip_address,
                url,
                "the event is done"
            ),
            Outcome::Unsettled => tracing::error!(
                event_type = "webhook_unavailable",
                provider = "twilio",
                tenant_id,
                ip_address,
                url,
                reason = "unsettled",
                "the claim store did not mark the event as done"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_holds_neither_query_nor_control_bytes_nor_more_than_its_bound() {
        assert_eq!(loggable_url("https://e.com/sms?token=secret"), "https://e.com/sms");
        assert_eq!(loggable_url("https://e.com/sms#secret"), "https://e.com/sms");
        assert_eq!(loggable(b"a\r\nb\x1b[2J\xff"), "a\u{fffd}\u{fffd}b\u{fffd}[2J\u{fffd}");
        assert_eq!(loggable("x".repeat(65_536).as_bytes()).len(), MAX_TEXT_LEN);
        // A cut in the middle of a character is no panic.
        assert_eq!(loggable("ü".repeat(200).as_bytes()).chars().count(), MAX_TEXT_LEN);
    }
}

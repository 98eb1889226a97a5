//! What an operator learns of each request.

use alloc::borrow::Cow;
use core::net::IpAddr;
use core::time::Duration;
use std::time::Instant;

use twilio_sig::{Candidate, Coverage};

#[cfg(feature = "explain")]
use crate::Explained;
use crate::owned_webhook::OwnedWebhook;
use crate::{Head, Refusal, VerifiedWebhook};

/// The longest text of a request that an event carries, in bytes.
pub(crate) const MAX_TEXT_LEN: usize = 256;

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
    /// A request that was refused for this reason, some moments ago, was looked into: see
    /// [`Event::explained`]. It has had its own [`Refused`](Self::Refused) before.
    #[cfg(feature = "explain")]
    Explained(Refusal),
    /// It was verified, and this very signature was seen before: answered without the handler.
    /// It is Twilio's retry, or a replay of what a client has captured.
    Replayed,
    /// It was verified and tells of an event that is done: answered without the handler.
    Duplicate,
    /// It was verified and nothing identifies its event, for this reason, in snake case: the handler
    /// gets it every time. It is followed by what else became of the request.
    NotDeduplicated(&'static str),
    /// The handler has answered, after all that the gate did for it.
    #[non_exhaustive]
    Handled {
        /// The HTTP status; 500 for a service that failed.
        status: u16,
        /// Whether the work counts as done. Otherwise a retry reaches the handler again.
        done: bool,
    },
    /// The claim of a request that is at work was lost, or is no longer renewed: its event may be
    /// handled a second time. The handler sees it in
    /// [`VerifiedWebhook::lease_is_lost`].
    LeaseLost,
    /// The handler is done, and the claim store could not mark it so. It is asked again for 10
    /// seconds; if it stays out of order, the request or event may be let through again when its
    /// lease has run out.
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

    /// Whether a subscriber may want to know: what goes well, most do not.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_traced(self) -> bool {
        !matches!(self, Self::Verified { .. } | Self::Handled { .. } | Self::NotDeduplicated(_))
            || tracing::enabled!(tracing::Level::DEBUG)
    }
}

/// What became of a request, for metrics, logs and audit. It holds no secret: no token, no signature, no body,
/// and of the URL no query.
///
/// What came from the request is cut to 256 bytes, and bytes other than printable ASCII are
/// replaced, so that no request can forge a line of the log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// How it fared.
    pub outcome: Outcome,
    /// The tenant, if one was found.
    pub tenant: Option<&'a str>,
    /// The address at the other end of the connection; behind a proxy that is the proxy's.
    pub ip: Option<IpAddr>,
    /// The public URL without its query; the path, if the URL cannot be told.
    pub url: Cow<'a, str>,
    /// The `User-Agent`, which every sender can choose.
    pub user_agent: Option<Cow<'a, str>>,
    /// Whether the gate only reports.
    pub report_only: bool,
    /// How long the request has taken since its head was read.
    pub elapsed: Duration,
    /// The signed `MessageSid`, otherwise the signed `CallSid`, of a request that is proven.
    pub sid: Option<Cow<'a, str>>,
    /// Twilio's idempotency token, `I-Twilio-Idempotency-Token`, which is not signed.
    pub idempotency_token: Option<Cow<'a, str>>,
    /// What the claim store says about a fault of its own; why there is no identity; or that less of
    /// the body arrived than `Content-Length` states.
    pub detail: Option<&'a str>,
    /// What explains the refusal, of an [`Outcome::Explained`].
    #[cfg(feature = "explain")]
    pub explained: Option<&'a Explained>,
}

/// What an event says of a request besides its outcome, as it came.
#[derive(Clone, Copy)]
pub(crate) struct EventContext<'a> {
    url: &'a str,
    tenant: Option<&'a str>,
    peer: Option<IpAddr>,
    user_agent: Option<&'a [u8]>,
    idempotency_token: Option<&'a [u8]>,
    started: Instant,
    /// What is proven.
    proven: Option<&'a VerifiedWebhook>,
    detail: Option<&'a str>,
    #[cfg(feature = "explain")]
    explained: Option<&'a Explained>,
}

impl<'a> EventContext<'a> {
    pub(crate) const fn of_head(head: &Head<'a>) -> Self {
        Self {
            url: head.target,
            tenant: None,
            peer: head.peer,
            user_agent: head.user_agent,
            idempotency_token: head.idempotency_token,
            started: head.started,
            proven: None,
            detail: None,
            #[cfg(feature = "explain")]
            explained: None,
        }
    }

    pub(crate) fn of_arrived(arrived: &'a OwnedWebhook, tenant: Option<&'a str>) -> Self {
        Self {
            url: &arrived.url,
            tenant,
            peer: arrived.peer,
            user_agent: arrived.user_agent.as_deref(),
            idempotency_token: arrived.idempotency_token.as_deref(),
            started: arrived.started,
            proven: None,
            detail: None,
            #[cfg(feature = "explain")]
            explained: None,
        }
    }

    pub(crate) const fn with_proof(mut self, webhook: &'a VerifiedWebhook) -> Self {
        self.proven = Some(webhook);
        self
    }

    #[cfg(feature = "explain")]
    pub(crate) const fn with_explained(mut self, explained: &'a Explained) -> Self {
        self.explained = Some(explained);
        self
    }

    pub(crate) const fn with_detail(mut self, detail: Option<&'a str>) -> Self {
        self.detail = detail;
        self
    }

    /// The event, with what may be logged of it.
    pub(crate) fn event(self, outcome: Outcome, report_only: bool) -> Event<'a> {
        Event {
            outcome,
            tenant: self.tenant,
            ip: self.peer,
            url: loggable_url(self.url),
            user_agent: self.user_agent.map(loggable),
            report_only,
            elapsed: self.started.elapsed(),
            sid: self.proven.and_then(sid_of),
            idempotency_token: self.idempotency_token.map(loggable),
            detail: self.detail,
            #[cfg(feature = "explain")]
            explained: self.explained,
        }
    }
}

/// What Twilio's console finds the request by.
fn sid_of(webhook: &VerifiedWebhook) -> Option<Cow<'_, str>> {
    let names = ["MessageSid", "CallSid"];
    let in_form = names.into_iter().find_map(|name| webhook.param(name));
    in_form.map(|sid| loggable(sid.as_bytes())).or_else(|| {
        // The parameters of a `GET` stand in its URL.
        let query = if webhook.body().is_empty() { webhook.query_params() } else { return None };
        let sid = names.into_iter().find_map(|name| query.get(name))?;
        Some(Cow::Owned(loggable(sid.as_bytes()).into_owned()))
    })
}

/// The part of a URL that may be logged.
fn loggable_url(url: &str) -> Cow<'_, str> {
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

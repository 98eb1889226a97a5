//! Why an event has no key.

use alloc::borrow::Cow;

use thiserror::Error;

#[cfg(doc)]
use super::{DedupKey, Delivery, MAX_EVENTS, MAX_PART_LEN, Template};

/// Why there is no key. It names the parameter at fault and shows no value.
///
/// # Examples
/// ```
/// use twilio_sig::dedup::NoIdentity;
///
/// let reason = NoIdentity::Missing("SequenceNumber".into());
/// assert_eq!(reason.to_string(), "the parameter SequenceNumber, which identifies the event, is missing");
/// assert_eq!(reason.reason(), "missing");
/// ```
#[derive(Clone, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum NoIdentity {
    /// This parameter comes with several values. Their order is not signed.
    #[error("the parameter {0}, which identifies the event, has several values")]
    Ambiguous(Cow<'static, str>),
    /// This parameter is not what it must be: a SID is two letters and 32 hexadecimal digits, a
    /// number is digits, a text is UTF-8 and at most [`MAX_PART_LEN`] bytes.
    #[error("the parameter {0}, which identifies the event, is malformed")]
    Malformed(Cow<'static, str>),
    /// The JSON body cannot be read, or a member comes twice.
    #[error("the JSON body cannot be read")]
    MalformedBody,
    /// The idempotency token is longer than [`MAX_PART_LEN`].
    #[error("the idempotency token is too long")]
    MalformedToken,
    /// This parameter is not signed, or empty, and the template or the kind of webhook asks for it.
    #[error("the parameter {0}, which identifies the event, is missing")]
    Missing(Cow<'static, str>),
    /// The [`Delivery`] has no idempotency token, or an empty one.
    #[error("there is no idempotency token")]
    MissingToken,
    /// A webhook of this kind can honestly come twice with the same parameters: the result of a verb
    /// of TwiML, a turn of a call, an event that asks for leave.
    #[error("a webhook of the kind {0} can honestly come twice with the same parameters")]
    Repeatable(&'static str),
    /// The body holds several events, each with a key of its own: see [`DedupKey::each`].
    #[error("the body holds several events")]
    SeveralEvents,
    /// The body holds more than [`MAX_EVENTS`] events.
    #[error("the body holds too many events")]
    TooManyEvents,
    /// The parameters are of no kind of webhook that is known here. Write a [`Template`] for it.
    #[error("no kind of webhook that is known has these parameters")]
    Unknown,
}

impl NoIdentity {
    /// The reason as a word for logs and metrics, in snake case.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(twilio_sig::dedup::NoIdentity::SeveralEvents.reason(), "several_events");
    /// ```
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Ambiguous(_) => "ambiguous",
            Self::Malformed(_) => "malformed",
            Self::MalformedBody => "malformed_body",
            Self::MalformedToken => "malformed_token",
            Self::Missing(_) => "missing",
            Self::MissingToken => "missing_token",
            Self::Repeatable(_) => "repeatable",
            Self::SeveralEvents => "several_events",
            Self::TooManyEvents => "too_many_events",
            Self::Unknown => "unknown",
        }
    }
}

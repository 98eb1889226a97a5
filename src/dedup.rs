//! Idempotency: one event is acted on once, however often Twilio tells of it.
//!
//! Status callbacks may come twice, and Event Streams come at least once. A [`DedupKey`] is the
//! identity of the *event*, made of signed parameters; claim it in a
//! [`ClaimStore`](crate::claim::ClaimStore), do the work, complete it.
//!
//! # It is not replay protection
//!
//! Twilio does not sign where a name ends and its value begins, so whoever captured a request may
//! be able to split it into another identity (`SECURITY.md`, "No separators"). Its MAC stays what
//! it was. Ask [`replay::Guard`](crate::replay) first, where that matters.
//!
//! # Identities
//!
//! | kind | identity | how it is recognised |
//! |---|---|---|
//! | incoming message | `MessageSid` | `MessageSid`, no `MessageStatus` |
//! | message status | `MessageSid`, `MessageStatus`, and `ErrorCode`, `RawDlrDoneDate` if there are any | `MessageStatus` |
//! | incoming call | `CallSid` and the URL | `CallStatus=ringing`, and no result of a verb |
//! | call status | `CallSid` and `SequenceNumber`, or else `CallStatus` | `CallbackSource`, or `CallDuration`, or `SequenceNumber` with `Timestamp` |
//! | recording status | `RecordingSid`, `RecordingStatus` | `RecordingStatus` |
//! | conference | `ConferenceSid`, `SequenceNumber` | `StatusCallbackEvent` with `ConferenceSid` |
//! | media stream status | `StreamSid`, `StreamEvent` | `StreamEvent` |
//! | Conversations | `EventType` and the SID of its object; of an update also `DateUpdated` | `EventType` with `ConversationSid` or `ChatServiceSid` |
//! | TaskRouter event | `Sid` | `WorkspaceSid` with `Sid` |
//! | TaskRouter assignment | `ReservationSid` | `WorkspaceSid` with `ReservationSid` |
//! | Sync | `EventType`, the SID of its object, and its revision or `EventId` | `EventType` with `ServiceSid` |
//! | Verify | `uid` or `uuid`, `type` | both, in a form or in JSON |
//! | Debugger | `Sid` | `PayloadType` with `Sid` |
//! | Event Streams | the CloudEvents `id` of each event | `specversion`, in JSON under `bodySHA256` |
//!
//! Everything else is [`NoIdentity::Unknown`], and that is deliberate: the result of a `<Gather>`, a
//! partial speech result, or a Conversations event before the act can honestly come twice with the
//! same parameters. `RetryCount` is no part of an identity: it differs between retries of one event.
//!
//! Sources: Twilio's pages on each kind of webhook, above all
//! <https://www.twilio.com/docs/usage/webhooks>.
//!
//! # Keys of your own
//!
//! [`DedupKey::from_template`] writes the keys that people use: `{CallSid}:voice`,
//! `{CallSid}:recording:{RecordingSid}`, `{CallSid}:consent`. **A key of `{CallSid}:status` is a
//! trap**: `ringing` takes it, and `completed` of the same call is then dropped as a duplicate.
//! Name what differs: `{CallSid}:status:{SequenceNumber}`, or `{CallSid}:status:{CallStatus}`.
//!
//! # Examples
//! ```
//! use twilio_sig::dedup::DedupKey;
//! use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
//!
//! let token = AuthToken::new("12345")?;
//! let (url, body) = (
//!     "https://example.com/status",
//!     b"AccountSid=AC00000000000000000000000000000001&\
//!       MessageSid=SM00000000000000000000000000000001&MessageStatus=delivered",
//! );
//! let signature = Signer::auth_token(&token).sign_form(url, body)?.header_value();
//! let webhook = Webhook::post(url, body).signature(&signature);
//! let verified = Verifier::new(token).verify(&webhook)?;
//!
//! let key = DedupKey::of(&verified)?.endpoint("sms-status");
//! assert_eq!(key.to_string(), "message_status:SM00000000000000000000000000000001:delivered");
//! let claim_key = key.claim_key(); // for `store.claim(&claim_key, lease)`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod events;
mod kind;
mod signed;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;

use self::events::MAX_EVENTS as EVENTS;
use self::signed::{Signed, push_part};
use crate::claim::ClaimKey;
use crate::verifier::{Coverage, Verified};

/// The most events that are read from one body of Event Streams.
pub const MAX_EVENTS: usize = EVENTS;

/// The longest value that is part of a key, in bytes: Twilio's unique names have 320 characters.
pub const MAX_PART_LEN: usize = 1_024;

/// The identity of an event, scoped by account and endpoint.
///
/// `Display` shows the identity without its scope. Parts are joined by colons; what could be taken
/// for a colon, or is not visible ASCII, is written as `%XX`, so no two identities look alike.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use]
pub struct DedupKey {
    account: String,
    endpoint: String,
    text: String,
}

/// Why there is no key.
///
/// # Examples
/// ```
/// use twilio_sig::dedup::NoIdentity;
///
/// assert_eq!(NoIdentity::Unknown.to_string(), "nothing that is signed identifies the event");
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum NoIdentity {
    /// A parameter of the identity comes with several values. Their order is not signed.
    #[error("a parameter of the identity has several values")]
    Ambiguous,
    /// A part of the identity is not what it must be: a SID is two letters and 32 hexadecimal
    /// digits, a number is digits, a text is UTF-8 and at most [`MAX_PART_LEN`] bytes; or a JSON
    /// body cannot be read.
    #[error("a part of the identity is malformed")]
    Malformed,
    /// A parameter that the template or the kind of webhook asks for is not signed.
    #[error("a parameter of the identity is missing")]
    Missing,
    /// The body holds several events, each with a key of its own, or more than [`MAX_EVENTS`]: see
    /// [`DedupKey::each`].
    #[error("the body holds several events")]
    SeveralEvents,
    /// The template is empty, or has a brace without its partner or with nothing between.
    #[error("the template of the key is malformed")]
    Template,
    /// Nothing that is signed identifies the event: two honest requests can be alike.
    #[error("nothing that is signed identifies the event")]
    Unknown,
}

impl DedupKey {
    /// The key of the one event that the request tells of.
    ///
    /// # Errors
    /// A [`NoIdentity`]. Then act on every request, in a way that is harmless to repeat, or use
    /// [`from_template`](Self::from_template).
    pub fn of(verified: &Verified<'_>) -> Result<Self, NoIdentity> {
        let mut keys = Self::each(verified)?;
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(key),
            (Some(_), false) => Err(NoIdentity::SeveralEvents),
            (None, _) => Err(NoIdentity::Unknown),
        }
    }

    /// The keys of all events of the request, in order: several only for Event Streams, whose body
    /// is an array. Claim each by itself: Twilio may pack events differently when it sends again.
    ///
    /// # Errors
    /// A [`NoIdentity`], and not a single key, if any of the events has none.
    pub fn each(verified: &Verified<'_>) -> Result<Vec<Self>, NoIdentity> {
        if verified.coverage() == Coverage::BodyHash {
            return events::identify(verified.body());
        }
        let signed = Signed::of(verified);
        let text = kind::identify(&signed, verified.url())?;
        Ok(Vec::from([Self::scoped(&signed, text)?]))
    }

    /// A key of your own, in which `{Name}` stands for the signed parameter of that name.
    ///
    /// Values are escaped, so they cannot contain a colon of the template. A parameter whose name
    /// ends in `Sid` must be a SID.
    ///
    /// # Errors
    /// [`NoIdentity::Missing`], [`NoIdentity::Ambiguous`] and [`NoIdentity::Malformed`] for a
    /// parameter, [`NoIdentity::Template`] for the template.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::dedup::DedupKey;
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let url = "https://example.com/?CallSid=CA00000000000000000000000000000001";
    /// let signature = Signer::auth_token(&token).sign_url(url).header_value();
    /// let verified = Verifier::new(token).verify(&Webhook::get(url).signature(&signature))?;
    ///
    /// let key = DedupKey::from_template(&verified, "{CallSid}:consent")?;
    /// assert_eq!(key.to_string(), "CA00000000000000000000000000000001:consent");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_template(verified: &Verified<'_>, template: &str) -> Result<Self, NoIdentity> {
        let signed = Signed::of(verified);
        let mut text = String::new();
        let mut rest = template;
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(NoIdentity::Template)?;
            if literal.contains('}') || name.is_empty() || name.contains('{') {
                return Err(NoIdentity::Template);
            }
            let value = if name.ends_with("Sid") { signed.sid(name) } else { signed.text(name) };
            text.push_str(literal);
            push_part(&mut text, value?);
            rest = after;
        }
        if rest.contains('}') || template.is_empty() {
            return Err(NoIdentity::Template);
        }
        text.push_str(rest);
        Self::scoped(&signed, text)
    }

    /// The key of one delivery and its retries: the MAC, and the value of the
    /// `I-Twilio-Idempotency-Token` header, which Twilio keeps the same when it sends again.
    ///
    /// It tells honest requests apart that are alike, such as the turns of a `<Redirect>` loop.
    /// **The header is not signed**: an attacker changes it and has a key of his own. So this is no
    /// replay protection, and with it none can be had for such requests.
    ///
    /// # Errors
    /// [`NoIdentity::Missing`] if `token` is empty, [`NoIdentity::Malformed`] if it is longer than
    /// [`MAX_PART_LEN`].
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::dedup::DedupKey;
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let url = "https://example.com/menu?Digits=1";
    /// let signature = Signer::auth_token(&token).sign_url(url).header_value();
    /// let verified = Verifier::new(token).verify(&Webhook::get(url).signature(&signature))?;
    ///
    /// let first = DedupKey::of_delivery(&verified, "3f0c")?;
    /// assert_eq!(first, DedupKey::of_delivery(&verified, "3f0c")?); // its retry
    /// assert_ne!(first, DedupKey::of_delivery(&verified, "77aa")?); // the next turn
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_delivery(verified: &Verified<'_>, token: &str) -> Result<Self, NoIdentity> {
        if token.is_empty() {
            return Err(NoIdentity::Missing);
        }
        if token.len() > MAX_PART_LEN {
            return Err(NoIdentity::Malformed);
        }
        let mac = ClaimKey::new("mac", &[verified.signature().as_bytes()]);
        let mut text = alloc::format!("delivery:{mac}:");
        push_part(&mut text, token);
        Self::scoped(&Signed::of(verified), text)
    }

    /// Sets the endpoint that the event came to, by a name of your choice. Default: none.
    ///
    /// An event that Twilio tells two endpoints of must be acted on by both: give them names. Do
    /// not use the request's URL, whose end can be moved into the parameters under one signature.
    pub fn endpoint(mut self, name: impl Into<String>) -> Self {
        self.endpoint = name.into();
        self
    }

    /// Sets the account. Default: the signed `AccountSid`, and none where it is not signed as a
    /// parameter, as with Event Streams.
    pub fn account(mut self, sid: impl Into<String>) -> Self {
        self.account = sid.into();
        self
    }

    /// What to claim.
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        let parts = [&self.account, &self.endpoint, &self.text];
        ClaimKey::new("dedup", &parts.map(String::as_bytes))
    }

    fn scoped(signed: &Signed, text: String) -> Result<Self, NoIdentity> {
        let names = ["AccountSid", "account_sid"];
        let name = names.into_iter().find(|name| signed.has(name));
        let account = name.map(|name| signed.sid(name)).transpose()?.unwrap_or_default();
        Ok(Self { account: account.into(), endpoint: String::new(), text })
    }

    /// The key of a body that signs no parameters.
    fn unscoped(text: String) -> Self {
        Self { account: String::new(), endpoint: String::new(), text }
    }
}

impl fmt::Display for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

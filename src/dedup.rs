//! Idempotency: the service acts once on an event, however often Twilio sends it.
//!
//! Status callbacks may come twice, Event Streams come at least once, and Twilio asks again if it got no
//! answer. A [`DedupKey`] is the identity of the *event*, made of signed parameters. Claim the key in a
//! [`ClaimStore`](crate::claim::ClaimStore), do the work, and complete the claim.
//!
//! # It is not replay protection
//!
//! Twilio does not sign where a name ends and its value begins (`SECURITY.md`, "No separators"). A
//! client that captured a request can send the same bytes split anew:
//!
//! - as another event, or as one without an identity, which is then handled a second time;
//! - as a later event whose SID the client knows, if the bytes spell the SID, so that the later event is
//!   taken for a duplicate. Kinds that are told apart by *everything* are safe from this.
//!
//! The MAC stays the same, so [`replay::Guard`](crate::replay) sees that the request came before. Ask the
//! guard first where this matters, and act on no event that it refuses.
#![doc = include_str!("dedup/kinds.md")]
//! # Keys of your own
//!
//! A [`Template`] writes the keys that people use: `{CallSid}:voice`,
//! `{CallSid}:recording:{RecordingSid}`, `{CallSid}:consent`.
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
//! let key = DedupKey::of(&verified)?;
//! assert_eq!(key.to_string(), "message_status:SM00000000000000000000000000000001:delivered");
//! let claim_key = key.claim_key(); // for the store
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod delivery;
mod error;
mod events;
mod key;
mod kinds;
mod place;
mod signed;
mod template;

pub use self::delivery::Delivery;
pub use self::error::NoIdentity;
pub use self::key::DedupKey;
pub use self::template::{Template, TemplateError};

/// The most events that are read from one body of Event Streams. Twilio sends far fewer.
pub const MAX_EVENTS: usize = 1_000;

/// The longest value that is part of a key, in bytes: Twilio's unique names have 320 characters.
pub const MAX_PART_LEN: usize = 1_024;

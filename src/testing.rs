//! Webhooks as Twilio sends them, signed, for the tests of a service.
//!
//! A test signs a webhook with a token of its own and sends it through the verifier that the service
//! runs. There is no proof without a signature, so no test can pass without one.
//!
//! Each function gives a [`Fixture`]: a webhook of one kind, with the parameters of Twilio's
//! documentation. Their values are chosen to break code that decodes, trims or sorts them in its own
//! way: an emoji, a `+`, a `%`, a line break, an empty value, a name that comes twice.
//! [`kinds`] lists them for tools.
//!
//! Nothing here is secret or random: the same calls give the same bytes.
//!
//! # Examples
//! ```
//! use twilio_sig::{AuthToken, Verifier, testing};
//!
//! let token = AuthToken::new("a token of this test")?;
//! let url = "https://hooks.example.com/sms";
//! let sms = testing::sms().from("+15005550006").body("Ahoy 👋").sign(&token, url)?;
//!
//! let verifier = Verifier::new(token);
//! let verified = verifier.verify(&sms.webhook())?;
//! assert_eq!(verified.params().get("Body"), Some("Ahoy 👋"));
//!
//! // A forged one is signed with a token that the service does not have.
//! let forged = testing::sms().sign(&AuthToken::new("another token")?, url)?;
//! assert!(verifier.verify(&forged.webhook()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `http`, a signed webhook becomes an `http::Request`, as a server has it:
//!
//! ```
//! # #[cfg(feature = "http")] {
//! # use twilio_sig::{AuthToken, testing};
//! # let token = AuthToken::new("a token of this test")?;
//! let signed = testing::voice().sign(&token, "https://hooks.example.com/voice?lang=en")?;
//! let request = http::Request::<Vec<u8>>::try_from(signed)?;
//! assert_eq!(request.uri(), "/voice?lang=en");
//! assert_eq!(request.headers()["host"], "hooks.example.com");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod encode;
mod fixture;
#[cfg(feature = "http")]
mod http;
mod kind;
mod messages;
mod products;
mod sign;
mod signed;
mod sockets;

pub use calls::{
    call_status, call_status_series, conference, gather, recording, transcription, voice,
};
pub use fixture::Fixture;
pub use kind::{Kind, kinds};
pub use messages::{mms, sms, sms_status, sms_status_series, whatsapp};
pub use products::{conversation, event_streams, studio, verify};
pub use signed::SignedWebhook;
pub use sockets::{conversation_relay, media_stream};

/// The account of the fixtures. Twilio has no such account.
pub const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";

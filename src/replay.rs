//! Replay protection: a request is acted on once, and not when it is too old.
//!
//! Twilio signs no nonce and, for most webhooks, no timestamp: a client that captures a request can
//! send it again. [`Guard`] claims what cannot be changed without the key, the bytes of the MAC.
//! [`Freshness`] looks at a signed `Timestamp` where there is one; it needs neither a store nor
//! `std`.
//!
//! # What is promised
//!
//! | setting | a request that was seen | one that was captured and held back |
//! |---|---|---|
//! | default | is refused until its [`ttl`](Guard::ttl) ends, 24 hours; then it is new | is admitted once, at any time, unless it has a `Timestamp` that is too old |
//! | [`Freshness::required`] | is refused for ever: before its ttl ends it is seen, after the window it is too old | is refused after the window |
//!
//! The second row holds for an endpoint to whose URL Twilio sends nothing without a `Timestamp`.
//! Twilio does not sign where a name ends, so a sender's text (the `Body` of a message, a SIP `From`) can
//! be split off as a `Timestamp` of the sender's choice. Each `Timestamp` in the signed text
//! must therefore be the name of a parameter, and each of these must be fresh; the time that Twilio signed is among
//! them. At a URL that also gets messages, Twilio may sign no time, and the sender's is the only one: give
//! reports a URL of their own, or keep nonces for as long as the key (`ttl`, up to 366 days).
//!
//! The price: a required timestamp refuses a request whose text holds the word `Timestamp`, and every
//! request to a URL that holds the word.
//!
//! # What it does with honest requests
//!
//! - **Twilio's retry** after a timeout, a 5xx or a crash has the same bytes as the first request.
//!   Release the claim when you answer 5xx, and the retry is admitted. While the first is at work
//!   the retry is [`ReplayError::InProgress`]; after it was completed it is
//!   [`ReplayError::Replayed`], which carries the answer of the first.
//! - **Two honest requests can be the same bytes.** A `<Redirect>` or `<Gather>` that leads a call
//!   to the same URL again, with the same digits, is signed the same, and nothing tells it from a
//!   replay. Give each turn a URL of its own (`/menu?turn=2`), or leave such a URL unguarded and make
//!   what it does harmless to repeat.
//!
//! # Examples
//! ```
//! # #[cfg(feature = "std")] {
//! use twilio_sig::claim::{Answer, MemoryStore};
//! use twilio_sig::replay::{Guard, ReplayError};
//! use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = Guard::new(MemoryStore::new(100_000)?);
//!
//! let token = AuthToken::new("12345")?;
//! let (url, body) = ("https://example.com/sms", b"Body=Ahoy&MessageSid=SM1");
//! let signature = Signer::auth_token(&token).sign_form(url, body)?.header_value();
//! let webhook = Webhook::post(url, body).signature(&signature);
//! let verified = Verifier::new(token).verify(&webhook)?;
//!
//! let claim = guard.admit(&verified).await?;
//! // The work goes here. If it fails: `guard.release(&claim).await?`.
//! guard.complete(&claim, &Answer::new(b"<Response/>")?).await?;
//!
//! match guard.admit(&verified).await {
//!     Err(ReplayError::Replayed(answer)) => assert_eq!(answer.as_bytes(), b"<Response/>"),
//!     other => panic!("a replay is never admitted: {other:?}"),
//! }
//! # Ok(())
//! # }
//! # let mut future = core::pin::pin!(example());
//! # let mut context = core::task::Context::from_waker(core::task::Waker::noop());
//! # assert!(matches!(future.as_mut().poll(&mut context), core::task::Poll::Ready(Ok(()))));
//! # }
//! ```

mod error;
mod freshness;
mod guard;
mod signed;
mod timestamp;

pub use self::error::{FreshnessError, ReplayError, SettingError};
pub use self::freshness::Freshness;
pub use self::guard::Guard;

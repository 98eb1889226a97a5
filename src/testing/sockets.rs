//! Handshakes: requests that open a `WebSocket`.

use super::fixture::Fixture;

/// The handshake of a `<Stream>`. Twilio strips the query of its URL.
///
/// Source: <https://www.twilio.com/docs/voice/twiml/stream>
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, testing};
///
/// let token = AuthToken::new("a token of this test")?;
/// let signed = testing::media_stream().sign(&token, "https://example.com/media")?;
/// assert_eq!(signed.url(), "wss://example.com/media");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn media_stream() -> Fixture {
    Fixture::handshake()
}

/// The handshake of a `<ConversationRelay>`.
///
/// Source: <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay>
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, testing};
///
/// let token = AuthToken::new("a token of this test")?;
/// let signed = testing::conversation_relay().sign(&token, "wss://example.com/relay")?;
/// assert!(signed.is_handshake());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn conversation_relay() -> Fixture {
    Fixture::handshake()
}

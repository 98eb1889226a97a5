//! Products with webhooks of their own: Event Streams, Verify, Studio, Conversations.

use super::ACCOUNT_SID;
use super::fixture::Fixture;

const EVENT: &str = "EZ11111111111111110000000000000001";
const CHALLENGE: &str = "YC11111111111111110000000000000001";
const EXECUTION: &str = "FN11111111111111110000000000000001";
const PARTICIPANT: &str = "MB11111111111111110000000000000001";

/// Two events in the one request of a sink: a JSON list of CloudEvents, under `bodySHA256`.
///
/// Source: <https://www.twilio.com/docs/events/webhook-quickstart>
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Coverage, Verifier, testing};
///
/// let token = AuthToken::new("a token of this test")?;
/// let signed = testing::event_streams().sign(&token, "https://example.com/events")?;
/// assert!(signed.url().starts_with("https://example.com/events?bodySHA256="));
/// let coverage = Verifier::new(token).verify(&signed.webhook())?.coverage();
/// assert_eq!(coverage, Coverage::BodyHash);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn event_streams() -> Fixture {
    Fixture::form(EVENT, &[]).json(include_str!("event_streams.json"))
}

/// A challenge that was approved, as Verify tells of it.
///
/// Source: <https://www.twilio.com/docs/verify/api/webhooks>
///
/// # Examples
/// ```
/// let denied = twilio_sig::testing::verify().param("type", "challenge.denied");
/// # let _ = denied;
/// ```
pub fn verify() -> Fixture {
    Fixture::form(
        CHALLENGE,
        &[
            ("uid", "a1b2c3d4-0000-4000-8000-000000000001"),
            ("type", "challenge.approved"),
            ("account_sid", ACCOUNT_SID),
            ("service_sid", "VA33333333333333330000000000000001"),
            ("entity_identity", "ff483d1ff591898a9942916050d2ca3f"),
            ("factor_sid", "YF22222222222222220000000000000001"),
            ("factor_type", "push"),
            ("factor_friendly_name", "Zoë's phone 📱"),
            ("challenge_sid", CHALLENGE),
        ],
    )
}

/// The widget "Make HTTP Request" of Studio, with a form. Its author chooses the parameters: one
/// comes twice, one is empty, one has a space for a name's end. For the JSON body of the other
/// setting use [`Fixture::json`].
///
/// Source: <https://www.twilio.com/docs/studio/widget-library/http-request>
///
/// # Examples
/// ```
/// let json = twilio_sig::testing::studio().json(r#"{"answer":"yes"}"#);
/// # let _ = json;
/// ```
pub fn studio() -> Fixture {
    Fixture::form(
        EXECUTION,
        &[
            ("flow_execution", EXECUTION),
            ("choice", "b"),
            ("choice", "a"),
            ("answer", " 1 + 1 = 2 & more ✨\r\n"),
            ("empty", ""),
            ("name ", "a space ends this name"),
        ],
    )
}

/// A participant is added to a group conversation. `MessagingBinding.Address` comes twice.
///
/// Source: <https://www.twilio.com/docs/conversations/conversations-webhooks>
///
/// # Examples
/// ```
/// let removed = twilio_sig::testing::conversation().param("EventType", "onParticipantRemoved");
/// # let _ = removed;
/// ```
pub fn conversation() -> Fixture {
    Fixture::form(
        PARTICIPANT,
        &[
            ("EventType", "onParticipantAdded"),
            ("AccountSid", ACCOUNT_SID),
            ("ChatServiceSid", "IS33333333333333330000000000000001"),
            ("ConversationSid", "CH22222222222222220000000000000001"),
            ("ParticipantSid", PARTICIPANT),
            ("DateCreated", "2026-11-26T04:00:00.000Z"),
            ("Attributes", r#"{"name":"Zoë 🐙","plus":"1+1"}"#),
            ("Source", "SDK"),
            ("RetryCount", "0"),
            ("MessagingBinding.Address", "+15005550009"),
            ("MessagingBinding.Address", "+15005550006"),
            ("MessagingBinding.ProxyAddress", "+15005550001"),
        ],
    )
}

//! The kinds by name, for tools.

use alloc::vec::Vec;

use super::fixture::Fixture;
use super::{calls, messages, products, sockets};

/// A kind of webhook.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    name: &'static str,
    about: &'static str,
    fixtures: fn() -> Vec<Fixture>,
}

impl Kind {
    /// Its name, such as `sms-status`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What this kind is, in a line.
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// The webhooks of this kind in the order in which Twilio sends them: one, or a series.
    pub fn fixtures(&self) -> Vec<Fixture> {
        (self.fixtures)()
    }
}

/// Every kind there is.
///
/// # Examples
/// ```
/// use twilio_sig::testing;
///
/// let status = testing::kinds().iter().find(|kind| kind.name() == "sms-status");
/// assert_eq!(status.map(|kind| kind.fixtures().len()), Some(3));
/// ```
pub const fn kinds() -> &'static [Kind] {
    KINDS
}

const KINDS: &[Kind] = &[
    kind("sms", "an incoming SMS", || one(messages::sms())),
    kind("mms", "an incoming MMS with two files and no text", || one(messages::mms())),
    kind("whatsapp", "an incoming WhatsApp message that answers a button", || {
        one(messages::whatsapp())
    }),
    kind("sms-status", "the reports on a message: queued, sent, delivered", || {
        messages::sms_status_series().into()
    }),
    kind("voice", "the first request of an incoming call", || one(calls::voice())),
    kind("gather", "digits and speech of a <Gather>", || one(calls::gather())),
    kind(
        "call-status",
        "the reports on a call: initiated, ringing, in-progress, completed",
        || calls::call_status_series().into(),
    ),
    kind("recording", "a recording that is ready", || one(calls::recording())),
    kind("transcription", "the text of a recording", || one(calls::transcription())),
    kind("conference", "somebody joins a conference", || one(calls::conference())),
    kind("conversation", "a participant is added to a conversation", || {
        one(products::conversation())
    }),
    kind("verify", "a challenge of Verify that was approved", || one(products::verify())),
    kind("event-streams", "two events of a sink: JSON under bodySHA256", || {
        one(products::event_streams())
    }),
    kind("studio", "the form of Studio's Make HTTP Request", || one(products::studio())),
    kind("media-stream", "the WebSocket handshake of a <Stream>", || one(sockets::media_stream())),
    kind("conversation-relay", "the WebSocket handshake of a <ConversationRelay>", || {
        one(sockets::conversation_relay())
    }),
];

const fn kind(name: &'static str, about: &'static str, fixtures: fn() -> Vec<Fixture>) -> Kind {
    Kind { name, about, fixtures }
}

fn one(fixture: Fixture) -> Vec<Fixture> {
    Vec::from([fixture])
}

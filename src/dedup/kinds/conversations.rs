//! Conversations and the Programmable Chat before it.
//!
//! An event before the act (`onMessageAdd`) asks for leave: an act that was refused may be tried
//! again with the same parameters. An update has no number; `DateUpdated` is not enough, since there
//! can be two in a second.

use super::Identity::{Parts, Repeatable};
use super::Part::{Everything, Sid, Text};
use super::When::{All, Any, Is};
use super::{EventKind, When};

const CONVERSATION: When = Any(&["ConversationSid", "ChatServiceSid"]);
const CHANNEL: When = Any(&["ChannelSid", "InstanceSid"]);
const EVENT: &str = "EventType";

// Sources: https://www.twilio.com/docs/conversations/conversations-webhooks and
// https://www.twilio.com/docs/chat/webhook-events
pub(super) const KINDS: &[EventKind] = &[
    EventKind {
        name: "conversation_message",
        when: &[CONVERSATION, Is(EVENT, &["onMessageAdded", "onMessageRemoved"])],
        identity: Parts(&[Text(EVENT), Sid(&["MessageSid"])]),
    },
    EventKind {
        name: "conversation_participant",
        when: &[CONVERSATION, Is(EVENT, &["onParticipantAdded", "onParticipantRemoved"])],
        identity: Parts(&[Text(EVENT), Sid(&["ParticipantSid"])]),
    },
    EventKind {
        name: "conversation",
        when: &[CONVERSATION, Is(EVENT, &["onConversationAdded", "onConversationRemoved"])],
        identity: Parts(&[Text(EVENT), Sid(&["ConversationSid"])]),
    },
    EventKind {
        name: "conversation_user",
        when: &[CONVERSATION, Is(EVENT, &["onUserAdded"])],
        identity: Parts(&[Text(EVENT), Sid(&["UserSid"])]),
    },
    EventKind {
        name: "conversation_update",
        when: &[
            CONVERSATION,
            Any(&["DateUpdated", "StateUpdated"]),
            Is(
                EVENT,
                &[
                    "onConversationStateUpdated",
                    "onConversationUpdated",
                    "onDeliveryUpdated",
                    "onMessageUpdated",
                    "onParticipantUpdated",
                    "onUserUpdated",
                ],
            ),
        ],
        identity: Parts(&[Text(EVENT), Everything]),
    },
    EventKind {
        name: "conversation_request",
        when: &[CONVERSATION, All(&[EVENT])],
        identity: Repeatable,
    },
    EventKind {
        name: "chat",
        when: &[
            CHANNEL,
            Is(
                EVENT,
                &[
                    "onChannelAdded",
                    "onChannelDestroyed",
                    "onChannelUpdated",
                    "onMediaMessageSent",
                    "onMemberAdded",
                    "onMemberRemoved",
                    "onMemberUpdated",
                    "onMessageRemoved",
                    "onMessageSent",
                    "onMessageUpdated",
                    "onUserAdded",
                    "onUserUpdated",
                ],
            ),
        ],
        identity: Parts(&[Text(EVENT), Everything]),
    },
    EventKind { name: "chat_request", when: &[CHANNEL, All(&[EVENT])], identity: Repeatable },
];

//! Messages.

use super::EventKind;
use super::Identity::{Asked, Parts};
use super::Part::{Everything, IfAny, Sid, Text};
use super::When::{All, Any, IsNot};

/// The newer name, and the one that older webhooks have alone.
const SIDS: &[&str] = &["MessageSid", "SmsSid"];

// Sources: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status and
// https://www.twilio.com/docs/messaging/guides/webhook-request
pub(super) const KINDS: &[EventKind] = &[
    EventKind {
        name: "message_status",
        when: &[Any(SIDS), All(&["MessageStatus"])],
        // One status may be reported again with more to say.
        identity: Parts(&[
            Sid(SIDS),
            Text("MessageStatus"),
            IfAny("ErrorCode"),
            IfAny("RawDlrDoneDate"),
        ]),
    },
    EventKind {
        name: "sms_status",
        when: &[Any(SIDS), IsNot("SmsStatus", &["receiving", "received"])],
        identity: Parts(&[
            Sid(SIDS),
            Text("SmsStatus"),
            IfAny("ErrorCode"),
            IfAny("RawDlrDoneDate"),
        ]),
    },
    // A message is told again at the URL of a `<Redirect>`, and by Studio's widgets.
    EventKind { name: "message", when: &[Any(SIDS)], identity: Asked(&[Sid(SIDS), Everything]) },
];

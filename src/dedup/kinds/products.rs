//! Products whose events carry names of their own.

use super::EventKind;
use super::Identity::{Asked, Parts};
use super::Part::{Everything, IfAny, Number, Sid, Text};
use super::When::{All, Any, Is};

const SYNC: &[&str] = &["EventType", "ServiceSid"];

pub(super) const KINDS: &[EventKind] = &[
    // https://www.twilio.com/docs/usage/troubleshooting/debugging-event-webhooks
    EventKind {
        name: "debugger",
        when: &[All(&["PayloadType", "Sid"])],
        identity: Parts(&[Sid(&["Sid"])]),
    },
    // https://www.twilio.com/docs/taskrouter/api/event/reference
    EventKind {
        name: "taskrouter",
        when: &[All(&["WorkspaceSid", "Sid"])],
        identity: Parts(&[Sid(&["Sid"])]),
    },
    // https://www.twilio.com/docs/taskrouter/handle-assignment-callbacks
    EventKind {
        name: "assignment",
        when: &[All(&["WorkspaceSid", "ReservationSid"])],
        identity: Asked(&[Sid(&["ReservationSid"]), Everything]),
    },
    // https://www.twilio.com/docs/sync/webhooks. Items are numbered by the events of their list or
    // map, the rest by their own revisions.
    EventKind {
        name: "sync_list_item",
        when: &[
            All(SYNC),
            Is("EventType", &["list_item_added", "list_item_removed", "list_item_updated"]),
        ],
        identity: Parts(&[Text("EventType"), Sid(&["ListSid"]), Text("EventId")]),
    },
    EventKind {
        name: "sync_map_item",
        when: &[
            All(SYNC),
            Is("EventType", &["map_item_added", "map_item_removed", "map_item_updated"]),
        ],
        identity: Parts(&[Text("EventType"), Sid(&["MapSid"]), Text("EventId")]),
    },
    EventKind {
        name: "sync_document",
        when: &[
            All(SYNC),
            Is("EventType", &["document_created", "document_removed", "document_updated"]),
        ],
        identity: Parts(&[Text("EventType"), Sid(&["DocumentSid"]), Text("DocumentRevision")]),
    },
    EventKind {
        name: "sync_list",
        when: &[All(SYNC), Is("EventType", &["list_created", "list_removed"])],
        identity: Parts(&[Text("EventType"), Sid(&["ListSid"]), Text("ListRevision")]),
    },
    EventKind {
        name: "sync_map",
        when: &[All(SYNC), Is("EventType", &["map_created", "map_removed"])],
        identity: Parts(&[Text("EventType"), Sid(&["MapSid"]), Text("MapRevision")]),
    },
    // https://www.twilio.com/docs/verify/api/webhooks. The page does not say whether `uuid` is of
    // the event or of the webhook, so it is not relied on.
    EventKind {
        name: "verify",
        when: &[All(&["type"]), Any(&["uuid", "uid"])],
        identity: Parts(&[Text("type"), Everything]),
    },
    // https://www.twilio.com/docs/video/api/status-callbacks
    EventKind {
        name: "composition",
        when: &[All(&["CompositionSid", "StatusCallbackEvent"])],
        identity: Parts(&[Sid(&["CompositionSid"]), Text("StatusCallbackEvent"), Everything]),
    },
    EventKind {
        name: "room",
        when: &[All(&["RoomSid", "StatusCallbackEvent", "SequenceNumber"])],
        identity: Parts(&[
            Sid(&["RoomSid"]),
            Number(&["SequenceNumber"]),
            Text("StatusCallbackEvent"),
        ]),
    },
    EventKind {
        name: "room_recording",
        when: &[All(&["RoomSid", "StatusCallbackEvent", "RecordingSid"])],
        identity: Parts(&[Sid(&["RecordingSid"]), Text("StatusCallbackEvent"), IfAny("Timestamp")]),
    },
];

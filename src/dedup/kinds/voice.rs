//! Calls, conferences, recordings, streams and transcriptions.
//!
//! The results of most verbs of TwiML can honestly come twice. A first request is therefore recognised by
//! what it lacks: a parameter that is not known here makes a request a result.

use super::EventKind;
use super::Identity::{Asked, Parts, Repeatable};
use super::Part::{Everything, IfAny, Number, Sid, Text};
use super::When::{All, Any, Is, Lacks, Only};

const CALL: &[&str] = &["CallSid"];

/// What the first request of a call can have.
/// Source: <https://www.twilio.com/docs/voice/twiml#request-parameters>
#[rustfmt::skip]
const FIRST_REQUEST: &[&str] = &[
    "AccountSid", "AddOns", "ApiVersion", "ApplicationSid", "CallSid", "CallStatus", "CallToken",
    "Called", "CalledCity", "CalledCountry", "CalledState", "CalledZip",
    "Caller", "CallerCity", "CallerCountry", "CallerName", "CallerState", "CallerZip",
    "Direction", "ForwardedFrom", "From", "FromCity", "FromCountry", "FromState", "FromZip",
    "ParentCallSid", "SipCallId", "SipDomain", "SipDomainSid", "SipSourceIp",
    "StirPassportToken", "StirStatus", "StirVerstat",
    "To", "ToCity", "ToCountry", "ToState", "ToZip",
];

/// What a request to a fallback URL has besides.
const FALLBACK: &[&str] = &["ErrorCode", "ErrorUrl"];

pub(super) const KINDS: &[EventKind] = &[
    // https://www.twilio.com/docs/voice/twiml/siprec
    EventKind {
        name: "siprec",
        when: &[All(&["SiprecEvent"])],
        identity: Parts(&[
            Sid(&["SiprecSid"]),
            Text("SiprecEvent"),
            IfAny("Timestamp"),
            IfAny("SiprecError"),
        ]),
    },
    // https://www.twilio.com/docs/voice/twiml/stream
    EventKind {
        name: "stream",
        when: &[All(&["StreamEvent"])],
        identity: Parts(&[
            Sid(&["StreamSid"]),
            Text("StreamEvent"),
            IfAny("Timestamp"),
            IfAny("StreamError"),
        ]),
    },
    // https://www.twilio.com/docs/voice/twiml/transcription
    EventKind {
        name: "transcription",
        when: &[All(&["TranscriptionSid"]), Any(&["SequenceId", "SequenceNumber"])],
        identity: Parts(&[Sid(&["TranscriptionSid"]), Number(&["SequenceId", "SequenceNumber"])]),
    },
    // https://www.twilio.com/docs/voice/twiml/record
    EventKind {
        name: "recording_transcription",
        when: &[All(&["TranscriptionSid", "TranscriptionStatus"])],
        identity: Parts(&[Sid(&["TranscriptionSid"]), Text("TranscriptionStatus")]),
    },
    // https://www.twilio.com/docs/voice/api/recording
    EventKind {
        name: "recording",
        when: &[All(&["RecordingStatus", "RecordingSid"])],
        identity: Parts(&[Sid(&["RecordingSid"]), Text("RecordingStatus")]),
    },
    EventKind {
        name: "recording_absent",
        when: &[All(&["RecordingStatus"]), Any(&["CallSid", "ConferenceSid"])],
        identity: Parts(&[Text("RecordingStatus"), Everything]),
    },
    // https://www.twilio.com/docs/voice/api/conference-resource
    EventKind {
        name: "conference",
        when: &[All(&["StatusCallbackEvent", "ConferenceSid"])],
        identity: Parts(&[
            Sid(&["ConferenceSid"]),
            Number(&["SequenceNumber"]),
            Text("StatusCallbackEvent"),
        ]),
    },
    // https://www.twilio.com/docs/voice/answering-machine-detection: asynchronous, so a request of its
    // own, which says no more of the call.
    EventKind {
        name: "machine_detection",
        when: &[
            All(&["CallSid", "AnsweredBy", "MachineDetectionDuration"]),
            Lacks(&["CallStatus"]),
        ],
        identity: Parts(&[Sid(CALL), Text("AnsweredBy"), Number(&["MachineDetectionDuration"])]),
    },
    // https://www.twilio.com/docs/voice/twiml/gather: numbered anew by each `<Gather>` of the call.
    EventKind {
        name: "partial_speech",
        when: &[All(CALL), Any(&["UnstableSpeechResult", "StableSpeechResult"])],
        identity: Repeatable,
    },
    // https://www.twilio.com/docs/voice/api/call-resource#statuscallback
    EventKind {
        name: "call_status",
        when: &[
            All(&["CallSid", "CallStatus", "SequenceNumber"]),
            Any(&["CallbackSource", "Timestamp"]),
        ],
        identity: Parts(&[Sid(CALL), Number(&["SequenceNumber"]), Text("CallStatus")]),
    },
    EventKind {
        name: "call_end",
        when: &[All(&["CallSid", "CallStatus"]), Any(&["CallbackSource", "CallDuration"])],
        identity: Parts(&[Sid(CALL), Text("CallStatus"), Everything]),
    },
    // https://www.twilio.com/docs/voice/twiml/record: each recording has a URL of its own.
    EventKind {
        name: "recorded",
        when: &[All(&["CallSid", "RecordingUrl"])],
        identity: Asked(&[Sid(CALL), Everything]),
    },
    // https://www.twilio.com/docs/voice/twiml#request-parameters
    EventKind {
        name: "call",
        when: &[
            All(CALL),
            Is("CallStatus", &["ringing"]),
            Only(&[FIRST_REQUEST, FALLBACK], "SipHeader_"),
        ],
        identity: Asked(&[Sid(CALL), Everything]),
    },
    EventKind { name: "call_result", when: &[All(CALL)], identity: Repeatable },
];

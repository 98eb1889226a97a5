//! Parameters of Twilio's webhooks that a diagnosis can put back, because it knows their value.
//!
//! Source: <https://www.twilio.com/docs/messaging/guides/webhook-request> and
//! <https://www.twilio.com/docs/voice/twiml#request-parameters>

use alloc::string::String;
use alloc::vec::Vec;

/// Pairs of parameters with the same value.
pub(super) const TWINS: [(&str, &str); 10] = [
    ("SmsSid", "MessageSid"),
    ("SmsMessageSid", "MessageSid"),
    ("MessageSid", "SmsSid"),
    ("MessageSid", "SmsMessageSid"),
    ("Caller", "From"),
    ("Called", "To"),
    ("From", "Caller"),
    ("To", "Called"),
    ("SmsStatus", "MessageStatus"),
    ("MessageStatus", "SmsStatus"),
];

/// Parameters that nearly always have one value.
pub(super) const CONSTANTS: [(&str, &str); 10] = [
    ("ApiVersion", "2010-04-01"),
    ("NumMedia", "0"),
    ("NumSegments", "1"),
    ("SmsStatus", "received"),
    ("MessageType", "text"),
    ("ReferralNumMedia", "0"),
    ("Direction", "inbound"),
    ("CallStatus", "ringing"),
    ("CallbackSource", "call-progress-events"),
    ("CallStatus", "completed"),
];

/// Parameters that are often empty, besides those of places.
pub(super) const OFTEN_EMPTY: [&str; 12] = [
    "Body",
    "CallerName",
    "ForwardedFrom",
    "Digits",
    "SpeechResult",
    "ErrorCode",
    "ErrorMessage",
    "FriendlyName",
    "Attributes",
    "ProfileName",
    "Label",
    "Address",
];

/// What frameworks add to the parameters of a route.
pub(super) const ROUTE_PARAMS: [&str; 9] = [
    "controller",
    "action",
    "format",
    "id",
    "_method",
    "_token",
    "authenticity_token",
    "path",
    "slug",
];

const PEOPLE: [&str; 4] = ["From", "To", "Caller", "Called"];
const PLACES: [&str; 4] = ["City", "State", "Zip", "Country"];

/// Names of parameters that are empty together: what Twilio does not know of the place of a number.
pub(super) fn empty_groups() -> Vec<Vec<String>> {
    let names = |people: &[&str], places: &[&str]| -> Vec<String> {
        let of = |person: &&str| {
            let person = *person;
            places.iter().map(move |place| [person, place].concat()).collect::<Vec<_>>()
        };
        people.iter().flat_map(of).collect()
    };
    let mut groups = Vec::new();
    let people: [&[&str]; 6] =
        [&PEOPLE, &["From", "To"], &["From", "Caller"], &["To", "Called"], &["From"], &["To"]];
    for people in people {
        groups.push(names(people, &PLACES));
        groups.push(names(people, &["City", "State", "Zip"]));
        groups.push(names(people, &["City", "Zip"]));
    }
    for person in PEOPLE {
        groups.extend(PLACES.map(|place| names(&[person], &[place])));
    }
    groups
}

/// Whether people type the value of the parameter.
pub(super) fn is_typed(name: &[u8]) -> bool {
    let typed = ["Body", "SpeechResult", "ProfileName", "FriendlyName", "ButtonText", "Label"];
    typed.iter().any(|known| known.as_bytes() == name)
}

/// Names that a middleware may have written in lower case.
const NAMES: [&str; 52] = [
    "AccountSid",
    "AddOns",
    "ApiVersion",
    "Attributes",
    "Author",
    "Body",
    "ButtonPayload",
    "ButtonText",
    "CallDuration",
    "CallSid",
    "CallStatus",
    "Called",
    "Caller",
    "CallerName",
    "ConferenceSid",
    "Confidence",
    "ConversationSid",
    "DateCreated",
    "Digits",
    "Direction",
    "Duration",
    "ErrorCode",
    "ErrorMessage",
    "EventType",
    "ForwardedFrom",
    "From",
    "Index",
    "MessageSid",
    "MessageStatus",
    "MessagingServiceSid",
    "NumMedia",
    "NumSegments",
    "ParentCallSid",
    "ParticipantSid",
    "ProfileName",
    "RecordingDuration",
    "RecordingSid",
    "RecordingStatus",
    "RecordingUrl",
    "RetryCount",
    "SequenceNumber",
    "SmsMessageSid",
    "SmsSid",
    "SmsStatus",
    "Source",
    "SpeechResult",
    "StatusCallbackEvent",
    "StirVerstat",
    "StreamSid",
    "Timestamp",
    "To",
    "WaId",
];

/// The name as Twilio spells it.
pub(super) fn spelled(name: &[u8]) -> Option<Vec<u8>> {
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect()
    };
    let own = letters(name);
    let place = PEOPLE.into_iter().flat_map(|person| PLACES.map(|place| [person, place].concat()));
    let known = NAMES.into_iter().map(String::from).chain(place);
    known.map(String::into_bytes).find(|known| letters(known) == own).filter(|known| known != name)
}

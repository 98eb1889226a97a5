//! The kinds of webhooks, and which parameters Twilio sends empty with each.
//!
//! Sources: <https://www.twilio.com/docs/messaging/guides/webhook-request>,
//! <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>,
//! <https://www.twilio.com/docs/voice/twiml#request-parameters>,
//! <https://www.twilio.com/docs/conversations/conversations-webhooks>

use alloc::vec::Vec;

/// What Twilio knows of the place of a number: the sender's, the receiver's, and in calls both again.
pub(super) const PLACES: [[&str; 4]; 4] = [
    ["FromCity", "FromState", "FromZip", "FromCountry"],
    ["ToCity", "ToState", "ToZip", "ToCountry"],
    ["CallerCity", "CallerState", "CallerZip", "CallerCountry"],
    ["CalledCity", "CalledState", "CalledZip", "CalledCountry"],
];

/// Names whose values are equal, and so are empty together.
type Unit = Vec<&'static str>;

/// A kind of webhook, as the names of its parameters tell it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum ParamsKind {
    Message,
    MessageStatus,
    Call,
    Conference,
    Conversation,
    Recording,
}

impl ParamsKind {
    /// The kind of a webhook that has certain parameters. What shows no kind is taken for a message.
    pub(super) fn of(has: impl Fn(&str) -> bool) -> Self {
        let kinds: [(&[&str], Self); 5] = [
            (&["ConversationSid", "ChatServiceSid"], Self::Conversation),
            (&["ConferenceSid"], Self::Conference),
            (&["RecordingSid"], Self::Recording),
            (&["MessageStatus"], Self::MessageStatus),
            (&["CallSid", "Called", "Caller", "CallStatus"], Self::Call),
        ];
        let kind = kinds.into_iter().find(|(names, _)| names.iter().any(|name| has(name)));
        kind.map_or(Self::Message, |(_, kind)| kind)
    }

    /// What is often empty.
    pub(super) fn often_empty(self) -> Vec<Unit> {
        let [from, to, from_again, to_again] = PLACES;
        let single = |names: &[&'static str]| -> Vec<Unit> {
            names.iter().map(|name| Vec::from([*name])).collect()
        };
        match self {
            Self::Message => single(&[&["Body"], &from[..], &to].concat()),
            Self::Call => {
                let ties = |some: [&'static str; 4], others: [&'static str; 4]| {
                    some.into_iter().zip(others).map(|(one, other)| Vec::from([one, other]))
                };
                let places = ties(from, from_again).chain(ties(to, to_again));
                single(&["CallerName"]).into_iter().chain(places).collect()
            }
            Self::MessageStatus => single(&[
                "ErrorMessage",
                "ErrorCode",
                "RawDlrDoneDate",
                "MessagingServiceSid",
                "ChannelStatusMessage",
                "Body",
            ]),
            Self::Conference => single(&[
                "FriendlyName",
                "ParticipantLabel",
                "Reason",
                "ReasonConferenceEnded",
                "RecordingUrl",
                "CallSidToCoach",
                "AnnounceUrl",
            ]),
            Self::Conversation => single(&[
                "Attributes",
                "Author",
                "Body",
                "ClientIdentity",
                "FriendlyName",
                "Media",
                "MessagingServiceSid",
                "ParticipantSid",
                "UniqueName",
            ]),
            Self::Recording => {
                single(&["ErrorCode", "EncryptionDetails", "RecordingUrl", "CallSid", "Digits"])
            }
        }
    }

    /// What is empty at times.
    pub(super) fn empty_at_times(self) -> Vec<Unit> {
        let names: &[&[&'static str]] = match self {
            Self::Message | Self::MessageStatus => &[
                &["MessagingServiceSid"],
                &["ProfileName"],
                &["ButtonText"],
                &["ButtonPayload"],
                &["Label"],
                &["Address"],
                &["FriendlyName"],
                &["MediaContentType0"],
                &["From"],
                &["To"],
                &["CallerName"],
                &["Digits"],
                &["SpeechResult"],
            ],
            Self::Call | Self::Conference | Self::Recording => &[
                &["ForwardedFrom"],
                &["Digits"],
                &["SpeechResult"],
                &["FinishedOnKey"],
                &["Called", "To"],
                &["Caller", "From"],
                &["CalledVia"],
                &["ParentCallSid"],
                &["StirVerstat"],
                &["RecordingUrl"],
                &["DialCallSid"],
                &["TranscriptionText"],
                &["msg"],
            ],
            Self::Conversation => &[&["Reason"], &["Identity"], &["MessageBody"], &["Source"]],
        };
        names.iter().map(|names| names.to_vec()).collect()
    }

    /// Names that are empty together: what Twilio does not know of the place of a number.
    pub(super) fn empty_together(self) -> Vec<Unit> {
        let [from, to, from_again, to_again] = PLACES;
        let people: [&[[&'static str; 4]]; 5] =
            [&PLACES, &[from, from_again], &[to, to_again], &[from], &[to]];
        let mut groups: Vec<Unit> = Vec::from([Vec::from(["Body"])]);
        for people in people {
            let nths: [&[usize]; 6] = [&[0, 1, 2, 3], &[0, 1, 2], &[0, 2], &[0], &[2], &[1]];
            for nths in nths {
                let of = |place: &[&'static str; 4]| -> Unit {
                    nths.iter().filter_map(|nth| place.get(*nth).copied()).collect()
                };
                groups.push(people.iter().flat_map(of).collect());
            }
        }
        if self == Self::Message {
            let with_body = |group: &Unit| [&["Body"], &**group].concat();
            groups.extend(groups.clone().iter().skip(1).map(with_body));
        }
        groups
    }
}

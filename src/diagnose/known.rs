//! Parameters of Twilio's webhooks that a diagnosis can put back, because it knows their value.
//!
//! Sources: <https://www.twilio.com/docs/messaging/guides/webhook-request>,
//! <https://www.twilio.com/docs/voice/twiml#request-parameters>,
//! <https://www.twilio.com/docs/conversations/conversations-webhooks>,
//! <https://www.twilio.com/docs/voice/conference>

use alloc::vec::Vec;

use super::kinds::PLACES;

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

/// Whether people type the value of the parameter.
pub(super) fn is_typed(name: &[u8]) -> bool {
    let typed = [
        "Body",
        "SpeechResult",
        "ProfileName",
        "CallerName",
        "FriendlyName",
        "ButtonText",
        "Label",
        "Author",
        "MessageBody",
    ];
    typed.iter().any(|known| known.as_bytes() == name)
}

/// The names of Twilio's webhooks, besides those of places and those that are numbered.
const NAMES: &str = "\
    AccountSid AddOns Address AnnounceUrl AnsweredBy ApiVersion ApplicationSid Attributes Author \
    Body ButtonPayload ButtonText ButtonType CallDuration CallSid CallSidEndingConference \
    CallSidToCoach CallStatus CallToken CallbackSource Called CalledVia Caller CallerId CallerName \
    ChannelInstallSid ChannelMetadata ChannelPrefix ChannelStatusMessage ChatServiceSid \
    ClientIdentity Coaching ConferenceSid Confidence ConversationSid DateCreated DateUpdated \
    DialBridged DialCallDuration DialCallSid DialCallStatus Digits Direction Duration \
    EncryptionDetails EndConferenceOnExit ErrorCode ErrorMessage ErrorUrl EventDescription \
    EventName EventType FinishedOnKey FlowData Forwarded ForwardedFrom FrequentlyForwarded \
    FriendlyName From Hold Identity Index InteractiveData Label Language Latitude Level Longitude \
    MachineDetectionDuration Media MessageBody MessageSid MessageStatus MessageType \
    MessagingBinding.Address MessagingBinding.AuthorAddress MessagingBinding.ProjectedAddress \
    MessagingBinding.ProxyAddress MessagingServiceSid Muted NumMedia NumSegments OperatingUnitSid \
    OptOutType OriginalRepliedMessageSender OriginalRepliedMessageSid ParentAccountSid \
    ParentCallSid ParticipantCallStatus ParticipantLabel ParticipantLabelEndingConference \
    ParticipantSid Payload PayloadType ProfileName QueueSid QueueTime RawDlrDoneDate Reason \
    ReasonAnnouncementFailed ReasonConferenceEnded ReasonParticipantLeft RecordingChannels \
    RecordingDuration RecordingFileSize RecordingSid RecordingSource RecordingStartTime \
    RecordingStatus RecordingTrack RecordingUrl ReferralBody ReferralCtwaClid ReferralHeadline \
    ReferralMediaContentType ReferralMediaId ReferralMediaUrl ReferralNumMedia ReferralSourceId \
    ReferralSourceType ReferralSourceUrl ReservationSid ResourceSid ResourceType RetryCount \
    SequenceNumber ServiceSid Sid SipCallId SipDomain SipDomainSid SipResponseCode SipSourceIp \
    SmsMessageSid SmsSid SmsStatus Source SpeechResult Stability StableSpeechResult \
    StartConferenceOnEnter StateFrom StateTo StatusCallbackEvent StirPassportToken StirStatus \
    StirVerstat StreamError StreamEvent StreamName StreamSid TaskAge TaskAttributes TaskPriority \
    TaskQueueSid TaskSid Timestamp TimestampMs To TranscriptionSid TranscriptionStatus \
    TranscriptionText TranscriptionType TranscriptionUrl UniqueName UnstableSpeechResult WaId \
    WorkerAttributes WorkerSid WorkflowSid WorkspaceName WorkspaceSid";

/// Names that end in a number, or in a name that others choose.
const BEGINNINGS: [&str; 9] = [
    "Channel",
    "MediaContentType",
    "MediaUrl",
    "MessagingBinding",
    "Reservation",
    "SipHeader_",
    "Task",
    "Worker",
    "Workflow",
];

fn all() -> impl Iterator<Item = &'static str> {
    NAMES.split_ascii_whitespace().chain(PLACES.into_iter().flatten())
}

/// Whether Twilio sends a parameter of this name.
pub(super) fn is_name(name: &[u8]) -> bool {
    all().any(|known| known.as_bytes() == name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning.as_bytes()))
}

/// The name as Twilio spells it.
pub(super) fn spelled(name: &[u8]) -> Option<Vec<u8>> {
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect()
    };
    let own = letters(name);
    let known = all().find(|known| letters(known.as_bytes()) == own);
    known.filter(|known| known.as_bytes() != name).map(|known| known.as_bytes().to_vec())
}

//! A case for each row of the table in the docs: an event, and others that must not share its key.

/// A kind, the parameters of one of its events, and what makes it another event, each by itself.
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    pub(crate) event: &'static str,
    pub(crate) others: &'static [&'static str],
}

const fn row(kind: &'static str, event: &'static str, others: &'static [&'static str]) -> Row {
    Row { kind, event, others }
}

pub(crate) const INCOMING_MESSAGE: &str = "ToCountry=US&MediaContentType0=image/jpeg&ToState=CA&\
    SmsMessageSid=SM1&NumMedia=1&ToCity=&FromZip=94107&SmsSid=SM1&FromState=CA&SmsStatus=received&\
    FromCity=SAN FRANCISCO&Body=MessageStatus:delivered \u{1F600}&FromCountry=US&To=+15005550006&\
    MessagingServiceSid=MG1&ToZip=&NumSegments=1&MessageSid=SM1&AccountSid=AC1&From=+14158675309&\
    MediaUrl0=https://api.twilio.com/media/ME1&ApiVersion=2010-04-01";

pub(crate) const CALL: &str = "Called=+15005550006&ToState=CA&CallerCountry=US&Direction=inbound&\
    CallerState=CA&ToZip=&CallSid=CA1&To=+15005550006&CallerZip=94107&ToCountry=US&\
    StirVerstat=TN-Validation-Passed-A&CallToken=%7B%22x%22%7D&ApiVersion=2010-04-01&\
    CallStatus=ringing&From=+14158675309&AccountSid=AC1&CalledCountry=US&Caller=+14158675309&\
    FromCity=SAN FRANCISCO";

macro_rules! conversation {
    () => {
        "AccountSid=AC1&ChatServiceSid=IS1&ConversationSid=CH1&MessageSid=IM1&\
    ParticipantSid=MB1&UserSid=US1&Index=7&DateCreated=2022-02-16T16:11:53.123Z&Body=Ahoy&\
    Author=ada&Attributes={}&Source=SDK&RetryCount=0"
    };
}

macro_rules! chat {
    () => {
        "AccountSid=AC1&InstanceSid=IS1&ChannelSid=CH1&MessageSid=IM1&Body=Ahoy&From=ada&\
    Index=7&RetryCount=0"
    };
}

const CALL_STATUS: &str = "CallSid=CA1&CallStatus=completed&CallDuration=17&Duration=1&\
    SipResponseCode=200&Timestamp=Wed, 16 Feb 2022 16:11:53 +0000&AccountSid=AC1&From=+14158675309&\
    CallbackSource=call-progress-events&SequenceNumber=2";

macro_rules! sync {
    () => {
        "AccountSid=AC1&ServiceSid=IS1&EndpointId=e&Identity=ada&RetryCount=0"
    };
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "debugger",
        "Sid=NO1&AccountSid=AC1&ParentAccountSid=&Timestamp=2022-02-16T16:11:53Z&Level=ERROR&\
         PayloadType=application/json&Payload={}",
        &["Sid=NO2"],
    ),
    row(
        "taskrouter",
        "EventType=reservation.accepted&AccountSid=AC1&WorkspaceSid=WS1&Sid=EV1&TaskSid=WT1&\
         TimestampMs=1645027913123&ReservationSid=WR1&ResourceSid=WR1",
        &["Sid=EV2"],
    ),
    row(
        "assignment",
        "Timestamp=1645027913&AccountSid=AC1&WorkspaceSid=WS1&WorkerSid=WK1&TaskSid=WT1&\
         TaskAttributes={}&ReservationSid=WR1",
        &["ReservationSid=WR2"],
    ),
    row(
        "sync_list_item",
        concat!(sync!(), "&EventType=list_item_added&ListSid=ES1&EventId=0"),
        &["EventId=1", "ListSid=ES2", "EventType=list_item_updated", "EventType=list_item_removed"],
    ),
    row(
        "sync_map_item",
        concat!(sync!(), "&EventType=map_item_added&MapSid=MP1&EventId=0"),
        &["EventId=1", "MapSid=MP2", "EventType=map_item_updated", "EventType=map_item_removed"],
    ),
    row(
        "sync_document",
        concat!(sync!(), "&EventType=document_created&DocumentSid=ET1&DocumentRevision=0"),
        &[
            "DocumentRevision=1",
            "DocumentSid=ET2",
            "EventType=document_updated",
            "EventType=document_removed",
        ],
    ),
    row(
        "sync_list",
        concat!(sync!(), "&EventType=list_created&ListSid=ES1&ListRevision=0"),
        &["ListRevision=1", "ListSid=ES2", "EventType=list_removed"],
    ),
    row(
        "sync_map",
        concat!(sync!(), "&EventType=map_created&MapSid=MP1&MapRevision=0"),
        &["MapRevision=1", "MapSid=MP2", "EventType=map_removed"],
    ),
    // `uuid` may be that of the webhook: two events of one `uuid` and type are two.
    row(
        "verify",
        "uuid=f7b8d1f2&type=challenge.approved&account_sid=AC1&service_sid=VA1&entity_identity=ada&\
         factor_type=push&challenge_sid=YC1",
        &["type=challenge.denied", "challenge_sid=YC2", "uuid=f7b8d1f3", "entity_identity=bob"],
    ),
    row(
        "verify",
        "uid=f7b8d1f2&type=factor.verified&account_sid=AC1&service_sid=VA1&factor_sid=YF1",
        &["type=factor.deleted", "factor_sid=YF2", "uid=f7b8d1f3"],
    ),
    row(
        "composition",
        "AccountSid=AC1&RoomSid=RM1&CompositionSid=CJ1&HookSid=HK1&PercentageDone=40&\
         StatusCallbackEvent=composition-progress&Timestamp=2022-02-16T16:11:53.123Z",
        &[
            "PercentageDone=80",
            "CompositionSid=CJ2",
            "StatusCallbackEvent=composition-available&PercentageDone=-",
        ],
    ),
    row(
        "room",
        "RoomStatus=in-progress&RoomType=group&RoomSid=RM1&RoomName=a&ParticipantSid=PA1&\
         StatusCallbackEvent=track-added&TrackSid=MT1&Timestamp=2022-02-16T16:11:53.123Z&\
         AccountSid=AC1&SequenceNumber=4",
        &["SequenceNumber=5", "RoomSid=RM2", "StatusCallbackEvent=track-removed"],
    ),
    row(
        "room_recording",
        "AccountSid=AC1&RoomSid=RM1&RecordingSid=RT1&StatusCallbackEvent=recording-started&\
         Timestamp=2022-02-16T16:11:53.123Z",
        &[
            "RecordingSid=RT2",
            "StatusCallbackEvent=recording-completed",
            "Timestamp=2022-02-16T16:11:54.123Z",
            "Timestamp=-",
        ],
    ),
    row(
        "conversation_message",
        concat!(conversation!(), "&EventType=onMessageAdded"),
        &["MessageSid=IM2", "EventType=onMessageRemoved"],
    ),
    row(
        "conversation_participant",
        concat!(conversation!(), "&EventType=onParticipantAdded"),
        &["ParticipantSid=MB2", "EventType=onParticipantRemoved"],
    ),
    row(
        "conversation",
        concat!(conversation!(), "&EventType=onConversationAdded"),
        &["ConversationSid=CH2", "EventType=onConversationRemoved"],
    ),
    row("conversation_user", concat!(conversation!(), "&EventType=onUserAdded"), &["UserSid=US2"]),
    // Two in one second.
    row(
        "conversation_update",
        concat!(
            conversation!(),
            "&EventType=onDeliveryUpdated&DateUpdated=2022-02-16T16:12:00Z&Status=sent&\
             DeliveryReceiptSid=DY1"
        ),
        &[
            "DateUpdated=2022-02-16T16:12:01Z",
            "Status=delivered",
            "DeliveryReceiptSid=DY2",
            "EventType=onMessageUpdated",
            "EventType=onConversationUpdated",
            "EventType=onParticipantUpdated",
            "EventType=onUserUpdated",
            "EventType=onConversationStateUpdated",
            "Body=Ahoi",
        ],
    ),
    row(
        "conversation_update",
        concat!(
            conversation!(),
            "&EventType=onConversationStateUpdated&StateUpdated=2022-02-16T16:12:00Z&\
             StateFrom=active&StateTo=inactive"
        ),
        &["StateTo=closed", "StateUpdated=2022-02-16T16:12:01Z"],
    ),
    row(
        "chat",
        concat!(chat!(), "&EventType=onMessageSent"),
        &[
            "MessageSid=IM2",
            "EventType=onMessageUpdated",
            "EventType=onMessageRemoved",
            "EventType=onMediaMessageSent",
            "EventType=onChannelAdded",
            "EventType=onChannelDestroyed",
            "EventType=onChannelUpdated",
            "EventType=onMemberAdded",
            "EventType=onMemberRemoved",
            "EventType=onMemberUpdated",
            "EventType=onUserAdded",
            "EventType=onUserUpdated",
            "Body=Ahoi",
            "InstanceSid=-",
            "ChannelSid=-",
        ],
    ),
    row(
        "message_status",
        "SmsSid=SM1&SmsStatus=sent&MessageStatus=sent&To=+14158675309&MessageSid=SM1&AccountSid=AC1&\
         From=+15005550006&ApiVersion=2010-04-01",
        &[
            "MessageSid=SM2",
            "MessageStatus=delivered&SmsStatus=delivered",
            "MessageStatus=delivered&RawDlrDoneDate=2611221603",
            "MessageStatus=delivered&RawDlrDoneDate=2611221604",
            "MessageStatus=undelivered&ErrorCode=30008",
            "MessageStatus=undelivered&ErrorCode=30003",
            "MessageStatus=read&EventType=READ&ChannelPrefix=whatsapp",
            "MessageSid=-&SmsSid=SM3",
        ],
    ),
    row(
        "sms_status",
        "SmsSid=SM1&SmsStatus=sending&AccountSid=AC1",
        &[
            "SmsStatus=sent",
            "SmsStatus=failed",
            "SmsStatus=failed&ErrorCode=30008",
            "SmsStatus=failed&ErrorCode=30003",
            "SmsStatus=delivered",
            "SmsStatus=delivered&RawDlrDoneDate=2611221603",
            "SmsSid=SM2",
            "MessageSid=SM3",
        ],
    ),
    row(
        "message",
        INCOMING_MESSAGE,
        &["MessageSid=SM2", "Body=Ahoi", "step=2", "SmsStatus=-", "SmsStatus=receiving"],
    ),
    row("message", "SmsSid=SM1&AccountSid=AC1&Body=Ahoy", &["SmsSid=SM2"]),
    row(
        "siprec",
        "AccountSid=AC1&CallSid=CA1&SiprecSid=SR1&SiprecName=a&SiprecEvent=siprec-error&\
         SiprecError=timeout&Timestamp=2022-02-16T16:11:53.123Z",
        &[
            "SiprecSid=SR2",
            "SiprecEvent=siprec-stopped",
            "Timestamp=2022-02-16T16:11:53.124Z",
            "SiprecError=refused",
        ],
    ),
    row(
        "stream",
        "AccountSid=AC1&CallSid=CA1&StreamSid=MZ1&StreamName=a&StreamEvent=stream-error&\
         StreamError=timeout&Timestamp=2022-02-16T16:11:53.123Z",
        &[
            "StreamSid=MZ2",
            "StreamEvent=stream-stopped",
            "Timestamp=2022-02-16T16:11:53.124Z",
            "StreamError=refused",
        ],
    ),
    row(
        "transcription",
        "AccountSid=AC1&CallSid=CA1&TranscriptionSid=GT1&SequenceId=2&Track=inbound_track&\
         TranscriptionEvent=transcription-content&Timestamp=2022-02-16T16:11:53.123Z",
        &["TranscriptionSid=GT2", "SequenceId=3"],
    ),
    row(
        "transcription",
        "AccountSid=AC1&CallSid=CA1&CallStatus=ringing&TranscriptionSid=GT1&SequenceNumber=2&\
         Timestamp=2022-02-16T16:11:53.123Z",
        &["TranscriptionSid=GT2", "SequenceNumber=3", "SequenceId=4"],
    ),
    row(
        "recording_transcription",
        "AccountSid=AC1&CallSid=CA1&TranscriptionSid=TR1&TranscriptionStatus=completed&\
         TranscriptionText=Ahoy&RecordingSid=RE1&CallStatus=completed",
        &["TranscriptionSid=TR2", "TranscriptionStatus=failed"],
    ),
    row(
        "recording",
        "AccountSid=AC1&CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed&RecordingDuration=17&\
         RecordingUrl=https://api.twilio.com/RE1&RecordingSource=DialVerb",
        &["RecordingSid=RE2", "RecordingStatus=in-progress", "RecordingStatus=absent"],
    ),
    row(
        "recording_absent",
        "AccountSid=AC1&CallSid=CA1&RecordingStatus=absent&RecordingSource=RecordVerb&\
         RecordingStartTime=Wed, 16 Feb 2022 16:11:36 +0000",
        &[
            "CallSid=CA2",
            "RecordingStatus=failed",
            "RecordingStartTime=Wed, 16 Feb 2022 16:11:37 +0000",
            "CallSid=-&ConferenceSid=CF1",
        ],
    ),
    row(
        "conference",
        "ConferenceSid=CF1&FriendlyName=standup&AccountSid=AC1&SequenceNumber=3&CallSid=CA1&\
         StatusCallbackEvent=participant-join&Timestamp=Wed, 16 Feb 2022 16:11:53 +0000",
        &["ConferenceSid=CF2", "SequenceNumber=4", "StatusCallbackEvent=conference-end"],
    ),
    row(
        "machine_detection",
        "AccountSid=AC1&CallSid=CA1&AnsweredBy=human&MachineDetectionDuration=2400",
        &["CallSid=CA2", "AnsweredBy=machine_start", "MachineDetectionDuration=2500"],
    ),
    row(
        "call_status",
        CALL_STATUS,
        &[
            "CallSid=CA2",
            "SequenceNumber=1",
            "CallStatus=busy",
            "SequenceNumber=0&CallStatus=ringing",
        ],
    ),
    row(
        "call_status",
        "CallSid=CA1&CallStatus=completed&SequenceNumber=2&AccountSid=AC1&\
         Timestamp=Wed, 16 Feb 2022 16:11:53 +0000",
        &["SequenceNumber=1"],
    ),
    row(
        "call_status",
        "CallSid=CA1&CallStatus=completed&SequenceNumber=2&AccountSid=AC1&\
         CallbackSource=call-progress-events",
        &["SequenceNumber=1"],
    ),
    row(
        "call_end",
        "CallSid=CA1&CallStatus=completed&CallDuration=17&Duration=1&AccountSid=AC1",
        &["CallSid=CA2", "CallStatus=no-answer", "CallDuration=18", "DialCallStatus=busy"],
    ),
    row(
        "call_end",
        "CallSid=CA1&CallStatus=completed&CallbackSource=call-progress-events&AccountSid=AC1",
        &["CallSid=CA2", "CallStatus=busy"],
    ),
    row(
        "recorded",
        "CallSid=CA1&CallStatus=in-progress&AccountSid=AC1&RecordingDuration=3&Digits=hangup&\
         RecordingUrl=https://api.twilio.com/RE1",
        &["CallSid=CA2", "RecordingUrl=https://api.twilio.com/RE2", "Digits=#"],
    ),
    row("call", CALL, &["CallSid=CA2", "From=+14158675310"]),
];

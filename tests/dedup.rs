//! The identity of every kind of webhook, on parameters as Twilio sends them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

extern crate alloc;

use alloc::collections::BTreeSet;

use twilio_sig::dedup::{DedupKey, MAX_EVENTS, MAX_PART_LEN, NoIdentity};
use twilio_sig::{AuthToken, Signer, Verified, Verifier, Webhook};

const URL: &str = "https://example.com/hook";
const AC: &str = "AC00000000000000000000000000000a01";
const AC2: &str = "AC00000000000000000000000000000a02";
const CA: &str = "CA00000000000000000000000000000c01";
const CF: &str = "CF00000000000000000000000000000f01";
const CH: &str = "CH00000000000000000000000000000b01";
const ET: &str = "ET00000000000000000000000000000e01";
const ES: &str = "ES00000000000000000000000000000e02";
const EV: &str = "EV00000000000000000000000000000e03";
const IM: &str = "IM00000000000000000000000000000d01";
const IS: &str = "IS00000000000000000000000000000d02";
const MB: &str = "MB00000000000000000000000000000d03";
const MG: &str = "MG00000000000000000000000000000d04";
const MP: &str = "MP00000000000000000000000000000d05";
const MZ: &str = "MZ00000000000000000000000000000d06";
const NO: &str = "NO00000000000000000000000000000d07";
const RE: &str = "RE00000000000000000000000000000d08";
const SM: &str = "SM00000000000000000000000000000d09";
const SM2: &str = "SM00000000000000000000000000000d10";
const VA: &str = "VA00000000000000000000000000000d11";
const WK: &str = "WK00000000000000000000000000000d12";
const WR: &str = "WR00000000000000000000000000000d13";
const WS: &str = "WS00000000000000000000000000000d14";
const WT: &str = "WT00000000000000000000000000000d15";

type Params<'a> = Vec<(&'a str, &'a str)>;

fn signer() -> Signer {
    Signer::auth_token(&AuthToken::new("12345").unwrap())
}

fn verifier() -> Verifier {
    Verifier::new(AuthToken::new("12345").unwrap())
}

/// What `ask` says about these parameters, signed for this URL.
fn asked<T>(url: &str, params: &[(&str, &str)], ask: impl FnOnce(&Verified<'_>) -> T) -> T {
    let signature = signer().sign_params(url, params).unwrap().header_value();
    let webhook = Webhook::post_params(url, params).signature(&signature);
    ask(&verifier().verify(&webhook).unwrap())
}

fn key(params: &[(&str, &str)]) -> Result<DedupKey, NoIdentity> {
    asked(URL, params, DedupKey::of)
}

fn text(params: &[(&str, &str)]) -> Result<String, NoIdentity> {
    key(params).map(|key| key.to_string())
}

/// `params` with some more, or others in place of those of the same name.
fn with<'a>(params: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Params<'a> {
    let kept = params.iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
    kept.chain(changes).copied().collect()
}

/// A JSON body under `bodySHA256`.
fn json<T>(body: &str, ask: impl FnOnce(&Verified<'_>) -> T) -> T {
    let (url, signature) = signer().sign_body_hash(URL, body.as_bytes());
    let signature = signature.header_value();
    let webhook = Webhook::post(&url, body.as_bytes()).signature(&signature);
    ask(&verifier().verify(&webhook).unwrap())
}

/// The same event again is the same key; and each of `others` is another event.
fn identifies(params: &[(&str, &str)], expected: &str, others: &[&[(&str, &str)]]) {
    assert_eq!(text(params).as_deref(), Ok(expected));
    let again = with(params, &[("NewInTwilio", "and unknown"), ("ApiVersion", "2099-01-01")]);
    assert_eq!(key(&again).unwrap().claim_key(), key(params).unwrap().claim_key());
    let mut keys = BTreeSet::from([key(params).unwrap().claim_key()]);
    for changes in others {
        let other = key(&with(params, changes)).unwrap();
        assert!(keys.insert(other.claim_key()), "{changes:?} is {other}");
    }
}

fn incoming_message() -> Params<'static> {
    vec![
        ("ToCountry", "US"),
        ("MediaContentType0", "image/jpeg"),
        ("ToState", "CA"),
        ("SmsMessageSid", SM),
        ("NumMedia", "1"),
        ("ToCity", ""),
        ("FromZip", "94107"),
        ("SmsSid", SM),
        ("FromState", "CA"),
        ("SmsStatus", "received"),
        ("FromCity", "SAN FRANCISCO"),
        ("Body", "MessageStatus:delivered & \u{1F600}"),
        ("FromCountry", "US"),
        ("To", "+15005550006"),
        ("MessagingServiceSid", MG),
        ("ToZip", ""),
        ("NumSegments", "1"),
        ("MessageSid", SM),
        ("AccountSid", AC),
        ("From", "+14158675309"),
        ("MediaUrl0", "https://api.twilio.com/media/ME1"),
        ("ApiVersion", "2010-04-01"),
    ]
}

fn voice_request() -> Params<'static> {
    vec![
        ("Called", "+15005550006"),
        ("ToState", "CA"),
        ("CallerCountry", "US"),
        ("Direction", "inbound"),
        ("CallerState", "CA"),
        ("ToZip", ""),
        ("CallSid", CA),
        ("To", "+15005550006"),
        ("CallerZip", "94107"),
        ("ToCountry", "US"),
        ("StirVerstat", "TN-Validation-Passed-A"),
        ("CallToken", "%7B%22parentCallInfoToken%22%3A%22x%22%7D"),
        ("ApiVersion", "2010-04-01"),
        ("CallStatus", "ringing"),
        ("From", "+14158675309"),
        ("AccountSid", AC),
        ("CalledCountry", "US"),
        ("Caller", "+14158675309"),
        ("FromCity", "SAN FRANCISCO"),
    ]
}

#[test]
fn incoming_messages() {
    let expected = format!("message:{SM}");
    identifies(&incoming_message(), &expected, &[&[("MessageSid", SM2)]]);
    let whats_app = with(
        &incoming_message(),
        &[
            ("From", "whatsapp:+14158675309"),
            ("ProfileName", "Ada"),
            ("WaId", "14158675309"),
            ("ButtonPayload", "yes"),
            ("OriginalRepliedMessageSid", SM2),
        ],
    );
    identifies(&whats_app, &expected, &[]);
    // Older webhooks have the old name alone.
    let old = [("SmsSid", SM), ("AccountSid", AC), ("Body", "Ahoy")];
    identifies(&old, &expected, &[]);
}

#[test]
fn message_statuses() {
    let sent = [
        ("SmsSid", SM),
        ("SmsStatus", "sent"),
        ("MessageStatus", "sent"),
        ("To", "+14158675309"),
        ("MessageSid", SM),
        ("MessagingServiceSid", MG),
        ("AccountSid", AC),
        ("From", "+15005550006"),
        ("ApiVersion", "2010-04-01"),
    ];
    identifies(
        &sent,
        &format!("message_status:{SM}:sent"),
        &[
            &[("MessageStatus", "delivered")],
            &[("MessageStatus", "delivered"), ("RawDlrDoneDate", "2611221603")],
            &[("MessageStatus", "undelivered"), ("ErrorCode", "30008")],
            &[("MessageStatus", "undelivered"), ("ErrorCode", "30003")],
            &[("MessageSid", SM2)],
        ],
    );
    let read = with(
        &sent,
        &[("MessageStatus", "read"), ("EventType", "READ"), ("ChannelPrefix", "whatsapp")],
    );
    assert_eq!(text(&read), Ok(format!("message_status:{SM}:read")));
}

#[test]
fn incoming_calls() {
    let first = voice_request();
    let started = text(&first).unwrap();
    assert!(started.starts_with(&format!("call:{CA}:")), "{started}");
    assert!(!started.contains("example.com"), "the URL may hold a password: {started}");
    identifies(&first, &started, &[&[("CallSid", "CA00000000000000000000000000000c02")]]);
    // The next step of the call is another URL.
    let redirected = asked("https://example.com/next", &first, DedupKey::of).unwrap();
    assert_ne!(redirected.to_string(), started);
}

/// What can honestly come twice with the same parameters has no identity.
#[test]
fn results_of_verbs_have_no_identity() {
    let call = with(&voice_request(), &[("CallStatus", "in-progress")]);
    let results: [Params<'_>; 7] = [
        vec![],
        vec![("Digits", "1"), ("FinishedOnKey", "#")],
        vec![("SpeechResult", "yes"), ("Confidence", "0.9"), ("Language", "en-US")],
        vec![("DialCallSid", CA), ("DialCallStatus", "busy"), ("DialCallDuration", "0")],
        vec![("RecordingUrl", "https://api.twilio.com/RE1"), ("RecordingDuration", "3")],
        vec![("SequenceNumber", "0"), ("UnstableSpeechResult", "ye"), ("Stability", "0.1")],
        vec![("SequenceNumber", "1"), ("StableSpeechResult", "yes")],
    ];
    for result in results {
        assert_eq!(text(&with(&call, &result)), Err(NoIdentity::Unknown), "{result:?}");
        if !result.is_empty() {
            let ringing = with(&voice_request(), &result);
            assert_eq!(text(&ringing), Err(NoIdentity::Unknown), "{result:?}");
        }
    }
}

#[test]
fn call_statuses() {
    let completed = with(
        &voice_request(),
        &[
            ("CallStatus", "completed"),
            ("CallDuration", "17"),
            ("Duration", "1"),
            ("SipResponseCode", "200"),
            ("Timestamp", "Wed, 16 Feb 2022 16:11:53 +0000"),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", "2"),
        ],
    );
    identifies(
        &completed,
        &format!("call_status:{CA}:2"),
        &[&[("SequenceNumber", "0")], &[("SequenceNumber", "1"), ("CallStatus", "ringing")]],
    );
    // Two statuses with one number are one event, whatever else they say.
    assert_eq!(text(&with(&completed, &[("CallStatus", "busy")])), text(&completed));

    let unnumbered: Params<'_> =
        completed.iter().filter(|(name, _)| *name != "SequenceNumber").copied().collect();
    identifies(
        &unnumbered,
        &format!("call_status:{CA}:completed"),
        &[&[("CallStatus", "no-answer")]],
    );
}

#[test]
fn recordings() {
    let completed = [
        ("AccountSid", AC),
        ("CallSid", CA),
        ("RecordingSid", RE),
        ("RecordingUrl", "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "17"),
        ("RecordingChannels", "1"),
        ("RecordingStartTime", "Wed, 16 Feb 2022 16:11:36 +0000"),
        ("RecordingSource", "DialVerb"),
        ("RecordingTrack", "both"),
        ("ErrorCode", "0"),
    ];
    identifies(
        &completed,
        &format!("recording:{RE}:completed"),
        &[
            &[("RecordingStatus", "in-progress")],
            &[("RecordingSid", "RE00000000000000000000000000000d99")],
        ],
    );
    let of_conference = with(&completed, &[("ConferenceSid", CF)]);
    assert_eq!(text(&of_conference), text(&completed));
}

#[test]
fn conferences() {
    let joined = [
        ("ConferenceSid", CF),
        ("FriendlyName", "standup"),
        ("AccountSid", AC),
        ("SequenceNumber", "3"),
        ("Timestamp", "Wed, 16 Feb 2022 16:11:53 +0000"),
        ("StatusCallbackEvent", "participant-join"),
        ("CallSid", CA),
        ("Muted", "false"),
        ("Hold", "false"),
        ("Coaching", "false"),
        ("EndConferenceOnExit", "false"),
        ("StartConferenceOnEnter", "true"),
    ];
    identifies(
        &joined,
        &format!("conference:{CF}:3"),
        &[&[("SequenceNumber", "4")], &[("ConferenceSid", "CF00000000000000000000000000000f02")]],
    );
    let ended = with(
        &joined,
        &[
            ("StatusCallbackEvent", "conference-end"),
            ("SequenceNumber", "9"),
            ("ReasonConferenceEnded", "last-participant-left"),
            ("Reason", "Participant left"),
            ("CallSidEndingConference", CA),
        ],
    );
    assert_eq!(text(&ended), Ok(format!("conference:{CF}:9")));
}

#[test]
fn media_streams() {
    let started = [
        ("AccountSid", AC),
        ("CallSid", CA),
        ("StreamSid", MZ),
        ("StreamName", "agent"),
        ("StreamEvent", "stream-started"),
        ("Timestamp", "2022-02-16T16:11:53.123Z"),
    ];
    identifies(
        &started,
        &format!("stream:{MZ}:stream-started"),
        &[&[("StreamEvent", "stream-stopped")], &[("StreamEvent", "stream-error")]],
    );
}

#[test]
fn conversations() {
    let added = [
        ("EventType", "onMessageAdded"),
        ("AccountSid", AC),
        ("ChatServiceSid", IS),
        ("ConversationSid", CH),
        ("MessageSid", IM),
        ("MessagingServiceSid", MG),
        ("Index", "7"),
        ("DateCreated", "2022-02-16T16:11:53.123Z"),
        ("Body", "Ahoy"),
        ("Author", "ada"),
        ("ParticipantSid", MB),
        ("Attributes", "{}"),
        ("Source", "SDK"),
        ("RetryCount", "0"),
    ];
    identifies(
        &added,
        &format!("conversations:onMessageAdded:{IM}"),
        &[
            &[("MessageSid", "IM00000000000000000000000000000d99")],
            &[("EventType", "onMessageRemoved")],
            &[("EventType", "onMessageUpdated"), ("DateUpdated", "2022-02-16T16:12:00.000Z")],
            &[("EventType", "onMessageUpdated"), ("DateUpdated", "2022-02-16T16:13:00.000Z")],
            &[("EventType", "onParticipantAdded")],
            &[("EventType", "onConversationAdded")],
            &[("EventType", "onConversationStateUpdated"), ("DateUpdated", "2022-02-16T16:13Z")],
        ],
    );
    // Twilio's retry says that it is one. It is the same event.
    assert_eq!(text(&with(&added, &[("RetryCount", "1")])), text(&added));
    // An address may be repeated; it is no part of the identity.
    let mut repeated = added.to_vec();
    repeated.extend([("MessagingBinding.Address", "+1"), ("MessagingBinding.Address", "+2")]);
    assert_eq!(text(&repeated), text(&added));
    // Before the act, and an update of which nobody can tell whether it is a second one.
    for event in ["onMessageAdd", "onMessageUpdate", "onMessageUpdated", "onSomethingNew"] {
        assert_eq!(text(&with(&added, &[("EventType", event)])), Err(NoIdentity::Unknown));
    }
}

#[test]
fn task_router() {
    let event = [
        ("EventType", "reservation.accepted"),
        ("AccountSid", AC),
        ("WorkspaceSid", WS),
        ("WorkspaceName", "support"),
        ("EventDescription", "Reservation accepted"),
        ("ResourceType", "reservation"),
        ("ResourceSid", WR),
        ("Timestamp", "1645027913"),
        ("TimestampMs", "1645027913123"),
        ("Sid", EV),
        ("TaskSid", WT),
        ("WorkerSid", WK),
        ("ReservationSid", WR),
    ];
    identifies(
        &event,
        &format!("taskrouter:{EV}"),
        &[&[("Sid", "EV00000000000000000000000000000e99")]],
    );
    let assignment = [
        ("Timestamp", "1645027913"),
        ("AccountSid", AC),
        ("WorkspaceSid", WS),
        ("WorkerSid", WK),
        ("WorkerAttributes", "{}"),
        ("TaskSid", WT),
        ("TaskAttributes", "{\"CallSid\":\"x\"}"),
        ("TaskAge", "1"),
        ("TaskPriority", "0"),
        ("ReservationSid", WR),
    ];
    identifies(
        &assignment,
        &format!("assignment:{WR}"),
        &[&[("ReservationSid", "WR00000000000000000000000000000d99")]],
    );
    assert_eq!(text(&[("WorkspaceSid", WS)]), Err(NoIdentity::Unknown));
}

#[test]
fn sync() {
    let document = [
        ("AccountSid", AC),
        ("ServiceSid", IS),
        ("EventType", "document_updated"),
        ("EndpointId", "endpoint"),
        ("Identity", "ada"),
        ("RetryCount", "0"),
        ("DocumentSid", ET),
        ("DocumentUniqueName", "state"),
        ("DocumentRevision", "4"),
        ("DocumentData", "{}"),
    ];
    identifies(
        &document,
        &format!("sync:document_updated:{ET}:4"),
        &[
            &[("DocumentRevision", "5")],
            &[("EventType", "document_removed")],
            &[("EventType", "list_created"), ("ListSid", ES), ("ListRevision", "0")],
            &[("EventType", "list_item_added"), ("ListSid", ES), ("EventId", "0")],
            &[("EventType", "list_item_updated"), ("ListSid", ES), ("EventId", "1")],
            &[("EventType", "map_removed"), ("MapSid", MP), ("MapRevision", "3")],
            &[("EventType", "map_item_added"), ("MapSid", MP), ("EventId", "3")],
        ],
    );
    assert_eq!(text(&with(&document, &[("RetryCount", "1")])), text(&document));
    let published = with(&document, &[("EventType", "stream_message_published")]);
    assert_eq!(text(&published), Err(NoIdentity::Unknown));
    let unnumbered = with(&document, &[("DocumentRevision", "")]);
    assert_eq!(text(&unnumbered), Err(NoIdentity::Missing));
}

#[test]
fn verify_webhooks() {
    let approved = [
        ("uid", "f7b8d1f2-3c61-4f7e-9d2e-0d9a7a4a6f10"),
        ("type", "challenge.approved"),
        ("account_sid", AC),
        ("service_sid", VA),
        ("entity_identity", "ada"),
        ("factor_type", "push"),
        ("challenge_sid", "YC00000000000000000000000000000001"),
    ];
    let expected = "verify:f7b8d1f2-3c61-4f7e-9d2e-0d9a7a4a6f10:challenge.approved";
    identifies(
        &approved,
        expected,
        &[&[("uid", "f7b8d1f2-3c61-4f7e-9d2e-0d9a7a4a6f11")], &[("type", "challenge.denied")]],
    );
    let [_, rest @ ..] = approved;
    let uuid = with(&rest, &[("uuid", "f7b8d1f2-3c61-4f7e-9d2e-0d9a7a4a6f10")]);
    assert_eq!(text(&uuid).as_deref(), Ok(expected));
    let body = r#"{"uid": "f7b8d1f2-3c61-4f7e-9d2e-0d9a7a4a6f10", "type": "challenge.approved"}"#;
    assert_eq!(json(body, DedupKey::of).unwrap().to_string(), expected);
    // The account is signed under Verify's name for it.
    let other = with(&approved, &[("account_sid", AC2)]);
    assert_ne!(key(&other).unwrap().claim_key(), key(&approved).unwrap().claim_key());
}

#[test]
fn debugger() {
    let error = [
        ("Sid", NO),
        ("AccountSid", AC),
        ("ParentAccountSid", ""),
        ("Timestamp", "2022-02-16T16:11:53Z"),
        ("Level", "ERROR"),
        ("PayloadType", "application/json"),
        ("Payload", "{\"resource_sid\":\"CA1\",\"error_code\":\"11200\"}"),
    ];
    identifies(
        &error,
        &format!("debugger:{NO}"),
        &[&[("Sid", "NO00000000000000000000000000000d99")]],
    );
}

fn event(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","type":"com.twilio.messaging.message.delivered",
            "source":"/{AC}/Messages/{SM}.json","id":"{id}",
            "dataschema":"https://events-schemas.twilio.com/Messaging.MessageStatus/3",
            "datacontenttype":"application/json","time":"2022-02-16T16:11:53.123Z",
            "data":{{"id":"not the event's","messageStatus":"DELIVERED","accountSid":"{AC}"}}}}"#
    )
}

#[test]
fn event_streams() {
    let one = event("EZ01");
    for body in [format!("[{one}]"), format!(" \n[ {one} ] "), one.clone()] {
        assert_eq!(json(&body, DedupKey::of).unwrap().to_string(), "event:EZ01");
    }
    let three = format!("[{},{},{}]", event("EZ01"), event("EZ02"), event("EZ03"));
    assert_eq!(json(&three, DedupKey::of), Err(NoIdentity::SeveralEvents));
    let keys = json(&three, DedupKey::each).unwrap();
    let texts: Vec<_> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["event:EZ01", "event:EZ02", "event:EZ03"]);
    // Packed in another way, each event is what it was.
    assert_eq!(json(&format!("[{one}]"), DedupKey::of).as_ref(), Ok(&keys[0]));
    // Escapes in the JSON are another spelling of the same id.
    assert_eq!(json(&one.replace("EZ01", "\\u0045Z01"), DedupKey::of).as_ref(), Ok(&keys[0]));
    // The tenant is who the verifier was for.
    let [mine, other] = [AC, AC2].map(|account| keys[0].clone().account(account).claim_key());
    assert_ne!(mine, other);
}

#[test]
fn bodies_that_say_two_things_or_nothing_have_no_identity() {
    let twice = r#"[{"specversion":"1.0","id":"EZ01","id":"EZ02"}]"#;
    let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        twice,
        "[",
        "[1]",
        "[null]",
        r#"[{"specversion":"1.0","id":17}]"#,
        r#"[{"specversion":"1.0","id":"EZ01"}] x"#,
        r#"{"specversion":"1.0","id":"EZ01"}{}"#,
        &deep,
    ] {
        assert_eq!(json(body, DedupKey::each), Err(NoIdentity::Malformed), "{body:.60}");
    }
    for body in [r#"[{"specversion":"1.0"}]"#, r#"[{"specversion":"1.0","id":""}]"#] {
        assert_eq!(json(body, DedupKey::each), Err(NoIdentity::Missing));
    }
    for body in ["{}", r#"[{"id":"EZ01"}]"#, "\"EZ01\"", "17", "Ahoy"] {
        assert_eq!(json(body, DedupKey::each), Err(NoIdentity::Unknown), "{body}");
    }
    assert_eq!(json("[]", DedupKey::of), Err(NoIdentity::Unknown));
    assert_eq!(json("[]", DedupKey::each), Ok(vec![]));
    let many: Vec<_> = (0..=MAX_EVENTS).map(|number| event(&number.to_string())).collect();
    let body = format!("[{}]", many.join(","));
    assert_eq!(json(&body, DedupKey::each), Err(NoIdentity::SeveralEvents));
    let long = event(&"x".repeat(MAX_PART_LEN + 1));
    assert_eq!(json(&long, DedupKey::of), Err(NoIdentity::Malformed));
}

/// A body that the signature covers as a form is a form, whatever it looks like.
#[test]
fn json_that_is_signed_as_a_form_is_not_read_as_json() {
    let body = event("EZ01");
    let signature = signer().sign_form(URL, body.as_bytes()).unwrap().header_value();
    let webhook = Webhook::post(URL, body.as_bytes()).signature(&signature);
    let verified = verifier().verify(&webhook).unwrap();
    assert_eq!(DedupKey::of(&verified), Err(NoIdentity::Unknown));
}

#[test]
fn get_webhooks_have_their_parameters_in_the_query() {
    let url = format!("{URL}?AccountSid={AC}&MessageSid={SM}&MessageStatus=sent");
    let signature = signer().sign_url(&url).header_value();
    let verified = verifier().verify(&Webhook::get(&url).signature(&signature)).unwrap();
    let of_get = DedupKey::of(&verified).unwrap();
    let of_post = key(&[("AccountSid", AC), ("MessageSid", SM), ("MessageStatus", "sent")]);
    assert_eq!(Ok(of_get), of_post);
    // With a form, the query is no part of it.
    let url = format!("{URL}?MessageSid={SM2}");
    let of_post = asked(&url, &[("MessageSid", SM)], DedupKey::of).unwrap();
    assert_eq!(of_post.to_string(), format!("message:{SM}"));
}

#[test]
fn keys_are_scoped_by_account_and_endpoint() {
    let params = incoming_message();
    let other_account = with(&params, &[("AccountSid", AC2)]);
    let keys = [
        key(&params).unwrap(),
        key(&other_account).unwrap(),
        key(&params).unwrap().endpoint("sms"),
        key(&params).unwrap().endpoint("archive"),
    ];
    let distinct: BTreeSet<_> = keys.iter().map(DedupKey::claim_key).collect();
    assert_eq!(distinct.len(), keys.len());
    // The URL is not the endpoint: its end can be moved into the parameters.
    let elsewhere = asked("https://example.com/other", &params, DedupKey::of).unwrap();
    assert_eq!(elsewhere, keys[0]);
}

#[test]
fn what_is_not_one_sid_identifies_nothing() {
    for bad in [
        "SM1",
        "SM00000000000000000000000000000d0",
        "SM00000000000000000000000000000d091",
        "SM0000000000000000000000000000 d09",
        "1M00000000000000000000000000000d09",
        "S\u{fc}0000000000000000000000000000d09",
    ] {
        let params = with(&incoming_message(), &[("MessageSid", bad)]);
        assert_eq!(text(&params), Err(NoIdentity::Malformed), "{bad}");
    }
    let mut doubled = incoming_message();
    doubled.push(("MessageSid", SM2));
    assert_eq!(text(&doubled), Err(NoIdentity::Ambiguous));
    assert_eq!(text(&[("Body", "Ahoy")]), Err(NoIdentity::Unknown));
    assert_eq!(text(&[("CallSid", CA)]), Err(NoIdentity::Unknown));
    let no_number = [("CallSid", CA), ("CallbackSource", "x"), ("SequenceNumber", "-1")];
    assert_eq!(text(&no_number), Err(NoIdentity::Malformed));
}

#[test]
fn templates_write_the_keys_that_people_use() {
    let params = with(&voice_request(), &[("RecordingSid", RE)]);
    let made = |template: &str| {
        asked(URL, &params, |verified| DedupKey::from_template(verified, template))
            .map(|key| key.to_string())
    };
    assert_eq!(made("{CallSid}:voice"), Ok(format!("{CA}:voice")));
    assert_eq!(made("{CallSid}:status:{CallStatus}"), Ok(format!("{CA}:status:ringing")));
    assert_eq!(made("{CallSid}:recording:{RecordingSid}"), Ok(format!("{CA}:recording:{RE}")));
    assert_eq!(made("{CallSid}:consent"), Ok(format!("{CA}:consent")));
    assert_eq!(made("{From}"), Ok("+14158675309".into()));
    assert_eq!(made("nightly"), Ok("nightly".into()));
    for bad in ["", "{", "}", "{}", "{CallSid", "CallSid}", "{{CallSid}}", "{CallSid}}", "a}{To}"] {
        assert_eq!(made(bad), Err(NoIdentity::Template), "{bad}");
    }
    assert_eq!(made("{DialCallSid}"), Err(NoIdentity::Missing));
}

/// `{CallSid}:status` is one key for all statuses of a call: the first one takes it, and every later
/// one is dropped as a duplicate. The status must be in the key.
#[test]
fn call_sid_and_status_alone_is_a_trap() {
    let made = |status: &str, template: &str| {
        let params = with(&voice_request(), &[("CallStatus", status)]);
        let key = asked(URL, &params, |verified| DedupKey::from_template(verified, template));
        key.unwrap().claim_key()
    };
    let trap = "{CallSid}:status";
    assert_eq!(made("ringing", trap), made("completed", trap), "`completed` would be dropped");
    let right = "{CallSid}:status:{CallStatus}";
    assert_ne!(made("ringing", right), made("completed", right));
}

#[test]
fn values_cannot_imitate_a_template() {
    let made = |digits: &str, speech: &str| {
        let params = with(&voice_request(), &[("Digits", digits), ("SpeechResult", speech)]);
        let template = "{Digits}:{SpeechResult}";
        asked(URL, &params, |verified| DedupKey::from_template(verified, template)).unwrap()
    };
    assert_ne!(made("1:2", "3"), made("1", "2:3"));
    assert_ne!(made("1%3A2", "3"), made("1:2", "3"));
    assert_eq!(made("\0\u{fc} \n", "3").to_string(), "%00%C3%BC%20%0A:3");
    let long = "x".repeat(MAX_PART_LEN + 1);
    let params = [("Digits", &*long)];
    let refused = asked(URL, &params, |verified| DedupKey::from_template(verified, "{Digits}"));
    assert_eq!(refused, Err(NoIdentity::Malformed));
}

/// The header tells the turns of a loop apart, which nothing signed does.
#[test]
fn deliveries_are_told_apart_by_the_header_that_is_not_signed() {
    let turn = with(&voice_request(), &[("Digits", "1")]);
    let made = |params: &[(&str, &str)], token: &str| {
        asked(URL, params, |verified| DedupKey::of_delivery(verified, token))
    };
    let first = made(&turn, "3f0c").unwrap();
    assert_eq!(made(&turn, "3f0c"), Ok(first.clone()));
    assert_ne!(made(&turn, "77aa"), Ok(first.clone()));
    // Another request with the same token is another delivery.
    assert_ne!(made(&with(&turn, &[("Digits", "2")]), "3f0c"), Ok(first));
    assert_eq!(made(&turn, ""), Err(NoIdentity::Missing));
    assert_eq!(made(&turn, &"x".repeat(MAX_PART_LEN + 1)), Err(NoIdentity::Malformed));
}

//! Each row of the table: two events have two keys, and one that is told twice has one.

use alloc::collections::BTreeSet;

use twilio_sig::dedup::NoIdentity;

use super::rows::{CALL, INCOMING_MESSAGE, ROWS, Row};
use super::{URL, asked_by_get, key, key_of, kind, missing, with};

/// The kinds of the docs, which are in JSON or have no identity.
const OTHERS: [&str; 7] = [
    "call_result",
    "chat_request",
    "conversation_request",
    "event",
    "orchestrator",
    "partial_speech",
    "transcript",
];

#[test]
fn an_event_has_a_key_of_its_own() {
    for Row { kind: name, event, others } in ROWS {
        assert_eq!(kind(event).as_deref(), Ok(*name), "{event}");
        let mut keys = BTreeSet::from([key(event).unwrap().claim_key()]);
        for change in *others {
            let other = with(event, change);
            assert_eq!(kind(&other).as_deref(), Ok(*name), "{other}");
            let other = key(&other).unwrap_or_else(|error| panic!("{name}: {other}: {error}"));
            assert!(keys.insert(other.claim_key()), "{name}: {change} has the key {other}");
        }
    }
}

#[test]
fn an_event_that_is_told_twice_has_one_key() {
    for Row { kind, event, .. } in ROWS {
        let once = key(event).unwrap();
        assert_eq!(key(event), Ok(once.clone()), "{kind}");
        let mut reversed: Vec<_> = event.split('&').collect();
        reversed.reverse();
        reversed.push(reversed[0]);
        assert_eq!(key(&reversed.join("&")), Ok(once.clone()), "{kind}: order is not signed");
        if *kind != "call" {
            let retry = key(&with(event, "RetryCount=1")).unwrap();
            let again = key(&with(event, "RetryCount=2")).unwrap();
            assert_eq!(retry, again, "{kind}: retries are counted");
            assert_eq!(retry, once, "{kind}: Twilio's retry says that it is one");
        }
    }
}

#[test]
fn the_table_of_the_docs_and_the_rows_of_the_test_are_the_same_kinds() {
    let docs = include_str!("../../../src/dedup/kinds.md");
    let table = docs.lines().filter(|line| line.starts_with("| `"));
    let first = table.filter_map(|line| line.split('|').nth(1));
    let documented: BTreeSet<_> =
        first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let tested: BTreeSet<_> = ROWS.iter().map(|row| row.kind).chain(OTHERS).collect();
    assert_eq!(documented, tested);
}

#[test]
fn the_newer_name_of_a_message_counts() {
    let both = "MessageSid=SM1&SmsSid=SM2&MessageStatus=sent";
    assert!(key(both).unwrap().to_string().contains(&super::sid("SM1")));
    let both = "TranscriptionSid=GT1&SequenceId=1&SequenceNumber=2";
    assert!(key(both).unwrap().to_string().ends_with(":1"));
}

/// A Conversations event is known by either of two names.
#[test]
fn conversations_are_known_by_the_conversation_or_the_service() {
    for name in ["ConversationSid=CH1", "ChatServiceSid=IS1"] {
        let event = format!("EventType=onMessageAdded&MessageSid=IM1&{name}");
        assert_eq!(kind(&event).as_deref(), Ok("conversation_message"), "{name}");
        let before = format!("EventType=onMessageAdd&MessageSid=IM1&{name}");
        assert_eq!(key(&before), Err(NoIdentity::Repeatable("conversation_request")));
    }
}

/// What can honestly come twice with the same parameters has no identity, and the reason says so.
#[test]
fn what_is_repeatable_has_no_identity() {
    let conversation = "ConversationSid=CH1&MessageSid=IM1&EventType=";
    for event in [
        "onMessageAdd",
        "onMessageUpdate",
        "onMessageRemove",
        "onConversationUpdate",
        "onSomethingNew",
        // It does not say whether it is a second one.
        "onMessageUpdated",
    ] {
        let result = key(&format!("{conversation}{event}"));
        assert_eq!(result, Err(NoIdentity::Repeatable("conversation_request")), "{event}");
    }
    let chat = key("ChannelSid=CH1&MessageSid=IM1&EventType=onMessageSend");
    assert_eq!(chat, Err(NoIdentity::Repeatable("chat_request")));
    for name in ["UnstableSpeechResult", "StableSpeechResult"] {
        let call = "CallSid=CA1&CallStatus=in-progress&SequenceNumber=0&CallbackSource=x";
        let partial = key(&format!("{call}&{name}=ye"));
        assert_eq!(partial, Err(NoIdentity::Repeatable("partial_speech")));
    }
}

/// Detection that is not asynchronous is part of the call's first TwiML request.
#[test]
fn an_answer_of_a_call_is_no_machine_detection_of_its_own() {
    let event = "CallSid=CA1&AnsweredBy=human&MachineDetectionDuration=2400";
    assert_eq!(kind(event).as_deref(), Ok("machine_detection"));
    let in_call = key(&format!("{event}&CallStatus=in-progress"));
    assert_eq!(in_call, Err(NoIdentity::Repeatable("call_result")));
}

#[test]
fn a_part_that_is_missing_or_malformed_is_named() {
    let malformed = |name: &'static str| Err(NoIdentity::Malformed(name.into()));
    for bad in [
        "SM_",
        "SM0000000000000000000000000000001",
        "SM000000000000000000000000000000011",
        "SM000000000000000000000000000 0001",
        "1M00000000000000000000000000000001",
        "S\u{fc}0000000000000000000000000000001",
    ] {
        let event = with(INCOMING_MESSAGE, &format!("MessageSid={bad}"));
        assert_eq!(key(&event), malformed("MessageSid"), "{bad}");
    }
    let doubled = format!("{INCOMING_MESSAGE}&MessageSid=SM2");
    assert_eq!(key(&doubled), Err(NoIdentity::Ambiguous("MessageSid".into())));
    assert_eq!(key("MessageSid=SM1&MessageStatus="), Err(missing("MessageStatus")));
    assert_eq!(key("StreamEvent=stream-started"), Err(missing("StreamSid")));
    assert_eq!(key("ConferenceSid=CF1&StatusCallbackEvent=x"), Err(missing("SequenceNumber")));
    let number = "CallSid=CA1&CallStatus=busy&CallbackSource=x&SequenceNumber=-1";
    assert_eq!(key(number), malformed("SequenceNumber"));
    let long = "x".repeat(twilio_sig::dedup::MAX_PART_LEN + 1);
    assert_eq!(key(&format!("MessageSid=SM1&MessageStatus={long}")), malformed("MessageStatus"));
    for event in ["Body=Ahoy", "EventType=onMessageAdded&MessageBody=x", "ServiceSid=IS1"] {
        assert_eq!(key(event), Err(NoIdentity::Unknown), "{event}");
    }
    let published = "EventType=stream_message_published&ServiceSid=IS1&StreamMessageSid=TZ1";
    assert_eq!(key(published), Err(NoIdentity::Unknown));
    assert_eq!(key("WorkspaceSid=WS1"), Err(NoIdentity::Unknown));
}

#[test]
fn every_reason_is_a_word_of_its_own_and_shows_no_value() {
    let reasons = [
        key(&format!("{INCOMING_MESSAGE}&MessageSid=SM2")).unwrap_err(),
        key("MessageSid=secret&MessageStatus=sent").unwrap_err(),
        key("MessageSid=SM1&MessageStatus=").unwrap_err(),
        key(&with(CALL, "Digits=1")).unwrap_err(),
        key("Body=secret").unwrap_err(),
        super::json_key("[secret").unwrap_err(),
        super::json_key("[]").unwrap_err(),
        NoIdentity::MalformedToken,
        NoIdentity::MissingToken,
        NoIdentity::SeveralEvents,
        NoIdentity::TooManyEvents,
    ];
    let words: Vec<_> = reasons.iter().map(NoIdentity::reason).collect();
    let expected = "ambiguous malformed missing repeatable unknown malformed_body unknown \
                    malformed_token missing_token several_events too_many_events";
    assert_eq!(words.join(" "), expected);
    for reason in reasons {
        assert!(!format!("{reason} {reason:?}").contains("secret"), "{reason}");
    }
}

/// A name that Twilio has not yet does not make an event another one, where a few names identify it.
#[test]
fn a_new_parameter_changes_no_event_that_names_identify() {
    for (event, _) in ROWS.iter().map(|row| (row.event, row.kind)) {
        let text = key(event).unwrap().to_string();
        let by_everything = text.rsplit(':').next().is_some_and(|last| last.len() == 64);
        if !by_everything {
            let again = key(&with(event, "NewInTwilio=1&ApiVersion=2099-01-01"));
            assert_eq!(again.unwrap().to_string(), text);
        }
    }
}

/// With `GET`, the parameters are in the query.
#[test]
fn get_webhooks_have_their_parameters_in_the_query() {
    let sid = super::sid("SM1");
    let url = format!("{URL}?MessageSid={sid}&MessageStatus=sent");
    let of_get = asked_by_get(&url, key_of);
    assert_eq!(of_get, key("MessageSid=SM1&MessageStatus=sent"));
    // With a form, the query is no part of it.
    let of_post = super::key_at(&url, "MessageSid=SM2&MessageStatus=sent").unwrap();
    assert!(of_post.to_string().contains(&super::sid("SM2")), "{of_post}");
}

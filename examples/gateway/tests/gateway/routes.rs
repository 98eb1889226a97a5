//! What each route answers, and what it keeps.

use twilio_sig::testing;

use crate::program::{Folder, Gateway, eventually, now, sign, sign_with};

const SMS: &str = "/v1/webhooks/twilio";
const SMS_STATUS: &str = "/v1/webhooks/twilio/status";
const WHATSAPP: &str = "/api/v1/whatsapp/webhook";

#[test]
fn a_message_is_kept_and_its_status_moves_forward_alone() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let message = gateway.send(&sign(testing::sms(), SMS));
    assert_eq!(message.status, 200, "{message:?}");
    assert_eq!(message.header("content-type"), Some("text/xml; charset=utf-8"));
    assert!(message.body.ends_with("<Response></Response>"));

    // Callbacks overtake each other.
    for (status, now) in [
        ("queued", "queued"),
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("failed", "delivered"),
        ("read", "read"),
        ("delivered", "read"),
    ] {
        let answer = gateway.send(&sign(testing::sms_status(status), SMS_STATUS));
        assert_eq!(answer.status, 200, "{status}");
        assert_eq!(folder.query("SELECT status FROM messages"), [now], "after {status}");
    }
    let unknown = gateway.send(&sign(testing::sms_status("sent").number(99), SMS_STATUS));
    assert_eq!(unknown.status, 404);
    // It is not taken for done: the message may become known.
    gateway.send(&sign(testing::sms().number(99), SMS));
    let known = gateway.send(&sign(testing::sms_status("sent").number(99), SMS_STATUS));
    assert_eq!(known.status, 200);
}

#[test]
fn unknown_messages_are_stored_if_so_set() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[("UNKNOWN_MESSAGES", "store")]);
    let failed = testing::sms_status("failed").param("ErrorCode", "30003");
    assert_eq!(gateway.send(&sign(failed, SMS_STATUS)).status, 200);
    let kept = "SELECT direction, status, error_code FROM messages";
    assert_eq!(folder.query(kept), ["outbound failed 30003"]);
}

#[test]
fn a_call_greets_asks_records_and_ends() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let path = |route: &str| format!("/api/webhooks/twilio/{route}?callId=a%26b");

    let greeting = gateway.send(&sign(testing::voice(), &path("voice")));
    assert_eq!(greeting.status, 200);
    assert!(greeting.body.contains("action=\"consent?callId=a%26b\""), "{}", greeting.body);

    let yes = sign(testing::gather().param("Digits", "1"), &path("consent"));
    let goes_on = gateway.send(&yes);
    assert!(goes_on.body.contains("<Record "), "{}", goes_on.body);
    let of_call = "SELECT state, consent_given, duration_s, completed_at IS NULL FROM calls";
    assert_eq!(folder.query(of_call), ["active 1 - 1"]);

    for status in testing::call_status_series() {
        let status = status.at(now(0));
        assert_eq!(gateway.send(&sign(status, &path("status"))).status, 200);
    }
    assert_eq!(folder.query(of_call), ["completed 1 61 0"]);

    let recording = sign(testing::recording(), &path("recording"));
    assert_eq!(gateway.send(&recording).body, r#"{"success":true}"#);
    eventually("the job keeps the recording", || {
        !folder.query("SELECT sid FROM recordings").is_empty()
    });
    let kept = folder.query("SELECT media_url, call_id, duration_s, stored FROM recordings");
    assert!(kept[0].ends_with("/RE11111111111111110000000000000001.mp3 a&b 7 1"), "{kept:?}");

    let no = testing::gather().param("Digits", "2").number(2);
    let hangs_up = gateway.send(&sign(no, &path("consent").replace("a%26b", "c")));
    assert!(hangs_up.body.contains("<Hangup/>"), "{}", hangs_up.body);
    assert!(!hangs_up.body.contains("<Record"), "{}", hangs_up.body);
    let consent = "SELECT consent_given FROM calls WHERE call_id = 'c'";
    assert_eq!(folder.query(consent), ["0"]);
}

#[test]
fn a_duplicate_gets_the_first_twiml_or_says_so_in_json() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let voice = sign(testing::voice(), "/api/webhooks/twilio/voice?callId=1");
    let [first, second] = [gateway.send(&voice), gateway.send(&voice)];
    assert_eq!(first.header("twilio-sig-replayed"), None);
    assert_eq!(second.header("twilio-sig-replayed"), Some("true"));
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(first.header("content-type"), second.header("content-type"));

    let recording = sign(testing::recording(), "/api/webhooks/twilio/recording?callId=1");
    assert_eq!(gateway.send(&recording).body, r#"{"success":true}"#);
    let duplicate = r#"{"success":true,"duplicate":true}"#;
    assert_eq!(gateway.send(&recording).body, duplicate);
    // The same event in other bytes: Twilio counts its retries in a parameter.
    let status = |retries| {
        let status = testing::call_status("ringing").at(now(0));
        let status = status.param("RetryCount", retries);
        sign(status, "/api/webhooks/twilio/status?callId=1")
    };
    assert_eq!(gateway.send(&status("0")).body, r#"{"success":true}"#);
    assert_eq!(gateway.send(&status("1")).body, duplicate);
    assert_eq!(folder.query("SELECT count(*) FROM inbox"), ["3"]);
}

#[test]
fn a_restart_forgets_no_event_and_no_answer() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let voice = sign(testing::voice(), "/api/webhooks/twilio/voice?callId=1");
    let whatsapp = sign(testing::whatsapp(), WHATSAPP);
    let first = gateway.send(&voice);
    assert_eq!(gateway.send(&whatsapp).status, 200);
    gateway.kill();
    let gateway = Gateway::start(&folder, &[]);
    let again = gateway.send(&voice);
    assert_eq!((again.status, again.body.as_str()), (200, first.body.as_str()));
    assert_eq!(again.header("twilio-sig-replayed"), Some("true"));
    assert_eq!(gateway.send(&whatsapp).status, 409);
}

/// Twilio does not sign where a name ends. The same signature under other names is another event, and the
/// same request, also for a process that has seen neither.
#[test]
fn a_captured_request_that_is_split_anew_is_a_duplicate_after_a_restart() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let path = "/api/webhooks/twilio/status?callId=1";
    let fixture = testing::call_status("ringing").at(now(0));
    let genuine = sign(fixture.clone(), path);
    let number = genuine.params().iter().find(|(name, _)| name == "SequenceNumber").unwrap();
    let name = format!("SequenceNumber{}", number.1);
    let split = sign(fixture.clone().without("SequenceNumber").param(&name, ""), path);
    assert_eq!(split.signature(), genuine.signature());

    // So it is for a request that was the second to tell of its event.
    let retry = fixture.param("RetryCount", "1");
    let retried = sign(retry.clone(), path);
    let retry_split = sign(retry.without("SequenceNumber").param(&name, ""), path);
    assert_eq!(retry_split.signature(), retried.signature());

    assert_eq!(gateway.send(&genuine).body, r#"{"success":true}"#);
    assert!(gateway.send(&retried).body.contains("duplicate"));
    gateway.kill();
    let gateway = Gateway::start(&folder, &[]);
    for split in [&split, &retry_split] {
        let answer = gateway.send(split);
        assert!(answer.body.contains("duplicate") || answer.status == 409, "{answer:?}");
    }
    assert_eq!(folder.query("SELECT count(*) FROM inbox"), ["1"]);

    // The event was cleaned up, and its retry was not yet.
    folder.query("DELETE FROM inbox RETURNING id");
    gateway.kill();
    let gateway = Gateway::start(&folder, &[]);
    assert_eq!(gateway.send(&retry_split).status, 403);
    assert_eq!(folder.query("SELECT count(*) FROM inbox"), ["0"]);
}

#[test]
fn whatsapp_refuses_a_repetition_or_answers_it() {
    let folder = Folder::new();
    let message = sign(testing::whatsapp(), WHATSAPP);
    let gateway = Gateway::start(&folder, &[]);
    assert_eq!([gateway.send(&message).status, gateway.send(&message).status], [200, 409]);
    drop(gateway);

    let folder = Folder::new();
    let settings = [("REPLAY", "answer"), ("WEBHOOK_URL", "https://other.example.com/in")];
    let gateway = Gateway::start(&folder, &settings);
    assert_eq!(gateway.send(&message).status, 403, "it is signed for PUBLIC_URL");
    let token = twilio_sig::AuthToken::new(crate::program::TOKEN).unwrap();
    let signed = testing::whatsapp().sign(&token, "https://other.example.com/in").unwrap();
    let headers: Vec<_> = signed.headers().collect();
    for is_replayed in [None, Some("true")] {
        let answer =
            crate::program::exchange(gateway.address, "POST", WHATSAPP, &headers, signed.body());
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.header("twilio-sig-replayed")), (200, is_replayed));
    }
}

#[test]
fn an_id_that_an_index_may_not_take_is_refused_and_no_fault_of_the_database() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let long = "x".repeat(5_000);
    let status = |fixture: testing::Fixture, path: &str| gateway.send(&sign(fixture, path)).status;
    assert_eq!(status(testing::sms().param("MessageSid", &long), SMS), 400);
    assert_eq!(status(testing::whatsapp().param("MessageSid", &long), WHATSAPP), 400);
    let report = testing::sms_status("sent").param("MessageSid", &long);
    assert_eq!(status(report, "/v1/webhooks/twilio/status"), 400);
    let path = format!("/api/webhooks/twilio/voice?callId={long}");
    assert_eq!(status(testing::voice(), &path), 400);
    let recording = testing::recording().param("RecordingSid", &long);
    assert_eq!(status(recording, "/api/webhooks/twilio/recording?callId=1"), 400);
    assert_eq!(folder.query("SELECT count(*) FROM inbox"), ["0"]);
}

#[test]
fn what_is_not_proven_is_refused() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let status = |fixture, path: &str| gateway.send(&sign(fixture, path)).status;

    let forged = sign_with(testing::sms(), "another token", SMS);
    assert_eq!(gateway.send(&forged).status, 403);
    let unsigned = [("Host", "x"), ("Content-Length", "9")];
    let unsigned = crate::program::exchange(gateway.address, "POST", SMS, &unsigned, b"Body=Ahoy");
    assert_eq!(unsigned.unwrap().status, 403);
    let elsewhere = testing::sms().account_sid("ACffffffffffffffffffffffffffffffff");
    assert_eq!(status(elsewhere, SMS), 404, "the tenant is unknown");
    assert_eq!(status(testing::sms(), "/t/nobody/v1/webhooks/twilio"), 404);
    assert_eq!(status(testing::voice(), "/api/webhooks/twilio/voice"), 400, "no callId");
    for (offset, expected) in [(0, 200), (-290, 200), (-310, 400), (25, 200), (40, 400)] {
        let report = testing::call_status("ringing").at(now(offset));
        let path = format!("/api/webhooks/twilio/status?callId={offset}");
        assert_eq!(status(report, &path), expected, "{offset} seconds");
    }
    assert_eq!(folder.query("SELECT count(*) FROM inbox WHERE event_key LIKE 'message%'"), ["0"]);
}

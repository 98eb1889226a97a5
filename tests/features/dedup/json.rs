//! Events in JSON bodies that the URL's hash covers.

use twilio_sig::dedup::{DedupKey, Delivery, MAX_EVENTS, MAX_PART_LEN, NoIdentity};
use twilio_sig::{Verified, VerifyError, Webhook};

use super::{URL, json_at, json_key, missing, signer, verifier};

fn event(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","type":"com.twilio.messaging.message.delivered",
            "source":"/AC1/Messages/SM1.json","id":"{id}","uuid":"u","eventType":"E","timestamp":"t",
            "dataschema":"https://events-schemas.twilio.com/Messaging.MessageStatus/3",
            "datacontenttype":"application/json","time":"2022-02-16T16:11:53.123Z",
            "data":{{"id":"not the event's","messageStatus":"DELIVERED"}}}}"#
    )
}

fn each(body: &str) -> Result<Vec<DedupKey>, NoIdentity> {
    json_at(URL, body, |verified: &Verified<'_>| DedupKey::each(verified))
}

#[test]
fn event_streams() {
    let one = event("EZ01");
    for body in [format!("[{one}]"), format!(" \n[ {one} ] "), one.clone()] {
        assert_eq!(json_key(&body).unwrap().to_string(), "event:EZ01");
    }
    let three = format!("[{},{},{}]", event("EZ01"), event("EZ02"), event("EZ03"));
    assert_eq!(json_key(&three), Err(NoIdentity::SeveralEvents));
    let keys = each(&three).unwrap();
    let texts: Vec<_> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["event:EZ01", "event:EZ02", "event:EZ03"]);
    // Packed in another way, under another hash in the URL, each event is what it was.
    assert_eq!(json_key(&format!("[{one}]")).as_ref(), Ok(&keys[0]));
    // Escapes in the JSON are another spelling of the same id.
    assert_eq!(json_key(&one.replace("EZ01", "\\u0045Z01")).as_ref(), Ok(&keys[0]));
    let mine = keys[0].clone().account("AC1").claim_key();
    assert_ne!(mine, keys[0].clone().account("AC2").claim_key());
    let elsewhere = json_at("https://example.com/other", &one, |verified: &Verified<'_>| {
        DedupKey::of(verified).unwrap()
    });
    assert_ne!(elsewhere, keys[0]);
}

/// A kind, an event, and another one: each told twice has one key.
#[test]
fn kinds_that_come_in_json() {
    for (kind, members, others) in [
        (
            "verify",
            r#""uuid":"f7b8","type":"challenge.approved","challenge_sid":"YC1""#,
            &[("approved", "denied"), ("f7b8", "f7b9"), ("YC1", "YC2")][..],
        ),
        (
            "verify",
            r#""uid":"f7b8","type":"challenge.approved","challenge_sid":"YC1""#,
            &[("approved", "denied"), ("YC1", "YC2")],
        ),
        (
            "transcript",
            r#""event_type":"voice_intelligence_transcript_available","transcript_sid":"GT1""#,
            &[("GT1", "GT2"), ("available", "failed")],
        ),
        (
            "orchestrator",
            r#""eventType":"PARTICIPANT_UPDATED","timestamp":"2026-02-16T16:11:53Z","data":{"id":1}"#,
            &[("UPDATED", "ADDED"), ("53Z", "54Z"), ("\"id\":1", "\"id\":2")],
        ),
    ] {
        let body = format!("{{{members}}}");
        let once = json_key(&body).unwrap();
        assert!(once.to_string().starts_with(&format!("{kind}:")), "{once}");
        assert_eq!(json_key(&body), Ok(once.clone()));
        for (from, to) in others {
            let other = json_key(&body.replace(from, to)).unwrap();
            assert_ne!(other.claim_key(), once.claim_key(), "{kind}: {to}");
        }
        // Only Event Streams send arrays.
        assert_eq!(each(&format!("[{body}]")), Err(NoIdentity::Unknown));
    }
    let unknown = [
        r#"{"type":"challenge.approved"}"#,
        r#"{"uuid":"f7b8"}"#,
        r#"{"event_type":"x"}"#,
        r#"{"transcript_sid":"GT1"}"#,
        r#"{"eventType":"x"}"#,
        r#"{"timestamp":"x"}"#,
    ];
    for body in unknown {
        assert_eq!(json_key(body), Err(NoIdentity::Unknown), "{body}");
    }
    assert_eq!(json_key(r#"{"type":"","uuid":"u"}"#), Err(missing("type")));
    assert_eq!(json_key(r#"{"event_type":"","transcript_sid":"G"}"#), Err(missing("event_type")));
    assert_eq!(
        json_key(r#"{"event_type":"x","transcript_sid":""}"#),
        Err(missing("transcript_sid"))
    );
    assert_eq!(json_key(r#"{"eventType":"","timestamp":"x"}"#), Err(missing("eventType")));
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
        assert_eq!(each(body), Err(NoIdentity::MalformedBody), "{body:.60}");
    }
    for body in [r#"[{"specversion":"1.0"}]"#, r#"[{"specversion":"1.0","id":""}]"#] {
        assert_eq!(each(body), Err(missing("id")));
    }
    for body in ["{}", r#"[{"id":"EZ01"}]"#, "\"EZ01\"", "17", "Ahoy"] {
        assert_eq!(each(body), Err(NoIdentity::Unknown), "{body}");
    }
    assert_eq!(json_key("[]"), Err(NoIdentity::Unknown));
    assert_eq!(each("[]"), Ok(vec![]));
    let body = |count: usize| {
        let many: Vec<_> = (0..count).map(|number| event(&number.to_string())).collect();
        format!("[{}]", many.join(","))
    };
    assert_eq!(each(&body(MAX_EVENTS + 1)), Err(NoIdentity::TooManyEvents));
    assert_eq!(each(&body(MAX_EVENTS)).map(|keys| keys.len()), Ok(MAX_EVENTS));
    let long = event(&"x".repeat(MAX_PART_LEN + 1));
    assert_eq!(json_key(&long), Err(NoIdentity::Malformed("id".into())));
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
fn a_proof_speaks_for_the_body_that_was_proven_and_for_no_other() {
    let body = event("EZ01");
    let proof = json_at(URL, &body, |verified| verified.into_proof());
    for other in [b"", event("EZ02").as_bytes(), format!("{body} ").as_bytes()] {
        let refused = Delivery::of_proof(&proof, other).map(drop);
        assert_eq!(refused, Err(VerifyError::BodyHashMismatch));
    }
    let delivery = Delivery::of_proof(&proof, body.as_bytes()).unwrap();
    assert_eq!(DedupKey::of(delivery).unwrap().to_string(), "event:EZ01");
}

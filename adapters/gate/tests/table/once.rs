//! Replays and duplicates.

use core::time::Duration;
use std::time::SystemTime;

use twilio_sig::claim::MemoryStore;
use twilio_sig::dedup::Template;
use twilio_sig::replay::{Freshness, Guard};
use twilio_sig_gate::{ClaimPolicy, Dedup, GateResponse};

use super::wire::Request;
use super::{Check, FORM, Row, Step, form, gate, refused, verified};

const DELIVERED: &str = "AccountSid=AC00000000000000000000000000000001&\
                         MessageSid=SM00000000000000000000000000000001&MessageStatus=delivered";

const INCOMING: &[u8] = b"AccountSid=AC00000000000000000000000000000001&Body=Ahoy&\
                         MessageSid=SM00000000000000000000000000000001";

/// What Twilio sends to the fallback URL when it could not use the answer of `/sms`.
fn fallback(code: &str) -> Request {
    let error = format!("&ErrorCode={code}&ErrorUrl=https%3A%2F%2Fexample.com%2Fsms");
    form("/fallback", &[INCOMING, error.as_bytes()].concat())
}

fn store() -> MemoryStore {
    MemoryStore::new(1_000).unwrap()
}

/// The handler gets it and answers 500, or panics.
fn failing(request: Request, how: &str) -> Step {
    let request = request.header("x-do", how);
    Step { request, status: &[500, 0], handled: true, checks: Vec::new() }
}

fn accepted(request: Request) -> Step {
    let checks = vec![Check::Header("x-verified", "yes")];
    Step { request, status: &[200], handled: true, checks }
}

/// No handler, and the first answer again.
fn again(request: Request, body: &[u8]) -> Step {
    refused(request, &[200])
        .with(Check::Header("twilio-sig-replayed", "true"))
        .with(Check::Body(body.to_owned()))
}

fn unavailable(request: Request) -> Step {
    refused(request, &[503]).with(Check::Header("retry-after", "5"))
}

/// A form about the same event, with another signature for each `n`.
fn status(n: u32) -> Request {
    form("/status", told(n).as_bytes())
}

fn told(n: u32) -> String {
    format!("{DELIVERED}&ApiVersion={n}")
}

fn timestamped(age: Duration) -> Request {
    let time = SystemTime::now() - age;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    form("/task", format!("Sid=EV1&Timestamp={seconds}").as_bytes())
}

pub(super) fn rows() -> Vec<Row> {
    let guarded = |name, steps| Row { name, gate: gate().guard(Guard::new(store())), steps };
    let deduped = |name, steps| Row { name, gate: gate().dedup(Dedup::new(store())), steps };
    let sms = || form("/sms", FORM);
    // The same canonical string, and so the same signature, with a name and a value split anew.
    let split_anew = || form("/sms", b"Body=Ahoy").body(b"BodyA=hoy");
    let strict = Guard::new(store()).freshness(Freshness::new().required());
    let full = || MemoryStore::new(1).unwrap();
    let consent = Template::parse("{CallSid}:consent").unwrap();
    let consent = Dedup::new(store()).key(move |delivery| consent.key(delivery));
    let call = |n| {
        let body = format!("CallSid=CA00000000000000000000000000000001&Digits={n}");
        form("/consent", body.as_bytes())
    };
    let unstored =
        || gate().guard(Guard::new(store())).claim_policy(ClaimPolicy::new().without_answers());
    let incoming = || {
        let body = b"MessageSid=SM00000000000000000000000000000001&Body=Ahoy";
        form("/sms", body)
    };
    let long = [b"Body=".as_slice(), &[b'x'; 65_532]].concat();
    vec![
        guarded(
            "a replay",
            vec![
                verified(sms(), FORM, "form"),
                again(sms(), FORM),
                again(sms().chunked(), FORM),
                verified(form("/sms?x=1", FORM), FORM, "form"),
            ],
        ),
        guarded(
            "a replay that is split anew",
            vec![accepted(form("/sms", b"Body=Ahoy")), again(split_anew(), b"Body=Ahoy")],
        ),
        guarded(
            "a failure is tried again",
            vec![
                failing(sms(), "fail"),
                failing(sms(), "panic"),
                Step { status: &[404], ..failing(sms(), "404") },
                Step { status: &[408], ..failing(sms(), "408") },
                verified(sms(), FORM, "form"),
                again(sms(), FORM),
            ],
        ),
        Row {
            name: "a replay that is to be refused",
            gate: gate()
                .guard(Guard::new(store()))
                .claim_policy(ClaimPolicy::new().refuse_replays()),
            steps: vec![verified(sms(), FORM, "form"), refused(sms(), &[409])],
        },
        Row {
            name: "a status that is done because the service says so",
            gate: gate()
                .guard(Guard::new(store()))
                .claim_policy(ClaimPolicy::new().done(|status| status < 400 || status == 404)),
            steps: vec![
                Step { status: &[404], ..failing(sms(), "404") },
                refused(sms(), &[404]).with(Check::Header("twilio-sig-replayed", "true")),
            ],
        },
        Row {
            name: "answers that are not stored",
            gate: unstored(),
            steps: vec![
                accepted(incoming()),
                refused(incoming(), &[200])
                    .with(Check::Header("content-type", "text/xml"))
                    .with(Check::Header("twilio-sig-replayed", "true"))
                    .with(Check::Body(b"<Response/>".to_vec())),
                accepted(status(1)),
                refused(status(1), &[204]).with(Check::Body(Vec::new())),
            ],
        },
        Row {
            name: "an answer of the service's own where none is stored",
            gate: unstored().duplicate_answer(|_| GateResponse::duplicate()),
            steps: vec![
                accepted(status(1)),
                refused(status(1), &[200])
                    .with(Check::Header("content-type", "application/json"))
                    .with(Check::Body(br#"{"success":true,"duplicate":true}"#.to_vec())),
            ],
        },
        guarded(
            "an answer that is too long to be stored",
            vec![
                accepted(form("/sms", &long)),
                refused(form("/sms", &long), &[204]).with(Check::Body(Vec::new())),
            ],
        ),
        guarded(
            "a forgery does not use up the genuine request",
            vec![refused(sms().body(b"Body=Evil"), &[403]), verified(sms(), FORM, "form")],
        ),
        guarded(
            "timestamps",
            vec![
                accepted(timestamped(Duration::from_secs(60))),
                refused(timestamped(Duration::from_secs(600)), &[400]),
                accepted(form("/task", b"Timestamp=yesterday")),
                refused(form("/task", b"Timestamp=4102444800"), &[400]),
            ],
        ),
        Row {
            name: "a timestamp that must be there",
            gate: gate().guard(strict),
            steps: vec![
                refused(sms(), &[400]),
                refused(form("/task", b"Timestamp=yesterday"), &[400]),
                accepted(timestamped(Duration::ZERO)),
            ],
        },
        Row {
            name: "a guard whose store is full",
            gate: gate().guard(Guard::new(full())),
            steps: vec![
                refused(sms().body(b"Body=Evil"), &[403]),
                refused(sms().body(b"Body=Worse"), &[403]),
                accepted(sms()),
                unavailable(form("/sms", b"Body=Second")),
                again(sms(), FORM),
            ],
        },
        deduped(
            "an event that is told twice",
            vec![
                accepted(status(1)),
                again(status(1), told(1).as_bytes()),
                again(status(2), told(1).as_bytes()),
                accepted(form("/status", DELIVERED.replace("delivered", "read").as_bytes())),
                again(status(3), told(1).as_bytes()),
            ],
        ),
        deduped(
            "an event whose handler failed",
            vec![
                failing(status(1), "fail"),
                failing(status(2), "panic"),
                accepted(status(3)),
                again(status(4), told(3).as_bytes()),
            ],
        ),
        deduped(
            "what has no identity passes every time",
            vec![accepted(form("/gather", b"Digits=1")), accepted(form("/gather", b"Digits=1"))],
        ),
        Row {
            name: "a store of events that is full",
            gate: gate().dedup(Dedup::new(full())),
            steps: vec![
                accepted(status(1)),
                unavailable(form("/status", DELIVERED.replace("delivered", "read").as_bytes())),
            ],
        },
        Row {
            name: "a key and an answer of the user's choice",
            gate: gate()
                .dedup(consent)
                .claim_policy(ClaimPolicy::new().without_answers())
                .duplicate_answer(|webhook| {
                    assert_eq!(webhook.param("Digits"), Some("2"));
                    GateResponse::new(200).with_body("text/xml", "<Response/>")
                }),
            steps: vec![
                accepted(call(1)),
                refused(call(2), &[200])
                    .with(Check::Header("content-type", "text/xml"))
                    .with(Check::Body(b"<Response/>".to_vec())),
            ],
        },
        Row {
            name: "guard, then events",
            gate: gate().guard(Guard::new(store())).dedup(Dedup::new(store())),
            steps: vec![
                failing(status(1), "fail"),
                accepted(status(1)),
                again(status(1), told(1).as_bytes()),
                again(status(2), told(1).as_bytes()),
                again(status(2), told(1).as_bytes()),
            ],
        },
        deduped(
            "a fallback request whose first request was answered",
            vec![
                accepted(form("/sms", INCOMING)),
                again(fallback("11205"), INCOMING),
                // The answer was of no use: there is another event, and another answer.
                accepted(fallback("12100")),
            ],
        ),
        deduped(
            "a fallback request whose first request was not done",
            vec![
                failing(form("/sms", INCOMING), "fail"),
                accepted(fallback("11205")),
                refused(form("/sms", INCOMING), &[200])
                    .with(Check::Header("twilio-sig-replayed", "true")),
            ],
        ),
        Row {
            name: "report only: nothing is claimed",
            gate: gate().guard(Guard::new(full())).dedup(Dedup::new(full())).report_only(),
            steps: vec![super::unverified(sms(), FORM), super::unverified(sms(), FORM)],
        },
    ]
}

//! Replays and duplicates.

use core::time::Duration;
use std::time::SystemTime;

use twilio_sig::claim::MemoryStore;
use twilio_sig::dedup::Template;
use twilio_sig::replay::{Freshness, Guard};
use twilio_sig_gate::{Answer, Dedup};

use super::wire::Request;
use super::{Check, FORM, Row, Step, form, gate, refused, verified};

const DELIVERED: &str = "AccountSid=AC00000000000000000000000000000001&\
                         MessageSid=SM00000000000000000000000000000001&MessageStatus=delivered";

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

fn duplicate(request: Request) -> Step {
    refused(request, &[200])
        .with(Check::Header("content-type", "application/json"))
        .with(Check::Body(br#"{"success":true,"duplicate":true}"#.to_vec()))
}

fn unavailable(request: Request) -> Step {
    refused(request, &[503]).with(Check::Header("retry-after", "5"))
}

/// A form about the same event, with another signature for each `n`.
fn status(n: u32) -> Request {
    form("/status", format!("{DELIVERED}&ApiVersion={n}").as_bytes())
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
    let consent = Dedup::new(store()).key(move |verified| consent.key(verified));
    let call = |n| {
        let body = format!("CallSid=CA00000000000000000000000000000001&Digits={n}");
        form("/consent", body.as_bytes())
    };
    vec![
        guarded(
            "a replay",
            vec![
                verified(sms(), FORM, "form"),
                refused(sms(), &[409]),
                refused(sms().chunked(), &[409]),
                verified(form("/sms?x=1", FORM), FORM, "form"),
            ],
        ),
        guarded(
            "a replay that is split anew",
            vec![accepted(form("/sms", b"Body=Ahoy")), refused(split_anew(), &[409])],
        ),
        guarded(
            "a failure is tried again",
            vec![
                failing(sms(), "fail"),
                failing(sms(), "panic"),
                verified(sms(), FORM, "form"),
                refused(sms(), &[409]),
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
                refused(sms(), &[409]),
            ],
        },
        deduped(
            "an event that is told twice",
            vec![
                accepted(status(1)),
                duplicate(status(1)),
                duplicate(status(2)),
                accepted(form("/status", DELIVERED.replace("delivered", "read").as_bytes())),
                duplicate(status(3)),
            ],
        ),
        deduped(
            "an event whose handler failed",
            vec![
                failing(status(1), "fail"),
                failing(status(2), "panic"),
                accepted(status(3)),
                duplicate(status(4)),
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
            gate: gate().dedup(consent).duplicate_answer(|webhook| {
                assert_eq!(webhook.param("Digits"), Some("2"));
                Answer::new(200).with_body("text/xml", "<Response/>")
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
                refused(status(1), &[409]),
                duplicate(status(2)),
                refused(status(2), &[409]),
            ],
        },
        Row {
            name: "report only: nothing is claimed",
            gate: gate().guard(Guard::new(full())).dedup(Dedup::new(full())).report_only(),
            steps: vec![super::unverified(sms(), FORM), super::unverified(sms(), FORM)],
        },
    ]
}

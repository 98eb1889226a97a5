//! `send` against a service on a socket that verifies what it gets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

extern crate alloc;

mod service;

use std::collections::HashSet;

use assert_cmd::Command;

use service::{Got, TOKEN, good, good_service, response, serve};

fn send(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
    let command = command.env("TWILIO_AUTH_TOKEN", TOKEN).arg("send").args(arguments);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_kind_is_listed_and_verified_by_the_service() {
    let (base, _) = good_service();
    let (status, list, _) = send(&["--list"]);
    assert_eq!((status, list.lines().count()), (0, 16));
    for line in list.lines() {
        let kind = line.split(' ').next().unwrap();
        for get in [&[][..], &["--get"]] {
            let to = format!("{base}/hook?tenant=a%2Bb");
            let (status, out, error) = send(&[&[kind, "--to", &to], get].concat());
            assert_eq!(status, 0, "{kind} {get:?}: {out}{error}");
        }
        let (status, out, _) = send(&[kind, "--to", &format!("{base}/hook"), "--forged"]);
        assert_eq!(status, 0, "{kind}: {out}");
        assert!(out.contains("refused, as it should be"), "{kind}: {out}");
        assert!(!out.contains('\u{1b}'), "what a terminal obeys is not printed: {out}");
    }
}

#[test]
fn the_answer_is_judged() {
    let (base, _) = serve(|got| match got.head.split(' ').nth(1).unwrap() {
        "/broken" => response("200 OK", "text/xml", "<Response><Say>Ahoy</Response>"),
        "/json" => response("200 OK", "application/json", "{}"),
        "/long" => response("200 OK", "text/xml", &"x".repeat(70_000)),
        "/error" => response("500 Internal Server Error", "text/plain", "oops"),
        "/moved" => {
            "HTTP/1.1 302 Found\r\nLocation: /broken\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
        _ => response("200 OK", "text/xml", "<Response><Say>Ahoy</Say></Response>"),
    });
    for (path, status, expected) in [
        ("/good", 0, "carries out the TwiML, which is well-formed: one verb"),
        ("/broken", 1, "12100: not well-formed"),
        ("/json", 1, "12300"),
        ("/long", 1, "11750"),
        ("/error", 1, "11200"),
        ("/moved", 1, "follows the redirect"),
    ] {
        let (found, out, error) = send(&["voice", "--to", &format!("{base}{path}")]);
        assert_eq!(found, status, "{path}: {out}{error}");
        assert!(out.contains(expected), "{path}: {out}");
    }
    // A service that takes everything is told so.
    let (status, out, _) = send(&["sms", "--to", &format!("{base}/good"), "--forged"]);
    assert_eq!(status, 1);
    assert!(out.contains("NOT REFUSED"), "{out}");
}

#[test]
fn a_series_is_one_event_and_twice_is_the_same_bytes() {
    let (base, got) = good_service();
    let to = format!("{base}/status");
    let (status, out, _) = send(&["sms-status", "--to", &to, "--twice"]);
    assert_eq!(status, 0, "{out}");
    assert!(out.contains("sms-status (queued)") && out.contains("(delivered), again"), "{out}");
    let got = core::mem::take(&mut *got.lock().unwrap());
    assert_eq!(got.len(), 6);
    let sid = |got: &Got| {
        let body = String::from_utf8(got.body.clone()).unwrap();
        body.split("MessageSid=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    };
    assert_eq!(got.iter().map(sid).collect::<HashSet<_>>().len(), 1, "one message");
    let signature = |got: &Got| got.header("x-twilio-signature").unwrap().to_owned();
    let differ: HashSet<_> = got.iter().map(signature).collect();
    assert_eq!(differ.len(), 3, "each of the series twice");
}

#[test]
fn runs_are_events_of_their_own_but_for_a_number() {
    let (base, got) = good_service();
    let to = format!("{base}/sms");
    for arguments in [&[][..], &[], &["--number", "7"], &["--number", "7"]] {
        assert_eq!(send(&[&["sms", "--to", &to], arguments].concat()).0, 0);
    }
    let got = got.lock().unwrap();
    let differ: HashSet<_> = got.iter().map(|got| got.header("x-twilio-signature")).collect();
    assert_eq!(differ.len(), 3);
}

#[test]
fn parameters_are_set_and_repeated() {
    let (base, got) = good_service();
    let params = ["--param", "Body=a+b", "--param", "X=1", "--param", "X=2"];
    let to = format!("{base}/sms");
    assert_eq!(send(&[&["sms", "--to", &to], &params[..]].concat()).0, 0);
    let body = String::from_utf8(got.lock().unwrap().first().unwrap().body.clone()).unwrap();
    assert!(body.contains("&Body=a%2Bb&") && body.ends_with("&X=1&X=2"), "{body}");
}

/// As behind a tunnel: the public host and scheme are handed on, and what is signed is the public URL.
#[test]
fn the_public_url_is_signed_and_the_local_one_called() {
    let (base, got) = serve(|got| good("https://hooks.example.com", got));
    let url = "https://hooks.example.com/sms?tenant=a";
    let (status, out, error) = send(&["sms", "--to", &format!("{base}/sms"), "--url", url]);
    assert_eq!(status, 0, "{out}{error}");
    let got = got.lock().unwrap().first().cloned().unwrap();
    assert_eq!(got.header("host"), Some("hooks.example.com"));
    assert_eq!(got.header("x-forwarded-host"), Some("hooks.example.com"));
    assert_eq!(got.header("x-forwarded-proto"), Some("https"));
}

#[test]
fn wrong_usage_and_no_service_are_told() {
    let unused = "http://127.0.0.1:1/";
    let (status, _, error) = send(&["sms", "--to", unused]);
    assert_eq!(status, 3);
    assert!(error.contains("is the service running?") && error.contains("11205"), "{error}");
    for arguments in [
        &[][..],
        &["sms"],
        &["smoke-signal", "--to", unused],
        &["sms", "--to", "ftp://127.0.0.1/"],
        &["sms", "--to", "127.0.0.1"],
        &["sms", "--to", "http://"],
        &["sms", "--to", unused, "--param", "x"],
        &["sms", "--to", unused, "--url", "nowhere"],
        &["sms", "--list"],
        &["sms", "--to", unused, "--shared-key-file", "id"],
    ] {
        assert_eq!(send(arguments).0, 2, "{arguments:?}");
    }
}

/// Twilio's default: again if there is no connection, and to the fallback URL if there is no use.
#[test]
fn a_failed_webhook_goes_to_the_fallback_url() {
    let (base, got) = serve(|got| match got.head.split(' ').nth(1).unwrap() {
        "/error" => response("500 Internal Server Error", "text/plain", "oops"),
        "/broken" => response("200 OK", "text/xml", "<Response>"),
        _ => good(&format!("http://{}", got.header("host").unwrap()), got),
    });
    let fallback = format!("{base}/fallback");
    for (to, code, attempts) in [
        (format!("{base}/error"), "11200", 1),
        (format!("{base}/error#rp=5xx&rc=2"), "11200", 3),
        (format!("{base}/broken#rp=all"), "12100", 1),
        ("http://127.0.0.1:1/voice".to_owned(), "11205", 0),
    ] {
        let arguments = ["voice", "--to", &to, "--retry", "--fallback", &fallback];
        let (status, out, error) = send(&arguments);
        assert_eq!(status, 0, "{to}: {out}{error}");
        let got = core::mem::take(&mut *got.lock().unwrap());
        assert_eq!(got.len(), attempts + 1, "{to}: {out}");
        let (last, first) = got.split_last().unwrap();
        let key = |got: &Got| {
            let header = |name| got.header(name).unwrap().to_owned();
            let names = ["X-Twilio-Signature", "I-Twilio-Idempotency-Token"];
            (names.map(header), got.body.clone())
        };
        let same: HashSet<_> = first.iter().map(key).collect();
        assert_eq!(same.len(), attempts.min(1), "the same bytes and one idempotency token");
        let body = String::from_utf8(last.body.clone()).unwrap();
        let url = to.split('#').next().unwrap().replace(':', "%3A").replace('/', "%2F");
        assert!(body.ends_with(&format!("&ErrorCode={code}&ErrorUrl={url}")), "{body}");
        assert!(out.contains(&format!("with ErrorCode {code}")), "{out}");
    }
    let (status, out, _) = send(&["voice", "--to", &format!("{base}/error"), "--retry"]);
    assert_eq!((status, out.matches("sent ").count()), (1, 1), "{out}");
    let (status, out, error) = send(&["voice", "--to", "http://127.0.0.1:1/", "--retry"]);
    assert_eq!((status, out.matches("sent ").count()), (3, 2), "{out}{error}");
}

/// The service is slow at first; what the fragment says holds instead of Twilio's 15 s.
#[test]
fn a_slow_answer_is_waited_for_as_long_as_twilio_does() {
    let first = core::sync::atomic::AtomicBool::new(true);
    let (base, got) = serve(move |_| {
        if first.swap(false, core::sync::atomic::Ordering::Relaxed) {
            std::thread::sleep(core::time::Duration::from_secs(2));
        }
        response("200 OK", "text/xml", "<Response/>")
    });
    let to = format!("{base}/voice#rt=300&rp=rt");
    let (status, out, error) = send(&["voice", "--to", &to, "--retry"]);
    assert_eq!(status, 0, "{out}{error}");
    assert!(out.contains("no answer in time") && out.contains("1 of 1: the same bytes"), "{out}");
    assert_eq!(got.lock().unwrap().len(), 2);
    for fragment in ["rc=9", "ct=1", "rp=sometimes", "x=1"] {
        assert_eq!(send(&["voice", "--to", &format!("{base}/#{fragment}")]).0, 2, "{fragment}");
    }
}

#[test]
fn several_come_at_once() {
    // Each waits for the others: one after the other they would never be answered.
    let all = alloc::sync::Arc::new(std::sync::Barrier::new(8));
    let (base, got) = serve(move |got| {
        all.wait();
        good(&format!("http://{}", got.header("host").unwrap()), got)
    });
    let to = format!("{base}/sms");
    for (arguments, differ, what) in [
        (&["--parallel", "8"][..], 8, "8 (events): 8 answered"),
        (&["--parallel", "8", "--number", "7"], 1, "8 (one event, the same bytes): 8 answered"),
    ] {
        let (status, out, error) = send(&[&["sms", "--to", &to], arguments].concat());
        assert_eq!(status, 0, "{out}{error}");
        assert!(out.contains(what), "{out}");
        let got = core::mem::take(&mut *got.lock().unwrap());
        assert_eq!(got.len(), 8);
        let signature = |got: &Got| got.header("x-twilio-signature").unwrap().to_owned();
        assert_eq!(got.iter().map(signature).collect::<HashSet<_>>().len(), differ);
    }
    for count in ["0", "65"] {
        assert_eq!(send(&["sms", "--to", &to, "--parallel", count]).0, 2);
    }
}

/// A service that refuses every copy of a genuine event has lost it.
#[test]
fn of_copies_at_once_one_must_be_taken() {
    let first = core::sync::atomic::AtomicBool::new(true);
    let (base, _) = serve(move |got| {
        let is_first = first.swap(false, core::sync::atomic::Ordering::Relaxed);
        if is_first && got.head.contains("/once") {
            response("200 OK", "text/xml", "<Response/>")
        } else {
            response("409 Conflict", "text/plain", "")
        }
    });
    let copies = ["--parallel", "4", "--number", "1"];
    let (status, out, _) = send(&[&["sms", "--to", &format!("{base}/once")], &copies[..]].concat());
    assert_eq!((status, out.matches("refused").count()), (0, 3), "{out}");
    let (status, out, _) =
        send(&[&["sms", "--to", &format!("{base}/never")], &copies[..]].concat());
    assert_eq!(status, 1);
    assert!(out.contains("could use none of the answers"), "{out}");
}

//! `send` against a service on a socket that verifies what it gets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

extern crate alloc;

use alloc::sync::Arc;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use assert_cmd::Command;
use twilio_sig::{AuthToken, Verifier, Webhook};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What the service got.
#[derive(Clone, Debug)]
struct Got {
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn verifies(&self, base: &str) -> bool {
        let target = self.head.split(' ').nth(1).unwrap();
        let url = format!("{base}{target}");
        let webhook = match self.header("upgrade") {
            Some(_) => Webhook::websocket(&url),
            None => Webhook::post(&url, &self.body),
        };
        let signature = self.header("x-twilio-signature").unwrap_or_default();
        let verifier = Verifier::new(AuthToken::new(TOKEN).unwrap());
        verifier.verify(&webhook.signature(signature)).is_ok()
    }
}

/// A service; its address, and what it got so far.
fn serve(answer: impl Fn(&Got) -> String + Send + 'static) -> (String, Arc<Mutex<Vec<Got>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let all = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&all);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // A client keeps the connection; one request each is enough here.
            while let Some(got) = read(&mut stream) {
                seen.lock().unwrap().push(got.clone());
                stream.write_all(answer(&got).as_bytes()).unwrap();
            }
        }
    });
    (base, all)
}

fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    let mut got = Got { head: String::from_utf8(head).unwrap(), body: Vec::new() };
    let length = got.header("content-length").map_or(0, |text| text.parse().unwrap());
    got.body.resize(length, 0);
    stream.read_exact(&mut got.body).ok()?;
    Some(got)
}

fn response(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Verifies, and answers as a good service does.
fn good(base: &str, got: &Got) -> String {
    if !got.verifies(base) {
        response("403 Forbidden", "text/plain", "no\u{1b}[31m")
    } else if got.header("upgrade").is_some() {
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
            .to_owned()
    } else {
        response("200 OK", "text/xml", "<Response><Say>Ahoy</Say></Response>")
    }
}

/// A good service at the address that it is called by.
fn good_service() -> (String, Arc<Mutex<Vec<Got>>>) {
    serve(|got| good(&format!("http://{}", got.header("host").unwrap()), got))
}

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
    assert_eq!(got.header("x-forwarded-proto"), Some("https"));
}

#[test]
fn wrong_usage_and_no_service_are_told() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unused = format!("http://{unused}/");
    let (status, _, error) = send(&["sms", "--to", &unused]);
    assert_eq!(status, 3);
    assert!(error.contains("is the service running?") && error.contains("11205"), "{error}");
    for arguments in [
        &[][..],
        &["sms"],
        &["smoke-signal", "--to", "http://127.0.0.1:1/"],
        &["sms", "--to", "ftp://127.0.0.1/"],
        &["sms", "--to", "127.0.0.1"],
        &["sms", "--to", "http://"],
        &["sms", "--to", &unused, "--param", "x"],
        &["sms", "--to", &unused, "--url", "nowhere"],
        &["sms", "--list"],
        &["sms", "--to", &unused, "--shared-key-file", "id"],
    ] {
        assert_eq!(send(arguments).0, 2, "{arguments:?}");
    }
}

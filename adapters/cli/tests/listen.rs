//! `listen`: verdicts, diagnoses, forwards, files, sockets, bounds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "numbers of a test")]

extern crate alloc;

mod listener;
mod service;

use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use listener::{Listener, twilio_sig};
use service::{TOKEN, good, good_service, response, serve};

#[test]
fn what_verifies_is_said_and_what_does_not_is_diagnosed() {
    let mut listener = Listener::start(&[]);
    let to = listener.url("/sms?tenant=a");
    let (status, out) = twilio_sig(&["send", "sms", "--to", &to]);
    assert_eq!(status, 0, "{out}");
    let row = listener.until("verified");
    assert!(row.contains("  POST /sms?tenant=a ") && row.ends_with(" 200"), "{row}");

    // What a service behind a TLS terminator sees.
    let url = ["--url", "https://hooks.example.com/sms"];
    let (status, out) = twilio_sig(&[&["send", "sms", "--to", &to], &url[..]].concat());
    assert_eq!(status, 1, "{out}");
    assert!(listener.until("refused: mismatch").ends_with(" 403"));
    assert!(listener.until("URL").contains("http://hooks.example.com/sms"));
    assert!(listener.until("cause").contains("[tls_terminated]"));
    assert!(listener.until("fix").contains("https"));

    let (status, out) = twilio_sig(&["send", "sms", "--to", &to, "--forged"]);
    assert_eq!(status, 0, "{out}");
    listener.until("refused: mismatch");
    listener.until("none that is known");
    let text = &listener.text;
    assert!(!text.contains(TOKEN) && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn every_kind_verifies_at_the_public_url() {
    let listener = Listener::start(&["--url", "https://hooks.example.com"]);
    let (_, list) = twilio_sig(&["send", "--list"]);
    for line in list.lines() {
        let kind = line.split(' ').next().unwrap();
        let url = format!("https://hooks.example.com/{kind}?tenant=a%2Bb");
        let to = listener.url("");
        let (status, out) = twilio_sig(&["send", kind, "--to", &to, "--url", &url]);
        assert_eq!(status, 0, "{kind}: {out}");
    }
    // One webhook, under whatever path it comes in.
    let listener = Listener::start(&["--url", "https://hooks.example.com/sms"]);
    let to = listener.url("/internal");
    let url = "https://hooks.example.com/sms";
    assert_eq!(twilio_sig(&["send", "sms", "--to", &to, "--url", url]).0, 0);
}

/// The service verifies for itself: the bytes, the public host and the scheme are handed on.
#[test]
fn what_verifies_is_handed_on_and_nothing_else_is() {
    let (base, got) = serve(|got| good("https://hooks.example.com", got));
    let public = ["--url", "https://hooks.example.com", "--forward-to", &base];
    let listener = Listener::start(&public);
    let url = "https://hooks.example.com/sms?tenant=a";
    let (status, out) =
        twilio_sig(&["send", "sms", "--to", &listener.url("/x"), "--url", url, "--twice"]);
    assert_eq!(status, 1, "the target was another: {out}");
    assert!(got.lock().unwrap().is_empty(), "nothing refused is handed on");
    let (status, out) = twilio_sig(&["send", "sms", "--to", &listener.url(""), "--url", url]);
    assert_eq!(status, 0, "{out}");
    assert!(out.contains("<Say>Ahoy</Say>"), "{out}");
    let got = got.lock().unwrap().pop().unwrap();
    assert!(got.head.starts_with("POST /sms?tenant=a HTTP/1.1\r\n"), "{}", got.head);
    assert_eq!(got.header("host"), Some("hooks.example.com"));
    assert_eq!(got.header("x-forwarded-host"), Some("hooks.example.com"));
    assert_eq!(got.header("x-forwarded-proto"), Some("https"));
}

#[test]
fn what_is_handed_on_can_be_signed_anew() {
    let (base, got) = good_service();
    let public = ["--url", "https://hooks.example.com", "--forward-to", &base, "--sign-anew"];
    let listener = Listener::start(&public);
    for kind in ["sms", "event-streams", "media-stream"] {
        let url = "https://hooks.example.com/hook?tenant=a";
        let (status, out) = twilio_sig(&["send", kind, "--to", &listener.url(""), "--url", url]);
        assert_eq!(status, 0, "{kind}: {out}");
        let got = got.lock().unwrap().pop().unwrap();
        assert_eq!(got.header("host"), base.strip_prefix("http://"), "{kind}");
    }
}

#[test]
fn a_service_that_fails_is_told_of() {
    let mut listener = Listener::start(&["--forward-to", "http://127.0.0.1:1"]);
    assert_eq!(twilio_sig(&["send", "sms", "--to", &listener.url("/sms")]).0, 1);
    assert!(listener.until("verified").ends_with(" 502"));
    assert!(listener.until("forward").contains("is the service running?"));
    assert_eq!(twilio_sig(&["send", "media-stream", "--to", &listener.url("/sms")]).0, 1);
    assert!(listener.until("verified").ends_with(" 502"));

    let (base, _) = serve(|got| match got.head.split(' ').nth(1).unwrap() {
        "/long" => response("200 OK", "text/xml", &"x".repeat(70_000)),
        _ => response("200 OK", "text/xml", "<Response>"),
    });
    let mut listener = Listener::start(&["--forward-to", &base]);
    assert_eq!(twilio_sig(&["send", "sms", "--to", &listener.url("/broken")]).0, 1);
    listener.until("12100");
    assert_eq!(twilio_sig(&["send", "sms", "--to", &listener.url("/long")]).0, 1);
    listener.until("11750");
}

/// Files that `replay`, `verify` and `diagnose` read, for their owner alone.
#[test]
fn requests_are_saved() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("captures");
    let mut listener = Listener::start(&["--save", path.to_str().unwrap()]);
    let to = listener.url("/sms?a=1");
    assert_eq!(twilio_sig(&["send", "sms", "--to", &to]).0, 0);
    assert!(listener.until("verified").ends_with("200     0001.http"));
    assert_eq!(twilio_sig(&["send", "sms", "--to", &to, "--forged"]).0, 0);
    assert!(listener.until("refused").ends_with("403     0002.http"));
    let file = |name: &str| path.join(name).to_str().unwrap().to_owned();
    assert_eq!(twilio_sig(&["verify", "--http", &file("0001.http")]).0, 0);
    assert_eq!(twilio_sig(&["diagnose", "--http", &file("0001.http")]).0, 0);
    let (status, out) = twilio_sig(&["verify", "--http", &file("0002.http")]);
    assert!(status == 1 && out.contains("twilio-sig diagnose"), "{out}");
    assert_eq!(twilio_sig(&["replay", &file("0001.http"), "--to", &listener.url("")]).0, 0);
    let anew = ["--to", &listener.url(""), "--sign-anew"];
    assert_eq!(twilio_sig(&[&["replay", &file("0002.http")], &anew[..]].concat()).0, 0);

    // A body in chunks gets a length.
    let chunked = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\
                   \r\n2\r\na=\r\n1\r\nb\r\n0\r\n\r\n";
    assert!(listener.raw(chunked.as_bytes()).starts_with("HTTP/1.1 403 "));
    let saved = fs::read_to_string(file("0005.http")).unwrap();
    assert!(
        saved.ends_with("content-length: 3\r\n\r\na=b") && !saved.contains("chunked"),
        "{saved}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file("0001.http")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// The key and the accept value are the example of RFC 6455, section 1.2.
#[test]
fn a_handshake_is_answered_and_closed() {
    let listener = Listener::start(&[]);
    let (_, out) =
        twilio_sig(&["sign", "--json", "--url", &listener.url("/m").replace("http", "ws")]);
    let signature = out.split('"').nth(3).unwrap();
    let handshake = |signature: &str| {
        let host = &listener.address;
        format!(
            "GET /m HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             X-Twilio-Signature: {signature}\r\n\r\n"
        )
    };
    let mut stream = listener.connect();
    stream.write_all(handshake(signature).as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
    assert!(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{text}");
    assert!(answer.ends_with(&[0x88, 0x02, 0x03, 0xe8]), "{answer:?}");
    let refused = handshake(signature).replace("Connection: Upgrade", "Connection: Upgrade, close");
    let refused = refused.replace("/m HTTP", "/n HTTP");
    assert!(listener.raw(refused.as_bytes()).starts_with("HTTP/1.1 403 "));
}

#[test]
fn a_socket_is_handed_on_both_ways() {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", service.local_addr().unwrap());
    let echo = thread::spawn(move || {
        let (mut stream, _) = service.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: of the service\r\n\r\nfirst";
        stream.write_all(answer.as_bytes()).unwrap();
        let mut got = [0; 4];
        stream.read_exact(&mut got).unwrap();
        stream.write_all(&got).unwrap();
        String::from_utf8(head).unwrap()
    });
    let listener = Listener::start(&["--forward-to", &base]);
    let (_, out) =
        twilio_sig(&["sign", "--json", "--url", &listener.url("/m").replace("http", "ws")]);
    let handshake = format!(
        "GET /m HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Twilio-Signature: {}\r\n\r\n",
        listener.address,
        out.split('"').nth(3).unwrap()
    );
    let mut stream = listener.connect();
    stream.write_all(handshake.as_bytes()).unwrap();
    stream.write_all(b"ping").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("of the service") && answer.ends_with("\r\n\r\nfirstping"), "{answer}");
    let head = echo.join().unwrap();
    assert!(head.contains("GET /m HTTP/1.1\r\n") && head.contains("dGhlIHNhbXBsZSBub25jZQ=="));
}

#[test]
fn a_caller_takes_no_more_than_the_bounds() {
    let mut listener = Listener::start(&[]);
    let head = "POST /sms HTTP/1.1\r\nHost: h\r\nConnection: close\r\n";
    let long = "x".repeat(1_024 * 1_024 + 1);
    let whole = format!("{head}Content-Length: {}\r\n\r\n{long}", long.len());
    assert!(listener.raw(whole.as_bytes()).starts_with("HTTP/1.1 413 "));
    listener.until("body over 1 MiB");
    let chunked =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    assert!(listener.raw(chunked.as_bytes()).starts_with("HTTP/1.1 413 "));
    let many = "A: b\r\n".repeat(300);
    assert!(listener.raw(format!("{head}{many}\r\n").as_bytes()).starts_with("HTTP/1.1 431 "));
    let wide = format!("{head}A: {}\r\n\r\n", "x".repeat(300_000));
    // The answer may be lost: bytes that nobody reads make the system reset the connection.
    let answer = listener.raw(wide.as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");

    // 64 that say nothing; the next one is turned away, and later there is room again.
    let idle: Vec<_> = (0..64).map(|_| listener.connect()).collect();
    let started = Instant::now();
    let mut answer = String::new();
    let mut next = listener.connect();
    next.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    for mut stream in idle {
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(started.elapsed() < Duration::from_secs(30), "the slow are cut off");
    assert_eq!(twilio_sig(&["send", "sms", "--to", &listener.url("/")]).0, 0);
}

/// A body that comes byte by byte keeps its place for 15 s and no longer.
#[test]
fn a_body_that_takes_too_long_is_408() {
    let mut listener = Listener::start(&[]);
    let mut stream = listener.connect();
    stream.write_all(b"POST /sms HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n").unwrap();
    let mut slow = stream.try_clone().unwrap();
    let started = Instant::now();
    let drip = thread::spawn(move || {
        while slow.write_all(b"x").is_ok() && started.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(500));
        }
    });
    let mut answer = [0; 13];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408 ");
    assert!((Duration::from_secs(14)..Duration::from_secs(45)).contains(&started.elapsed()));
    drop(stream);
    listener.until("body took over 15 s");
    drip.join().unwrap();
}

#[test]
fn wrong_usage_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (status, out) = twilio_sig(&["listen", "--port", &port]);
    assert_eq!(status, 3);
    assert!(out.contains("choose another --port"), "{out}");
    for arguments in [
        &["listen", "--url", "nowhere"][..],
        &["listen", "--sign-anew"],
        &["listen", "--forward-to", "localhost:3000"],
        &["listen", "--port", "70000"],
        &["listen", "--save", "/dev/null/x", "--bind", "nowhere"],
    ] {
        assert_eq!(twilio_sig(arguments).0, 2, "{arguments:?}");
    }
    assert_eq!(twilio_sig(&["listen", "--save", "/dev/null/x"]).0, 3);
    let (status, out) = twilio_sig(&["listen", "--bind", "127.0.0.1:8080"]);
    assert!(status == 2 && out.contains("--port has the port"), "{out}");
}

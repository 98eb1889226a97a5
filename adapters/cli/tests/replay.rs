//! `replay` and `send --file`: from every format, as it was and signed anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

extern crate alloc;

mod saved;
mod service;

use saved::{BODY, saved, twilio_sig};
use service::{good, good_service, serve};

const EVIL: &str = "Body=Evil&From=%2B15005550006&FromZip=";

/// As it was: the saved signature proves the saved bytes, for the public URL and no other.
#[test]
fn every_format_is_sent_as_it_was() {
    let (base, got) = serve(|got| good("https://hooks.example.com", got));
    for (name, text) in saved(BODY) {
        let (status, out, error) = twilio_sig(&["replay", "-", "--to", &base], &text);
        assert_eq!(status, 0, "{name}: {out}{error}");
        let got = got.lock().unwrap().pop().unwrap();
        assert!(got.head.starts_with("POST /sms?tenant=a HTTP/1.1\r\n"), "{name}: {}", got.head);
        assert_eq!(got.body, BODY.as_bytes(), "{name}");
        // What names no host cannot hand it on.
        let host = got.header("host").unwrap();
        assert_eq!(host, "hooks.example.com", "{name}");
    }
    for (name, text) in saved(EVIL) {
        let (status, out, _) = twilio_sig(&["replay", "-", "--to", &base], &text);
        assert_eq!(status, 1, "{name}: {out}");
        assert!(out.contains("403") && out.contains("11200"), "{name}: {out}");
    }
}

#[test]
fn every_format_is_signed_anew() {
    let (base, got) = good_service();
    for (name, text) in saved(EVIL) {
        for (to, target) in
            [(base.clone(), "/sms?tenant=a"), (format!("{base}/other"), "/other?tenant=a")]
        {
            let arguments = ["replay", "-", "--to", &to, "--sign-anew"];
            let (status, out, error) = twilio_sig(&arguments, &text);
            assert_eq!(status, 0, "{name}: {out}{error}");
            let got = got.lock().unwrap().pop().unwrap();
            assert_eq!(got.head.split(' ').nth(1), Some(target), "{name}");
            assert_eq!(got.body, EVIL.as_bytes(), "{name}");
            assert_eq!(got.header("x-forwarded-proto"), None, "{name}");
        }
        let (status, out, _) =
            twilio_sig(&["send", "--file", "-", "--to", &base, "--forged"], &text);
        assert_eq!(status, 0, "{name}: {out}");
        let (status, out, error) =
            twilio_sig(&["send", "sms", "--file", "-", "--to", &base, "--twice"], &text);
        assert_eq!((status, out.matches("sent ").count()), (0, 2), "{name}: {out}{error}");
        assert!(!out.contains(saved::TOKEN), "{out}");
    }
}

#[test]
fn it_is_signed_for_the_public_url_and_sent_to_the_local_one() {
    let (base, got) = serve(|got| good("https://public.example.com", got));
    let (_, text) = saved(EVIL).swap_remove(0);
    let url = ["--sign-anew", "--url", "https://public.example.com"];
    let (status, out, error) =
        twilio_sig(&[&["replay", "-", "--to", &base], &url[..]].concat(), &text);
    assert_eq!(status, 0, "{out}{error}");
    let got = got.lock().unwrap().pop().unwrap();
    assert_eq!(got.header("host"), Some("public.example.com"));
    assert_eq!(got.header("x-forwarded-host"), Some("public.example.com"));
    assert_eq!(got.header("x-forwarded-proto"), Some("https"));
}

/// What is signed follows from the request: JSON by its hash, a handshake by its URL.
#[test]
fn json_and_handshakes_are_signed_anew_as_what_they_are() {
    let (base, got) = good_service();
    let json = "POST /events?bodySHA256=00&a=1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
                Content-Length: 7\r\n\r\n{\"a\":1}";
    let handshake = "GET /media HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let get = "GET /sms?Body=Ahoy HTTP/1.1\r\nHost: h\r\n\r\n";
    for (text, target) in
        [(json, "/events?a=1&bodySHA256="), (handshake, "/media"), (get, "/sms?Body=Ahoy")]
    {
        let arguments = ["replay", "-", "--to", &base, "--sign-anew"];
        let (status, out, error) = twilio_sig(&arguments, text);
        assert_eq!(status, 0, "{target}: {out}{error}");
        let got = got.lock().unwrap().pop().unwrap();
        assert!(got.head.split(' ').nth(1).unwrap().starts_with(target), "{}", got.head);
    }
}

#[test]
fn wrong_usage_is_told() {
    let text = "POST /sms HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nBody";
    let (status, _, error) = twilio_sig(&["replay", "-", "--to", "http://127.0.0.1:1"], text);
    assert_eq!(status, 2);
    assert!(error.contains("cut off"), "{error}");
    for arguments in [
        &["replay", "-"][..],
        &["replay", "-", "--to", "nowhere"],
        &["replay", "-", "--to", "http://127.0.0.1:1", "--url", "https://e.com"],
        &["replay", "-", "--to", "http://127.0.0.1:1#rc=9"],
        &["send", "--file", "-", "--to", "http://127.0.0.1:1", "--param", "a=b"],
    ] {
        assert_eq!(twilio_sig(arguments, "GET / HTTP/1.1\r\n\r\n").0, 2, "{arguments:?}");
    }
    let (status, _, error) =
        twilio_sig(&["replay", "-", "--to", "http://127.0.0.1:1"], "GET / HTTP/1.1\r\n\r\n");
    assert_eq!(status, 3);
    assert!(error.contains("is the service running?"), "{error}");
}

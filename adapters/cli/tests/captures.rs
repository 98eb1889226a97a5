//! One signed request in every format that it can be saved in: the verdict is the same.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use assert_cmd::Command;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const URL: &str = "https://hooks.example.com/sms?tenant=a";
const BODY: &str = "Body=it%27s+%F0%9F%91%8B+1%2B1&From=%2B15005550006&FromZip=";

fn twilio_sig(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
    let command = command.env("TWILIO_AUTH_TOKEN", TOKEN).args(arguments).write_stdin(stdin);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn signature() -> String {
    let arguments = ["sign", "--json", "--url", URL, "--body-file", "-"];
    let value: Value = serde_json::from_str(&twilio_sig(&arguments, BODY).1).unwrap();
    value["signature"].as_str().unwrap().to_owned()
}

/// The request with this body, as each tool saves it.
fn saved(body: &str) -> Vec<(&'static str, String)> {
    let signature = signature();
    let length = body.len();
    let base64 = STANDARD.encode(body);
    let raw = format!(
        "POST /sms?tenant=a HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: {length}\r\n\
         X-Twilio-Signature: {signature}\r\n\r\n{body}"
    );
    let headers = json!({ "Host": "hooks.example.com", "X-Twilio-Signature": signature });
    let lists = json!({ "Host": ["hooks.example.com"], "X-Twilio-Signature": [signature] });
    let har = json!({ "log": { "version": "1.2", "entries": [{ "request": {
        "method": "POST", "url": URL, "httpVersion": "HTTP/1.1",
        "headers": [{ "name": "X-Twilio-Signature", "value": signature }],
        "bodySize": length, "postData": { "mimeType": "application/x-www-form-urlencoded", "text": body },
    } }] } });
    let mitmproxy = json!({ "type": "http", "request": {
        "method": "POST", "scheme": "https", "host": "hooks.example.com", "port": 443,
        "path": "/sms?tenant=a", "content": body,
        "headers": { "Content-Length": length.to_string(), "X-Twilio-Signature": signature },
    } });
    let ngrok = json!({ "uri": "/api/requests/http", "requests": [{ "id": "airt_1", "request": {
        "method": "POST", "uri": "/sms", "headers": lists, "raw": STANDARD.encode(&raw),
    } }] });
    let rest = json!({ "httpMethod": "POST", "path": "/sms", "multiValueHeaders": lists,
        "multiValueQueryStringParameters": { "tenant": ["a"] }, "requestContext": { "path": "/sms" },
        "body": base64, "isBase64Encoded": true });
    let alb = json!({ "httpMethod": "POST", "path": "/sms", "headers": headers,
        "queryStringParameters": { "tenant": "a" }, "requestContext": { "elb": {} },
        "body": base64, "isBase64Encoded": true });
    let function = json!({ "version": "2.0", "rawPath": "/sms", "rawQueryString": "tenant=a",
        "headers": headers, "requestContext": { "domainName": "x.on.aws" },
        "body": base64, "isBase64Encoded": true });
    let curl = format!(
        "curl '{URL}' \\\n  -H 'X-Twilio-Signature: {signature}' \\\n  --data-raw '{body}'\n"
    );
    let dump = format!(
        ":method: POST\n:scheme: https\n:authority: hooks.example.com\n:path: /sms?tenant=a\n\
         x-twilio-signature: {signature}\n\n{body}"
    );
    let mut saved = vec![("raw", raw), ("curl", curl), ("HTTP/2", dump)];
    let documents = [
        ("HAR", har),
        ("mitmproxy", mitmproxy),
        ("ngrok", ngrok),
        ("REST API", rest),
        ("ALB", alb),
        ("function URL", function),
    ];
    saved.extend(documents.map(|(name, document)| (name, document.to_string())));
    saved
}

#[test]
fn every_format_verifies_and_is_diagnosed() {
    let base = ["--http", "-", "--base", "https://hooks.example.com"];
    for (name, text) in saved(BODY) {
        let (status, out, error) = twilio_sig(&[&["verify"], &base[..]].concat(), &text);
        assert_eq!(status, 0, "{name}: {out}{error}");
        let (status, out, error) = twilio_sig(&[&["diagnose"], &base[..]].concat(), &text);
        assert_eq!(status, 0, "{name}: {out}{error}");
    }
}

#[test]
fn every_format_is_refused_when_its_body_is_another() {
    for (name, text) in saved("Body=Evil&From=%2B15005550006&FromZip=") {
        let arguments = ["verify", "--http", "-", "--base", "https://hooks.example.com"];
        let (status, out, _) = twilio_sig(&arguments, &text);
        assert_eq!(status, 1, "{name}: {out}");
        assert!(out.contains("mismatch"), "{name}: {out}");
    }
}

/// What cannot be read is said, without a word of it: it may be somebody's message.
#[test]
fn what_cannot_be_read_is_refused_without_its_text() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let many = "{\"httpMethod\":\"GET\",\"path\":\"/\"}\n".repeat(10_002);
    for text in [
        "s3cr3t",
        "{\"s3cr3t\":1}",
        "{\"log\":\"s3cr3t\"}",
        "{\"request\":{\"raw\":\"s3cr3t\"}}",
        "{\"rawPath\":[\"s3cr3t\"]}",
        "{\"httpMethod\":\"s3cr3t\"}",
        "[\"s3cr3t\"]",
        "[",
        "{}",
        "[]",
        "",
        "curl 's3cr3t",
        "curl --s3cr3t x",
        ":method: s3cr3t",
        &deep,
        &many,
    ] {
        let (status, out, error) = twilio_sig(&["verify", "--http", "-"], text);
        let start: String = text.chars().take(30).collect();
        assert_eq!((status, out.as_str()), (2, ""), "{start}: {error}");
        let names_an_option = text.starts_with("curl --");
        assert!(names_an_option || !error.contains("s3cr3t"), "{start}: {error}");
    }
}

#[test]
fn one_of_several_is_chosen_by_number() {
    let two = |text: &str| format!("{text}\n{text}\n");
    let saved = saved(BODY);
    let (_, function) = saved.iter().find(|(name, _)| *name == "function URL").unwrap();
    let verify =
        |entry: &[&str]| twilio_sig(&[&["verify", "--http", "-"], entry].concat(), &two(function));
    let (status, _, error) = verify(&[]);
    assert_eq!(status, 2);
    assert!(error.contains("2 requests, 2 of them signed"), "{error}");
    assert_eq!(verify(&["--entry", "2"]).0, 0);
    assert_eq!(verify(&["--entry", "3"]).0, 2);
}

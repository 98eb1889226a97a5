//! One signed request in every format that it can be saved in.

use assert_cmd::Command;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const URL: &str = "https://hooks.example.com/sms?tenant=a";
pub(crate) const BODY: &str = "Body=it%27s+%F0%9F%91%8B+1%2B1&From=%2B15005550006&FromZip=";

pub(crate) fn twilio_sig(arguments: &[&str], stdin: &str) -> (i32, String, String) {
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
pub(crate) fn saved(body: &str) -> Vec<(&'static str, String)> {
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

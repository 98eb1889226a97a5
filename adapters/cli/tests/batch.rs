//! `twilio-sig batch`: one verdict for each line, whatever the line.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use twilio_sig::{Algorithm, AuthToken, SharedKey, Signer};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const URL: &str = "https://hooks.example.com/sms";
const BODY: &str = "Body=Ahoy%21&From=%2B15005550006";

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
    command.env_remove("TWILIO_AUTH_TOKEN").arg("batch");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit status and output for this input.
fn batch(input: &[u8], arguments: &[&str]) -> (i32, String) {
    let mut child = command().args(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn one(line: &Value) -> Value {
    let (_, out) = batch(format!("{line}\n").as_bytes(), &[]);
    serde_json::from_str(&out).unwrap()
}

fn header() -> String {
    let signer = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    signer.sign_form(URL, BODY.as_bytes()).unwrap().header_value()
}

#[test]
fn verdicts_say_how_a_line_was_verified() {
    let form = json!({"ok": true, "coverage": "form", "candidate": "as_given", "key": 0});
    let good = json!({"url": URL, "signature": header(), "auth_tokens": [TOKEN], "body": BODY});
    assert_eq!(one(&good), form);
    let with = |name: &str, value: Value| {
        let mut line = good.clone();
        line.as_object_mut().unwrap().insert(name.into(), value);
        line
    };
    let without_body = |name: &str, value: Value| {
        let mut line = with(name, value);
        line.as_object_mut().unwrap().remove("body");
        line
    };
    let base64 = "Qm9keT1BaG95JTIxJkZyb209JTJCMTUwMDU1NTAwMDY=";
    assert_eq!(one(&without_body("body_base64", json!(base64))), form);
    let params = json!([["From", "+15005550006"], ["Body", "Ahoy!"]]);
    assert_eq!(one(&without_body("params", params)), form);
    assert_eq!(one(&with("settings", Value::Null)), form);

    let key = |value: &Value| value.get("key").cloned();
    assert_eq!(key(&one(&with("auth_tokens", json!([OTHER, TOKEN])))), Some(json!(1)));
    let port = with("url", json!("https://hooks.example.com:8443/sms"));
    assert_eq!(one(&port).get("candidate"), Some(&json!("port_removed")));
    let mut exact = port;
    exact.as_object_mut().unwrap().insert("policy".into(), json!("exact"));
    assert_eq!(one(&exact), json!({"ok": false, "error": "mismatch"}));
    assert_eq!(one(&with("body", json!("Body=x"))), json!({"ok": false, "error": "mismatch"}));
}

/// The text, not only the value: what reads it line by line may be simple.
#[test]
fn fields_are_in_the_documented_order() {
    let good = json!({"url": URL, "signature": header(), "auth_tokens": [TOKEN], "body": BODY});
    let forged = json!({"url": URL, "signature": header(), "auth_tokens": [TOKEN], "body": "x"});
    let (_, out) = batch(format!("{good}\n{forged}\nx\n").as_bytes(), &[]);
    let expected = [
        r#"{"ok":true,"coverage":"form","candidate":"as_given","key":0}"#,
        r#"{"ok":false,"error":"mismatch"}"#,
        r#"{"ok":false,"error":"bad_input","detail":"not JSON at column 1"}"#,
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn shared_keys_and_handshakes_are_verified() {
    let shared = SharedKey::new("k1", "the secret", Algorithm::HmacSha256).unwrap();
    let signature = Signer::shared_key(&shared).sign_url("wss://e.com/media").header_value();
    let line = json!({
        "url": "https://e.com/media", "signature": signature, "websocket": true,
        "auth_tokens": [TOKEN], "settings": "key=k1,algorithm=HMAC_SHA256",
        "shared_keys": [{"id": "k1", "secret": "the secret", "algorithm": "HMAC_SHA256"}],
    });
    let expected = json!({"ok": true, "coverage": "url_only", "candidate": "as_given", "key": 1});
    assert_eq!(one(&line), expected);
    let strict = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    let strict = strict.sign_form(URL, b"a=1&a=2").unwrap().header_value();
    let line = json!({"url": URL, "signature": strict, "auth_tokens": [TOKEN], "body": "a=1&a=2", "strict": true});
    assert_eq!(one(&line), json!({"ok": false, "error": "strict_parameter"}));
}

#[test]
fn errors_are_the_codes_of_the_library() {
    let error = |line: Value| one(&line).get("error").cloned();
    assert_eq!(
        error(json!({"url": URL, "auth_tokens": [TOKEN]})),
        Some(json!("missing_signature"))
    );
    assert_eq!(error(json!({"url": URL})), Some(json!("missing_signature")));
    let bad = json!({"url": URL, "auth_tokens": [TOKEN], "signature": "x"});
    assert_eq!(error(bad), Some(json!("malformed_signature")));
    let relative = json!({"url": "/sms", "auth_tokens": [TOKEN], "signature": header()});
    assert_eq!(error(relative), Some(json!("invalid_url")));
}

/// Every line gets its verdict, in order, and none of them repeats a token.
#[test]
fn the_stream_goes_on_after_bad_lines() {
    let good = json!({"url": URL, "signature": header(), "auth_tokens": [TOKEN], "body": BODY});
    let bad = [
        "not json".to_owned(),
        format!("{{\"url\":1,\"auth_tokens\":[\"{TOKEN}\"]}}"),
        format!("{{\"url\":\"{URL}\",\"auth_tokens\":\"{TOKEN}\"}}"),
        format!("{{\"url\":\"{URL}\",\"signature\":\"x\"}}"),
        format!("{{\"url\":\"{URL}\",\"auth_tokens\":[\" {TOKEN}\"]}}"),
        format!("{{\"url\":\"{URL}\",\"auth_tokens\":[\"{TOKEN}\"],\"body_base64\":\"*\"}}"),
        format!("{{\"url\":\"{URL}\",\"auth_tokens\":[\"{TOKEN}\"],\"body\":\"\",\"params\":[]}}"),
        format!("{{\"url\":\"{URL}\",\"policy\":\"{TOKEN}\"}}"),
        "{\"url\":".to_owned(),
        "[".repeat(100_000),
        "\"\u{fffd}\"".to_owned(),
    ];
    let mut input = Vec::new();
    for line in &bad {
        writeln!(input, "{line}\n{good}\r\n").unwrap();
    }
    input.extend_from_slice(b"\xff\xfe\n");
    let (status, out) = batch(&input, &[]);
    assert_eq!(status, 1);
    assert!(!out.contains(TOKEN), "{out}");
    let verdicts: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), bad.len() * 2 + 1);
    for (nth, verdict) in verdicts.iter().enumerate() {
        if nth % 2 == 0 {
            assert_eq!(verdict.get("error"), Some(&json!("bad_input")), "line {nth}");
            assert!(verdict.get("detail").is_some_and(Value::is_string));
        } else {
            assert_eq!(verdict.get("ok"), Some(&json!(true)), "line {nth}");
        }
    }
}

#[test]
fn a_line_above_the_bound_is_skipped() {
    let good = json!({"url": URL, "signature": header(), "auth_tokens": [TOKEN], "body": BODY});
    let input = format!("{{\"url\":\"{}\"}}\n{good}\n", "a".repeat(5_000));
    let (status, out) = batch(input.as_bytes(), &["--max-line", "1000"]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((status, lines.len()), (1, 2));
    assert!(lines[0].contains("bad_input") && lines[0].contains("1000"), "{out}");
    assert!(lines[1].contains(r#""ok":true"#));
}

#[test]
fn all_good_is_0_and_a_file_is_read() {
    let good = json!({"url": URL, "signature": header(), "auth_tokens": [TOKEN], "body": BODY});
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("lines.jsonl");
    std::fs::write(&path, format!("{good}\n{good}")).unwrap();
    let (status, out) = batch(b"", &[path.to_str().unwrap()]);
    assert_eq!((status, out.lines().count()), (0, 2));
}

/// A long stream, and one endless line of 100 MiB, are read in the memory of a short one.
#[test]
#[cfg(target_os = "linux")]
fn memory_is_bounded() {
    let good = json!({"url": URL, "signature": header(), "auth_tokens": [TOKEN], "body": BODY});
    let line = format!("{good}\n");
    let mut child = command().args(["--max-line", "65536"]).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let lines = 20_000;
    let writer = std::thread::spawn(move || -> io::Result<_> {
        let block = vec![b'a'; 1 << 16];
        for _ in 0..1_600 {
            stdin.write_all(&block)?;
        }
        stdin.write_all(b"\n")?;
        for _ in 0..lines {
            stdin.write_all(line.as_bytes())?;
        }
        stdin.flush()?;
        Ok(stdin)
    });
    // The last lines wait in the program's buffer until standard input ends: it is still running.
    let mut read = String::new();
    for _ in 0..lines - 2_000 {
        read.clear();
        stdout.read_line(&mut read).unwrap();
    }
    let memory = std::fs::read_to_string(status).unwrap();
    let peak = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kibibytes < 32 * 1_024, "{kibibytes} KiB");
    let rest = std::thread::spawn(move || {
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).map(|_| rest)
    });
    drop(writer.join().unwrap().unwrap());
    assert!(!rest.join().unwrap().unwrap().is_empty());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// Causes are in the verdicts, and on standard error in a table, the largest group first.
#[test]
fn refusals_are_grouped_by_cause() {
    let line = |url: &str, body: &str| json!({"url": url, "signature": header(), "auth_tokens": [TOKEN], "body": body});
    let (http, good) = (URL.replace("https", "http"), line(URL, BODY));
    let lines = [
        good.to_string(),
        line(&http, BODY).to_string(),
        line(URL, "Body=Forged").to_string(),
        "not json".to_owned(),
        line(&http, BODY).to_string(),
        json!({ "url": URL }).to_string(),
    ];
    let mut child = command().arg("--diagnose").spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<&str> = out.lines().collect();
    assert_eq!(verdicts.len(), lines.len());
    assert!(!verdicts[0].contains("causes"), "{out}");
    assert_eq!(verdicts[1], r#"{"ok":false,"error":"mismatch","causes":["tls_terminated"]}"#);
    assert_eq!(verdicts[2], r#"{"ok":false,"error":"mismatch","causes":[]}"#);
    let table = String::from_utf8(output.stderr).unwrap();
    let rows: Vec<&str> = table.lines().map(str::trim).collect();
    assert_eq!(rows[0], "6 lines, 5 refused");
    assert_eq!(rows[1], "REFUSED  FIRST LINE  CAUSE");
    assert_eq!(rows[2], "2           2  tls_terminated");
    assert!(rows[3].starts_with("Build the URL with https"), "{table}");
    for row in ["1           4  bad_input", "1           3  mismatch, no cause found"] {
        assert!(rows.contains(&row), "{table}");
    }
    assert!(rows.contains(&"1           6  missing_signature"), "{table}");
    assert!(!table.contains(TOKEN) && !table.contains('\u{1b}'), "{table}");
}

/// Lines that were judged are gone: with their tokens, and from the buffers that they outgrew.
#[test]
#[cfg(target_os = "linux")]
fn no_token_stays_on_the_heap() {
    // The secret comes first, so that it is in the buffers that a long line outgrows; the token last,
    // where shorter lines that follow do not cover it.
    let line = |length: usize| {
        let (signature, body) = (header(), "x".repeat(length));
        format!(
            r#"{{"shared_keys":[{{"secret":"{OTHER}","id":"k","algorithm":"HMAC_SHA256"}}],"url":"{URL}","signature":"{signature}","body":"{body}","auth_tokens":["{TOKEN}"]}}"#
        )
    };
    // The name of the file is on the heap, and shows that it is looked at.
    let mut child = command().arg("/dev/stdin").spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for length in [10, 1_000, 300_000, 1_000] {
        writeln!(stdin, "{}", line(length)).unwrap();
    }
    // Enough verdicts to be written: the lines above have been judged.
    for _ in 0..500 {
        writeln!(stdin, "{{}}").unwrap();
    }
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..4 {
        stdout.read_line(&mut String::new()).unwrap();
    }
    let heap = heap(child.id());
    let holds = |text: &str| heap.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("/dev/stdin"), "the heap is not seen");
    // The allocator writes over the first bytes of what is freed.
    assert!(!holds(TOKEN.get(16..).unwrap()), "an auth token is on the heap");
    assert!(!holds(OTHER.get(16..).unwrap()), "a secret is on the heap");
    drop(stdin);
    io::copy(&mut stdout, &mut io::sink()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// All writable memory of a process but its stack.
#[cfg(target_os = "linux")]
fn heap(process: u32) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = std::fs::File::open(format!("/proc/{process}/mem")).unwrap();
    let mut heap = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw-p ") && !line.contains("[stack]")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        let mut part = vec![0; usize::try_from(address(end) - address(start)).unwrap()];
        if memory.read_exact_at(&mut part, address(start)).is_ok() {
            heap.append(&mut part);
        }
    }
    heap
}

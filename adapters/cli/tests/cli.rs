//! Runs the built binary: every command, on good and on bad input.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const URL: &str = "https://hooks.example.com/sms";
const BODY: &str = "Body=Ahoy%21&From=%2B15005550006";

/// The binary, with a token in its environment.
fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
    command.env_remove("TWILIO_AUTH_TOKEN").env_remove("CLICOLOR_FORCE");
    command
}

fn twilio_sig() -> Command {
    let mut command = bare();
    command.env("TWILIO_AUTH_TOKEN", TOKEN);
    command
}

/// Exit status, standard output and standard error.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The header for the form at the URL.
fn signature(url: &str, body: &str) -> String {
    let (status, out, _) = run(twilio_sig()
        .args(["sign", "--json", "--url", url, "--body-file", "-"])
        .write_stdin(body));
    assert_eq!(status, 0);
    let value: Value = serde_json::from_str(&out).unwrap();
    value["signature"].as_str().unwrap().to_owned()
}

fn http(host: &str, headers: &str, signature: &str, body: &str) -> String {
    format!(
        "POST /sms HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n{headers}\
         X-Twilio-Signature: {signature}\r\n\r\n{body}",
        body.len()
    )
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn verify_accepts_and_refuses() {
    let signature = signature(URL, BODY);
    let verify = |body: &str| {
        run(twilio_sig()
            .args(["verify", "--url", URL, "--signature", &signature, "--body-file", "-"])
            .write_stdin(body))
    };
    let (status, out, _) = verify(BODY);
    assert_eq!((status, out.as_str()), (0, "verified  coverage form, URL as_given, key 0\n"));
    let (status, out, _) = verify("Body=Forged");
    assert_eq!(status, 1);
    assert!(out.starts_with("refused  mismatch"), "{out}");
    assert!(!out.contains('\u{1b}'), "no colour but on a terminal: {out}");

    let params = ["--param", "Body=Ahoy!", "--param", "From=+15005550006", "--json"];
    let (status, out, _) = run(twilio_sig()
        .args(["verify", "--url", "https://hooks.example.com:443/sms", "--signature", &signature])
        .args(params));
    let expected = r#"{"ok":true,"coverage":"form","candidate":"port_removed","key":0}"#;
    assert_eq!((status, out.trim_end()), (0, expected));

    let exact = ["verify", "--exact", "--url", "https://hooks.example.com:443/sms", "--signature"];
    assert_eq!(run(twilio_sig().args(exact).arg(&signature).args(params)).0, 1);
}

#[test]
fn verify_reads_a_raw_request_from_a_file_and_from_standard_input() {
    let folder = TempDir::new().unwrap();
    let request = http("10.0.0.7", "", &signature(URL, BODY), BODY);
    let path = file(&folder, "request.txt", &request);
    let base = ["--base", "https://hooks.example.com/"];
    assert_eq!(run(twilio_sig().arg("verify").arg("--http").arg(&path).args(base)).0, 0);
    let mut stdin = twilio_sig();
    let stdin = stdin.args(["verify", "--http", "-"]).args(base).write_stdin(request);
    assert_eq!(run(stdin).0, 0);
    // Without the public URL it is http and the internal host.
    assert_eq!(run(twilio_sig().arg("verify").arg("--http").arg(&path)).0, 1);
    // A second signature header is never chosen among.
    let twice = http("h", "X-Twilio-Signature: x\r\n", &signature(URL, BODY), BODY);
    let (status, out, _) =
        run(twilio_sig().args(["verify", "--http", "-", "--url", URL]).write_stdin(twice));
    assert_eq!(status, 1);
    assert!(out.contains("malformed_signature"), "{out}");
}

#[test]
fn usage_is_2_and_input_is_3() {
    for arguments in [
        &["verify"][..],
        &["frobnicate"],
        &["verify", "--url", URL, "--token", TOKEN],
        &["verify", "--base", URL],
        &["sign", "--url", URL, "--param", "no-equals-sign"],
        &["sign", "--url", URL, "--hash-body"],
        &["verify", "--url", URL, "--account-sid", "AC1"],
        &["diagnose", "--url", URL, "--header", "no colon"],
        &["verify", "--url", URL, "--shared-key-file", "id"],
    ] {
        assert_eq!(run(twilio_sig().args(arguments)).0, 2, "{arguments:?}");
    }
    let (status, _, error) = run(bare().args(["verify", "--url", URL]));
    assert_eq!(status, 2);
    assert!(error.contains("TWILIO_AUTH_TOKEN"), "{error}");
    let missing = "/nowhere/to/be/found";
    for arguments in [
        &["verify", "--http", missing][..],
        &["verify", "--url", URL, "--token-file", missing],
        &["sign", "--url", URL, "--body-file", missing],
        &["batch", missing],
    ] {
        let (status, _, error) = run(twilio_sig().args(arguments));
        assert_eq!(status, 3, "{arguments:?}");
        assert!(error.contains(missing), "{error}");
    }
    let not_http = run(twilio_sig().args(["verify", "--http", "-"]).write_stdin("\u{0}\u{1}"));
    assert_eq!(not_http.0, 2);
}

#[test]
fn sign_makes_what_verify_accepts() {
    let json = r#"{"event":"ahoy"}"#;
    let (status, out, _) = run(twilio_sig()
        .args(["sign", "--url", URL, "--hash-body", "--body-file", "-"])
        .write_stdin(json));
    assert_eq!(status, 0);
    let line = |name: &str| {
        let line = out.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {out}")).to_owned()
    };
    let (url, header) = (line("URL: "), line("X-Twilio-Signature: "));
    let verify = ["verify", "--json", "--url", &url, "--signature", &header, "--body-file", "-"];
    let (status, out, _) = run(twilio_sig().args(verify).write_stdin(json));
    assert_eq!(status, 0);
    assert!(out.contains("body_hash"), "{out}");
    let (status, out, _) = run(twilio_sig().args(verify).write_stdin("{}"));
    assert_eq!((status, out.trim_end()), (1, r#"{"ok":false,"error":"body_hash_mismatch"}"#));

    // Twilio's published example.
    let published = run(bare().env("TWILIO_AUTH_TOKEN", "12345").args([
        "sign",
        "--url=https://example.com/myapp.php?foo=1&bar=2",
        "--param=Digits=1234",
        "--param=To=+18005551212",
        "--param=From=+14158675310",
        "--param=Caller=+14158675310",
        "--param=CallSid=CA1234567890ABCDE",
    ]));
    assert_eq!(published.1, "X-Twilio-Signature: L/OH5YylLD5NRKLltdqwSvS0BnU=\n");
}

#[test]
fn keys_come_from_files_too() {
    let folder = TempDir::new().unwrap();
    let token = file(&folder, "token", &format!("{TOKEN}\n"));
    let secret = file(&folder, "secret", "the secret\r\n");
    let shared = format!("webhooks_sharedkey_01,HMAC_SHA256,{}", secret.display());
    let sign = ["sign", "--url", URL, "--shared-key-file", &shared];
    let (status, out, _) = run(bare().args(sign));
    assert_eq!(status, 0);
    let header = out.trim_end().strip_prefix("X-Twilio-Signature: ").unwrap();
    assert_eq!(header.len(), 44);
    let (status, out, _) = run(bare()
        .args(["verify", "--json", "--url", URL, "--signature", header])
        .args(["--settings", "key=webhooks_sharedkey_01,algorithm=HMAC_SHA256"])
        .args(["--shared-key-file", &shared, "--token-file"])
        .arg(token));
    assert_eq!(status, 0);
    assert!(out.contains(r#""key":1"#), "{out}");
    let padded = file(&folder, "padded", &format!(" {TOKEN}\n"));
    let (status, _, error) = run(bare().args(["verify", "--url", URL, "--token-file"]).arg(padded));
    assert_eq!(status, 2);
    assert!(error.contains("white space") && !error.contains(TOKEN), "{error}");
}

#[test]
fn help_has_examples_and_completions_are_made() {
    for command in ["verify", "sign", "diagnose", "batch"] {
        let (status, out, _) = run(bare().args([command, "--help"]));
        assert_eq!(status, 0);
        assert!(out.contains("Examples:") && out.contains("twilio-sig "), "{out}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (status, out, _) = run(bare().args(["completions", shell]));
        assert_eq!(status, 0);
        assert!(out.contains("diagnose") && out.contains("configured-url"), "{shell}");
    }
}

#[test]
fn diagnose_names_the_cause() {
    let signature = signature(URL, BODY);
    let headers = "X-Forwarded-Host: hooks.example.com\r\n";
    let request = http("10.0.0.7:8080", headers, &signature, BODY);
    let (status, out, _) =
        run(twilio_sig().args(["diagnose", "--http", "-"]).write_stdin(request.clone()));
    assert_eq!(status, 1);
    for expected in ["tls_terminated", "wrong_host", "fix", "http://10.0.0.7:8080/sms"] {
        assert!(out.contains(expected), "{expected} is not in {out}");
    }
    assert!(
        !out.contains('\u{1b}')
            && !out.contains(TOKEN)
            && !out.contains(signature.get(..5).unwrap())
    );

    let (status, out, _) =
        run(twilio_sig().args(["diagnose", "--json", "--http", "-"]).write_stdin(request.clone()));
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 1);
    assert_eq!(value["error"], "mismatch");
    let causes: Vec<&Value> = value["explanations"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["cause"])
        .collect();
    assert_eq!(causes, ["tls_terminated", "wrong_host"]);
    let fix = value["explanations"][0]["findings"][0]["fix"].as_str().unwrap();
    assert!(fix.contains("https") && value["macs"].as_u64() < value["bytes"].as_u64());
    assert_eq!((&value["ruled_out"], &value["tried"]), (&json!([]), &json!([])));

    let verified = ["diagnose", "--http", "-", "--url", URL];
    let (status, out, _) = run(twilio_sig().args(verified).write_stdin(request.clone()));
    assert_eq!(status, 0);
    assert!(out.contains("verified"), "{out}");

    let (status, out, _) = run(twilio_sig()
        .args(["diagnose", "--max-macs", "20000", "--http", "-"])
        .write_stdin(http("other.example.net", "", &signature, "Body=Forged")));
    assert_eq!(status, 1);
    assert!(out.contains("ruled out") && out.contains("none that is known"), "{out}");
}

#[test]
fn diagnose_takes_other_tokens_and_tokens_that_were_copied_wrongly() {
    let folder = TempDir::new().unwrap();
    let request = http("hooks.example.com", "", &signature(URL, BODY), BODY);
    let diagnose = |token: &str, more: &[&str]| {
        let mut command = bare();
        command.env("TWILIO_AUTH_TOKEN", token).args(["diagnose", "--json", "--url", URL]);
        run(command.args(["--http", "-"]).args(more).write_stdin(request.clone()))
    };
    let right = file(&folder, "right", TOKEN);
    let right = right.to_str().unwrap();
    let account = format!("AC00000000000000000000000000000001,{right}");
    for (token, more, cause) in [
        (OTHER, &["--secondary-token-file", right][..], "secondary_token"),
        (OTHER, &["--account-token-file", &account], "other_account_token"),
        ("\"0123456789abcdef0123456789abcdef\"", &[], "token_quoted"),
        (" 0123456789abcdef0123456789abcdef\n", &[], "token_whitespace"),
        ("0123456789abcdef0123456789abcde", &[], "token_length"),
    ] {
        let (status, out, error) = diagnose(token, more);
        let value: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{error}"));
        assert_eq!(status, 1, "{cause}");
        assert_eq!(value["explanations"][0]["findings"][0]["cause"], cause, "{out}");
        assert!(!out.contains(TOKEN) && !out.contains(OTHER), "{out}");
    }
}

/// What is wrong with a request is what `diagnose` is asked for: it is no wrong usage.
#[test]
fn diagnose_takes_requests_that_cannot_be_verified() {
    let signature = signature(URL, BODY);
    let request = |head: &str, body: &str| {
        format!("POST {head}\r\nX-Twilio-Signature: {signature}\r\n\r\n{body}")
    };
    let whole = BODY.len();
    for (head, body, cause) in [
        (
            format!("/sms HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: {whole}"),
            "",
            "body_missing",
        ),
        (
            format!("/sms HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: {whole}"),
            "Body=A",
            "body_missing",
        ),
        ("/sms HTTP/1.1\r\nTransfer-Encoding: chunked".into(), "1f\r\nBody", "url_not_absolute"),
        ("/sms HTTP/1.1".into(), BODY, "url_not_absolute"),
    ] {
        let request = request(&head, body);
        let diagnose = ["diagnose", "--json", "--max-macs", "2000", "--http", "-"];
        let (status, out, error) = run(twilio_sig().args(diagnose).write_stdin(request.clone()));
        let value: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{head}: {error}"));
        assert_eq!(status, 1, "{head}");
        assert_eq!(value["explanations"][0]["findings"][0]["cause"], cause, "{out}");
        let verify = run(twilio_sig().args(["verify", "--http", "-"]).write_stdin(request));
        assert_eq!(verify.0, 2, "{head}");
    }
}

/// A target may be a whole URL; a base takes the place of its scheme and host.
#[test]
fn a_base_is_not_put_before_a_whole_url() {
    let signature = signature(URL, BODY);
    let target = "http://10.0.0.7:8080/sms HTTP/1.1";
    let request = format!("POST {target}\r\nX-Twilio-Signature: {signature}\r\n\r\n{BODY}");
    let verify = ["verify", "--http", "-", "--base", "https://hooks.example.com/"];
    assert_eq!(run(twilio_sig().args(verify).write_stdin(request)).0, 0);
}

#[test]
fn without_a_key_diagnose_says_what_shows_and_what_is_missing() {
    let headers = "X-Forwarded-Proto: https\r\n";
    let request = http("10.0.0.7", headers, &signature(URL, BODY), BODY);
    let (status, out, error) = run(bare().args(["diagnose", "--http", "-"]).write_stdin(request));
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(error.contains("--token-file") && error.contains("TLS is terminated"), "{error}");
}

/// The example in the documentation: the request names the file of its fictional token, and only
/// `diagnose` reads it.
#[test]
fn the_example_request_is_explained() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/requests/behind-proxy.http");
    let (status, out, error) = run(bare().args(["diagnose", "--http", path]));
    assert_eq!(status, 1);
    assert!(out.contains("tls_terminated") && out.contains("wrong_host"), "{out}");
    assert!(error.contains("token.txt") && !error.contains(TOKEN), "{error}");
    assert_eq!(run(bare().args(["verify", "--http", path])).0, 2, "verify takes no such key");
    let public = ["--base", "https://hooks.example.com"];
    assert_eq!(run(twilio_sig().args(["verify", "--http", path]).args(public)).0, 0);
}

//! What a person is told: help, manual pages, completions, the next step after a refusal.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use assert_cmd::Command;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const URL: &str = "https://hooks.example.com/sms";
const COMMANDS: [&str; 9] =
    ["verify", "sign", "send", "listen", "replay", "diagnose", "batch", "completions", "man"];

fn twilio_sig(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
    let command = command.env("TWILIO_AUTH_TOKEN", TOKEN).args(arguments).write_stdin(stdin);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn help_is_80_columns_wide_and_breaks_no_word() {
    let (_, all, _) = twilio_sig(&["--help"], "");
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command} is not in {all}");
        for flag in ["--help", "-h"] {
            let (status, help, _) = twilio_sig(&[command, flag], "");
            assert_eq!(status, 0);
            let wide = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None, "{command} {flag}");
        }
    }
    // Words of a text that does not fit into a line.
    let (_, help, _) = twilio_sig(&["verify", "--help"], "");
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let text =
        "A saved request: raw HTTP, a curl command, HAR, mitmproxy or ngrok JSON, an AWS event";
    assert!(words.contains(text), "{help}");
}

#[test]
fn each_command_but_the_simplest_shows_examples() {
    for command in COMMANDS.iter().filter(|command| **command != "completions") {
        let (_, help, _) = twilio_sig(&[command, "--help"], "");
        assert!(help.contains("Examples:") && help.contains("  twilio-sig "), "{help}");
    }
}

#[test]
fn each_command_has_a_manual_page_and_completions() {
    let (status, page, _) = twilio_sig(&["man"], "");
    assert_eq!(status, 0);
    assert!(page.contains(".TH twilio\\-sig 1") || page.contains(".TH twilio-sig 1"), "{page}");
    for command in COMMANDS {
        let (status, page, _) = twilio_sig(&["man", command], "");
        assert_eq!(status, 0, "{command}");
        let page = page.replace("\\-", "-");
        assert!(page.contains(&format!(".TH twilio-sig-{command} 1")), "{page}");
        let (_, script, _) = twilio_sig(&["completions", "bash"], "");
        assert!(script.contains(command), "{command}");
    }
    let (status, _, error) = twilio_sig(&["man", "juggle"], "");
    assert_eq!(status, 2);
    assert!(error.contains("twilio-sig --help"), "{error}");
}

#[test]
fn a_refused_request_is_named_with_the_next_step() {
    let request = "POST /sms HTTP/1.1\r\nHost: user:secret@e.com\r\n\
                   X-Twilio-Signature: RSOYDt4T1cUTdK1PDd93/VVr8B8=\r\n\r\nBody=a";
    let (status, out, _) = twilio_sig(&["verify", "--http", "-"], request);
    assert_eq!(status, 1);
    assert!(out.starts_with("refused  mismatch"), "{out}");
    assert!(out.contains("\nURL      http://e.com/sms\n"), "{out}");
    assert!(out.contains("`twilio-sig diagnose`") && !out.contains("secret"), "{out}");
}

#[test]
fn errors_name_the_next_step() {
    for (arguments, stdin, next) in [
        (&["verify"][..], "", "--http"),
        (&["verify", "--http", "-"], "?", "twilio-sig verify --help"),
        (&["verify", "--http", "-"], "POST /sms\n\n", "--base"),
        (&["verify", "--http", "-"], "[{}]", "HAR"),
        (&["verify", "--http", "nowhere.txt"], "", "No such file"),
        (&["send", "smoke"], "", "--to"),
        (&["send", "smoke", "--to", "http://e.com"], "", "twilio-sig send --list"),
        (&["sign", "--url", URL, "--param", "x"], "", "NAME=VALUE"),
        (&["sign", "--url", URL, "--token-file", "nowhere.txt"], "", "nowhere.txt"),
        (&["listen", "--forward-to", "localhost:3000"], "", "http:"),
        (&["diagnos"], "", "diagnose"),
    ] {
        let (status, _, error) = twilio_sig(arguments, stdin);
        assert!(status > 1, "{arguments:?}");
        assert!(error.contains(next), "{arguments:?}: {error}");
    }
}

/// The command is read and verified as what it would send.
#[test]
fn sign_writes_the_curl_command() {
    let params = ["--param", "Body=it's 1 + 1 = 2 & more $HOME", "--param", "From=+15005550006"];
    let (_, curl, _) = twilio_sig(&[&["sign", "--curl", "--url", URL], &params[..]].concat(), "");
    assert!(curl.starts_with("curl 'https://hooks.example.com/sms'"), "{curl}");
    let json = ["--hash-body", "--body-file", "-"];
    let sign = ["sign", "--curl", "--url", "https://e.com/events?q=it's#rc=2"];
    let (_, hashed, _) = twilio_sig(&[&sign[..], &json].concat(), "{\"a\": \"it's\"}\n");
    assert!(hashed.contains("Content-Type: application/json"), "{hashed}");
    let (_, bare, _) = twilio_sig(&["sign", "--curl", "--url", URL], "");
    assert!(!bare.contains("--data"), "{bare}");
    for command in [curl, hashed, bare] {
        let (status, out, error) = twilio_sig(&["verify", "--http", "-"], &command);
        assert_eq!(status, 0, "{command}: {out}{error}");
    }
    let (status, _, error) =
        twilio_sig(&["sign", "--curl", "--url", URL, "--body-file", "-"], "a\0b");
    assert_eq!(status, 2);
    assert!(error.contains("file"), "{error}");
}

/// With a real shell and a real curl line, if only to its arguments: what the shell makes of them.
#[cfg(unix)]
#[test]
fn a_shell_reads_the_curl_command_as_it_is_meant() {
    let params = ["--param", "Body=$(id) `id` 'x' \"y\" \\ !"];
    let (_, curl, _) = twilio_sig(&[&["sign", "--curl", "--url", URL], &params[..]].concat(), "");
    let script = format!("curl() {{ for last; do :; done; printf %s \"$last\"; }}\n{curl}");
    let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let body = String::from_utf8(output.stdout).unwrap();
    assert_eq!(body, "Body=%24%28id%29%20%60id%60%20%27x%27%20%22y%22%20%5C%20%21");
}

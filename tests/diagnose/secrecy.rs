//! Nothing that a diagnosis returns or prints holds a secret.

use core::fmt::Write as _;

use twilio_sig::{AuthToken, Diagnosis, Hints, Signer, Verifier, Webhook, diagnose};

use super::{BODY, TOKEN, URL, cases, signer, verifier};

const OTHER: &str = "fedcba9876543210fedcba9876543210";
const PASSWORD: &str = "hunter2hunter2";

/// All text that can be had from a diagnosis.
fn text(diagnosis: &Diagnosis) -> String {
    let mut text = format!("{diagnosis}\n{diagnosis:?}\n{:?}\n", diagnosis.remarks());
    for explanation in diagnosis.explanations() {
        let _ = write!(text, "{explanation}{explanation:?}{:?}", explanation.difference());
        for finding in explanation.findings() {
            let _ = write!(text, "{}\n{}\n{finding:?}", finding.given(), finding.signed());
        }
    }
    text
}

/// Fails if the text holds five characters in a row of a header.
fn assert_hidden(text: &str, header: &str) {
    for window in header.as_bytes().windows(5) {
        let piece = str::from_utf8(window).unwrap();
        assert!(!text.contains(piece), "`{piece}` of the signature is in: {text}");
    }
}

#[test]
fn no_case_shows_a_token_or_the_signature() {
    for (cause, mistake) in cases() {
        let text = text(&mistake());
        for secret in [TOKEN, OTHER, "correct horse", "battery staple", "user:pass"] {
            assert!(!text.contains(secret), "{cause:?} shows `{secret}`: {text}");
        }
        // The signature that Twilio made, and the one the service expects.
        for url in [URL, "http://hooks.example.com/sms"] {
            let header = signer().sign_form(url, BODY.as_bytes()).unwrap().header_value();
            assert_hidden(&text, &header);
        }
    }
}

#[test]
fn neither_the_expected_nor_the_received_signature_is_shown() {
    let hints = Hints::new().configured_url("https://e.com/x").raw_secret(OTHER);
    for (signed, given) in
        [(URL, "http://hooks.example.com/sms"), ("https://elsewhere.example/", URL), (URL, URL)]
    {
        let received = signer().sign_form(signed, BODY.as_bytes()).unwrap().header_value();
        let expected = signer().sign_form(given, BODY.as_bytes()).unwrap().header_value();
        for damaged in [received.clone(), format!("{received},{received}"), format!(" {received}")]
        {
            let webhook = Webhook::post(given, BODY.as_bytes()).signature(&damaged);
            let text = text(&diagnose(&verifier(), &webhook, &hints));
            assert_hidden(&text, &received);
            assert_hidden(&text, &expected);
        }
    }
}

/// Secrets in places where they do not belong: the URL, its query, the parameters, the headers.
#[test]
fn secrets_in_the_request_are_not_shown() {
    let received = signer().sign_url("https://elsewhere.example/").header_value();
    let urls = [
        format!("http://AC1:{PASSWORD}@hooks.example.com/{TOKEN}?key={OTHER}&sig={received}"),
        format!("{TOKEN}/{received}"),
        format!("http://h/{received}/{TOKEN}"),
    ];
    let body = format!("Signature={received}&{TOKEN}=1&Body={OTHER}&x={PASSWORD}{PASSWORD}");
    let hints = Hints::new()
        .configured_url(&format!("https://AC1:{PASSWORD}@e.com/a?key={OTHER}"))
        .header("User-Agent", &format!("agent {received} {TOKEN}"))
        .header("Authorization", "Basic c2VjcmV0")
        .header("X-Forwarded-Host", &format!("{TOKEN}.example.com"))
        .raw_secret(OTHER)
        .raw_secret(PASSWORD);
    for url in &urls {
        let other = Signer::auth_token(&AuthToken::new(OTHER).unwrap());
        let explained = other.sign_form(url, body.as_bytes()).unwrap().header_value();
        for header in [received.as_str(), &explained] {
            let webhook = Webhook::post(url, body.as_bytes()).signature(header);
            let text = text(&diagnose(&verifier(), &webhook, &hints));
            for secret in [TOKEN, OTHER, PASSWORD, "c2VjcmV0"] {
                assert!(!text.contains(secret), "`{secret}` is in: {text}");
            }
            assert_hidden(&text, header);
        }
    }
    let debug = format!("{hints:?}");
    for secret in [TOKEN, OTHER, PASSWORD, "example.com"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

/// What a diagnosis prints cannot steer a terminal, nor hide text in it.
#[test]
fn only_printable_characters_are_shown() {
    let body = "Bo\u{1b}[31mdy=x&%1b%5b2J=1&n=null&\u{202e}=2";
    let url = "https://e.com/\u{1b}]0;x\u{7}/sms";
    let header = signer().sign_form("http://e.com/sms", body.as_bytes()).unwrap().header_value();
    let webhook = Webhook::post(url, body.as_bytes()).signature(&header);
    let hints = Hints::new().header("User-Agent", "\u{1b}[2Jx\u{202e}");
    let removed = format!("{body}&\u{1b}[2J=1");
    let again = signer().sign_form(url, removed.as_bytes()).unwrap().header_value();
    let with_more = format!("{removed}&\u{1b}x=1");
    let more = Webhook::post(url, with_more.as_bytes()).signature(&again);
    for webhook in [webhook, more] {
        let shown = diagnose(&Verifier::new(super::token()), &webhook, &hints).to_string();
        let odd: Vec<char> =
            shown.chars().filter(|c| !matches!(c, ' '..='~' | '\n' | '…' | '␠')).collect();
        assert!(odd.is_empty(), "{odd:?} in {shown}");
    }
}

//! Nothing that a diagnosis returns or prints holds a secret.

use core::fmt::Write as _;

use twilio_sig::{AuthToken, Diagnosis, Hints, Signer, Verifier, diagnose};

use super::arrived::post;
use super::{BODY, TOKEN, URL, cases, signer, url, verifier};

const OTHER: &str = "fedcba9876543210fedcba9876543210";
const PASSWORD: &str = "hunter2hunter2";

/// All text that can be had from a diagnosis.
fn text(diagnosis: &Diagnosis) -> String {
    let mut text = format!("{diagnosis}\n{diagnosis:?}\n{:?}\n", diagnosis.remarks());
    for explanation in diagnosis.explanations() {
        let _ = write!(text, "{explanation}{explanation:?}");
        for difference in [explanation.difference(), explanation.url_difference()] {
            let shown = difference.map(|difference| (difference.given(), difference.signed()));
            let _ = write!(text, "{difference:?} {shown:?}");
        }
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
            let webhook = post(given, BODY.as_bytes()).signature(&damaged);
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
            let webhook = post(url, body.as_bytes()).signature(header);
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

/// User information of a URL, wherever there is one: in what is verified, inside a query, escaped
/// once or twice, without a scheme, in a hint, in a parameter.
#[test]
fn user_information_is_never_shown() {
    let nested = [
        "cb=https://bob:hunter2@e.com/",
        "cb=https%3A%2F%2Fbob%3Ahunter2%40e.com%2F",
        "cb=https%253a%252f%252fbob%253ahunter2%2540e.com",
        "cb=//bob:hunter2@e.com/&x=1",
        "cb=bob:hunter2@e.com",
        "cb=https://bob:a-long-secret-before-hunter2-and-behind-it@e.com/with/a/path",
    ];
    for nested in nested {
        let signed = format!("https://hooks.example.com/sms?{nested}");
        let inside = format!("http://al:hunter2@10.0.0.4/{nested}");
        let body = format!("Body=x&{}", nested.replace('&', "%26").replace('=', "=&Url="));
        let header = signer().sign_form(&signed, body.as_bytes()).unwrap().header_value();
        let hints = Hints::new()
            .configured_url(&signed)
            .header("X-Original-URL", &format!("/sms?{nested}"))
            .header("User-Agent", &format!("agent https://bob:hunter2@e.com {nested}"));
        for given in [
            signed.replace("https://hooks", "http://hooks"),
            format!("https://hooks.example.com/sms?{nested}&more=1"),
            String::from("https://hooks.example.com/sms"),
            inside.clone(),
            format!("al:hunter2@hooks.example.com/sms?{nested}"),
            format!("/sms?{nested}"),
            nested.into(),
        ] {
            let changed = format!("{body}&tenant_id=https://bob:hunter2@e.com");
            for body in [&body, &changed] {
                let webhook = post(&given, body.as_bytes()).signature(&header);
                let text = text(&diagnose(&verifier(), &webhook, &hints.clone().max_macs(2_000)));
                assert!(!text.contains("hunter2"), "{given}: {text}");
            }
        }
    }
}

/// Also where the strings are cut in the middle of it, around their first difference.
#[test]
fn user_information_is_not_shown_in_part() {
    let path = "a/long/path/so/that/all/of/it/is/cut/down/to/some/characters";
    let signed = format!("https://hooks.example.com/s?c=//b:hunt2@e.com/{path}");
    let given = signed.replace("b:", "b%3A");
    let (before, after) = ("abc&b:hunt2andmore@e.com/", "abc&amp;b:hunt2andmore@e.com/");
    let explained = [
        url(&signed, &given, &Hints::new().configured_url(&signed)),
        super::params(
            &[("Body", &format!("{before}{path}")), ("To", "1")],
            &[("Body", &format!("{after}{path}")), ("To", "1")],
        ),
    ];
    for diagnosis in explained {
        assert_eq!(diagnosis.explanations().len(), 1);
        let text = text(&diagnosis);
        assert!(!text.contains("hunt"), "{text}");
    }
}

/// Eight characters in a row of a secret are not shown, wherever they stand; seven are no secret.
#[test]
fn no_eight_characters_of_a_secret_are_shown() {
    for len in [7, 8, 9, 12, 15, 16, 20] {
        for at in [0, 5] {
            let piece = OTHER.get(at..at + len).unwrap();
            let (url, hints) =
                (format!("http://hooks.example.com/{piece}"), Hints::new().raw_secret(OTHER));
            let signed = url.replace("http", "https");
            let header = signer().sign_form(&signed, BODY.as_bytes()).unwrap().header_value();
            let webhook = post(&url, BODY.as_bytes()).signature(&header);
            let text = text(&diagnose(&verifier(), &webhook, &hints));
            assert_eq!(text.contains(piece), len < 8, "{piece}: {text}");
        }
    }
}

/// `Debug` is what ends up in logs by accident: it shows no URL, no parameter and no remark.
#[test]
fn debug_shows_causes_and_counts_alone() {
    let hints = Hints::new().configured_url("https://hooks.example.com/v1/sms?tenant=4711");
    let header = signer()
        .sign_form("https://hooks.example.com/v1/sms?tenant=4711", BODY.as_bytes())
        .unwrap()
        .header_value();
    let body = format!("{BODY}&tenant_id=7");
    let explained = post("http://10.0.3.7:8080/sms", body.as_bytes()).signature(&header);
    let unexplained = post("https://other.example.net/sms", BODY.as_bytes()).signature(&header);
    for webhook in [explained, unexplained] {
        let diagnosis = diagnose(&verifier(), &webhook, &hints.clone().max_macs(2_000));
        let mut shown = format!("{diagnosis:?}");
        for explanation in diagnosis.explanations() {
            let _ = write!(shown, "{explanation:?}{:?}", explanation.findings());
            let differences = [explanation.difference(), explanation.url_difference()];
            let _ = write!(shown, "{differences:?}");
        }
        for part in ["example", "10.0.3.7", "sms", "4711", "tenant", "console", "http"] {
            assert!(!shown.contains(part), "`{part}` is in {shown}");
        }
        assert!(shown.contains("macs"));
    }
}

/// What a diagnosis prints cannot steer a terminal, nor hide text in it.
#[test]
fn only_printable_characters_are_shown() {
    let body = "Bo\u{1b}[31mdy=x&%1b%5b2J=1&n=null&\u{202e}=2";
    let url = "https://e.com/\u{1b}]0;x\u{7}/sms";
    let header = signer().sign_form("http://e.com/sms", body.as_bytes()).unwrap().header_value();
    let webhook = post(url, body.as_bytes()).signature(&header);
    let hints = Hints::new().header("User-Agent", "\u{1b}[2Jx\u{202e}");
    let removed = format!("{body}&\u{1b}[2J=1");
    let again = signer().sign_form(url, removed.as_bytes()).unwrap().header_value();
    let with_more = format!("{removed}&\u{1b}x=1");
    let more = post(url, with_more.as_bytes()).signature(&again);
    for webhook in [webhook, more] {
        let shown = diagnose(&Verifier::new(super::token()), &webhook, &hints).to_string();
        let odd: Vec<char> =
            shown.chars().filter(|c| !matches!(c, ' '..='~' | '\n' | '…' | '␠')).collect();
        assert!(odd.is_empty(), "{odd:?} in {shown}");
    }
}

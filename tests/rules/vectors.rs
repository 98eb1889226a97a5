//! The vectors of Twilio's helper libraries, and the example webhooks: each comes out as it says.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a vector that cannot be read must fail")]

use crate::oracle;
use crate::records;
use crate::records::Record;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use twilio_sig::{
    Algorithm, AuthToken, SharedKey, Signer, Verified, Verifier, VerifyError, Webhook,
};

const SDK: &str = include_str!("../vectors/sdk.txt");
const EXAMPLES: &str = include_str!("../../examples/webhooks.txt");

#[test]
fn every_vector_of_the_helper_libraries_comes_out_as_it_says() {
    let vectors = records::parse(SDK).unwrap();
    let counted = |field, value| vectors.iter().filter(|v| v.get(field) == Some(value)).count();
    assert_eq!(vectors.len(), 95);
    assert_eq!(counted("expect", "accept"), 76);
    assert_eq!(counted("expect", "reject"), 19);
    assert_eq!(counted("kind", "body_hash"), 5);
    assert_eq!(counted("kind", "request"), 90);
    for vector in &vectors {
        match vector.get("kind") {
            Some("request") => check_request(vector),
            _ => check_body_hash(vector),
        }
    }
}

#[test]
fn every_example_webhook_comes_out_as_it_says() {
    let examples = records::parse(EXAMPLES).unwrap();
    assert_eq!(examples.len(), 7);
    for example in &examples {
        let name = field(example, "name");
        let verifier = verifier(example);
        assert_eq!(field(example, "expect"), "accept", "{name}");
        let accepted = outcome(&verifier, &webhook(example, None, Given::Body));
        let expected = ["coverage", "candidate", "key"].map(|name| field(example, name));
        assert_eq!(accepted, Ok(expected.join(" ")), "{name}");

        let changed = (field(example, "tamper_field"), field(example, "tamper_value"));
        assert_ne!(example.get(changed.0), Some(changed.1), "{name}");
        let refused = outcome(&verifier, &webhook(example, Some(changed), Given::Body));
        let code = refused.map_err(VerifyError::code);
        assert_eq!(code, Err(field(example, "tamper_error")), "{name}, tampered");
    }
}

#[test]
fn the_oracle_agrees_with_the_rfcs() {
    // RFC 2202 section 3, test case 2, and RFC 4231 section 4.3.
    let hex = |text: String| oracle::hex(&STANDARD.decode(text).unwrap());
    let text = "what do ya want for nothing?";
    assert_eq!(hex(oracle::sha1("Jefe", text)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_eq!(
        hex(oracle::sha256("Jefe", text)),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    // RFC 6234 section 8.5: SHA-256 of "abc".
    assert_eq!(
        oracle::body_hash("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn what_cannot_be_read_as_a_record_is_refused() {
    for (text, error) in [
        ("name: a\n\nno colon\n", "line 3: a line without a colon"),
        ("name: a\nname: b\n", "line 2: a field that stands twice"),
        ("name: a\\x\n", "line 1: an escape other than \\\\, \\n, \\r and \\t"),
        ("name: a\\", "line 1: an escape other than \\\\, \\n, \\r and \\t"),
        ("name: a\r\n", "line 1: a carriage return; it is written \\r"),
        (
            "Name: a\n",
            "line 1: a field's name that is not lower-case letters, digits and underscores",
        ),
        (": a\n", "line 1: a field's name that is not lower-case letters, digits and underscores"),
    ] {
        assert_eq!(records::parse(text).unwrap_err().to_string(), error, "{text:?}");
    }
    let read = records::parse("# note\n\n\nname:  a:b \\\\n\\n\nparam: 1=2\nparam: 3\n").unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].get("name"), Some(" a:b \\n\n"));
    assert_eq!(read[0].all("param").collect::<Vec<_>>(), ["1=2", "3"]);
    assert_eq!(read[0].get("body"), None);
}

/// A webhook is checked in each form in which it can be given: raw body, decoded pairs, and those
/// pairs encoded as a body.
fn check_request(vector: &Record) {
    let name = format!("{}: {}", field(vector, "source"), field(vector, "name"));
    let verifier = verifier(vector);
    let pairs: Vec<_> =
        vector.all("param").map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    let is_form = vector.get("params").is_some() || !pairs.is_empty();
    let encoded = encode(&pairs);
    let mut given = Vec::new();
    if is_form {
        // No decoded pairs are no proof that there was no body.
        if !pairs.is_empty() {
            given.push(("decoded pairs", webhook(vector, None, Given::Pairs(&pairs))));
        }
        given.push(("encoded pairs", webhook(vector, None, Given::Encoded(&encoded))));
    }
    if vector.get("body").is_some() {
        given.push(("raw body", webhook(vector, None, Given::Body)));
    }
    assert!(!given.is_empty(), "{name}: neither pairs nor body");

    for (how, webhook) in given {
        let verdict = verifier.verify(&webhook);
        if field(vector, "expect") == "accept" {
            let candidate = match field(vector, "matched") {
                "raw" => "as_given",
                "port_443_added" | "port_80_added" => "port_added",
                "port_removed" => "port_removed",
                "raw+quote_escaped" => "apostrophes_escaped",
                "raw+quote_unescaped" => "apostrophes_unescaped",
                other => panic!("{name}: unknown form {other}"),
            };
            let matched = verdict.map(|verified| verified.candidate().to_string());
            assert_eq!(matched, Ok(candidate.to_owned()), "{name}, {how}");
        } else {
            let expected = match (vector.get("signature"), vector.get("matched")) {
                (None, _) => VerifyError::MissingSignature,
                (Some(text), _) if text.len() != 28 => VerifyError::MalformedSignature,
                // The URL was signed, so it is the body that is refused.
                (Some(_), Some(_)) => VerifyError::BodyHashMismatch,
                (Some(_), None) => VerifyError::Mismatch,
            };
            assert_eq!(verdict.map(drop), Err(expected), "{name}, {how}");
        }
    }
}

/// A hash alone is checked through a URL that holds it and is signed.
fn check_body_hash(vector: &Record) {
    let name = format!("{}: {}", field(vector, "source"), field(vector, "name"));
    let token = AuthToken::new(oracle::TOKEN).unwrap();
    let url = format!("https://example.com/?bodySHA256={}", field(vector, "body_sha256"));
    let signature = Signer::auth_token(&token).sign_url(&url).header_value();
    let webhook = Webhook::post(&url, field(vector, "body").as_bytes()).signature(&signature);
    let expected = match field(vector, "expect") {
        "accept" => Ok("body_hash as_given 0".to_owned()),
        _ => Err(VerifyError::BodyHashMismatch),
    };
    assert_eq!(outcome(&Verifier::new(token), &webhook), expected, "{name}");
}

fn field<'a>(record: &'a Record, name: &str) -> &'a str {
    let missing = || panic!("{:?} has no field {name}", record.get("name"));
    record.get(name).unwrap_or_else(missing)
}

/// The record's keys: token, secondary token, shared key.
fn verifier(record: &Record) -> Verifier {
    let mut builder = Verifier::builder();
    for token in ["token", "secondary_token"].into_iter().filter_map(|name| record.get(name)) {
        builder = builder.auth_token(AuthToken::new(token).unwrap());
    }
    if let Some(id) = record.get("shared_key_id") {
        let algorithm: Algorithm = field(record, "algorithm").parse().unwrap();
        let key = SharedKey::new(id, field(record, "shared_secret"), algorithm);
        builder = builder.shared_key(key.unwrap());
    }
    builder.build().unwrap()
}

/// In which form a webhook is given.
#[derive(Clone, Copy)]
enum Given<'a> {
    /// The record's own body, empty if it has none.
    Body,
    Encoded(&'a str),
    Pairs(&'a [(&'a str, &'a str)]),
}

/// The record's webhook, one of its fields replaced.
fn webhook<'a>(
    record: &'a Record,
    changed: Option<(&str, &'a str)>,
    given: Given<'a>,
) -> Webhook<'a> {
    let value = |name| match changed {
        Some((field, value)) if field == name => Some(value),
        _ => record.get(name),
    };
    let url = value("url").unwrap_or_default();
    let mut webhook = match given {
        _ if value("websocket").is_some() => Webhook::websocket(url),
        Given::Body => Webhook::post(url, value("body").unwrap_or_default().as_bytes()),
        Given::Encoded(body) => Webhook::post(url, body.as_bytes()),
        Given::Pairs(pairs) => Webhook::post_params(url, pairs),
    };
    if let Some(signature) = value("signature") {
        webhook = webhook.signature(signature);
    }
    if let Some(settings) = value("settings") {
        webhook = webhook.signature_settings(settings);
    }
    webhook
}

fn outcome(verifier: &Verifier, webhook: &Webhook<'_>) -> Result<String, VerifyError> {
    let told = |v: Verified<'_>| format!("{} {} {}", v.coverage(), v.candidate(), v.key());
    verifier.verify(webhook).map(told)
}

/// `application/x-www-form-urlencoded`: letters and digits stand for themselves, a space is `+`.
fn encode(pairs: &[(&str, &str)]) -> String {
    let text = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b' ' => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let pair = |(name, value): &(&str, &str)| format!("{}={}", text(name), text(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

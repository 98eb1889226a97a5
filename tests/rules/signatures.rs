//! Which texts are signatures.

#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{AuthToken, Signature, Verifier, VerifyError, Webhook};

const URL: &str = "https://example.com/sms";

fn verdict(webhook: Webhook<'_>) -> Result<(), VerifyError> {
    Verifier::new(AuthToken::new(TOKEN).unwrap()).verify(&webhook).map(drop)
}

#[test]
fn a_missing_or_empty_signature_is_missing() {
    let missing = verdict(Webhook::get(URL));
    assert_eq!(missing, Err(VerifyError::MissingSignature));
    let empty = verdict(Webhook::get(URL).signature(""));
    assert_eq!(empty, Err(VerifyError::MissingSignature));
}

#[test]
fn a_signature_is_the_one_base64_text_of_its_bytes() {
    let right = oracle::sha1(TOKEN, URL);
    let digits = right.trim_end_matches('=').to_owned();
    let malformed = [
        " ".to_owned(),
        digits.clone(),
        format!("{digits}=="),
        format!("{digits}A"),
        format!(" {right}"),
        format!("{right} "),
        format!("{right}\n"),
        format!("{right}\0"),
        format!("\"{right}\""),
        format!("{right},{right}"),
        format!("{right}, {right}"),
        right.replacen(|_| true, "-", 1),
        right.replacen(|_| true, "_", 1),
        right.replacen(|_| true, "\0", 1),
        right.replacen(|_| true, "=", 1),
        "=".repeat(28),
        "=".repeat(44),
        "A".repeat(28),
        "A".repeat(44),
        // The base64 of 19 bytes, and of 31.
        format!("{}==", "A".repeat(26)),
        format!("{}==", "A".repeat(42)),
        // The hexadecimal digits of a MAC.
        "0".repeat(40),
        "0".repeat(64),
    ];
    for text in malformed {
        let refused = verdict(Webhook::get(URL).signature(&text));
        assert_eq!(refused, Err(VerifyError::MalformedSignature), "{text:?}");
    }
}

#[test]
fn unused_bits_of_a_signature_must_be_zero() {
    let alphabet: Vec<_> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    for right in [oracle::sha1(TOKEN, URL), oracle::sha256("a shared secret", URL)] {
        let stem: String = right.chars().take(right.len() - 2).collect();
        let canonical: Vec<_> = alphabet
            .iter()
            .filter(|last| Signature::from_header(format!("{stem}{last}=")).is_ok())
            .collect();
        assert_eq!(canonical.len(), 16, "one in four of 64 ends in two zero bits");
        assert!(canonical.iter().any(|last| right == format!("{stem}{last}=")));
    }
}

#[test]
fn each_changed_character_of_a_signature_is_refused() {
    let right = oracle::sha1(TOKEN, URL);
    for at in 0..right.len() {
        let mut wrong = right.clone().into_bytes();
        wrong[at] = if wrong[at] == b'A' { b'B' } else { b'A' };
        let wrong = String::from_utf8(wrong).unwrap();
        let refused = verdict(Webhook::get(URL).signature(&wrong));
        let expected = [VerifyError::Mismatch, VerifyError::MalformedSignature];
        assert!(refused.is_err_and(|error| expected.contains(&error)), "{at}");
    }
}

//! What a proof holds: that which was verified, whichever way it was made.

#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{AuthToken, Coverage, Params, Verifier, VerifyError, Webhook};

const JSON: &[u8] = br#"{"a":1}"#;
const JSON_HASH: &str = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";

fn verifier() -> Verifier {
    Verifier::new(AuthToken::new(TOKEN).unwrap())
}

fn pairs(params: &Params) -> Vec<(Vec<u8>, Vec<u8>)> {
    params.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// Under the signature of `signed`, `webhook` is proven with these parameters, alike by `prove` and by
/// `into_proof`.
#[track_caller]
fn proves(webhook: Webhook<'_>, signed: &str, coverage: Coverage, params: &[(&str, &str)]) {
    let signature = oracle::sha1(TOKEN, signed);
    let webhook = webhook.signature(&signature);
    let (verified, proof) = verifier().prove(&webhook).unwrap();
    let other = verifier().verify(&webhook).unwrap().into_proof();
    let bytes = |&(name, value): &(&str, &str)| (name.into(), value.into());
    let expected: Vec<(Vec<u8>, Vec<u8>)> = params.iter().map(bytes).collect();
    for (proof, of) in [(&proof, "prove"), (&other, "into_proof")] {
        assert_eq!(pairs(proof.params()), expected, "{of}");
        assert_eq!(proof.params().len(), params.len(), "{of}");
        assert_eq!(proof.url(), verified.url(), "{of}");
        assert_eq!(proof.coverage(), coverage, "{of}");
        assert_eq!(proof.candidate(), verified.candidate(), "{of}");
        assert_eq!(proof.signature(), verified.signature(), "{of}");
        assert_eq!(pairs(&proof.query_params()), pairs(&verified.query_params()), "{of}");
    }
    assert_eq!(pairs(&verified.params()), expected);
}

#[test]
fn a_proof_holds_the_parameters_that_are_signed_and_no_others() {
    let url = "https://example.com/sms?q=1";
    let form = Coverage::Form;
    proves(
        Webhook::post(url, b"b=%41&a=2&b=%41&&a=1"),
        "https://example.com/sms?q=1a1a2bA",
        form,
        &[("a", "1"), ("a", "2"), ("b", "A")],
    );
    let decoded = [("b", "A&"), ("a", "=")];
    let expected = [("a", "="), ("b", "A&")];
    proves(Webhook::post_params(url, &decoded), &format!("{url}a=bA&"), form, &expected);
    // More than is kept in place.
    let long = "x".repeat(5_000);
    let body = format!("Body={long}");
    proves(
        Webhook::post(url, body.as_bytes()),
        &format!("{url}Body{long}"),
        form,
        &[("Body", &long)],
    );
    proves(Webhook::get(url), url, Coverage::UrlOnly, &[]);
    let hashed = format!("https://example.com/json?bodySHA256={JSON_HASH}");
    proves(Webhook::post(&hashed, JSON), &hashed, Coverage::BodyHash, &[]);
    // The form itself is signed, whatever the hash says.
    proves(Webhook::post(&hashed, b"a=1"), &format!("{hashed}a1"), form, &[("a", "1")]);
    let stream = "https://example.com/media?b=2&a=1";
    proves(Webhook::websocket(stream), "wss://example.com/media?b=2&a=1", Coverage::UrlOnly, &[]);
    proves(
        Webhook::websocket(stream),
        "wss://example.com/mediaa1b2",
        Coverage::UrlOnly,
        &[("a", "1"), ("b", "2")],
    );
}

#[test]
fn there_is_no_proof_without_a_verdict() {
    let url = "https://example.com/sms";
    let signature = oracle::sha1(TOKEN, url);
    let refused = |webhook: Webhook<'_>| verifier().prove(&webhook).map(|_| ()).unwrap_err();
    assert_eq!(refused(Webhook::get(url)), VerifyError::MissingSignature);
    let forged = Webhook::post(url, b"a=1").signature(&signature);
    assert_eq!(refused(forged), VerifyError::Mismatch);
    let uncovered = Webhook::post(url, b"&&").signature(&signature);
    assert_eq!(refused(uncovered), VerifyError::UncoveredBody);
}

//! Two mistakes at once, more of them with hints, and none that is known.

use twilio_sig::{Cause, Evidence, Hints, Signer, diagnose};

use super::arrived::{get, post};
use super::{BODY, JSON, URL, causes, form, signer, url, verifier};

#[test]
fn two_mistakes_with_the_url_are_both_named() {
    let hints = Hints::new().header("Host", "hooks.example.com");
    let diagnosis = url(URL, "http://10.0.3.7:8080/sms", &hints);
    assert_eq!(causes(&diagnosis), [Cause::TlsTerminated, Cause::WrongHost]);

    let diagnosis = url("https://e.com/prod/sms/", "https://e.com/sms", &Hints::new());
    assert_eq!(causes(&diagnosis), [Cause::PathPrefixMissing, Cause::TrailingSlashMissing]);

    let diagnosis = url("https://e.com/s?b=a+b&a=1", "http://e.com/s?b=a%20b&a=1", &Hints::new());
    assert_eq!(causes(&diagnosis), [Cause::TlsTerminated, Cause::QueryReencoded]);
}

#[test]
fn a_mistake_with_the_url_and_one_with_the_parameters_are_both_named() {
    let added = format!("{BODY}&tenant_id=7");
    let diagnosis = form((URL, BODY), ("http://hooks.example.com/sms", &added), &Hints::new());
    assert_eq!(causes(&diagnosis), [Cause::TlsTerminated, Cause::ParamAdded]);
}

#[test]
fn two_mistakes_with_the_parameters_are_both_named() {
    let damaged = format!("{}&tenant_id=7", BODY.replace("ToCity=", "ToCity=null"));
    let mut found = causes(&form((URL, BODY), (URL, &damaged), &Hints::new()));
    found.sort_unstable();
    assert_eq!(found, [Cause::ParamAdded, Cause::ParamNullConverted]);

    // Removing one parameter moves those after it: each of the two is still the one that is meant.
    let signed = [("A", "1"), ("Note", "x "), ("To", "+1500")];
    let given = [("A", "1"), ("extra", "7"), ("Note", "x"), ("To", "+1500")];
    let mut found = causes(&super::params(&signed, &given));
    found.sort_unstable();
    assert_eq!(found, [Cause::ParamAdded, Cause::ParamTrimmed]);
    let given = [("Zeta", "7"), ("A", "1"), ("Note", "x "), ("Extra", "8"), ("To", "+1500")];
    let diagnosis = super::params(&signed, &given);
    assert_eq!(causes(&diagnosis), [Cause::ParamAdded], "one cause, in two places");
    let text = diagnosis.to_string();
    assert!(text.contains("`Zeta`") && text.contains("`Extra`"), "{text}");
}

#[test]
fn a_wrong_key_and_a_wrong_url_are_both_named() {
    let other = twilio_sig::AuthToken::new("fedcba9876543210fedcba9876543210").unwrap();
    let header = Signer::auth_token(&other).sign_form(URL, BODY.as_bytes()).unwrap().header_value();
    let webhook = post("http://hooks.example.com/sms", BODY.as_bytes()).signature(&header);
    let diagnosis = diagnose(&verifier(), &webhook, &Hints::new().secondary_token(other));
    assert_eq!(causes(&diagnosis), [Cause::SecondaryToken, Cause::TlsTerminated]);
}

#[test]
fn a_changed_body_is_named_besides_a_wrong_url() {
    let (signed, signature) = signer().sign_body_hash(URL, JSON.as_bytes());
    let (given, header) = (signed.replace("https", "http"), signature.header_value());
    let webhook = post(&given, b"{}").signature(&header);
    let diagnosis = diagnose(&verifier(), &webhook, &Hints::new());
    assert_eq!(causes(&diagnosis), [Cause::TlsTerminated, Cause::BodyChanged]);
}

#[test]
fn hints_explain_more_than_two_at_once() {
    let hints = Hints::new()
        .header("X-Forwarded-Host", "hooks.example.com")
        .header("X-Forwarded-Prefix", "/tenant-7");
    let diagnosis = url("https://hooks.example.com/tenant-7/sms", "http://app:3000/sms", &hints);
    let expected = [Cause::TlsTerminated, Cause::WrongHost, Cause::PathPrefixMissing];
    assert_eq!(causes(&diagnosis), expected);

    let configured = "https://user:pass@hooks.example.com/a/sms?x=1#rc=2";
    let signed = "https://user:pass@hooks.example.com/a/sms?x=1";
    let diagnosis = url(signed, "http://app/sms", &Hints::new().configured_url(configured));
    assert_eq!(causes(&diagnosis).len(), 5);
}

#[test]
fn a_broken_header_is_named_besides_a_wrong_url() {
    let header = signer().sign_form(URL, BODY.as_bytes()).unwrap().header_value();
    let header = format!("{header},{header}");
    let webhook = post("http://hooks.example.com/sms", BODY.as_bytes()).signature(&header);
    let found = causes(&diagnose(&verifier(), &webhook, &Hints::new()));
    assert_eq!(found, [Cause::SignatureJoined, Cause::TlsTerminated]);
}

/// What is proven by the signature is told from what shows in the request.
#[test]
fn the_evidence_is_named() {
    let by_signature = url(URL, "http://hooks.example.com/sms", &Hints::new());
    assert_eq!(by_signature.explanations()[0].evidence(), Evidence::Signature);
    let unsigned = diagnose(&verifier(), &get(URL), &Hints::new());
    assert_eq!(unsigned.explanations()[0].evidence(), Evidence::Request);
}

#[test]
fn the_strings_are_shown_where_they_part() {
    let diagnosis = url(URL, "http://hooks.example.com/sms", &Hints::new());
    let difference = diagnosis.explanations()[0].difference().unwrap();
    assert!(difference.given().starts_with("http://hooks.example.com"), "{difference:?}");
    assert!(difference.signed().starts_with("https://hooks.example.com"));
    assert_eq!(difference.equal_chars(), 4);

    let trimmed = super::params(
        &[("Body", "Running late "), ("From", "+12125550187")],
        &[("Body", "Running late"), ("From", "+12125550187")],
    );
    let difference = trimmed.explanations()[0].difference().unwrap();
    assert!(difference.signed().contains("late␠"), "{difference:?}");
    assert!(!difference.signed().contains("Running"), "values are cut: {difference:?}");
}

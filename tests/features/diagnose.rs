//! The diagnosis names the cause: for each one, the mistake is made for real on a signed request.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod arrived;
mod bounded;
mod combined;
mod field;
mod from_body;
mod from_header;
mod from_key;
mod from_params;
mod from_url;
mod genuine;
mod knowledge;
mod product;
mod secrecy;
mod tried;

use alloc::collections::BTreeSet;

use arrived::{post, post_params};

use twilio_sig::{
    AuthToken, Cause, Diagnosis, Explanation, Finding, Hints, Signer, Verifier, diagnose,
};

/// An auth token. It is fictional, as everything here.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const URL: &str = "https://hooks.example.com/sms";
pub(crate) const BODY: &str = "ToCountry=US&ToState=CA&SmsMessageSid=SM00000000000000000000000000000101\
    &NumMedia=0&ToCity=&FromZip=10001&SmsSid=SM00000000000000000000000000000101&FromState=NY\
    &SmsStatus=received&FromCity=NEW+YORK&Body=Running+late&FromCountry=US&To=%2B14155550123\
    &MessagingServiceSid=MG00000000000000000000000000000001&ToZip=&NumSegments=1\
    &MessageSid=SM00000000000000000000000000000101\
    &AccountSid=AC00000000000000000000000000000001&From=%2B12125550187&ApiVersion=2010-04-01";
pub(crate) const JSON: &str = r#"{"event":"ahoy","tags":["a/b","Zoë"],"n":1.5}"#;

/// A mistake, and what is made of it.
pub(crate) type Case = (Cause, fn() -> Diagnosis);

pub(crate) fn token() -> AuthToken {
    AuthToken::new(TOKEN).unwrap()
}

pub(crate) fn signer() -> Signer {
    Signer::auth_token(&token())
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new(token())
}

/// A form that is signed, and one that is verified in its place.
pub(crate) fn form(signed: (&str, &str), given: (&str, &str), hints: &Hints) -> Diagnosis {
    let header = signer().sign_form(signed.0, signed.1.as_bytes()).unwrap().header_value();
    let webhook = post(given.0, given.1.as_bytes()).signature(&header);
    diagnose(&verifier(), &webhook, hints)
}

/// A message that is signed for one URL and verified with another.
pub(crate) fn url(signed: &str, given: &str, hints: &Hints) -> Diagnosis {
    form((signed, BODY), (given, BODY), hints)
}

/// Parameters that are signed, and those that a framework hands over.
pub(crate) fn params(signed: &[(&str, &str)], given: &[(&str, &str)]) -> Diagnosis {
    let header = signer().sign_params(URL, signed).unwrap().header_value();
    diagnose(&verifier(), &post_params(URL, given).signature(&header), &Hints::new())
}

pub(crate) fn causes(diagnosis: &Diagnosis) -> Vec<Cause> {
    let findings = diagnosis.explanations().first().map(Explanation::findings);
    findings.unwrap_or_default().iter().map(Finding::cause).collect()
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [from_url::CASES, from_params::CASES, from_body::CASES, from_key::CASES, from_header::CASES]
        .into_iter()
        .flatten()
}

/// The pairs of a form, decoded.
pub(crate) fn decoded(body: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

/// Fails unless the causes are named, in one explanation, each once, and none of them is said to be
/// ruled out.
pub(crate) fn assert_explained(what: &str, diagnosis: &Diagnosis, expected: &[Cause]) {
    let all: Vec<Vec<Cause>> = diagnosis
        .explanations()
        .iter()
        .map(|explanation| explanation.findings().iter().map(Finding::cause).collect())
        .collect();
    let mut found = causes(diagnosis);
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert!(all.len() == 1 && found == expected, "{what}: {expected:?} expected, {all:?} found");
    for cause in expected {
        let denied = [diagnosis.ruled_out(), diagnosis.tried()].concat().contains(&cause);
        assert!(!denied, "{what}: {cause:?} is found and ruled out");
    }
}

/// The property of the whole: the mistake is named, and nothing else is.
#[test]
fn every_mistake_is_named_and_nothing_else() {
    let mut wrong = Vec::new();
    for (nth, (cause, mistake)) in cases().enumerate() {
        let diagnosis = mistake();
        let found: Vec<_> = diagnosis.explanations().iter().map(Explanation::findings).collect();
        let is_right = matches!(*found, [[finding]] if finding.cause() == *cause);
        let denied = [diagnosis.ruled_out(), diagnosis.tried()].concat().contains(cause);
        if !is_right || denied {
            wrong.push(format!("case {nth}: {cause:?} expected, {found:?} found: {diagnosis}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_is_a_mistake_for_every_cause() {
    let shown: BTreeSet<Cause> = cases().map(|(cause, _)| *cause).collect();
    let missing: Vec<&Cause> = Cause::ALL.iter().filter(|cause| !shown.contains(cause)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    assert!(Cause::ALL.len() >= 30);
}

#[test]
fn causes_are_described() {
    let codes: BTreeSet<&str> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    assert_eq!(codes.len(), Cause::ALL.len(), "codes are unique");
    for cause in Cause::ALL {
        let snake: String = format!("{cause:?}").chars().fold(String::new(), |mut text, c| {
            if c.is_ascii_uppercase() && !text.is_empty() {
                text.push('_');
            }
            text.push(c.to_ascii_lowercase());
            text
        });
        assert_eq!(cause.code(), snake);
        assert!(cause.to_string().ends_with('.') && cause.fix().ends_with('.'), "{cause:?}");
    }
}

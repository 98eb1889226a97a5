//! The diagnosis names the cause: for each one, the mistake is made for real on a signed request.

#![cfg(feature = "diagnose")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod combined;
mod from_body;
mod from_header;
mod from_key;
mod from_params;
mod from_url;
mod genuine;
mod secrecy;

extern crate alloc;

use alloc::collections::BTreeSet;

use twilio_sig::{
    AuthToken, Cause, Diagnosis, Explanation, Finding, Hints, Signer, Verifier, Webhook, diagnose,
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
    let webhook = Webhook::post(given.0, given.1.as_bytes()).signature(&header);
    diagnose(&verifier(), &webhook, hints)
}

/// A message that is signed for one URL and verified with another.
pub(crate) fn url(signed: &str, given: &str, hints: &Hints) -> Diagnosis {
    form((signed, BODY), (given, BODY), hints)
}

/// Parameters that are signed, and those that a framework hands over.
pub(crate) fn params(signed: &[(&str, &str)], given: &[(&str, &str)]) -> Diagnosis {
    let header = signer().sign_params(URL, signed).unwrap().header_value();
    diagnose(&verifier(), &Webhook::post_params(URL, given).signature(&header), &Hints::new())
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

/// The property of the whole: the mistake is named, first and alone.
#[test]
fn every_mistake_is_named_first_and_alone() {
    let mut wrong = Vec::new();
    for (nth, (cause, mistake)) in cases().enumerate() {
        let found = causes(&mistake());
        if found != [*cause] {
            wrong.push(format!("case {nth}: {cause:?} expected, {found:?} found"));
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
        assert!(cause.to_string().ends_with('.') && cause.mend().ends_with('.'), "{cause:?}");
    }
}

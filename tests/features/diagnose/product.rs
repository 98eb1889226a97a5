//! Every mistake with the URL, with every one of the body, under every key: all are named at once.

use twilio_sig::{AuthToken, Cause, Hints, Signer, diagnose};

use super::arrived::post;
use super::{BODY, assert_explained, signer, verifier};

const PUBLIC: &str = "https://hooks.example.com/v1/sms?tenant=7&to=b";

/// What the service makes of the public URL, and the causes.
const URLS: [(&str, &[Cause]); 8] = [
    ("http://hooks.example.com/v1/sms?tenant=7&to=b", &[Cause::TlsTerminated]),
    ("https://10.0.0.4:8080/v1/sms?tenant=7&to=b", &[Cause::WrongHost]),
    ("https://hooks.example.com/sms?tenant=7&to=b", &[Cause::PathPrefixMissing]),
    (
        "http://10.0.0.4/v1/sms/?tenant=7&to=b",
        &[Cause::TlsTerminated, Cause::WrongHost, Cause::TrailingSlashAdded],
    ),
    ("https://hooks.example.com/v1/sms", &[Cause::QueryDropped]),
    (
        "http://app/sms?to=b&tenant=7",
        &[Cause::TlsTerminated, Cause::WrongHost, Cause::PathPrefixMissing, Cause::QueryReordered],
    ),
    ("https://hooks.example.com/v1/sms?tenant=7&to=b&via=eu", &[Cause::QueryParamAdded]),
    (
        "http://hooks.example.com/",
        &[Cause::TlsTerminated, Cause::PathPrefixMissing, Cause::QueryDropped],
    ),
];

/// What a framework makes of the body, and the cause.
fn bodies() -> Vec<(String, Option<Cause>)> {
    vec![
        (BODY.into(), None),
        (format!("{BODY}&controller=sms&action=create"), Some(Cause::ParamAdded)),
        (BODY.replace("&ToCity=", "").replace("&ToZip=", ""), Some(Cause::EmptyParamsDropped)),
        (BODY.replace("ToCity=", "ToCity=null"), Some(Cause::ParamNullConverted)),
        (BODY.replace("From=%2B", "From=+"), Some(Cause::ParamsDecodedTwice)),
    ]
}

#[test]
fn all_dimensions_are_searched_together() {
    let rotated = AuthToken::new("fedcba9876543210fedcba9876543210").unwrap();
    let keys = [(signer(), None), (Signer::auth_token(&rotated), Some(Cause::SecondaryToken))];
    let hints = Hints::new().configured_url(PUBLIC).secondary_token(rotated);
    for (signer, of_key) in keys {
        let header = signer.sign_form(PUBLIC, BODY.as_bytes()).unwrap().header_value();
        for (given, of_url) in URLS {
            for (body, of_body) in bodies() {
                let expected: Vec<Cause> =
                    of_url.iter().copied().chain(of_body).chain(of_key).collect();
                let webhook = post(given, body.as_bytes()).signature(&header);
                let diagnosis = diagnose(&verifier(), &webhook, &hints);
                assert_explained(&format!("{given} {of_body:?}"), &diagnosis, &expected);
                assert!(diagnosis.macs() < 50_000, "{given}: {} MACs", diagnosis.macs());
            }
        }
    }
}

/// A service that explains its refusals has a small budget: it is enough for the usual ones.
#[test]
fn a_small_budget_is_enough_for_the_usual_mistakes() {
    let rotated = AuthToken::new("fedcba9876543210fedcba9876543210").unwrap();
    let hints = Hints::new().configured_url(PUBLIC).secondary_token(rotated).max_macs(2_000);
    let header = signer().sign_form(PUBLIC, BODY.as_bytes()).unwrap().header_value();
    for (given, expected) in URLS {
        let webhook = post(given, BODY.as_bytes()).signature(&header);
        let diagnosis = diagnose(&verifier(), &webhook, &hints);
        assert_explained(given, &diagnosis, expected);
        let difference = diagnosis.explanations()[0].url_difference().unwrap();
        for text in [difference.given(), difference.signed()] {
            assert!(!text.contains("=7") && !text.contains("=b"), "values are left out: {text}");
        }
        assert_ne!(difference.given(), difference.signed());
    }
}

//! What is ruled out was tried in all of its forms; the rest is called tried.

use twilio_sig::{Cause, Diagnosis, Hints, diagnose};

use super::arrived::post;
use super::{BODY, URL, form, params, signer, token, url, verifier};

/// Enough to try all that has few forms.
const MACS: u32 = 40_000;
const ELSEWHERE: &str = "https://other.example.net/elsewhere";

/// Fails if a cause that is at fault is ruled out.
fn assert_not_denied(diagnosis: &Diagnosis, at_fault: &[Cause]) {
    assert_eq!(diagnosis.cause(), None);
    for cause in at_fault {
        assert!(!diagnosis.ruled_out().contains(cause), "{cause:?} is ruled out");
    }
}

#[test]
fn what_has_few_forms_is_ruled_out_and_the_rest_is_tried() {
    let diagnosis = url(ELSEWHERE, URL, &Hints::new().max_macs(MACS));
    assert_eq!(diagnosis.cause(), None);
    for cause in [Cause::SignedAsHttp, Cause::TrailingSlashMissing, Cause::BodyNotSigned] {
        assert!(diagnosis.ruled_out().contains(&cause), "{cause:?}");
    }
    for cause in [Cause::WrongPort, Cause::WrongHost, Cause::ParamAdded, Cause::ParamTrimmed] {
        assert!(diagnosis.tried().contains(&cause), "{cause:?}");
        assert!(!diagnosis.ruled_out().contains(&cause), "{cause:?}");
    }
    // No other token is known, so nothing can be said of one.
    let all = [diagnosis.ruled_out(), diagnosis.tried()].concat();
    assert!(!all.contains(&Cause::SecondaryToken));
    let text = diagnosis.to_string();
    assert!(text.contains("ruled out") && text.contains("signed_as_http"), "{text}");
    assert!(text.contains("tried") && text.contains("wrong_port"), "{text}");

    let diagnosis = url(ELSEWHERE, URL, &Hints::new().secondary_token(token()).max_macs(MACS));
    assert!(!diagnosis.ruled_out().contains(&Cause::SecondaryToken), "the same as is configured");
}

#[test]
fn a_cause_in_a_form_that_is_not_tried_is_not_ruled_out() {
    let none = Hints::new().max_macs(MACS);
    assert_not_denied(&url("https://unknown.example.net/sms", URL, &none), &[Cause::WrongHost]);
    let port = url("https://hooks.example.com:4711/sms", URL, &none);
    assert_not_denied(&port, &[Cause::WrongPort]);
    let prefix = url("https://hooks.example.com/tenants/4711/sms", URL, &none);
    assert_not_denied(&prefix, &[Cause::PathPrefixMissing, Cause::PathRewritten]);
    let missing = BODY.replace("&MessagingServiceSid=MG00000000000000000000000000000001", "");
    assert_not_denied(&form((URL, BODY), (URL, &missing), &none), &[Cause::ParamMissing]);
    let dropped = url("https://hooks.example.com/sms?tenant=4711", URL, &none);
    assert_not_denied(&dropped, &[Cause::QueryDropped]);
    let trimmed = params(
        &[("Body", "x"), ("To", "\u{2003}\u{2003}\u{2003}1")],
        &[("Body", "x"), ("To", "1")],
    );
    assert_not_denied(&trimmed, &[Cause::ParamTrimmed]);
    let other = twilio_sig::AuthToken::new("0011223344556677").unwrap();
    let header = twilio_sig::Signer::auth_token(&other)
        .sign_form(URL, BODY.as_bytes())
        .unwrap()
        .header_value();
    let known = twilio_sig::AuthToken::new("8899aabbccddeeff").unwrap();
    let webhook = post(URL, BODY.as_bytes()).signature(&header);
    let hints = none.secondary_token(known.clone()).account_token("AC1", known);
    let diagnosis = diagnose(&verifier(), &webhook, &hints);
    assert_not_denied(&diagnosis, &[Cause::SecondaryToken, Cause::OtherAccountToken]);
}

/// What a proxy says was done is not ruled out: it may be one of two mistakes.
#[test]
fn what_a_hint_speaks_of_is_not_ruled_out() {
    let hints = Hints::new().header("X-Forwarded-Proto", "https").max_macs(MACS);
    let diagnosis = url("https://unknown.example.net/sms", "http://10.0.0.4/sms", &hints);
    assert_not_denied(&diagnosis, &[Cause::TlsTerminated, Cause::WrongHost]);
}

/// A search that was broken off rules nothing out, and says that it was.
#[test]
fn the_bound_on_macs_holds() {
    for bound in [1, 2, 17, 300, 4_096] {
        let diagnosis = url(ELSEWHERE, URL, &Hints::new().max_macs(bound));
        assert!(diagnosis.macs() <= bound && diagnosis.is_exhausted(), "{bound}");
        if bound < 100 {
            assert_eq!(diagnosis.ruled_out(), []);
        }
        assert!(diagnosis.to_string().contains("not everything was tried"));
    }
    let header = signer().sign_url(ELSEWHERE).header_value();
    let webhook = super::arrived::get(URL).signature(&header);
    let diagnosis = diagnose(&verifier(), &webhook, &Hints::new());
    assert!(!diagnosis.is_exhausted() && diagnosis.macs() <= twilio_sig::DEFAULT_MAX_MACS);
}

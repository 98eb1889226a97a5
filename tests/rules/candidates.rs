//! Under which spellings of its URL a webhook without a body is accepted.

#![allow(dead_code, reason = "a test file need not use all of it")]
#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use crate::oracle::{self, TOKEN};
use twilio_sig::{AuthToken, MAX_CANDIDATES, UrlPolicy, Verifier, VerifyError, Webhook};

/// The name of the candidate under which `webhook` is accepted with the signature of `signed`.
pub(crate) fn candidate(webhook: Webhook<'_>, signed: &str) -> Result<String, VerifyError> {
    verify(UrlPolicy::Compatible, webhook, signed)
}

/// `webhook` is accepted with the signature of each of `signed`, which are distinct, under the name
/// beside it; under the exact policy, with that of the first alone, which is as given.
#[track_caller]
pub(crate) fn accepts(webhook: Webhook<'_>, signed: &[(&str, &str)]) {
    assert!(signed.len() <= MAX_CANDIDATES);
    for (nth, (text, name)) in signed.iter().enumerate() {
        assert_eq!(candidate(webhook, text).as_deref(), Ok(*name), "{text}");
        assert_eq!(signed.iter().filter(|(other, _)| other == text).count(), 1, "{text}");
        assert_eq!(nth == 0, *name == "as_given", "{text}");
        let exact = if nth == 0 { Ok((*name).to_owned()) } else { Err(VerifyError::Mismatch) };
        assert_eq!(verify(UrlPolicy::Exact, webhook, text), exact, "{text}");
    }
}

/// `webhook` is refused with the signature of each of `signed`.
#[track_caller]
pub(crate) fn refuses(webhook: Webhook<'_>, signed: &[&str]) {
    for text in signed {
        assert_eq!(candidate(webhook, text), Err(VerifyError::Mismatch), "{text}");
    }
}

/// [`accepts`], of a webhook that is a `GET`.
#[track_caller]
pub(crate) fn url_accepts(url: &str, signed: &[(&str, &str)]) {
    accepts(Webhook::get(url), signed);
}

/// [`refuses`], of a webhook that is a `GET`.
#[track_caller]
pub(crate) fn url_refuses(url: &str, signed: &[&str]) {
    refuses(Webhook::get(url), signed);
}

fn verify(policy: UrlPolicy, webhook: Webhook<'_>, signed: &str) -> Result<String, VerifyError> {
    let signature = oracle::sha1(TOKEN, signed);
    let token = AuthToken::new(TOKEN).unwrap();
    let verifier = Verifier::builder().auth_token(token).url_policy(policy).build().unwrap();
    let candidate = verifier.verify(&webhook.signature(&signature))?.candidate();
    assert_eq!(candidate.is_as_given(), candidate.to_string() == "as_given");
    Ok(candidate.to_string())
}

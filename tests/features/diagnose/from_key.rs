//! Mistakes with the key.

use twilio_sig::{
    Algorithm, AuthToken, Cause, Diagnosis, Hints, SharedKey, Signer, Verifier, diagnose,
};

use super::arrived::post;
use super::{BODY, Case, TOKEN, URL, signer, token};

const OTHER: &str = "fedcba9876543210fedcba9876543210";
const KEY_ID: &str = "webhooks_sharedkey_01";

fn shared(id: &str, secret: &str, algorithm: Algorithm) -> SharedKey {
    SharedKey::new(id, secret, algorithm).unwrap()
}

/// A message that `signer` signed, with a settings header, for a service with `verifier`.
fn message(signer: &Signer, settings: &str, verifier: &Verifier, hints: &Hints) -> Diagnosis {
    let header = signer.sign_form(URL, BODY.as_bytes()).unwrap().header_value();
    let webhook = post(URL, BODY.as_bytes()).signature(&header).signature_settings(settings);
    diagnose(verifier, &webhook, &hints.clone().max_macs(5_000))
}

/// A message under the right token, for a service whose token was copied as `configured`.
fn copied(configured: &str) -> Diagnosis {
    let verifier = Verifier::new(AuthToken::new(configured).unwrap());
    message(&signer(), "", &verifier, &Hints::new().raw_secret(configured))
}

fn with(key: SharedKey) -> Verifier {
    Verifier::builder().shared_key(key).build().unwrap()
}

pub(crate) const CASES: &[Case] = &[
    (Cause::SecondaryToken, || {
        let other = AuthToken::new(OTHER).unwrap();
        let hints = Hints::new().secondary_token(other.clone());
        message(&Signer::auth_token(&other), "", &Verifier::new(token()), &hints)
    }),
    (Cause::SecondaryToken, || {
        let other = AuthToken::new(OTHER).unwrap();
        let hints = Hints::new().raw_secret(OTHER);
        message(&Signer::auth_token(&other), "", &Verifier::new(token()), &hints)
    }),
    (Cause::OtherAccountToken, || {
        let other = AuthToken::new(OTHER).unwrap();
        let hints = Hints::new().account_token("AC00000000000000000000000000000001", other.clone());
        message(&Signer::auth_token(&other), "", &Verifier::new(token()), &hints)
    }),
    (Cause::OtherAccountToken, || {
        let other = AuthToken::new(OTHER).unwrap();
        let hints = Hints::new().other_verifier("tenant 7", &Verifier::new(other.clone()));
        message(&Signer::auth_token(&other), "", &Verifier::new(token()), &hints)
    }),
    (Cause::TokenWhitespace, || copied("0123456789abcdef 0123456789abcdef")),
    // A token that only another program would take: white space around it is refused here.
    (Cause::TokenWhitespace, || {
        let hints = Hints::new().raw_secret(format!("{TOKEN}\r\n"));
        message(&signer(), "", &Verifier::new(token()), &hints)
    }),
    (Cause::TokenQuoted, || copied(&format!("\"{TOKEN}\""))),
    (Cause::TokenQuoted, || copied(&format!("TWILIO_AUTH_TOKEN='{TOKEN}'"))),
    (Cause::TokenLength, || copied(TOKEN.get(..31).unwrap())),
    (Cause::TokenLength, || copied(&format!("{TOKEN}f"))),
    (Cause::TokenLength, || copied(&format!("{TOKEN}{TOKEN}"))),
    (Cause::TokenCase, || copied(&TOKEN.to_uppercase())),
    (Cause::WrongAlgorithm, || {
        let right = shared(KEY_ID, OTHER, Algorithm::HmacSha256);
        let wrong = shared(KEY_ID, OTHER, Algorithm::HmacSha1);
        let hints = Hints::new().raw_secret(OTHER);
        message(&Signer::shared_key(&right), "", &with(wrong), &hints)
    }),
    (Cause::WrongAlgorithm, || {
        let wrong = shared(KEY_ID, TOKEN, Algorithm::HmacSha256);
        message(&signer(), "", &with(wrong), &Hints::new().raw_secret(TOKEN))
    }),
    (Cause::WrongAlgorithm, || {
        message(&signer(), "algorithm=HMAC_SHA256", &Verifier::new(token()), &Hints::new())
    }),
    (Cause::UnknownSharedKey, || {
        let signed = shared("webhooks_sharedkey_02", "battery staple", Algorithm::HmacSha256);
        let verifier = with(shared(KEY_ID, "correct horse", Algorithm::HmacSha256));
        let settings = "key=webhooks_sharedkey_02,algorithm=HMAC_SHA256";
        message(&Signer::shared_key(&signed), settings, &verifier, &Hints::new())
    }),
    (Cause::UnknownSharedKey, || {
        message(&signer(), "key=webhooks_sharedkey_02", &Verifier::new(token()), &Hints::new())
    }),
    (Cause::SharedKeyNotConfigured, || {
        let signed = shared(KEY_ID, "correct horse", Algorithm::HmacSha256);
        message(&Signer::shared_key(&signed), "", &Verifier::new(token()), &Hints::new())
    }),
    (Cause::AuthTokenNotConfigured, || {
        let verifier = with(shared(KEY_ID, "correct horse", Algorithm::HmacSha256));
        message(&signer(), "", &verifier, &Hints::new())
    }),
    (Cause::SettingsMalformed, || {
        message(&signer(), "key=a,key=b", &Verifier::new(token()), &Hints::new())
    }),
];

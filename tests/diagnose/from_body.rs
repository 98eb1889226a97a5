//! Mistakes with a body whose hash is in the URL.

use twilio_sig::{
    Cause, Diagnosis, Hints, ParameterPolicy, Verifier, VerifierBuilder, Webhook, diagnose,
};

use super::{BODY, Case, JSON, URL, signer, token, verifier};

/// A body that is signed, and one that is verified in its place.
fn body(signed: &str, given: &str, hints: &Hints) -> Diagnosis {
    let (url, signature) = signer().sign_body_hash(URL, signed.as_bytes());
    let header = signature.header_value();
    let webhook = Webhook::post(&url, given.as_bytes()).signature(&header);
    diagnose(&verifier(), &webhook, hints)
}

/// A genuine message that the verifier's settings refuse.
fn settings(form: &str, set: impl Fn(VerifierBuilder) -> VerifierBuilder) -> Diagnosis {
    let header = signer().sign_form(URL, form.as_bytes()).unwrap().header_value();
    let verifier = set(Verifier::builder().auth_token(token())).build().unwrap();
    let webhook = Webhook::post(URL, form.as_bytes()).signature(&header);
    diagnose(&verifier, &webhook, &Hints::new())
}

pub(crate) const CASES: &[Case] = &[
    (Cause::JsonReserialized, || {
        let spaced = r#"{"event": "ahoy", "tags": ["a/b", "Zoë"], "n": 1.5}"#;
        body(JSON, spaced, &Hints::new())
    }),
    (Cause::JsonReserialized, || {
        body(
            JSON,
            "{\n  \"event\": \"ahoy\",\n  \"tags\": [\n    \"a\\/b\",\n    \"Zo\\u00eb\"\n  ],\n  \"n\": 1.5\n}",
            &Hints::new(),
        )
    }),
    (Cause::JsonReserialized, || body(r#"["Zo\u00eb"]"#, r#"["Zoë"]"#, &Hints::new())),
    (Cause::JsonReserialized, || body(&format!("{JSON}\n"), JSON, &Hints::new())),
    (Cause::JsonAsForm, || {
        let (url, signature) = signer().sign_body_hash(URL, JSON.as_bytes());
        let header = signature.header_value();
        let webhook = Webhook::post_params(&url, &[("event", "ahoy")]).signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::JsonAsForm, || {
        body(r#"{"event":"ahoy"}"#, "%7B%22event%22%3A%22ahoy%22%7D=", &Hints::new())
    }),
    (Cause::JsonAsForm, || {
        body(JSON, "event=ahoy&n=1.5", &Hints::new().header("Content-Type", "application/json"))
    }),
    (Cause::BodyMissing, || body(JSON, "", &Hints::new())),
    (Cause::BodyChanged, || body(JSON, r#"{"event":"forged"}"#, &Hints::new())),
    (Cause::BodyChanged, || body(JSON, JSON.get(..20).unwrap(), &Hints::new())),
    (Cause::BodyChanged, || body("plain text\n", "plain text", &Hints::new())),
    (Cause::OtherAccount, || {
        settings(BODY, |builder| builder.account_sid("AC00000000000000000000000000000002"))
    }),
    (Cause::StrictPolicy, || {
        settings("a=1&a=2", |builder| builder.parameter_policy(ParameterPolicy::Strict))
    }),
    (Cause::LimitExceeded, || settings(BODY, |builder| builder.max_params(3))),
    (Cause::LimitExceeded, || settings(BODY, |builder| builder.max_body_len(8))),
    (Cause::LimitExceeded, || {
        let url = format!("https://e.com/{}", "a".repeat(twilio_sig::MAX_URL_LEN));
        let header = signer().sign_url(&url).header_value();
        diagnose(&verifier(), &Webhook::get(&url).signature(&header), &Hints::new())
    }),
];

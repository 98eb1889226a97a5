//! Mistakes with a body whose hash is in the URL.

use twilio_sig::{Cause, Diagnosis, Hints, ParameterPolicy, Verifier, VerifierBuilder, diagnose};

use super::arrived::{get, post, post_params};
use super::{BODY, Case, JSON, URL, form, signer, token, verifier};

/// [`JSON`] in base64.
const JSON_BASE64: &str = "eyJldmVudCI6ImFob3kiLCJ0YWdzIjpbImEvYiIsIlpvw6siXSwibiI6MS41fQ==";

/// A body that is signed, and one that is verified in its place.
fn body(signed: &str, given: &str, hints: &Hints) -> Diagnosis {
    let (url, signature) = signer().sign_body_hash(URL, signed.as_bytes());
    let header = signature.header_value();
    let webhook = post(&url, given.as_bytes()).signature(&header);
    diagnose(&verifier(), &webhook, hints)
}

/// A body in place of the one that was signed, which the Content-Type calls JSON.
fn json_body(given: &str) -> Diagnosis {
    body(JSON, given, &Hints::new().header("Content-Type", "application/json"))
}

/// A form of which nothing arrives but the headers.
fn lost(headers: &[(&str, &str)]) -> Diagnosis {
    let hints = headers
        .iter()
        .fold(Hints::new().max_macs(5_000), |hints, (name, value)| hints.header(name, value));
    form((URL, BODY), (URL, ""), &hints)
}

/// A genuine message that the verifier's settings refuse.
fn settings(form: &str, set: impl Fn(VerifierBuilder) -> VerifierBuilder) -> Diagnosis {
    let header = signer().sign_form(URL, form.as_bytes()).unwrap().header_value();
    let verifier = set(Verifier::builder().auth_token(token())).build().unwrap();
    let webhook = post(URL, form.as_bytes()).signature(&header);
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
        let webhook = post_params(&url, &[("event", "ahoy")]).signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::JsonAsForm, || {
        body(r#"{"event":"ahoy"}"#, "%7B%22event%22%3A%22ahoy%22%7D=", &Hints::new())
    }),
    (Cause::JsonAsForm, || {
        body(JSON, "event=ahoy&n=1.5", &Hints::new().header("Content-Type", "application/json"))
    }),
    // As Lambda and API Gateway hand a body over: in either alphabet, padded or not, as a string.
    (Cause::BodyBase64, || body(JSON, JSON_BASE64, &Hints::new())),
    (Cause::BodyBase64, || body(JSON, JSON_BASE64.trim_end_matches('='), &Hints::new())),
    (Cause::BodyBase64, || body(JSON, &format!("\"{JSON_BASE64}\""), &Hints::new())),
    (Cause::BodyBase64, || {
        body(JSON, JSON_BASE64, &Hints::new().header("Content-Type", "application/json"))
    }),
    (Cause::BodyBase64, || {
        let (url, signature) = signer().sign_body_hash(URL, JSON.as_bytes());
        let header = signature.header_value();
        let name = JSON_BASE64.trim_end_matches('=');
        let params = [(name, "=")];
        let webhook = post_params(&url, &params).signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::BodyBase64, || {
        form(
            (URL, "Body=%3E%3E%3F&From=%2B1"),
            (URL, "Qm9keT0lM0UlM0UlM0YmRnJvbT0lMkIx"),
            &Hints::new(),
        )
    }),
    (Cause::BodyBase64, || {
        form((URL, "Body=>>?&To=1"), (URL, "Qm9keT0-Pj8mVG89MQ"), &Hints::new())
    }),
    // What a printer did cannot be told from the values, and is undone in every usual style.
    (Cause::JsonReserialized, || {
        body("{\n  \"a\": [\n    1\n  ]\n}", r#"{"a":[1]}"#, &Hints::new())
    }),
    (Cause::JsonReserialized, || body("{\n\t\"a\": {}\n}", r#"{"a":{}}"#, &Hints::new())),
    (Cause::JsonReserialized, || {
        body(r#"{"a":"<b> & c"}"#, r#"{"a":"\u003cb\u003e \u0026 c"}"#, &Hints::new())
    }),
    (Cause::JsonReserialized, || body(r#"{"a":1}"#, r#""{\"a\":1}""#, &Hints::new())),
    (Cause::ParamsCharset, || body(r#"["Zoë"]"#, r#"["ZoÃ«"]"#, &Hints::new())),
    (Cause::BodyMissing, || body(JSON, "", &Hints::new())),
    (Cause::BodyMissing, || {
        let declared = JSON.len().to_string();
        body(JSON, JSON.get(..20).unwrap(), &Hints::new().header("Content-Length", &declared))
    }),
    (Cause::BodyMissing, || lost(&[("Content-Length", "409")])),
    (Cause::BodyMissing, || {
        lost(&[("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")])
    }),
    (Cause::BodyMissing, || {
        let hints = Hints::new().header("Content-Length", &BODY.len().to_string()).max_macs(5_000);
        form((URL, BODY), (URL, BODY.get(..100).unwrap()), &hints)
    }),
    // What is no form is not taken for one, whatever equals signs are in it.
    (Cause::BodyChanged, || json_body(r#"{"event":"a=b","ta"#)),
    (Cause::BodyChanged, || json_body(r#""a=b""#)),
    (Cause::BodyChanged, || json_body("{\"a\":\"b=c\"}\n{\"a\":\"d=e\"}\n")),
    (Cause::BodyChanged, || json_body("aGVsbG8gd29ybGQ=")),
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
        diagnose(&verifier(), &get(&url).signature(&header), &Hints::new())
    }),
];

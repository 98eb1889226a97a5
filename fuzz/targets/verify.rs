//! No request panics. Under a signature of nobody's it is refused; signed as it stands, what is
//! accepted holds together.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use twilio_sig::{
    Algorithm, AuthToken, Coverage, ParameterPolicy, SharedKey, Signature, Signer, UrlPolicy,
    Verified, Verifier, Webhook,
};
use twilio_sig_fuzz::input::{ACCOUNT, Input, borrowed};
use twilio_sig_fuzz::reference::{Payload, Request};

/// The base64 of 20 and of 32 bytes.
const WELL_FORMED: [&str; 2] =
    ["dGhlIE1BQyBvZiBub3RoaW5nLi4=", "dGhpcyBpcyB0aGUgTUFDIG9mIG5vdGhpbmcgYXQgYWw="];

struct Fixture {
    verifiers: [Verifier; 4],
    signers: [Signer; 2],
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let token = AuthToken::new("12345").expect("a token");
    let key = SharedKey::new("webhooks_sharedkey_1", "of one", Algorithm::HmacSha256);
    let key = key.expect("a shared key");
    let builder = || Verifier::builder().auth_token(token.clone()).shared_key(key.clone());
    let verifiers = [
        builder(),
        builder().url_policy(UrlPolicy::Exact),
        builder().parameter_policy(ParameterPolicy::Strict).account_sid(ACCOUNT),
        builder().max_params(2).max_body_len(64),
    ];
    Fixture {
        verifiers: verifiers.map(|builder| builder.build().expect("a verifier")),
        signers: [Signer::auth_token(&token), Signer::shared_key(&key)],
    }
});

fuzz_target!(|data: &[u8]| {
    let request = Input::read(data).request();
    let params = borrowed(&request.payload);
    let webhook = webhook(&request, &params);
    for name in ["AccountSid", "a", ""] {
        let _ = webhook.untrusted_param(name);
    }

    let Fixture { verifiers, signers } = &*FIXTURE;
    for verifier in verifiers {
        assert!(verifier.verify(&webhook).is_err(), "accepted without a signature");
        for signature in WELL_FORMED {
            let verdict = verifier.verify(&webhook.signature(signature));
            let error = verdict.expect_err("accepted under a signature of nobody's");
            let _ = (error.to_string(), error.code(), error.http_status());
        }
    }
    for signer in signers {
        for signature in signatures(signer, &request, &params) {
            let header = signature.header_value();
            for verifier in verifiers {
                if let Ok(verified) = verifier.verify(&webhook.signature(&header)) {
                    check(&verified, &request, &signature);
                }
            }
        }
    }
});

fn webhook<'a>(request: &'a Request, params: &'a [(&'a str, &'a str)]) -> Webhook<'a> {
    let webhook = match &request.payload {
        _ if request.websocket => Webhook::websocket(&request.url),
        Payload::Body(body) => Webhook::post(&request.url, body),
        Payload::Params(_) => Webhook::post_params(&request.url, params),
    };
    webhook.signature_settings(request.settings.as_deref().unwrap_or_default())
}

/// The signatures of the URL alone, and of the URL with what comes beside it.
fn signatures(signer: &Signer, request: &Request, params: &[(&str, &str)]) -> Vec<Signature> {
    let with_payload = match &request.payload {
        Payload::Body(body) => signer.sign_form(&request.url, body),
        Payload::Params(_) => signer.sign_params(&request.url, params),
    };
    [signer.sign_url(&request.url)].into_iter().chain(with_payload.ok()).collect()
}

fn check(verified: &Verified<'_>, request: &Request, signature: &Signature) {
    assert_eq!(verified.url(), request.url);
    assert_eq!(verified.signature(), signature);
    assert!(verified.key() < 2);
    let text = format!("{verified:?}{}", verified.candidate());
    assert!(!text.contains(&signature.header_value()), "a signature in an output");

    let params = verified.params();
    assert!(params.iter().is_sorted_by(|a, b| a < b), "unsorted, or one of them twice");
    let bytes: usize = params.iter().map(|(name, value)| name.len() + value.len()).sum();
    for (name, _) in params.iter().take(4) {
        let _ = core::str::from_utf8(name).map(|name| params.get(name));
    }
    let _ = verified.query_params().len();
    match verified.coverage() {
        Coverage::UrlOnly => assert!(verified.body().is_empty()),
        Coverage::BodyHash => assert!(request.url.contains("bodySHA256=")),
        Coverage::Form => assert!(bytes > 0, "a body on the MAC of the URL alone"),
        other => panic!("a coverage that this target does not know: {other}"),
    }
}

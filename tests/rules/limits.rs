//! The limits of Twilio's scheme, which no library can mend, demonstrated as SECURITY.md states them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use twilio_sig::{
    AuthToken, Coverage, ParameterPolicy, Signature, Signer, UrlPolicy, Verified, Verifier,
    VerifyError, Webhook,
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn signer() -> Signer {
    Signer::auth_token(&AuthToken::new(TOKEN).unwrap())
}

fn verify<'a>(
    policy: ParameterPolicy,
    url: &'a str,
    body: &'a [u8],
    signature: &Signature,
) -> Result<Verified<'a>, VerifyError> {
    let token = AuthToken::new(TOKEN).unwrap();
    let verifier = Verifier::builder().auth_token(token).parameter_policy(policy).build().unwrap();
    // What is verified must not outlive the header, so the test leaks one of 28 bytes.
    let header: &'static str = signature.header_value().leak();
    verifier.verify(&Webhook::post(url, body).signature(header))
}

fn param(verified: &Verified<'_>, name: &str) -> Option<String> {
    verified.params().get(name).map(str::to_owned)
}

#[test]
fn names_and_values_can_be_split_anew() {
    let url = "https://example.com/sms";
    let captured = signer().sign_form(url, b"Body=ab").unwrap();

    let split = verify(ParameterPolicy::Any, url, b"Bod=yab", &captured).unwrap();
    assert_eq!(param(&split, "Body"), None);
    assert_eq!(param(&split, "Bod").as_deref(), Some("yab"));

    // The strict policy refuses splits that no parameter of Twilio's looks like, and only those.
    for (body, possible) in [(&b"=Bodyab"[..], false), (b"Bo%64y%61b=", true), (b"Bo=dyab", true)] {
        let verdict = verify(ParameterPolicy::Strict, url, body, &captured);
        assert_eq!(verdict.is_ok(), possible, "{body:?}");
    }

    // No byte can be added, whatever the split.
    for body in [&b"Body=abc"[..], b"Body=ab&x=", b"Body=ab&=x", b"xBody=ab"] {
        let verdict = verify(ParameterPolicy::Any, url, body, &captured);
        assert_eq!(verdict.unwrap_err(), VerifyError::Mismatch, "{body:?}");
    }
}

/// What Twilio signed for another host is not accepted here, however a URL and a form are split:
/// parameters follow no URL that ends in its authority. An account whose customers choose callback
/// URLs signs for every host.
#[test]
fn a_host_ends_where_it_ends() {
    let account = "AC00000000000000000000000000000001";
    let sid = format!("AccountSid={account}&Body=Transfer-all");
    for (ours, theirs, rest) in [
        ("https://example.com/", "https://example.com.evil.net/", ".evil.net%2F"),
        ("https://example.com", "https://example.com.evil.net/", ".evil.net%2F"),
        ("https://example.com/", "https://example.community/hook", "munity%2Fhook"),
        ("https://example.com:443/", "https://example.com.evil.net/", ".evil.net%2F"),
        ("https://u:p@example.com/", "https://example.com.evil.net/", ".evil.net%2F"),
        ("https://example.com/", "https://example.com:8443/hook", "%3A8443%2Fhook"),
        ("https://example.com/", "https://example.com@evil.net/", "%40evil.net%2F"),
        ("https://example.com", "https://example.com?x", "%3Fx"),
        ("https://[::1]/", "https://[::1].evil.net/", ".evil.net%2F"),
    ] {
        let captured = signer().sign_form(theirs, sid.as_bytes()).unwrap();
        let body = format!("={rest}&{sid}");
        for (policy, urls) in [
            (ParameterPolicy::Any, UrlPolicy::Compatible),
            (ParameterPolicy::Any, UrlPolicy::Exact),
            (ParameterPolicy::Strict, UrlPolicy::Compatible),
        ] {
            let verifier = Verifier::builder()
                .auth_token_of(account, AuthToken::new(TOKEN).unwrap())
                .parameter_policy(policy)
                .url_policy(urls)
                .build()
                .unwrap();
            let header = captured.header_value();
            let webhook = Webhook::post(ours, body.as_bytes()).signature(&header);
            let error = verifier.verify(&webhook).map(drop).unwrap_err();
            assert_eq!(error, VerifyError::Mismatch, "{theirs} at {ours}");
        }
    }
    // A handshake whose query is signed as parameters. The second name begins with a letter.
    let verifier = Verifier::new(AuthToken::new(TOKEN).unwrap());
    for (theirs, rest) in [
        ("wss://example.com.evil.net/", ".evil.net%2F="),
        ("wss://example.community/hook", "munity%2Fhook="),
    ] {
        let captured = signer().sign_url(theirs).header_value();
        for ours in ["https://example.com", "https://example.com:443", "https://u:p@example.com"] {
            let url = format!("{ours}?{rest}");
            let webhook = Webhook::websocket(&url).signature(&captured);
            let error = verifier.verify(&webhook).map(drop).unwrap_err();
            assert_eq!(error, VerifyError::Mismatch, "{theirs} at {url}");
        }
    }

    // The service's own form arrives, where its URL was given without a path too.
    for (given, signed) in [
        ("https://example.com", "https://example.com/"),
        ("https://example.com/", "https://example.com/"),
        ("https://example.com", "https://example.com:443/"),
        ("https://example.com?a=1", "https://example.com?a=1"),
        ("https://example.com/?a=1", "https://example.com?a=1"),
    ] {
        let signature = signer().sign_form(signed, sid.as_bytes()).unwrap();
        assert!(verify(ParameterPolicy::Any, given, sid.as_bytes(), &signature).is_ok(), "{given}");
    }
}

/// What is left where the query of a handshake is signed as parameters: a name that begins with a
/// letter may be the end of a path.
#[test]
fn a_handshake_may_open_a_path_that_goes_on_with_a_letter() {
    let captured = signer().sign_url("wss://example.com/mediaabc").header_value();
    let webhook = Webhook::websocket("https://example.com/media?abc=").signature(&captured);
    let token = || AuthToken::new(TOKEN).unwrap();
    assert!(Verifier::new(token()).verify(&webhook).is_ok());
    // Only one URL is known to a service that says so.
    let exact = Verifier::builder().auth_token(token()).url_policy(UrlPolicy::Exact).build();
    assert!(exact.unwrap().verify(&webhook).is_err());
}

#[test]
fn a_url_can_end_in_its_first_parameter() {
    let captured = signer().sign_form("https://example.com/hookA", b"B=1").unwrap();

    let moved = verify(ParameterPolicy::Any, "https://example.com/hook", b"AB=1", &captured);
    assert_eq!(param(&moved.unwrap(), "AB").as_deref(), Some("1"));

    // A service that knows its URL reads it from no header, and refuses the moved request.
    let configured = verify(ParameterPolicy::Any, "https://example.com/hookA", b"AB=1", &captured);
    assert_eq!(configured.unwrap_err(), VerifyError::Mismatch);
}

#[test]
fn order_and_repetition_are_not_signed() {
    let url = "https://example.com/sms";
    let captured = signer().sign_form(url, b"MediaUrl=a&MediaUrl=b&To=c").unwrap();
    for body in [&b"To=c&MediaUrl=b&MediaUrl=a"[..], b"MediaUrl=b&MediaUrl=a&MediaUrl=b&To=c&To=c"]
    {
        let verified = verify(ParameterPolicy::Any, url, body, &captured).unwrap();
        let params = verified.params();
        assert_eq!(params.len(), 3, "{body:?}");
        assert!(params.iter().is_sorted());
    }
}

#[test]
fn a_captured_request_verifies_again() {
    let url = "https://example.com/sms";
    let captured = signer().sign_form(url, b"MessageSid=SM1&Body=pay").unwrap();
    let replay = || verify(ParameterPolicy::Any, url, b"MessageSid=SM1&Body=pay", &captured);
    let (first, second) = (replay().unwrap(), replay().unwrap());

    // What a service can remember it by is the signature, which no other spelling changes.
    let respelled =
        verify(ParameterPolicy::Any, url, b"Body=%70ay&MessageSid=SM1", &captured).unwrap();
    assert_eq!(first.signature().as_bytes(), second.signature().as_bytes());
    assert_eq!(first.signature().as_bytes(), respelled.signature().as_bytes());
}

#[test]
fn a_body_hash_can_become_a_parameter() {
    let (url, captured) = signer().sign_body_hash("https://example.com/events?a=1", b"{}");
    let (start, hash) = url.split_once("bodySHA256=").unwrap();

    // The end of the URL moves into the body: the same bytes, but a form, and nothing else.
    let body = format!("bodySHA256=%3D{hash}");
    let moved = verify(ParameterPolicy::Any, start, body.as_bytes(), &captured).unwrap();
    assert_eq!(moved.coverage(), Coverage::Form);
    assert_eq!(param(&moved, "bodySHA256"), Some(format!("={hash}")));

    // A body of the attacker's choice is refused with the URL whole, and with it cut.
    let whole = verify(ParameterPolicy::Any, &url, b"{\"admin\":true}", &captured);
    assert_eq!(whole.unwrap_err(), VerifyError::BodyHashMismatch);
    let cut = verify(ParameterPolicy::Any, start, b"{\"admin\":true}", &captured);
    assert_eq!(cut.unwrap_err(), VerifyError::Mismatch);
}

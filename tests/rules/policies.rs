//! What a signed request must satisfy besides being signed: account and strict parameters.

#![allow(clippy::unwrap_used, reason = "a verifier that cannot be built must fail the test")]

use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{
    Algorithm, AuthToken, BuildError, Coverage, ParameterPolicy, SharedKey, Verifier,
    VerifierBuilder, VerifyError, Webhook,
};

const URL: &str = "https://example.com/sms";
const OURS: &str = "AC00000000000000000000000000000001";
const THEIRS: &str = "AC00000000000000000000000000000002";

fn builder() -> VerifierBuilder {
    Verifier::builder().auth_token(AuthToken::new(TOKEN).unwrap())
}

/// The verdict on `webhook` under the signature of `canonical`.
fn verdict(
    builder: VerifierBuilder,
    webhook: Webhook<'_>,
    canonical: impl AsRef<[u8]>,
) -> Result<Coverage, VerifyError> {
    let signature = oracle::sha1(TOKEN, canonical);
    let verdict = builder.build().unwrap().verify(&webhook.signature(&signature))?;
    Ok(verdict.coverage())
}

/// The verdict of a verifier for our account.
fn for_us(webhook: Webhook<'_>, canonical: impl AsRef<[u8]>) -> Result<Coverage, VerifyError> {
    verdict(builder().account_sid(OURS), webhook, canonical)
}

/// The verdict under the strict policy on a form that is signed as `pairs`.
fn strict(body: &[u8], pairs: impl AsRef<[u8]>) -> Result<Coverage, VerifyError> {
    let canonical = [URL.as_bytes(), pairs.as_ref()].concat();
    let webhook = Webhook::post(URL, body);
    assert_eq!(verdict(builder(), webhook, &canonical), Ok(Coverage::Form));
    verdict(builder().parameter_policy(ParameterPolicy::Strict), webhook, &canonical)
}

#[test]
fn a_form_must_be_for_the_verifiers_account() {
    let form = |sid: &str| {
        let body = format!("AccountSid={sid}&Body=Ahoy");
        for_us(Webhook::post(URL, body.as_bytes()), format!("{URL}AccountSid{sid}BodyAhoy"))
    };
    assert_eq!(form(OURS), Ok(Coverage::Form));
    for sid in [THEIRS, "", "AC", &OURS.to_lowercase()] {
        assert_eq!(form(sid), Err(VerifyError::WrongAccount), "{sid}");
    }
}

#[test]
fn a_form_without_an_account_is_for_none() {
    let unnamed = for_us(Webhook::post(URL, b"Body=Ahoy"), format!("{URL}BodyAhoy"));
    assert_eq!(unnamed, Err(VerifyError::WrongAccount));
    let body = format!("accountsid={OURS}&XAccountSid={OURS}");
    let canonical = format!("{URL}XAccountSid{OURS}accountsid{OURS}");
    let misnamed = for_us(Webhook::post(URL, body.as_bytes()), canonical);
    assert_eq!(misnamed, Err(VerifyError::WrongAccount));
    // The query's does not stand in for the form's.
    let url = format!("{URL}?AccountSid={OURS}");
    let in_query = for_us(Webhook::post(&url, b"Body=Ahoy"), format!("{url}BodyAhoy"));
    assert_eq!(in_query, Err(VerifyError::WrongAccount));
}

#[test]
fn every_account_that_a_form_names_must_be_the_verifiers() {
    let body = format!("AccountSid={OURS}&AccountSid={THEIRS}");
    let canonical = format!("{URL}AccountSid{OURS}AccountSid{THEIRS}");
    let both = for_us(Webhook::post(URL, body.as_bytes()), canonical);
    assert_eq!(both, Err(VerifyError::WrongAccount));
    let body = format!("AccountSid={OURS}&%41ccountSid={OURS}");
    let twice = for_us(Webhook::post(URL, body.as_bytes()), format!("{URL}AccountSid{OURS}"));
    assert_eq!(twice, Ok(Coverage::Form));
}

#[test]
fn decoded_params_must_be_for_the_verifiers_account() {
    let params = [("AccountSid", OURS)];
    let ours = for_us(Webhook::post_params(URL, &params), format!("{URL}AccountSid{OURS}"));
    assert_eq!(ours, Ok(Coverage::Form));
    let params = [("AccountSid", THEIRS)];
    let theirs = for_us(Webhook::post_params(URL, &params), format!("{URL}AccountSid{THEIRS}"));
    assert_eq!(theirs, Err(VerifyError::WrongAccount));
}

#[test]
fn every_account_that_the_query_names_must_be_the_verifiers() {
    let get = |query: String| {
        let url = format!("{URL}?{query}");
        for_us(Webhook::get(&url), &url)
    };
    assert_eq!(get(format!("AccountSid={OURS}&x=1")), Ok(Coverage::UrlOnly));
    assert_eq!(get("x=1".to_owned()), Ok(Coverage::UrlOnly));
    for query in [
        format!("AccountSid={THEIRS}"),
        format!("AccountSid={OURS}&AccountSid={THEIRS}"),
        format!("x=1&Account%53id={THEIRS}"),
        "AccountSid".to_owned(),
    ] {
        assert_eq!(get(query.clone()), Err(VerifyError::WrongAccount), "{query}");
    }
    let url = format!("{URL}?AccountSid={THEIRS}");
    let body = format!("AccountSid={OURS}");
    let split = for_us(Webhook::post(&url, body.as_bytes()), format!("{url}AccountSid{OURS}"));
    assert_eq!(split, Err(VerifyError::WrongAccount));
}

#[test]
fn a_body_under_a_hash_is_not_looked_into_for_an_account() {
    let body = format!("{{\"AccountSid\":\"{THEIRS}\"}}");
    let url = format!("{URL}?bodySHA256={}", oracle::body_hash(&body));
    let verdict = for_us(Webhook::post(&url, body.as_bytes()), &url);
    assert_eq!(verdict, Ok(Coverage::BodyHash));
}

#[test]
fn the_account_of_a_handshake_is_that_of_its_query() {
    for (sid, expected) in [(OURS, Ok(Coverage::UrlOnly)), (THEIRS, Err(VerifyError::WrongAccount))]
    {
        let url = format!("wss://example.com/media?AccountSid={sid}");
        assert_eq!(for_us(Webhook::websocket(&url), &url), expected);
        let as_pairs = format!("wss://example.com/mediaAccountSid{sid}");
        assert_eq!(for_us(Webhook::websocket(&url), as_pairs), expected);
    }
}

#[test]
fn nobody_learns_the_account_without_a_signature() {
    let body = format!("AccountSid={THEIRS}");
    let unsigned = for_us(Webhook::post(URL, body.as_bytes()), URL);
    assert_eq!(unsigned, Err(VerifyError::Mismatch));
    assert_eq!(for_us(Webhook::post(URL, b"Body=Ahoy"), URL), Err(VerifyError::Mismatch));
}

#[test]
fn an_account_sid_is_ac_and_32_hexadecimal_digits() {
    let build = |sid: &str| builder().account_sid(sid).build().map(drop);
    assert_eq!(build(OURS), Ok(()));
    assert_eq!(build("ACabcdefABCDEF00000000000000000000"), Ok(()));
    for sid in [
        "",
        "AC",
        "ac00000000000000000000000000000001",
        "AC0000000000000000000000000000001",
        "AC000000000000000000000000000000001",
        "SM00000000000000000000000000000001",
        "AC0000000000000000000000000000000g",
        "AC0000000000000000000000000000000+",
        " AC00000000000000000000000000000001",
        "%41C0000000000000000000000000000001",
    ] {
        assert_eq!(build(sid), Err(BuildError::InvalidAccountSid), "{sid}");
    }
}

/// Tokens of two accounts in one verifier: neither vouches for the other's requests.
#[test]
fn a_key_that_is_bound_vouches_for_its_account_alone() {
    let theirs = "the token of theirs";
    let both = || {
        Verifier::builder()
            .auth_token_of(OURS, AuthToken::new(TOKEN).unwrap())
            .auth_token_of(THEIRS, AuthToken::new(theirs).unwrap())
            .shared_key_of(THEIRS, SharedKey::new("k", theirs, Algorithm::HmacSha256).unwrap())
    };
    let verdict = |sid: &str, sign: &dyn Fn(String) -> String| {
        let body = format!("AccountSid={sid}");
        let signature = sign(format!("{URL}AccountSid{sid}"));
        let webhook = Webhook::post(URL, body.as_bytes()).signature(&signature);
        both().build().unwrap().verify(&webhook).map(|verified| verified.key())
    };
    let (by_ours, by_theirs) = (
        |text: String| oracle::sha1(TOKEN, text),
        |text: String| oracle::sha1("the token of theirs", text),
    );
    assert_eq!(verdict(OURS, &by_ours), Ok(0));
    assert_eq!(verdict(THEIRS, &by_theirs), Ok(1));
    assert_eq!(verdict(THEIRS, &by_ours), Err(VerifyError::WrongAccount));
    assert_eq!(verdict(OURS, &by_theirs), Err(VerifyError::WrongAccount));
    let by_shared = |text: String| oracle::sha256("the token of theirs", text);
    assert_eq!(verdict(THEIRS, &by_shared), Ok(2));
    assert_eq!(verdict(OURS, &by_shared), Err(VerifyError::WrongAccount));

    // Its own account comes before the verifier's, and must be one.
    let own = both().account_sid("AC00000000000000000000000000000003").build().unwrap();
    let body = format!("AccountSid={OURS}");
    let signature = oracle::sha1(TOKEN, format!("{URL}AccountSid{OURS}"));
    assert!(own.verify(&Webhook::post(URL, body.as_bytes()).signature(&signature)).is_ok());
    let token = AuthToken::new(TOKEN).unwrap();
    let refused = Verifier::builder().auth_token_of("AC1", token).build().unwrap_err();
    assert_eq!(refused, BuildError::InvalidAccountSid);
}

#[test]
fn strict_names_are_a_letter_and_at_most_63_of_the_allowed() {
    let longest = "N".repeat(64);
    for name in ["a", "Z", "Body", "MediaUrl0", "MessagingBinding.Address", "a_b-c.9", &longest] {
        let body = format!("{name}=1");
        assert_eq!(strict(body.as_bytes(), format!("{name}1")), Ok(Coverage::Form), "{name}");
    }
    let too_long = "N".repeat(65);
    for name in [
        "",
        "0",
        "9a",
        "_a",
        "-a",
        ".a",
        "a b",
        "a/b",
        "a[0]",
        "a:b",
        "a\0",
        "é",
        "aé",
        "{\"a\":1}",
        "&bodySHA256",
        &too_long,
    ] {
        let body = format!("{}=1", name.replace('&', "%26"));
        let verdict = strict(body.as_bytes(), format!("{name}1"));
        assert_eq!(verdict, Err(VerifyError::StrictParameter), "{name:?}");
    }
    assert_eq!(strict(b"a\xff=1", b"a\xff1"), Err(VerifyError::StrictParameter));
    // It is the decoded name that counts.
    assert_eq!(strict(b"%42ody=1", "Body1"), Ok(Coverage::Form));
    assert_eq!(strict(b"Bo%20dy=1", "Bo dy1"), Err(VerifyError::StrictParameter));
}

#[test]
fn strict_values_are_free_but_for_sids() {
    assert_eq!(strict(b"Body=", "Body"), Ok(Coverage::Form));
    assert_eq!(strict(b"Body=%00%FF%26=", b"Body\0\xff&="), Ok(Coverage::Form));
}

#[test]
fn strict_names_come_once() {
    assert_eq!(strict(b"a=1&b=1", "a1b1"), Ok(Coverage::Form));
    assert_eq!(strict(b"a=1&a=2", "a1a2"), Err(VerifyError::StrictParameter));
    assert_eq!(strict(b"a=1&b=2&%61=1", "a1b2"), Err(VerifyError::StrictParameter));
    // Names are compared whole, whatever their case.
    assert_eq!(strict(b"a=1&A=1&aa=1", "A1a1aa1"), Ok(Coverage::Form));
    let name = "n".repeat(63);
    let body = format!("{name}1=1&{name}2=1&{name}1=2");
    let pairs = format!("{name}11{name}12{name}21");
    assert_eq!(strict(body.as_bytes(), pairs), Err(VerifyError::StrictParameter));
}

#[test]
fn strict_sids_are_two_letters_and_32_hexadecimal_digits() {
    for name in ["MessageSid", "Sid", "xSid"] {
        for sid in [OURS, "zZabcdefABCDEF00000000000000000009"] {
            let body = format!("{name}={sid}");
            assert_eq!(strict(body.as_bytes(), format!("{name}{sid}")), Ok(Coverage::Form));
        }
        for sid in [
            "",
            "SM",
            "CA1234567890ABCDE",
            "SM0000000000000000000000000000001",
            "SM000000000000000000000000000000001",
            "0000000000000000000000000000000001",
            "SM0000000000000000000000000000000g",
            "SM0000000000000000000000000000000 ",
        ] {
            let body = format!("{name}={sid}");
            let verdict = strict(body.as_bytes(), format!("{name}{sid}"));
            assert_eq!(verdict, Err(VerifyError::StrictParameter), "{name}={sid}");
        }
    }
    for name in ["SidA", "sid", "SID", "MessageSidx"] {
        assert_eq!(strict(format!("{name}=1").as_bytes(), format!("{name}1")), Ok(Coverage::Form));
    }
}

#[test]
fn strict_narrows_how_signed_pairs_can_be_split_anew() {
    let canonical = format!("{URL}CallSid{OURS}Digits1234");
    let strict = || builder().parameter_policy(ParameterPolicy::Strict);
    for (body, expected) in [
        (format!("CallSid={OURS}&Digits=1234"), Ok(Coverage::Form)),
        (format!("CallSid={OURS}Digits1234"), Err(VerifyError::StrictParameter)),
        (format!("=CallSid{OURS}Digits1234"), Err(VerifyError::StrictParameter)),
        // What it cannot tell apart: names that Twilio could have sent.
        (format!("CallSid={OURS}&Digits1=234"), Ok(Coverage::Form)),
        (format!("Call=Sid{OURS}Digits1234"), Ok(Coverage::Form)),
        (format!("CallSid{OURS}Digits=1234"), Ok(Coverage::Form)),
    ] {
        let webhook = Webhook::post(URL, body.as_bytes());
        assert_eq!(verdict(strict(), webhook, &canonical), expected, "{body}");
    }
    // A URL that was cut short, its rest sent as a form.
    let (cut, rest) = ("https://example.com/", "sms?bodySHA256=00");
    let encoded = rest.replace('=', "%3D");
    let webhook = Webhook::post(cut, encoded.as_bytes());
    let verdict = verdict(strict(), webhook, format!("{cut}{rest}"));
    assert_eq!(verdict, Err(VerifyError::StrictParameter));
}

#[test]
fn strict_looks_at_signed_pairs_alone() {
    let strict = || builder().parameter_policy(ParameterPolicy::Strict);
    let url = format!("{URL}?0=1&0=2&Sid=x");
    assert_eq!(verdict(strict(), Webhook::get(&url), &url), Ok(Coverage::UrlOnly));
    // The query of a handshake, where it was signed as pairs.
    let url = "wss://example.com/media?a!=1";
    assert_eq!(verdict(strict(), Webhook::websocket(url), url), Ok(Coverage::UrlOnly));
    let as_pairs = verdict(strict(), Webhook::websocket(url), "wss://example.com/mediaa!1");
    assert_eq!(as_pairs, Err(VerifyError::StrictParameter));
    // Before a signature is right, nothing is said about parameters.
    let unsigned = verdict(strict(), Webhook::post(URL, b"0=1"), "https://example.com/sms");
    assert_eq!(unsigned, Err(VerifyError::Mismatch));
}

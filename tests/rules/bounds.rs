//! Every bound at its limit and one above, and bad input of all kinds: a typed error, no panic, and
//! no more work than an honest request of that size would cost.

#![allow(clippy::unwrap_used, reason = "a verifier that cannot be built must fail the test")]
#![allow(clippy::arithmetic_side_effects, reason = "the sizes are those of a test")]

use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{
    Algorithm, AuthToken, BuildError, MAX_BODY_LEN, MAX_FORM_LEN, MAX_KEY_ID_LEN, MAX_PARAMS,
    MAX_SETTINGS_LEN, MAX_URL_LEN, SharedKey, Signer, Verifier, VerifierBuilder, VerifyError,
    Webhook,
};

const URL: &str = "https://example.com/sms";
const MIB: usize = 1 << 20;

fn builder() -> VerifierBuilder {
    Verifier::builder().auth_token(AuthToken::new(TOKEN).unwrap())
}

fn verify(builder: VerifierBuilder, webhook: &Webhook<'_>) -> Result<(), VerifyError> {
    builder.build().unwrap().verify(webhook).map(drop)
}

/// The verdict on a request that is signed as `canonical`.
fn signed(
    builder: VerifierBuilder,
    webhook: Webhook<'_>,
    canonical: &str,
) -> Result<(), VerifyError> {
    verify(builder, &webhook.signature(&oracle::sha1(TOKEN, canonical)))
}

/// A form of `count` pairs, all different, and the pairs as they are signed.
fn form(count: usize) -> (String, String) {
    let pairs = || (0..count).map(|nth| format!("p{nth:06}"));
    let body: Vec<_> = pairs().map(|name| format!("{name}=v")).collect();
    (body.join("&"), pairs().map(|name| name + "v").collect())
}

#[test]
fn a_url_is_at_most_max_url_len_bytes() {
    let url = |len: usize| format!("{URL}?{}", "x".repeat(len - URL.len() - 1));
    let (longest, too_long) = (url(MAX_URL_LEN), url(MAX_URL_LEN + 1));
    assert_eq!(signed(builder(), Webhook::get(&longest), &longest), Ok(()));
    let refused = signed(builder(), Webhook::get(&too_long), &too_long);
    assert_eq!(refused, Err(VerifyError::UrlTooLong));
    // Bytes are counted, the fragment's too.
    let in_fragment = format!("{URL}#{}", "é".repeat(MAX_URL_LEN / 2));
    let refused = signed(builder(), Webhook::get(&in_fragment), URL);
    assert_eq!(refused, Err(VerifyError::UrlTooLong));
}

#[test]
fn a_body_has_at_most_max_params_parameters() {
    for count in [1, 63, 64, 65, MAX_PARAMS] {
        let (body, pairs) = form(count);
        let webhook = Webhook::post(URL, body.as_bytes());
        assert_eq!(signed(builder(), webhook, &format!("{URL}{pairs}")), Ok(()), "{count}");
    }
    let (body, pairs) = form(MAX_PARAMS + 1);
    let webhook = Webhook::post(URL, body.as_bytes());
    let refused = signed(builder(), webhook, &format!("{URL}{pairs}"));
    assert_eq!(refused, Err(VerifyError::TooManyParams));
}

#[test]
fn equal_parameters_count_each_and_empty_segments_do_not() {
    let three = |body: &[u8]| {
        let webhook = Webhook::post(URL, body);
        signed(builder().max_params(3), webhook, &format!("{URL}a1"))
    };
    assert_eq!(three(b"a=1&a=1&&&&&a=1&"), Ok(()));
    assert_eq!(three(b"a=1&a=1&a=1&a=1"), Err(VerifyError::TooManyParams));
    let params = [("a", "1"); 4];
    let webhook = Webhook::post_params(URL, &params);
    let refused = signed(builder().max_params(3), webhook, &format!("{URL}a1"));
    assert_eq!(refused, Err(VerifyError::TooManyParams));
    assert_eq!(signed(builder().max_params(4), webhook, &format!("{URL}a1")), Ok(()));
}

#[test]
fn the_bound_on_parameters_is_1_to_4096() {
    for (bound, expected) in [
        (0, Err(BuildError::LimitOutOfRange)),
        (1, Ok(())),
        (4_096, Ok(())),
        (4_097, Err(BuildError::LimitOutOfRange)),
        (usize::MAX, Err(BuildError::LimitOutOfRange)),
    ] {
        assert_eq!(builder().max_params(bound).build().map(drop), expected, "{bound}");
    }
    let (body, pairs) = form(4_096);
    let webhook = Webhook::post(URL, body.as_bytes());
    assert_eq!(signed(builder().max_params(4_096), webhook, &format!("{URL}{pairs}")), Ok(()));
    let (body, _) = form(4_097);
    let signer = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    let refused = signer.sign_form(URL, body.as_bytes()).unwrap_err();
    assert_eq!(refused, VerifyError::TooManyParams);
}

#[test]
fn under_a_hash_parameters_are_not_counted() {
    let (body, _) = form(MAX_PARAMS + 1);
    let url = format!("{URL}?bodySHA256={}", oracle::body_hash(&body));
    let webhook = Webhook::post(&url, body.as_bytes());
    assert_eq!(signed(builder(), webhook, &url), Ok(()));
    // The body was changed: that, and not its parameters, is what the operator should hear.
    let url = format!("{URL}?bodySHA256={}", oracle::body_hash("else"));
    let webhook = Webhook::post(&url, body.as_bytes());
    assert_eq!(signed(builder(), webhook, &url), Err(VerifyError::BodyHashMismatch));
    assert_eq!(signed(builder(), webhook, URL), Err(VerifyError::TooManyParams));
}

#[test]
fn a_handshake_with_too_many_parameters_is_not_signed_as_pairs() {
    let url = "wss://example.com/?a=1&b=2";
    for (bound, expected) in [(2, Ok(())), (1, Err(VerifyError::Mismatch))] {
        let verdict =
            |canonical| signed(builder().max_params(bound), Webhook::websocket(url), canonical);
        assert_eq!(verdict("wss://example.com/a1b2"), expected);
        assert_eq!(verdict(url), Ok(()));
    }
}

#[test]
fn a_body_is_at_most_max_body_len_bytes() {
    let signer = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    for (len, expected) in
        [(MAX_BODY_LEN, Ok(())), (MAX_BODY_LEN + 1, Err(VerifyError::BodyTooLong))]
    {
        let body = "x".repeat(len);
        let (url, _) = signer.sign_body_hash(URL, body.as_bytes());
        assert_eq!(
            signed(builder(), Webhook::post(&url, body.as_bytes()), &url),
            expected,
            "{len}"
        );
    }
}

#[test]
fn a_form_is_at_most_max_form_len_bytes() {
    let form = |builder: VerifierBuilder, len: usize| {
        let body = "x".repeat(len);
        signed(builder, Webhook::post(URL, body.as_bytes()), &format!("{URL}{body}"))
    };
    assert_eq!(form(builder(), MAX_FORM_LEN), Ok(()));
    assert_eq!(form(builder(), MAX_FORM_LEN + 1), Err(VerifyError::BodyTooLong));
    assert_eq!(form(builder().max_form_len(4), 4), Ok(()));
    assert_eq!(form(builder().max_form_len(4), 5), Err(VerifyError::BodyTooLong));
    let params = [("ab", "1"), ("é", "")];
    let webhook = Webhook::post_params(URL, &params);
    let refused = signed(builder().max_form_len(4), webhook, "https://example.com/smsab1é");
    assert_eq!(refused, Err(VerifyError::BodyTooLong));
    is_from_1_to_1_gib(VerifierBuilder::max_form_len);
}

fn is_from_1_to_1_gib(limit: fn(VerifierBuilder, usize) -> VerifierBuilder) {
    for (bound, expected) in [
        (0, Err(BuildError::LimitOutOfRange)),
        (1, Ok(())),
        (1 << 30, Ok(())),
        ((1 << 30) + 1, Err(BuildError::LimitOutOfRange)),
    ] {
        assert_eq!(limit(builder(), bound).build().map(drop), expected, "{bound}");
    }
}

#[test]
fn the_bound_on_the_body_counts_bytes_of_the_body_or_of_the_pairs() {
    let four = |webhook, canonical| signed(builder().max_body_len(4), webhook, canonical);
    assert_eq!(four(Webhook::post(URL, b"ab=1"), "https://example.com/smsab1"), Ok(()));
    let refused = four(Webhook::post(URL, b"ab=12"), "https://example.com/smsab12");
    assert_eq!(refused, Err(VerifyError::BodyTooLong));
    let params = [("ab", "1"), ("", "c")];
    assert_eq!(four(Webhook::post_params(URL, &params), "https://example.com/smscab1"), Ok(()));
    let params = [("ab", "1"), ("é", "")];
    let refused = four(Webhook::post_params(URL, &params), "https://example.com/smsab1é");
    assert_eq!(refused, Err(VerifyError::BodyTooLong));
    is_from_1_to_1_gib(VerifierBuilder::max_body_len);
}

#[test]
fn a_settings_header_is_at_most_max_settings_len_bytes() {
    let text = "algorithm=HMAC_SHA1";
    let settings = |len: usize| format!("{text}{}", " ".repeat(len - text.len()));
    let signature = oracle::sha1(TOKEN, URL);
    let verdict = |settings: &str| {
        let webhook = Webhook::get(URL).signature(&signature).signature_settings(settings);
        verify(builder(), &webhook)
    };
    assert_eq!(verdict(&settings(MAX_SETTINGS_LEN)), Ok(()));
    let refused = verdict(&settings(MAX_SETTINGS_LEN + 1));
    assert_eq!(refused, Err(VerifyError::MalformedSettings));
    assert_eq!(verdict(&settings(MIB)), Err(VerifyError::MalformedSettings));
}

#[test]
fn a_key_id_is_at_most_max_key_id_len_bytes() {
    let new = |len| SharedKey::new("k".repeat(len), "secret", Algorithm::HmacSha1);
    let key = new(MAX_KEY_ID_LEN).unwrap();
    assert!(new(MAX_KEY_ID_LEN + 1).is_err());
    // The longest fits in a settings header.
    let settings = format!("key={},algorithm=HMAC_SHA256", key.id());
    assert!(settings.len() <= MAX_SETTINGS_LEN);
}

#[test]
fn bad_headers_are_refused() {
    let header = |signature: &[u8]| verify(builder(), &Webhook::get(URL).signature(signature));
    assert_eq!(header(b""), Err(VerifyError::MissingSignature));
    let right = oracle::sha1(TOKEN, URL);
    for bad in [
        // 21 bytes, 33 bytes, and many.
        vec![b'A'; 28],
        vec![b'A'; 44],
        vec![b'A'; MIB],
        vec![b'='; MIB],
        vec![b' '; 28],
        vec![0; 28],
        vec![0xff; 44],
        format!("{right} ").into_bytes(),
        format!("\t{right}").into_bytes(),
        format!("{right}{right}").into_bytes(),
    ] {
        assert_eq!(header(&bad), Err(VerifyError::MalformedSignature));
    }
    let settings = |settings: &[u8]| {
        verify(builder(), &Webhook::get(URL).signature(&right).signature_settings(settings))
    };
    assert_eq!(settings(b""), Ok(()));
    for bad in [vec![0], vec![0xff; 10], vec![b','; MIB], vec![b'='; MIB], b"a=\xc3\xa9".to_vec()] {
        assert_eq!(settings(&bad), Err(VerifyError::MalformedSettings));
    }
}

#[test]
fn bad_urls_are_refused() {
    let url = |url: &str| signed(builder(), Webhook::get(url), URL);
    assert_eq!(url(&format!("https://{}", "a".repeat(64 * 1_024))), Err(VerifyError::UrlTooLong));
    assert_eq!(url(&"\0".repeat(1_000)), Err(VerifyError::InvalidUrl));
    assert_eq!(url(&"%".repeat(MAX_URL_LEN)), Err(VerifyError::InvalidUrl));
    assert_eq!(url(&"://".repeat(5_000)), Err(VerifyError::InvalidUrl));
    assert_eq!(url(&format!("https://{}", "[".repeat(16_000))), Err(VerifyError::InvalidUrl));
    for filler in ["\0", "@", "'", "%27", "&", "=", "?", "/", "+", "%", "é", "bodySHA256&"] {
        let filled = filler.repeat(16_000 / filler.len());
        assert_eq!(url(&format!("https://h.io/?{filled}")), Err(VerifyError::Mismatch));
        assert_eq!(url(&format!("https://h.io/p#{filled}")), Err(VerifyError::Mismatch));
        let handshake = format!("https://h.io/?{filled}");
        let refused = signed(builder(), Webhook::websocket(&handshake), URL);
        assert_eq!(refused, Err(VerifyError::Mismatch));
    }
}

#[test]
fn bad_bodies_are_refused() {
    for (what, body, error) in [
        ("100,000 parameters", form(100_000).0.into_bytes(), VerifyError::TooManyParams),
        ("100,000 equal parameters", "a=1&".repeat(100_000).into(), VerifyError::TooManyParams),
        ("1 MiB of %", vec![b'%'; MIB], VerifyError::Mismatch),
        ("1 MiB of +", vec![b'+'; MIB], VerifyError::Mismatch),
        ("1 MiB of =", vec![b'='; MIB], VerifyError::Mismatch),
        ("1 MiB of &", vec![b'&'; MIB], VerifyError::UncoveredBody),
        ("1 MiB of NUL", vec![0; MIB], VerifyError::Mismatch),
        ("1 MiB of 0xff", vec![0xff; MIB], VerifyError::Mismatch),
        ("lone surrogates", b"a=%ED%A0%80&%ED%BF%BF=b".to_vec(), VerifyError::Mismatch),
        ("half an escape", b"a=%E".to_vec(), VerifyError::Mismatch),
        ("JSON", b"{\"a\":[1,2]}".to_vec(), VerifyError::Mismatch),
    ] {
        let webhook = Webhook::post(URL, &body);
        assert_eq!(signed(builder().max_form_len(MIB), webhook, URL), Err(error), "{what}");
        let too_little = builder().max_body_len(3);
        let refused = signed(too_little, webhook, URL);
        assert_eq!(refused, Err(VerifyError::BodyTooLong), "{what}");
    }
}

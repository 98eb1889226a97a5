//! Which error a refusal is: the first check that fails, in a fixed order.

#![allow(clippy::unwrap_used, reason = "a verifier that cannot be built must fail the test")]

use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{
    Algorithm, AuthToken, BuildError, KeyError, MAX_URL_LEN, ParameterPolicy, SharedKey, Verifier,
    VerifyError, Webhook,
};

const ALL: [VerifyError; 14] = [
    VerifyError::BodyHashMismatch,
    VerifyError::BodyTooLong,
    VerifyError::InvalidUrl,
    VerifyError::MalformedSettings,
    VerifyError::MalformedSignature,
    VerifyError::Mismatch,
    VerifyError::MissingSignature,
    VerifyError::NoKeyForAlgorithm,
    VerifyError::StrictParameter,
    VerifyError::TooManyParams,
    VerifyError::UncoveredBody,
    VerifyError::UnknownKey,
    VerifyError::UrlTooLong,
    VerifyError::WrongAccount,
];

/// A verifier with every bound and policy set, and a token and a SHA-1 key.
fn verifier() -> Verifier {
    Verifier::builder()
        .auth_token(AuthToken::new(TOKEN).unwrap())
        .shared_key(SharedKey::new("k", "secret", Algorithm::HmacSha1).unwrap())
        .account_sid("AC00000000000000000000000000000001")
        .parameter_policy(ParameterPolicy::Strict)
        .max_body_len(60)
        .max_params(2)
        .build()
        .unwrap()
}

#[track_caller]
fn refused(webhook: &Webhook<'_>, error: VerifyError) {
    assert_eq!(verifier().verify(webhook).map(drop), Err(error));
}

#[test]
fn the_first_check_that_fails_is_told() {
    let too_long = "x".repeat(MAX_URL_LEN + 1);
    let body = "&".repeat(61);
    let everything_wrong = Webhook::post(&too_long, body.as_bytes());
    refused(&everything_wrong, VerifyError::UrlTooLong);

    let bad_url = Webhook::post("no URL", body.as_bytes());
    refused(&bad_url, VerifyError::BodyTooLong);

    let unsigned = Webhook::post("no URL", b"&&").signature_settings("key");
    refused(&unsigned, VerifyError::MissingSignature);
    refused(&unsigned.signature(""), VerifyError::MissingSignature);
    refused(&unsigned.signature("x"), VerifyError::MalformedSignature);

    let sha256 = oracle::sha256(TOKEN, "");
    let signed = unsigned.signature(&sha256);
    refused(&signed, VerifyError::MalformedSettings);
    // An algorithm that does not exist, before a key that does not.
    let signed = signed.signature_settings("key=unknown,algorithm=none");
    refused(&signed, VerifyError::NoKeyForAlgorithm);
    let signed = signed.signature_settings("key=unknown,algorithm=HMAC_SHA1");
    refused(&signed, VerifyError::UnknownKey);
    let signed = signed.signature_settings("key=k,algorithm=HMAC_SHA1");
    refused(&signed, VerifyError::NoKeyForAlgorithm);

    let sha1 = oracle::sha1(TOKEN, "");
    let signed = signed.signature(&sha1).signature_settings("");
    refused(&signed, VerifyError::InvalidUrl);
}

#[test]
fn the_body_is_read_before_it_is_known_to_be_signed() {
    let signature = oracle::sha1(TOKEN, "");
    let url = "https://example.com/";
    let post = |body| Webhook::post(url, body).signature(&signature);
    refused(&post(b"&&&a=1&b=2&c=3"), VerifyError::TooManyParams);
    refused(&post(b"&&"), VerifyError::UncoveredBody);
    refused(&post(b"0=1"), VerifyError::Mismatch);
    refused(&Webhook::get(url).signature(&signature), VerifyError::Mismatch);
    refused(&Webhook::post_params(url, &[]).signature(&signature), VerifyError::UncoveredBody);
}

#[test]
fn policies_come_after_the_signature_and_parameters_before_the_account() {
    let url = "https://example.com/";
    let signed = oracle::sha1(TOKEN, "https://example.com/01");
    refused(&Webhook::post(url, b"0=1").signature(&signed), VerifyError::StrictParameter);
    let signed = oracle::sha1(TOKEN, "https://example.com/a1");
    refused(&Webhook::post(url, b"a=1").signature(&signed), VerifyError::WrongAccount);
}

/// One MAC may be that of the URL, spelled otherwise, and that of the URL and the parameters. These cover
/// the body then, and what they break is told.
#[test]
fn what_parameters_that_cover_a_body_break_is_told_under_a_hashed_url_too() {
    let url = "https://example.com/?bodySHA256";
    let signed = oracle::sha1(TOKEN, "https://example.com/?bodySHA256=");
    let webhook = Webhook::post(url, b"==").signature(&signed);
    refused(&webhook, VerifyError::StrictParameter);
    let of_account = Verifier::builder()
        .auth_token(AuthToken::new(TOKEN).unwrap())
        .account_sid("AC00000000000000000000000000000001")
        .build()
        .unwrap();
    assert_eq!(of_account.verify(&webhook).map(drop), Err(VerifyError::WrongAccount));
    refused(&Webhook::post(url, b"=").signature(&signed), VerifyError::BodyHashMismatch);
}

#[test]
fn a_code_is_the_name_in_snake_case() {
    for error in ALL {
        let mut snake = String::new();
        for letter in format!("{error:?}").chars() {
            if letter.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        }
        assert_eq!(error.code(), snake);
    }
}

#[test]
fn every_error_has_a_status_and_a_side_at_fault() {
    let told = ALL.map(|error| (error.code(), error.http_status(), error.is_sender_fault()));
    let expected = [
        ("body_hash_mismatch", 403, true),
        ("body_too_long", 413, true),
        ("invalid_url", 500, false),
        ("malformed_settings", 400, true),
        ("malformed_signature", 400, true),
        ("mismatch", 403, true),
        ("missing_signature", 403, true),
        ("no_key_for_algorithm", 500, false),
        ("strict_parameter", 403, true),
        ("too_many_params", 400, true),
        ("uncovered_body", 403, true),
        ("unknown_key", 403, true),
        ("url_too_long", 414, true),
        ("wrong_account", 403, true),
    ];
    assert_eq!(told, expected);
}

/// `main` prints the `Debug` of an error that it returns: it says what is wrong, and where.
#[test]
fn what_main_prints_of_an_error_is_a_sentence() {
    for error in [KeyError::Empty, KeyError::InvalidId, KeyError::TooLong] {
        assert_eq!(format!("{error:?}"), error.to_string());
    }
    assert_eq!(format!("{:?}", BuildError::NoKey), BuildError::NoKey.to_string());
}

#[test]
#[cfg(feature = "std")]
fn an_error_of_the_environment_names_the_variable() {
    // Cargo sets the second, to nothing, for the tests that it runs.
    for (name, reason, said) in [
        ("TWILIO_TOKEN_THAT_NO_TEST_SETS", None, " is not set or not UTF-8"),
        ("CARGO_PKG_VERSION_PRE", Some(KeyError::Empty), ": the secret is empty"),
    ] {
        let error = AuthToken::from_env(name).unwrap_err();
        assert_eq!((error.variable(), error.reason()), (name, reason));
        let said = format!("the environment variable {name}{said}");
        assert_eq!((format!("{error:?}"), error.to_string()), (said.clone(), said));
    }
}

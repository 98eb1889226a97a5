//! Which keys a signature is tried with: signature header, settings header, rotation.

#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{
    Algorithm, AuthToken, BuildError, KeyError, MAX_KEYS, MAX_SECRET_LEN, SharedKey, Signature,
    Signer, Verifier, VerifierBuilder, VerifyError, Webhook,
};

const URL: &str = "https://example.com/sms";
const SECRET: &str = "a shared secret";

fn token(text: &str) -> AuthToken {
    AuthToken::new(text).unwrap()
}

fn shared(id: &str, secret: &str, algorithm: Algorithm) -> SharedKey {
    SharedKey::new(id, secret, algorithm).unwrap()
}

/// The key that matched, for a request to [`URL`] with these headers.
fn key(builder: VerifierBuilder, signature: &str, settings: &str) -> Result<usize, VerifyError> {
    let webhook = Webhook::get(URL).signature(signature).signature_settings(settings);
    builder.build().unwrap().verify(&webhook).map(|verified| verified.key())
}

#[test]
fn the_key_that_matched_is_told_by_its_position() {
    let keys = || {
        Verifier::builder()
            .auth_token(token("primary"))
            .shared_key(shared("k", SECRET, Algorithm::HmacSha256))
            .auth_token(token("secondary"))
    };
    assert_eq!(key(keys(), &oracle::sha1("primary", URL), ""), Ok(0));
    assert_eq!(key(keys(), &oracle::sha256(SECRET, URL), ""), Ok(1));
    assert_eq!(key(keys(), &oracle::sha1("secondary", URL), ""), Ok(2));
    assert_eq!(key(keys(), &oracle::sha1("retired", URL), ""), Err(VerifyError::Mismatch));
    assert_eq!(key(keys(), &oracle::sha256("primary", URL), ""), Err(VerifyError::Mismatch));
}

#[test]
fn keys_are_tried_in_the_order_in_which_they_were_added() {
    let twice = Verifier::builder().auth_token(token(TOKEN)).auth_token(token(TOKEN));
    assert_eq!(key(twice, &oracle::sha1(TOKEN, URL), ""), Ok(0));
    let shared_first = Verifier::builder()
        .shared_key(shared("k", TOKEN, Algorithm::HmacSha1))
        .auth_token(token(TOKEN));
    assert_eq!(key(shared_first, &oracle::sha1(TOKEN, URL), ""), Ok(0));
}

#[test]
fn the_length_of_a_signature_names_its_algorithm() {
    let sha1 = Signature::from_header(oracle::sha1(TOKEN, URL)).unwrap();
    assert_eq!((sha1.algorithm(), sha1.as_bytes().len()), (Algorithm::HmacSha1, 20));
    let sha256 = Signature::from_header(oracle::sha256(TOKEN, URL)).unwrap();
    assert_eq!((sha256.algorithm(), sha256.as_bytes().len()), (Algorithm::HmacSha256, 32));
    assert_ne!(sha1, sha256);
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
}

#[test]
fn signatures_are_equal_if_every_byte_is() {
    let signature = Signature::from_header(oracle::sha1(TOKEN, URL)).unwrap();
    assert_eq!(signature, Signature::from_header(signature.header_value()).unwrap());
    for at in 0..20 {
        let mut bytes = signature.as_bytes().to_vec();
        bytes[at] ^= 1;
        let other = Signature::from_header(oracle::base64(&bytes)).unwrap();
        assert_ne!(signature, other, "byte {at}");
    }
    // The bytes that an HMAC-SHA1 lacks are not taken for zeros.
    let padded = Signature::from_header(oracle::base64(&[signature.as_bytes(), &[0; 12]].concat()));
    assert_ne!(Ok(signature), padded);
}

#[test]
fn no_key_of_the_algorithm_is_no_key() {
    let tokens = Verifier::builder().auth_token(token(TOKEN));
    let refused = key(tokens, &oracle::sha256(TOKEN, URL), "");
    assert_eq!(refused, Err(VerifyError::NoKeyForAlgorithm));
    let sha256 = Verifier::builder().shared_key(shared("k", SECRET, Algorithm::HmacSha256));
    let refused = key(sha256, &oracle::sha1(SECRET, URL), "");
    assert_eq!(refused, Err(VerifyError::NoKeyForAlgorithm));
}

#[test]
fn a_key_id_chooses_that_key_alone() {
    let keys = || {
        Verifier::builder()
            .auth_token(token("t"))
            .shared_key(shared("one", "1", Algorithm::HmacSha1))
            .shared_key(shared("two", "2", Algorithm::HmacSha1))
    };
    let (one, two) = (oracle::sha1("1", URL), oracle::sha1("2", URL));
    assert_eq!(key(keys(), &one, "key=one"), Ok(1));
    assert_eq!(key(keys(), &two, "key=two"), Ok(2));
    assert_eq!(key(keys(), &two, ""), Ok(2));
    assert_eq!(key(keys(), &two, "key=one"), Err(VerifyError::Mismatch));
    // An auth token has no id, so no id chooses it.
    assert_eq!(key(keys(), &oracle::sha1("t", URL), "key=one"), Err(VerifyError::Mismatch));
}

#[test]
fn an_unknown_key_id_is_refused() {
    let keys = || {
        Verifier::builder().auth_token(token(TOKEN)).shared_key(shared(
            "key_1",
            SECRET,
            Algorithm::HmacSha1,
        ))
    };
    let signature = oracle::sha1(TOKEN, URL);
    for id in ["key_2", "KEY_1", "key_", "key_11", "key_1 x", "key_1=", "\"key_1\"", TOKEN] {
        let refused = key(keys(), &signature, &format!("key={id}"));
        assert_eq!(refused, Err(VerifyError::UnknownKey), "{id}");
    }
}

#[test]
fn the_header_never_changes_the_algorithm_of_a_key() {
    let keys = || Verifier::builder().shared_key(shared("k", SECRET, Algorithm::HmacSha256));
    let (sha1, sha256) = (oracle::sha1(SECRET, URL), oracle::sha256(SECRET, URL));
    assert_eq!(key(keys(), &sha256, "key=k,algorithm=HMAC_SHA256"), Ok(0));
    for (signature, settings) in [
        (&sha1, "key=k,algorithm=HMAC_SHA1"),
        (&sha1, "key=k,algorithm=HMAC_SHA256"),
        (&sha1, "key=k"),
        (&sha256, "key=k,algorithm=HMAC_SHA1"),
        (&sha256, "algorithm=HMAC_SHA1"),
    ] {
        let refused = key(keys(), signature, settings);
        assert_eq!(refused, Err(VerifyError::NoKeyForAlgorithm), "{settings}");
    }
}

#[test]
fn an_unknown_algorithm_is_refused() {
    let keys = || Verifier::builder().auth_token(token(TOKEN));
    for name in ["none", "HMAC_SHA512", "HMAC-SHA1", "SHA1", "HMAC_SHA1 x", "HMAC_SHA1=", "="] {
        for settings in [format!("algorithm={name}"), format!("key=k,algorithm={name}")] {
            let refused = key(keys(), &oracle::sha1(TOKEN, URL), &settings);
            assert_eq!(refused, Err(VerifyError::NoKeyForAlgorithm), "{settings}");
        }
    }
}

#[test]
fn one_id_may_stand_for_two_algorithms() {
    let keys =
        || {
            Verifier::builder()
                .shared_key(shared("k", SECRET, Algorithm::HmacSha1))
                .shared_key(shared("k", SECRET, Algorithm::HmacSha256))
        };
    let (sha1, sha256) = (oracle::sha1(SECRET, URL), oracle::sha256(SECRET, URL));
    for settings in ["", "key=k"] {
        assert_eq!(key(keys(), &sha1, settings), Ok(0));
        assert_eq!(key(keys(), &sha256, settings), Ok(1));
    }
    assert_eq!(key(keys(), &sha256, "key=k,algorithm=HMAC_SHA256"), Ok(1));
    let refused = key(keys(), &sha256, "key=k,algorithm=HMAC_SHA1");
    assert_eq!(refused, Err(VerifyError::NoKeyForAlgorithm));
    let again = keys().shared_key(shared("k", "other", Algorithm::HmacSha1));
    assert_eq!(again.build().unwrap_err(), BuildError::DuplicateKeyId);
    let twice = Verifier::builder()
        .shared_key(shared("k", SECRET, Algorithm::HmacSha256))
        .shared_key(shared("k", SECRET, Algorithm::HmacSha256));
    assert_eq!(twice.build().unwrap_err(), BuildError::DuplicateKeyId);
    assert_eq!(shared("k", SECRET, Algorithm::HmacSha1).id(), "k");
}

#[test]
fn settings_are_read_without_regard_to_case_order_and_space() {
    let keys = || Verifier::builder().shared_key(shared("Key_1", SECRET, Algorithm::HmacSha256));
    for settings in [
        "key=Key_1,algorithm=HMAC_SHA256",
        "algorithm=HMAC_SHA256,key=Key_1",
        " key = Key_1 ,\talgorithm = hmac_sha256 ",
        "KEY=Key_1,Algorithm=Hmac_Sha256",
        ",,key=Key_1,,",
        "key=Key_1",
        "algorithm=HMAC_SHA256",
    ] {
        assert_eq!(key(keys(), &oracle::sha256(SECRET, URL), settings), Ok(0), "{settings}");
    }
}

#[test]
fn settings_that_ask_for_nothing_choose_nothing() {
    let keys = || Verifier::builder().auth_token(token(TOKEN));
    for settings in ["", " ", "\t", ",", " , ,", "key=", "algorithm=", "key= ,algorithm=\t"] {
        assert_eq!(key(keys(), &oracle::sha1(TOKEN, URL), settings), Ok(0), "{settings:?}");
    }
}

#[test]
fn settings_that_are_not_known_are_passed_over() {
    let keys = || Verifier::builder().auth_token(token(TOKEN));
    for settings in ["version=2", "version=2,version=3", "keys=x,algorithm=HMAC_SHA1"] {
        assert_eq!(key(keys(), &oracle::sha1(TOKEN, URL), settings), Ok(0), "{settings}");
    }
}

#[test]
fn settings_that_could_be_read_in_two_ways_are_malformed() {
    let keys = || {
        Verifier::builder().auth_token(token(TOKEN)).shared_key(shared(
            "a",
            SECRET,
            Algorithm::HmacSha1,
        ))
    };
    for settings in [
        "key",
        "a",
        "key=a,algorithm",
        "key=a,key=a",
        "key=a,KEY=b",
        "key=,key=a",
        "key=a,key=",
        "algorithm=HMAC_SHA1,algorithm=HMAC_SHA1",
        "key:a",
        "key=a;b\n",
        "key=a\r\n",
        "key=\0",
        "key=\u{7f}",
        "key=é",
        "x=\u{1b}",
    ] {
        let refused = key(keys(), &oracle::sha1(TOKEN, URL), settings);
        assert_eq!(refused, Err(VerifyError::MalformedSettings), "{settings:?}");
    }
}

#[test]
fn a_token_or_secret_of_any_length_is_keyed_as_rfc_2104_says() {
    // HMAC pads what is shorter than a block of 64 bytes and hashes what is longer.
    for len in [1, 20, 32, 63, 64, 65, 100, 1_000] {
        let secret = "é".repeat(len / 2) + &"k".repeat(len % 2);
        let tokens = Verifier::builder().auth_token(token(&secret));
        assert_eq!(key(tokens, &oracle::sha1(&secret, URL), ""), Ok(0), "{len}");
        let sha256 = Verifier::builder().shared_key(shared("k", &secret, Algorithm::HmacSha256));
        assert_eq!(key(sha256, &oracle::sha256(&secret, URL), ""), Ok(0), "{len}");
    }
}

#[test]
fn a_secret_that_is_empty_or_surrounded_by_white_space_is_refused() {
    let refused = |secret: &str| {
        let token = AuthToken::new(secret).unwrap_err();
        assert_eq!(token, SharedKey::new("k", secret, Algorithm::HmacSha256).unwrap_err());
        token
    };
    assert_eq!(refused(""), KeyError::Empty);
    for secret in [" a", "a ", "a\n", "a\r\n", "\ta", "\u{a0}a", "a\u{2028}", " ", "\n"] {
        assert_eq!(refused(secret), KeyError::SurroundingWhitespace, "{secret:?}");
    }
    assert!(AuthToken::new("a b").is_ok());
}

/// A token of NUL bytes is the empty key to HMAC, and what is not seen is not copied knowingly.
#[test]
fn a_secret_with_an_invisible_character_is_refused() {
    for invisible in [
        "\0",
        "\u{1}",
        "\u{7f}",
        "\u{85}",
        "\u{ad}",
        "\u{200b}",
        "\u{200f}",
        "\u{202e}",
        "\u{2060}",
        "\u{feff}",
        "\u{e0041}",
    ] {
        for secret in
            [format!("a{invisible}b"), format!("{invisible}a{invisible}"), invisible.repeat(9)]
        {
            let refused = AuthToken::new(&*secret).unwrap_err();
            let white = secret.trim() != secret;
            let expected =
                if white { KeyError::SurroundingWhitespace } else { KeyError::InvisibleCharacter };
            assert_eq!(refused, expected, "{secret:?}");
            let shared = SharedKey::new("k", &*secret, Algorithm::HmacSha256).unwrap_err();
            assert_eq!(shared, refused);
        }
    }
    assert!(AuthToken::new("p\u{e4}ssw\u{f6}rd \u{1f511}").is_ok());
}

#[test]
fn a_secret_is_at_most_max_secret_len_bytes() {
    assert!(AuthToken::new("a".repeat(MAX_SECRET_LEN)).is_ok());
    assert_eq!(AuthToken::new("a".repeat(MAX_SECRET_LEN + 1)).unwrap_err(), KeyError::TooLong);
}

#[test]
fn the_id_of_a_shared_key_can_stand_in_the_settings_header() {
    let new = |id: &str| SharedKey::new(id, SECRET, Algorithm::HmacSha1).map(drop);
    for id in ["", " ", "a b", "a,b", "a=b", "a\n", "\0", "é", "\u{7f}"] {
        assert_eq!(new(id), Err(KeyError::InvalidId), "{id:?}");
    }
    for id in ["webhooks_sharedkey_01", "a", "~!@#$%^&*();:'\"<>/?\\|[]{}+-._`"] {
        assert_eq!(new(id), Ok(()), "{id}");
        let keys = Verifier::builder().shared_key(shared(id, SECRET, Algorithm::HmacSha1));
        assert_eq!(key(keys, &oracle::sha1(SECRET, URL), &format!("key={id}")), Ok(0), "{id}");
    }
}

#[test]
fn an_algorithm_is_read_in_any_case_and_nothing_else() {
    for (name, algorithm) in [
        ("HMAC_SHA1", Ok(Algorithm::HmacSha1)),
        ("hmac_sha256", Ok(Algorithm::HmacSha256)),
        ("HMAC_SHA", Err(VerifyError::NoKeyForAlgorithm)),
        (" HMAC_SHA1", Err(VerifyError::NoKeyForAlgorithm)),
        ("", Err(VerifyError::NoKeyForAlgorithm)),
    ] {
        assert_eq!(name.parse(), algorithm, "{name:?}");
    }
}

#[test]
fn a_verifier_needs_a_key_and_takes_at_most_max_keys() {
    assert_eq!(Verifier::builder().build().unwrap_err(), BuildError::NoKey);
    let keys = |count: usize| {
        (0..count).fold(Verifier::builder(), |b, nth| b.auth_token(token(&format!("token {nth}"))))
    };
    let last = format!("token {}", MAX_KEYS - 1);
    assert_eq!(key(keys(MAX_KEYS), &oracle::sha1(&last, URL), ""), Ok(MAX_KEYS - 1));
    assert_eq!(keys(MAX_KEYS + 1).build().unwrap_err(), BuildError::TooManyKeys);
}

#[test]
fn the_signer_signs_as_its_key_says() {
    let signed = |signer: Signer| signer.sign_url(URL).header_value();
    assert_eq!(signed(Signer::auth_token(&token(TOKEN))), oracle::sha1(TOKEN, URL));
    let key = shared("k", SECRET, Algorithm::HmacSha1);
    assert_eq!(signed(Signer::shared_key(&key)), oracle::sha1(SECRET, URL));
    let key = shared("k", SECRET, Algorithm::HmacSha256);
    assert_eq!(signed(Signer::shared_key(&key)), oracle::sha256(SECRET, URL));
}

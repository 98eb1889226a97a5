//! `bodySHA256` in the query: how a body that is not a form is covered.

#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use crate::oracle;
use crate::oracle::{TOKEN, body_hash};
use twilio_sig::{AuthToken, Coverage, Signer, Verifier, VerifyError, Webhook};

const JSON: &[u8] = br#"{"event":"ahoy","to":["+15005550006"]}"#;

/// The verdict on `url` and `body` under the signature of `canonical`.
fn verdict(url: &str, body: &[u8], canonical: impl AsRef<[u8]>) -> Result<Coverage, VerifyError> {
    let signature = oracle::sha1(TOKEN, canonical);
    verify(&Webhook::post(url, body).signature(&signature))
}

fn verify(webhook: &Webhook<'_>) -> Result<Coverage, VerifyError> {
    let verifier = Verifier::new(AuthToken::new(TOKEN).unwrap());
    verifier.verify(webhook).map(|verified| verified.coverage())
}

/// `https://example.com/events` with the hash of `body`.
fn url_of(body: &[u8]) -> String {
    format!("https://example.com/events?bodySHA256={}", body_hash(body))
}

#[test]
fn a_body_with_the_hash_that_the_signed_url_holds_is_accepted() {
    let url = url_of(JSON);
    assert_eq!(verdict(&url, JSON, &url), Ok(Coverage::BodyHash));
    // Wherever in the query it stands, and whatever else is there.
    let url = format!("https://example.com/?a=b&bodySHA256={}&c=d", body_hash(JSON));
    assert_eq!(verdict(&url, JSON, &url), Ok(Coverage::BodyHash));
    // No body is too strange to be hashed.
    for body in [&b"\xff\x00\r\n"[..], b"&&", b"=", b"a=1&b=2"] {
        assert_eq!(verdict(&url_of(body), body, url_of(body)), Ok(Coverage::BodyHash));
    }
}

#[test]
fn another_body_is_refused() {
    let url = url_of(JSON);
    for body in [&b"{}"[..], b"{\"event\": \"ahoy\",\"to\":[\"+15005550006\"]}", b"\n", b"a=1"] {
        assert_eq!(verdict(&url, body, &url), Err(VerifyError::BodyHashMismatch));
    }
}

#[test]
fn each_changed_byte_of_the_body_is_refused() {
    let url = url_of(JSON);
    for at in 0..JSON.len() {
        let mut body = JSON.to_vec();
        body[at] ^= 1;
        assert_eq!(verdict(&url, &body, &url), Err(VerifyError::BodyHashMismatch), "{at}");
    }
}

#[test]
fn a_body_that_was_cut_off_is_refused() {
    let url = url_of(JSON);
    assert_eq!(verdict(&url, b"", &url), Err(VerifyError::BodyHashMismatch));
    assert_eq!(verdict(&url, &JSON[..10], &url), Err(VerifyError::BodyHashMismatch));
}

#[test]
fn an_empty_body_is_hashed_too() {
    let url = "https://example.com/events?bodySHA256=\
               e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(verdict(url, b"", url), Ok(Coverage::BodyHash));
    assert_eq!(verdict(url, JSON, url), Err(VerifyError::BodyHashMismatch));
    // Twilio's Node middleware takes two bytes in place of a missing body. They are not nothing.
    assert_eq!(verdict(&url_of(b"{}"), b"", url_of(b"{}")), Err(VerifyError::BodyHashMismatch));
}

#[test]
fn an_upper_case_hash_is_the_same_hash() {
    let upper = body_hash(JSON).to_uppercase();
    let url = format!("https://example.com/events?bodySHA256={upper}");
    assert_eq!(verdict(&url, JSON, &url), Ok(Coverage::BodyHash));
    // The URL is still signed byte for byte.
    assert_eq!(verdict(&url, JSON, url_of(JSON)), Err(VerifyError::Mismatch));
}

#[test]
fn an_escaped_digit_is_the_digit() {
    let hash = body_hash(JSON);
    for at in 0..hash.len() {
        let (before, after) = hash.split_at(at);
        let (digit, after) = after.split_at(1);
        let escaped = format!("{before}%{:x}{after}", digit.as_bytes()[0]);
        let url = format!("https://example.com/events?bodySHA256={escaped}");
        assert_eq!(verdict(&url, JSON, &url), Ok(Coverage::BodyHash), "{escaped}");
    }
}

#[test]
fn each_wrong_digit_is_refused() {
    let hash = body_hash(JSON);
    let wrong = |digit: char| if digit == '0' { '1' } else { '0' };
    let all = hash.chars().map(wrong).collect();
    let one = |at| hash.chars().enumerate().map(move |(n, d)| if n == at { wrong(d) } else { d });
    for hash in (0..hash.len()).map(|at| one(at).collect()).chain([all]) {
        let hash: String = hash;
        let url = format!("https://example.com/events?bodySHA256={hash}");
        assert_eq!(verdict(&url, JSON, &url), Err(VerifyError::BodyHashMismatch), "{hash}");
    }
}

#[test]
fn a_hash_given_twice_must_be_the_bodys_twice() {
    let (right, wrong) = (body_hash(JSON), body_hash(b"{}"));
    let given = |first: &str, second: &str| {
        let url = format!("https://example.com/?bodySHA256={first}&x=1&bodySHA256={second}");
        verdict(&url, JSON, &url)
    };
    assert_eq!(given(&right, &right), Ok(Coverage::BodyHash));
    assert_eq!(given(&right, &right.to_uppercase()), Ok(Coverage::BodyHash));
    for (first, second) in [(&right, &wrong), (&wrong, &right), (&wrong, &wrong)] {
        assert_eq!(given(first, second), Err(VerifyError::BodyHashMismatch));
    }
    assert_eq!(given(&right, ""), Err(VerifyError::BodyHashMismatch));
}

#[test]
fn what_is_not_64_hexadecimal_digits_fits_no_body() {
    let hash = body_hash(JSON);
    for text in [
        String::new(),
        hash.chars().take(62).collect(),
        hash.chars().take(63).collect(),
        format!("{hash}0"),
        format!("{hash}00"),
        format!("{hash}%20"),
        hash.replacen(|_| true, "+", 1),
        hash.replacen(|_| true, "g", 1),
        format!("%z{hash}"),
        // "0x" and base64 are other spellings of the same number.
        format!("0x{hash}"),
    ] {
        let url = format!("https://example.com/events?bodySHA256={text}");
        assert_eq!(verdict(&url, JSON, &url), Err(VerifyError::BodyHashMismatch), "{text}");
    }
    for query in ["bodySHA256", "bodySHA256&x", "x&bodySHA256"] {
        let url = format!("https://example.com/events?{query}");
        assert_eq!(verdict(&url, JSON, &url), Err(VerifyError::BodyHashMismatch), "{query}");
    }
}

#[test]
fn a_form_may_be_covered_by_its_hash() {
    let form = b"Body=Ahoy&From=Bob";
    assert_eq!(verdict(&url_of(form), form, url_of(form)), Ok(Coverage::BodyHash));
}

#[test]
fn a_form_may_be_covered_by_its_pairs_under_any_hash() {
    let form = b"From=Bob&Body=Ahoy";
    for url in [url_of(form), url_of(JSON), "https://example.com/?bodySHA256=".to_owned()] {
        let canonical = format!("{url}BodyAhoyFromBob");
        assert_eq!(verdict(&url, form, canonical), Ok(Coverage::Form), "{url}");
    }
}

#[test]
fn under_a_wrong_hash_pairs_that_add_no_byte_cover_nothing() {
    let url = url_of(JSON);
    for body in ["&&", "=", "=&="] {
        let refused = verdict(&url, body.as_bytes(), &url);
        assert_eq!(refused, Err(VerifyError::BodyHashMismatch), "{body}");
        let refused = verdict(&url, body.as_bytes(), "https://example.com/else");
        assert_eq!(refused, Err(VerifyError::Mismatch), "{body}");
    }
}

#[test]
fn the_right_hash_in_a_url_that_was_not_signed_is_refused() {
    // A forger of a body can hash it, and cannot sign the URL.
    let forged = b"{\"event\":\"forged\"}";
    assert_eq!(verdict(&url_of(forged), forged, url_of(JSON)), Err(VerifyError::Mismatch));
    assert_eq!(
        verdict(&url_of(forged), forged, "https://example.com/events"),
        Err(VerifyError::Mismatch)
    );
}

#[test]
fn without_a_hash_a_body_that_is_no_form_is_refused() {
    let url = "https://example.com/events?sink=1";
    assert_eq!(verdict(url, JSON, url), Err(VerifyError::Mismatch));
}

#[test]
fn a_name_in_other_letters_is_no_hash() {
    for name in
        ["bodysha256", "BodySHA256", "bodySHA256[]", "xbodySHA256", "bodySHA2567", "+bodySHA256"]
    {
        let url = format!("https://example.com/?{name}={}", body_hash(JSON));
        assert_eq!(verdict(&url, JSON, &url), Err(VerifyError::Mismatch), "{name}");
    }
}

#[test]
fn an_escaped_name_is_the_name_too() {
    for name in ["body%53HA256", "%62odySHA256", "bodySHA25%36"] {
        let url = format!("https://example.com/?{name}={}", body_hash(JSON));
        assert_eq!(verdict(&url, JSON, &url), Ok(Coverage::BodyHash), "{name}");
        assert_eq!(verdict(&url, b"{}", &url), Err(VerifyError::BodyHashMismatch), "{name}");
    }
}

/// Where the query may be signed encoded anew, escapes in the name are gone from what is signed.
#[test]
fn a_hash_cannot_be_hidden_from_a_candidate() {
    let captured = format!("https://example.com/?bodySHA256={}", body_hash(JSON));
    let hidden = captured.replace("SHA", "%53HA");
    assert_eq!(verdict(&hidden, JSON, &captured), Ok(Coverage::BodyHash));
    for body in [&b""[..], b"{}", b"a=b"] {
        assert_eq!(verdict(&hidden, body, &captured), Err(VerifyError::BodyHashMismatch));
    }
}

#[test]
fn only_the_query_holds_the_hash() {
    let hash = body_hash(JSON);
    for url in [
        format!("https://example.com/bodySHA256={hash}"),
        format!("https://example.com/&bodySHA256={hash}"),
        format!("https://bodySHA256={hash}@example.com/"),
        format!("https://example.com/#?bodySHA256={hash}"),
        format!("https://example.com/?x=1#&bodySHA256={hash}"),
        format!("https://example.com/?x=1?bodySHA256={hash}"),
        format!("https://example.com/?x=1;bodySHA256={hash}"),
        format!("https://example.com/?x=1%26bodySHA256={hash}"),
    ] {
        assert_eq!(verdict(&url, JSON, &url), Err(VerifyError::Mismatch), "{url}");
    }
}

#[test]
fn params_never_fit_a_hash() {
    let form = b"Body=Ahoy";
    let url = url_of(form);
    let signature = oracle::sha1(TOKEN, &url);
    let webhook = Webhook::post_params(&url, &[("Body", "Ahoy")]).signature(&signature);
    assert_eq!(verify(&webhook), Err(VerifyError::BodyHashMismatch));
    // As pairs after the URL they are covered like any others.
    let signature = oracle::sha1(TOKEN, format!("{url}BodyAhoy"));
    assert_eq!(verify(&webhook.signature(&signature)), Ok(Coverage::Form));
}

/// A framework that finds no parameters may have read JSON.
#[test]
fn no_params_are_no_proof_of_an_empty_body() {
    for hashed in [&b""[..], JSON] {
        let url = url_of(hashed);
        let signature = oracle::sha1(TOKEN, &url);
        let webhook = Webhook::post_params(&url, &[]).signature(&signature);
        assert_eq!(verify(&webhook), Err(VerifyError::BodyHashMismatch));
    }
    let signature = oracle::sha1(TOKEN, "https://example.com/");
    let webhook = Webhook::post_params("https://example.com/", &[]).signature(&signature);
    assert_eq!(verify(&webhook), Err(VerifyError::UncoveredBody));
}

#[test]
fn a_hash_goes_with_every_candidate_of_the_url() {
    let hash = body_hash(JSON);
    let url = format!("https://example.com/?x=It's&bodySHA256={hash}");
    for canonical in [
        format!("https://example.com:443/?x=It's&bodySHA256={hash}"),
        format!("https://example.com/?x=It%27s&bodySHA256={hash}"),
        format!("https://example.com?x=It's&bodySHA256={hash}"),
    ] {
        assert_eq!(verdict(&url, JSON, &canonical), Ok(Coverage::BodyHash), "{canonical}");
        assert_eq!(verdict(&url, b"{}", &canonical), Err(VerifyError::BodyHashMismatch));
    }
}

#[test]
fn the_signer_adds_the_hash_to_the_query() {
    let signer = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    let hash = body_hash(JSON);
    for (url, signed) in [
        ("https://h/", format!("https://h/?bodySHA256={hash}")),
        ("https://h/?x=1", format!("https://h/?x=1&bodySHA256={hash}")),
        ("https://h/?", format!("https://h/?&bodySHA256={hash}")),
        ("https://h/p#f?", format!("https://h/p?bodySHA256={hash}#f?")),
    ] {
        let (with_hash, signature) = signer.sign_body_hash(url, JSON);
        assert_eq!(with_hash, signed);
        assert_eq!(signature.header_value(), oracle::sha1(TOKEN, &signed));
        let header = signature.header_value();
        let webhook = Webhook::post(&with_hash, JSON).signature(&header);
        assert_eq!(verify(&webhook), Ok(Coverage::BodyHash));
    }
}

//! What is printed shows no token, secret, signature, URL or body. `zeroize.rs` looks at memory.

#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use core::fmt::Debug;

use crate::oracle;
use twilio_sig::{
    Algorithm, AuthToken, BuildError, Coverage, KeyError, ParameterPolicy, SharedKey, Signature,
    Signer, UrlPolicy, Verifier, VerifyError, Webhook,
};

const TOKEN: &str = "t0k3n-of-the-account";
const SECRET: &str = "s3cr3t-of-the-key";
const URL: &str = "https://user:pa55word@example.com/sms?pin=q7u8e9r0y";
const BODY: &str = "Body=d1ary-of-somebody";

/// Which of the secrets `text` shows: as text, as a list of bytes, or in hexadecimal digits.
fn shown(text: &str) -> Vec<String> {
    let signature = oracle::sha1(TOKEN, [URL, "Bodyd1ary-of-somebody"].concat());
    let mac = Signature::from_header(&signature).unwrap().as_bytes().to_vec();
    let secrets = [
        TOKEN.as_bytes(),
        SECRET.as_bytes(),
        b"pa55word",
        b"q7u8e9r0y",
        b"d1ary",
        signature.as_bytes(),
        mac.as_slice(),
    ];
    let spellings = secrets.into_iter().flat_map(|secret| {
        let start = secret.get(..5).unwrap_or_default();
        let list = format!("{start:?}");
        let list = list.trim_matches(['[', ']']).to_owned();
        let plain = String::from_utf8(start.to_vec()).ok();
        [Some(list), Some(oracle::hex(start)), plain].into_iter().flatten()
    });
    spellings.filter(|spelling| text.to_lowercase().contains(&spelling.to_lowercase())).collect()
}

/// Every public type of the core, with what it prints.
fn printed() -> Vec<(&'static str, String)> {
    fn both(value: &impl Debug) -> String {
        // The indented form puts every byte of a list on a line of its own.
        let indented = format!("{value:#?}").replace(",\n", ", ");
        let indented = indented.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{value:?} {indented}")
    }
    let token = AuthToken::new(TOKEN).unwrap();
    let key = SharedKey::new("key_1", SECRET, Algorithm::HmacSha256).unwrap();
    let builder = Verifier::builder().auth_token(token.clone()).shared_key(key.clone());
    let verifier = builder.clone().build().unwrap();
    let signer = Signer::auth_token(&token);
    let signature = signer.sign_form(URL, BODY.as_bytes()).unwrap();
    let header = signature.header_value();
    let webhook = Webhook::post(URL, BODY.as_bytes()).signature(&header);
    let params = [("Body", "d1ary-of-somebody")];
    let by_params =
        Webhook::post_params(URL, &params).signature(&header).signature_settings("key=");
    let proof = verifier.verify(&webhook).unwrap();
    vec![
        ("Algorithm", both(&key.algorithm())),
        ("AuthToken", both(&token)),
        ("BuildError", both(&BuildError::NoKey)),
        ("Candidate", both(&proof.candidate()) + &proof.candidate().to_string()),
        ("Coverage", both(&proof.coverage()) + &proof.coverage().to_string()),
        ("KeyError", both(&AuthToken::new(format!("{TOKEN}\n")).unwrap_err())),
        ("ParameterPolicy", both(&ParameterPolicy::Strict)),
        ("Params", both(&proof.params())),
        ("Proof", both(&proof.into_proof())),
        ("SharedKey", both(&key)),
        ("Signature", both(&signature)),
        ("Signer", both(&signer) + &both(&Signer::shared_key(&key))),
        ("UrlPolicy", both(&UrlPolicy::Compatible)),
        ("Verdict", both(&*proof)),
        ("Verified", both(&proof)),
        ("Verifier", both(&verifier)),
        ("VerifierBuilder", both(&builder)),
        (
            "VerifyError",
            both(&verifier.verify(&Webhook::post(URL, b"d1ary").signature(&header)).unwrap_err()),
        ),
        ("Webhook", both(&webhook) + &both(&by_params)),
    ]
}

#[test]
fn the_search_finds_a_secret_that_is_printed() {
    assert!(shown("nothing of the kind").is_empty());
    for text in [
        TOKEN.to_owned(),
        format!("{SECRET:?}"),
        format!("{:?}", URL.as_bytes()),
        BODY.to_owned(),
        oracle::hex(SECRET.as_bytes()),
        oracle::sha1(TOKEN, [URL, "Bodyd1ary-of-somebody"].concat()),
        format!("{:?}", Webhook::post(URL, BODY.as_bytes()).untrusted_param("Body")),
    ] {
        assert!(!shown(&text).is_empty(), "{text}");
    }
}

#[test]
fn debug_of_every_type_shows_no_secret() {
    for (name, text) in printed() {
        assert!(text.starts_with(|first: char| first.is_ascii_alphabetic()), "{name}: {text}");
        assert_eq!(shown(&text), <[String; 0]>::default(), "{name}: {text}");
    }
}

#[test]
fn every_public_type_of_the_core_is_looked_at() {
    let mut exported = Vec::new();
    let mut lines = include_str!("../../src/lib.rs").lines();
    while let Some(line) = lines.next() {
        if line.starts_with("#[cfg(feature") {
            // A module outside the core, or what it exports.
            lines.next();
        } else if let Some(names) = line.strip_prefix("pub use ") {
            let names = names.split(['{', '}', ',', ';', ' ', ':']);
            let is_type = |name: &&str| {
                name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
            };
            exported.extend(names.filter(is_type));
        }
    }
    exported.sort_unstable();
    let looked_at: Vec<_> = printed().into_iter().map(|(name, _)| name).collect();
    assert_eq!(looked_at, exported);
}

#[test]
fn an_error_has_no_room_for_a_byte_of_the_request() {
    fn of_one_byte<T: Copy + 'static>() -> bool {
        size_of::<T>() == 1
    }
    assert!(of_one_byte::<VerifyError>());
    assert!(of_one_byte::<KeyError>());
    assert!(of_one_byte::<BuildError>());
}

#[test]
fn the_signature_is_given_to_those_who_ask_for_it() {
    let signature = Signer::auth_token(&AuthToken::new(TOKEN).unwrap()).sign_url(URL);
    assert_eq!(signature.header_value(), oracle::sha1(TOKEN, URL));
    assert_eq!(Signature::from_header(signature.header_value()), Ok(signature));
    assert_eq!(format!("{:?}", Coverage::UrlOnly), "UrlOnly");
    assert_eq!(format!("{signature:?}"), "Signature(HmacSha1, ..)");
    let verifier = Verifier::new(AuthToken::new(TOKEN).unwrap());
    let shown = format!("{verifier:?}");
    assert!(shown.contains("mac: HmacSha1"), "{shown}");
}

#[test]
#[cfg(feature = "origin")]
fn debug_of_every_type_of_origins_shows_no_url() {
    use twilio_sig::{Origin, OriginError, RequestHead, Scheme, TrustedProxy};

    const HOST: &str = "pa55word.q7u8e9r0y.example";
    let proxy = TrustedProxy::x_forwarded().peers(["10.0.0.0/8"]).unwrap();
    let proxy = proxy.prefix_header(["/q7u8e9r0y"]).unwrap();
    let whole = format!("https://user:pa55word@{HOST}/q7u8e9r0y?pin=q7u8e9r0y");
    let fixed = Origin::fixed(&format!("https://user:pa55word@{HOST}/q7u8e9r0y")).unwrap();
    let origins = [
        Origin::whole_url(&whole).unwrap(),
        fixed.path_prefix("/q7u8e9r0y").unwrap(),
        Origin::allowed_hosts(Scheme::Https, [HOST]).unwrap(),
        Origin::behind_proxy(proxy.clone(), [HOST]).unwrap(),
    ];
    let head = RequestHead::new("/sms?pin=q7u8e9r0y").headers([("host", HOST.as_bytes())]);
    let error = origins[3].url(&head).unwrap_err();
    assert_eq!(error, OriginError::UnknownPeer);
    let mut texts = vec![format!("{error:?} {error}"), format!("{head:?} {head:#?}")];
    texts.push(format!("{proxy:?} {proxy:#?}"));
    texts.extend(origins.iter().map(|origin| format!("{origin:?} {origin:#?}")));
    for text in &texts {
        assert_eq!(shown(text), <[String; 0]>::default(), "{text}");
        assert!(!text.contains("example"), "{text}");
    }
    assert_eq!(format!("{:?}", origins[0]), "Origin(whole_url, ..)");
}

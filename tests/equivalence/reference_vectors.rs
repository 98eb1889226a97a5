//! Published vectors come out of the reference: those of Twilio's documentation and helper
//! libraries (python, node, java, go, ruby, php, c#), and those of the RFCs beneath them.
#![allow(
    clippy::format_collect,
    clippy::string_slice,
    reason = "the texts here are this file's own, and short"
)]

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use crate::reference::{Config, Key, Payload, Request, mac, verify};

const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const CALL: &str = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234\
                    &From=%2B14158675309&To=%2B18005551212";
const JSON: &str = "{\"property\": \"value\", \"boolean\": true}";

fn verdict(
    token: &str,
    url: &str,
    body: &str,
    signature: &str,
) -> Result<&'static str, &'static str> {
    let config = Config::usual(Key::AuthToken(token.to_owned()));
    let request = Request {
        url: url.to_owned(),
        payload: Payload::Body(body.as_bytes().to_vec()),
        signature: Some(signature.as_bytes().to_vec()),
        settings: None,
        websocket: false,
    };
    verify(&config, &request).map(|accepted| accepted.coverage)
}

#[test]
fn forms_of_the_helper_libraries_are_accepted() {
    let rows = "
        RSOYDt4T1cUTdK1PDd93/VVr8B8= https://mycompany.com/myapp.php?foo=1&bar=2
        kvajT1Ptam85bY51eRf/AJRuM3w= https://mycompany.com/myapp.php?foo=1&bar=2
        RSOYDt4T1cUTdK1PDd93/VVr8B8= https://mycompany.com:1234/myapp.php?foo=1&bar=2
        0ZXoZLH/DfblKGATFgpif+LLRf4= http://mycompany.com/myapp.php?foo=1&bar=2
        Zmvh+3yNM1Phv2jhDCwEM3q5ebU= http://mycompany.com:1234/myapp.php?foo=1&bar=2
        CukzLTc1tT5dXEDIHm/tKBanW10= https://user:pass@mycompany.com/myapp.php?foo=1&bar=2
        ZQFR1PTIZXF2MXB8ZnKCvnnA+rI= https://user:pass@mycompany.com/myapp.php?foo=1&bar=2
        2YRLlVAflCqxaNicjMpJcSTgzSs= https://user@mycompany.com/myapp.php?foo=1&bar=2
        aZfj4hyX1MLZhSS6QIL18Vn2/RA= https://user@mycompany.com/myapp.php?foo=1&bar=2
        TfZzewPq8wqrGlMfyAud8+/IvJ0= https://mycompany.com/myapp.php?foo=1&bar=2&Body=It's+amazing
    ";
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (signature, url) = row.split_once(' ').expect("a signature and a URL");
        assert_eq!(verdict("12345", url, CALL, signature), Ok("form"), "{row}");
    }
    let conference = &format!("{CALL}&ReasonConferenceEnded=test&Reason=Participant");
    let repeated = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
    let binding = "MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx";
    let documented = &CALL.replace("5309", "5310");
    let plain = "property=value&boolean=true";
    let rows = [
        (URL, conference.as_str(), "vOEb5UThFn24KEfnOFLQY2AE5FY="),
        (URL, repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (URL, binding, "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (URL, plain, "NBdBDr/T/lgjI+tlgpXjKZQZs/k="),
        ("https://example.com/myapp.php?foo=1&bar=2", documented, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
    ];
    for (url, body, signature) in rows {
        assert_eq!(verdict("12345", url, body, signature), Ok("form"), "{body}");
    }
    // Signed with `ReasonConferenceEnded` before its own prefix `Reason`.
    let unsorted = verdict("12345", URL, conference, "95+Bu0JVPi0r/SsESZCVf0dWAjw=");
    assert_eq!(unsorted, Err("mismatch"));
}

#[test]
fn hashed_bodies_of_the_helper_libraries_are_accepted() {
    let hash = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let two = format!("{URL}&{hash}");
    let one = format!("https://mycompany.com/myapp.php?{hash}");
    let braces = format!(
        "{URL}&bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
    assert_eq!(verdict("12345", &two, JSON, "a9nBmqA0ju/hNViExpshrM61xv4="), Ok("body_hash"));
    assert_eq!(verdict("12345", &one, JSON, "y77kIzt2vzLz71DgmJGsen2scGs="), Ok("body_hash"));
    assert_eq!(verdict("12345", &braces, "{}", "Ldidvp12m26NI7eqEvxnEpkd9Hc="), Ok("body_hash"));

    let url = "https://example.com/test?bodySHA256=\
               79bfb0acaf0045fd30f13d48d4fe296b393d85a3bfbee881a0172b2bd574b11e";
    let other = "{\"message\": \"a post body that does not match the bodySHA256\"}";
    let got = verdict("qwerty", url, other, "+LYlbGr/VmN84YPJQCuWs+9UA7E=");
    assert_eq!(got, Err("body_hash_mismatch"));
}

#[test]
fn urls_of_the_helper_libraries_are_accepted_without_a_body() {
    assert_eq!(verdict("12345", URL, "", "zYQTYrRWXE7LtzbG4PfP7/bkkGo="), Ok("url_only"));
    assert_eq!(verdict("12345", URL, JSON, "zYQTYrRWXE7LtzbG4PfP7/bkkGo="), Err("mismatch"));
    for url in [
        "https://example.com/path?test=param'WithQuote",
        "https://example.com/path?test=param%27WithQuote",
    ] {
        for signature in ["GfI7onHX/KQ2k1oVS3cUTVk4IEw=", "HkuXLxVQ7zHv9LmGpzlLuGaxhJY="] {
            assert_eq!(verdict("s3cr3t", url, "", signature), Ok("url_only"), "{url} {signature}");
        }
    }
    for url in ["https://example.com/path?test=param", "https://example.com:443/path?test=param"] {
        for signature in ["loLgTitFAoWx57yy5oEU4Hlddzw=", "IdwMFypqvNxti3YgvWWmfcNL26M="] {
            assert_eq!(verdict("s3cr3t", url, "", signature), Ok("url_only"), "{url} {signature}");
        }
    }
}

fn shared(secret: &str) -> Key {
    Key::Shared { id: String::new(), secret: secret.to_owned(), sha256: true }
}

/// RFC 2202, section 3, test case 2; RFC 4231, section 4.3.
#[test]
fn hmac_is_that_of_the_rfcs() {
    let hex = |key: &Key| -> String {
        let mac = mac::mac(key, b"what do ya want for nothing?");
        mac.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let token = Key::AuthToken("Jefe".to_owned());
    assert_eq!(hex(&token), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_eq!(
        hex(&shared("Jefe")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn hmac_agrees_with_the_library_around_the_block_length() {
    for len in 0..=130 {
        let secret = "k".repeat(len);
        let mut sha1 = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("any length");
        sha1.update(URL.as_bytes());
        let token = Key::AuthToken(secret.clone());
        assert_eq!(mac::mac(&token, URL.as_bytes()), sha1.finalize().into_bytes().to_vec());
        let mut sha256 = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        sha256.update(URL.as_bytes());
        let key = shared(&secret);
        assert_eq!(mac::mac(&key, URL.as_bytes()), sha256.finalize().into_bytes().to_vec());
    }
}

/// RFC 4648, section 10.
#[test]
fn base64_is_that_of_the_rfc() {
    let rows = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
    for (plain, text) in rows {
        assert_eq!(mac::base64(plain.as_bytes()), text);
    }
}

#[test]
fn only_the_one_spelling_of_a_signature_is_read() {
    let right = mac::base64(&[0xff; 20]);
    assert_eq!(mac::decode_signature(right.as_bytes()), Some(vec![0xff; 20]));
    let long = mac::base64(&[7; 32]);
    assert_eq!(mac::decode_signature(long.as_bytes()), Some(vec![7; 32]));
    let tail_bits = right.replace("8=", "9=");
    assert_ne!(tail_bits, right);
    let wrong = [
        tail_bits,
        right.replace('=', ""),
        right.replace('=', "A"),
        format!("{}==", &right[..26]),
        right.replace('/', "_"),
        format!("{right} "),
        format!(" {}", &right[1..]),
        mac::base64(&[0; 21]),
        mac::base64(&[0; 19]),
        mac::base64(&[0; 31]),
        mac::base64(&[0; 33]),
    ];
    for header in wrong {
        assert_eq!(mac::decode_signature(header.as_bytes()), None, "{header}");
    }
}

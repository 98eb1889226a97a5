//! Each rule of the reference, shown by examples small enough to check by eye.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "the texts and the keys are this file's own"
)]

use crate::reference;
use crate::reference::{Config, Key, Payload, Request, canonical_string, mac, sign, verify};

const HASHED: &str =
    "https://h/p?bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn config() -> Config {
    Config::usual(Key::AuthToken("12345".to_owned()))
}

fn params(pairs: &[(&str, &str)]) -> Payload {
    Payload::Params(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
}

/// Signed with the first key over `canonical`.
fn signed(config: &Config, mut request: Request, canonical: &str) -> Request {
    request.signature = Some(sign(&config.keys[0], canonical.as_bytes()).into_bytes());
    request
}

fn verdict(config: &Config, request: &Request) -> Result<&'static str, &'static str> {
    verify(config, request).map(|accepted| accepted.coverage)
}

#[test]
fn checks_are_made_in_their_order() {
    let small = Config { max_body_len: 3, ..config() };
    let long_url = format!("https://h/{}", "a".repeat(16_384));
    let mut case = Request::post(&long_url, "a=bc");
    case.settings = Some(b"bad".to_vec());
    assert_eq!(verdict(&small, &case), Err("url_too_long"));
    case.url = "not a url".to_owned();
    assert_eq!(verdict(&small, &case), Err("body_too_long"));
    case.payload = params(&[("ab", "c"), ("", "d")]);
    assert_eq!(verdict(&small, &case), Err("body_too_long"));
    case.payload = params(&[("ab", "c")]);
    assert_eq!(verdict(&small, &case), Err("missing_signature"));
    case.signature = Some(vec![]);
    assert_eq!(verdict(&small, &case), Err("missing_signature"));
    case.signature = Some(b"x".to_vec());
    assert_eq!(verdict(&small, &case), Err("malformed_signature"));
    case.signature = Some(mac::base64(&[0; 20]).into_bytes());
    assert_eq!(verdict(&small, &case), Err("malformed_settings"));
    case.settings = None;
    assert_eq!(verdict(&small, &case), Err("invalid_url"));
    case.url = "https://h".to_owned();
    assert_eq!(verdict(&small, &case), Err("mismatch"));
    case.signature = Some(mac::base64(&[0; 32]).into_bytes());
    assert_eq!(verdict(&small, &case), Err("no_key_for_algorithm"));
}

#[test]
fn settings_choose_among_the_keys() {
    let shared =
        |id: &str, sha256: bool| Key::Shared { id: id.to_owned(), secret: id.to_owned(), sha256 };
    let keys = vec![
        Key::AuthToken("12345".to_owned()),
        shared("one", false),
        shared("two", true),
        shared("three", true),
    ];
    let fitting = |header: &str, sha256: bool| {
        reference::settings::fitting_keys(&keys, Some(header.as_bytes()), sha256)
    };
    for header in ["", " \t", ",", " , ", "key=", "key= ,algorithm=", "new=1", "="] {
        assert_eq!(fitting(header, false), Ok(vec![0, 1]), "{header}");
        assert_eq!(fitting(header, true), Ok(vec![2, 3]), "{header}");
    }
    assert_eq!(fitting("algorithm=hmac_SHA256", true), Ok(vec![2, 3]));
    assert_eq!(fitting("algorithm=HMAC_SHA1", true), Err("no_key_for_algorithm"));
    assert_eq!(fitting("algorithm=HMAC_MD5,key=four", true), Err("no_key_for_algorithm"));
    assert_eq!(fitting(" KEY =x", true), Err("unknown_key"));
    assert_eq!(fitting("\tKEY\t=\ttwo , Algorithm = hmac_sha256", true), Ok(vec![2]));
    assert_eq!(fitting("key=two", true), Ok(vec![2]));
    assert_eq!(fitting("key=two", false), Err("no_key_for_algorithm"));
    assert_eq!(fitting("key=two,algorithm=HMAC_SHA1", true), Err("no_key_for_algorithm"));
    assert_eq!(fitting("key=Two", true), Err("unknown_key"));
    assert_eq!(fitting("key=a=b", true), Err("unknown_key"));
    let long = format!("x={}", "a".repeat(511));
    for header in ["x", "key=two,x", "key=,KEY=", "x=\u{e9}", "x=\0", "x=\x7f", &long] {
        assert_eq!(fitting(header, true), Err("malformed_settings"), "{header:?}");
    }
    assert_eq!(fitting(&long[..512], true), Ok(vec![2, 3]));

    let both = [shared("one", false), shared("one", true)];
    for (sha256, place) in [(false, 0), (true, 1)] {
        let got = reference::settings::fitting_keys(&both, Some(b"key=one"), sha256);
        assert_eq!(got, Ok(vec![place]));
    }
}

#[test]
fn a_body_is_covered_as_the_signed_url_says() {
    let config = config();
    let judge =
        |request: Request, canonical: &str| verdict(&config, &signed(&config, request, canonical));
    assert_eq!(judge(Request::post("https://h/p", "b=2&a=1"), "https://h/pa1b2"), Ok("form"));
    for odd in ["&", "=", "&=&"] {
        assert_eq!(judge(Request::post("https://h/p", odd), "https://h/p"), Err("uncovered_body"));
    }
    let with_empty_pair =
        Request { payload: params(&[("", "")]), ..Request::post("https://h/p", "") };
    assert_eq!(judge(with_empty_pair, "https://h/p"), Err("uncovered_body"));
    let with_no_pair = Request { payload: params(&[]), ..Request::post("https://h/p", "") };
    assert_eq!(judge(with_no_pair, "https://h/p"), Err("uncovered_body"));
    // Pairs follow no text that ends in its host.
    assert_eq!(judge(Request::post("https://h", ".evil=1"), "https://h.evil1"), Err("mismatch"));
    assert_eq!(judge(Request::post("https://h/", ".evil=1"), "https://h.evil1"), Err("mismatch"));
    assert_eq!(judge(Request::post("https://h", "a=1"), "https://h/a1"), Ok("form"));

    assert_eq!(judge(Request::post(HASHED, ""), HASHED), Ok("body_hash"));
    assert_eq!(judge(Request::post(&HASHED.replace("e3b0", "E3B0"), ""), HASHED), Err("mismatch"));
    let upper = HASHED.replace("e3b0", "E3B0");
    assert_eq!(judge(Request::post(&upper, ""), &upper), Ok("body_hash"));
    assert_eq!(judge(Request::post(HASHED, "a=1"), HASHED), Err("body_hash_mismatch"));
    assert_eq!(judge(Request::post(HASHED, "a=1"), &format!("{HASHED}a1")), Ok("form"));
    assert_eq!(judge(Request::post(HASHED, "="), HASHED), Err("body_hash_mismatch"));
    let twice = format!("{HASHED}&bodySHA256=");
    assert_eq!(judge(Request::post(&twice, ""), &twice), Err("body_hash_mismatch"));
    let without_equals = "https://h/p?bodySHA256";
    assert_eq!(judge(Request::post(without_equals, ""), without_equals), Err("body_hash_mismatch"));
    let in_fragment = "https://h/p#?bodySHA256=1";
    assert_eq!(judge(Request::post(in_fragment, ""), "https://h/p"), Ok("url_only"));
    // The fragment is signed, or the pair is: where both could be, the hash decides first.
    let both = format!("{HASHED}#x");
    assert_eq!(judge(Request::post(&both, "%23=x"), &both), Ok("form"));
    assert_eq!(judge(Request::post(&both, ""), &both), Ok("body_hash"));
}

#[test]
fn parameters_are_bounded_before_they_are_made_unique() {
    let config = Config { max_params: 2, ..config() };
    let judge =
        |request: Request, canonical: &str| verdict(&config, &signed(&config, request, canonical));
    assert_eq!(judge(Request::post("https://h/p", "&a=1&&a=1&"), "https://h/pa1"), Ok("form"));
    assert_eq!(
        judge(Request::post("https://h/p", "a&a&a"), "https://h/pa"),
        Err("too_many_params")
    );
    assert_eq!(judge(Request::post("https://h/p", "=&=&="), "https://h/p"), Err("too_many_params"));
    assert_eq!(judge(Request::post(HASHED, "a&a&a"), HASHED), Err("body_hash_mismatch"));
    assert_eq!(
        judge(Request::post(HASHED, "a&a&a"), &format!("{HASHED}a")),
        Err("too_many_params")
    );
    let both = format!("{HASHED}#x");
    assert_eq!(judge(Request::post(&both, "%23=x&=&="), &both), Err("body_hash_mismatch"));
}

#[test]
fn a_websocket_may_sign_its_query_as_pairs() {
    let config = config();
    let mut socket = Request::post("https://h/s?b=%27&a=1&a=1", "");
    socket.websocket = true;
    let got = verify(&config, &signed(&config, socket.clone(), "wss://h:443/s/a1b'"));
    let got = got.expect("the query as pairs is a candidate");
    assert_eq!(got.coverage, "url_only");
    assert_eq!(got.candidate_url, b"wss://h:443/s/");
    let pairs = [(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"'".to_vec())];
    assert_eq!(got.params, pairs);
    assert_eq!(canonical_string(&got), b"wss://h:443/s/a1b'");
    let strict = Config { strict: true, ..config.clone() };
    let again = signed(&config, socket.clone(), "wss://h/sa1b'");
    assert_eq!(verdict(&strict, &again), Err("strict_parameter"));
    // A handshake has no body.
    socket.payload = Payload::Body(b"c=3".to_vec());
    assert_eq!(verdict(&config, &signed(&config, socket.clone(), "wss://h/sa1b'")), Ok("url_only"));
    // A name that begins with no letter may be the rest of a path.
    socket.url = "https://h/s?%2Fa=1".into();
    assert_eq!(verdict(&config, &signed(&config, socket, "wss://h/s/a1")), Err("mismatch"));
}

#[test]
fn an_account_must_be_the_configured_one() {
    let config = Config { account_sid: Some("AC1".to_owned()), ..config() };
    let rows = [
        ("https://h/p", "AccountSid=AC1", "https://h/pAccountSidAC1", Ok("form")),
        ("https://h/p", "a=1", "https://h/pa1", Err("wrong_account")),
        (
            "https://h/p",
            "AccountSid=AC1&AccountSid=AC2",
            "https://h/pAccountSidAC1AccountSidAC2",
            Err("wrong_account"),
        ),
        ("https://h/p", "", "https://h/p", Ok("url_only")),
        ("https://h/p?Account%53id=AC%31", "", "https://h/p?Account%53id=AC%31", Ok("url_only")),
        ("https://h/p?AccountSid=AC2", "", "https://h/p?AccountSid=AC2", Err("wrong_account")),
        (
            "https://h/p?AccountSid",
            "AccountSid=AC1",
            "https://h/p?AccountSidAccountSidAC1",
            Err("wrong_account"),
        ),
    ];
    for (url, body, canonical, expected) in rows {
        let got = verdict(&config, &signed(&config, Request::post(url, body), canonical));
        assert_eq!(got, expected, "{url} {body}");
    }
}

#[test]
fn strict_parameters_narrow_names_and_sids() {
    let config = Config { strict: true, ..config() };
    let sid = "CA0123456789abcdef0123456789ABCDEF";
    let longest = format!("a{}", "b".repeat(63));
    let good = ["a=1", "A.b-c_9=%00", &format!("CallSid={sid}&Sid={sid}"), &longest, "CallSidX=1"];
    let bad = [
        "a=1&a=1",
        "1a=1",
        "=1",
        "a%20=1",
        "a=1&=",
        "CallSid=CA1",
        "Sid=",
        "%C3%A9=1",
        &format!("CallSid={sid}0"),
        &format!("CallSid=C1{}", &sid[2..]),
        &format!("CallSid={}g", &sid[..33]),
        &format!("{longest}b"),
    ];
    for (bodies, expected) in [(&good[..], Ok("form")), (&bad[..], Err("strict_parameter"))] {
        for body in bodies {
            let request = Request::post("https://h/p", body);
            let pairs = reference::form::sorted_unique(&reference::form::pairs(body.as_bytes()));
            let text = [b"https://h/p".to_vec(), reference::form::concatenated(&pairs)].concat();
            let mut request = request;
            request.signature = Some(sign(&config.keys[0], &text).into_bytes());
            assert_eq!(verdict(&config, &request), expected, "{body}");
        }
    }
}

//! What of a form body is signed, and in which order.

#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use alloc::collections::BTreeSet;

use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{AuthToken, Coverage, Signer, Verifier, VerifyError, Webhook};

const URL: &str = "https://example.com/sms";

fn token() -> AuthToken {
    AuthToken::new(TOKEN).unwrap()
}

/// The verdict on `body` under the signature of [`URL`] followed by `pairs`.
fn verdict(body: &[u8], pairs: &[u8]) -> Result<Coverage, VerifyError> {
    let signature = oracle::sha1(TOKEN, [URL.as_bytes(), pairs].concat());
    let webhook = Webhook::post(URL, body).signature(&signature);
    Verifier::new(token()).verify(&webhook).map(|verified| verified.coverage())
}

/// `body` is signed as [`URL`] followed by `pairs`: the verifier accepts that, and the signer makes
/// it.
#[track_caller]
fn signed_as(body: impl AsRef<[u8]>, pairs: impl AsRef<[u8]>) {
    let (body, pairs) = (body.as_ref(), pairs.as_ref());
    assert_eq!(verdict(body, pairs), Ok(Coverage::Form));
    let signed = Signer::auth_token(&token()).sign_form(URL, body).unwrap();
    assert_eq!(signed.header_value(), oracle::sha1(TOKEN, [URL.as_bytes(), pairs].concat()));
}

#[test]
fn name_and_value_follow_the_url_without_separators() {
    signed_as("Body=Ahoy", "BodyAhoy");
    signed_as("Body=Ahoy&From=Bob", "BodyAhoyFromBob");
    assert_eq!(verdict(b"Body=Ahoy", b"Body=Ahoy"), Err(VerifyError::Mismatch));
    assert_eq!(verdict(b"Body=Ahoy", b""), Err(VerifyError::Mismatch));
}

#[test]
fn plus_is_a_space() {
    signed_as("Body=a+b+", "Bodya b ");
    signed_as("a+b=1", "a b1");
}

#[test]
fn an_escape_is_a_byte_in_either_case_of_digits() {
    signed_as("Body=%41%6a%6A%2B%2b", "BodyAjj++");
    signed_as("%42ody=Ahoy", "BodyAhoy");
}

#[test]
fn a_bad_escape_stays_literal() {
    signed_as("Body=100%", "Body100%");
    signed_as("Body=%4", "Body%4");
    signed_as("Body=%zz", "Body%zz");
    signed_as("Body=%4z", "Body%4z");
    signed_as("Body=%z4", "Body%z4");
    signed_as("Body=%%41", "Body%A");
    signed_as("Body=%4%41", "Body%4A");
    signed_as("Body=%+1", "Body% 1");
    signed_as("Body=%u0041", "Body%u0041");
    let after = "z".repeat(64);
    for before in (0..70).map(|number| "%".repeat(number)) {
        signed_as(format!("Body={before}%41&Z={after}"), format!("Body{before}AZ{after}"));
    }
    // An escape does not reach over the end of its half.
    signed_as("a%4=1", "a%41");
    signed_as("a=%4&1=b", "1ba%4");
}

#[test]
fn an_escape_is_decoded_once() {
    signed_as("Body=%2541", "Body%41");
    signed_as("Body=%252B", "Body%2B");
}

#[test]
fn an_escaped_separator_separates_nothing() {
    signed_as("Body=a%26b%3Dc", "Bodya&b=c");
    signed_as("a%3Db=c", "a=bc");
}

#[test]
fn the_first_equals_sign_divides() {
    signed_as("Body=a=b==", "Bodya=b==");
    signed_as("b==a&a=z", "azb=a");
}

#[test]
fn a_segment_without_an_equals_sign_is_a_name() {
    signed_as("Body", "Body");
    signed_as("b&a=1", "a1b");
}

#[test]
fn empty_segments_are_skipped() {
    signed_as("&&Body=Ahoy&", "BodyAhoy");
    signed_as("b=2&&a=1", "a1b2");
}

#[test]
fn empty_names_and_values() {
    signed_as("Body=", "Body");
    signed_as("=Ahoy", "Ahoy");
    signed_as("=&Body=Ahoy", "BodyAhoy");
    // The empty name sorts first.
    signed_as("a=1&=z", "za1");
}

#[test]
fn a_semicolon_separates_nothing() {
    signed_as("Body=a;b=c", "Bodya;b=c");
}

#[test]
fn bytes_that_are_not_utf8_are_kept() {
    signed_as(b"Body=\xff\x00\xfe", b"Body\xff\x00\xfe");
    signed_as("Body=%FF%00%fe", b"Body\xff\x00\xfe");
    signed_as("Body=%C3%28", b"Body\xc3\x28");
    // The two halves of a surrogate pair, each as three bytes.
    signed_as("Body=%ED%A0%BD%ED%B8%80", b"Body\xed\xa0\xbd\xed\xb8\x80");
}

#[test]
fn utf8_is_not_normalised() {
    signed_as("Body=%C3%A9", "Body\u{e9}");
    signed_as("Body=e%CC%81", "Bodye\u{301}");
    signed_as("Body=%EF%BB%BFa", "Body\u{feff}a");
}

#[test]
fn nothing_is_trimmed() {
    signed_as(" Body = a \r\n\t", " Body  a \r\n\t");
    signed_as("Body=%20a%0A", "Body a\n");
    signed_as("\0Body=\0", "\0Body\0");
}

#[test]
fn names_sort_by_bytes() {
    // `0` 0x30, `A` 0x41, `_` 0x5f, `a` 0x61.
    signed_as("a=1&_=2&A=3&0=4", "04A3_2a1");
    // U+FF5E is EF BD 9E and U+1F600 is F0 9F 98 80; by UTF-16 units the order is the other one.
    signed_as("%F0%9F%98%80=1&%EF%BD%9E=2", "\u{ff5e}2\u{1f600}1");
    signed_as(b"\xff=1&\x7f=2", b"\x7f2\xff1");
}

#[test]
fn names_sort_as_decoded() {
    // Encoded, `%62` would sort before `a`.
    signed_as("%62=1&a=2", "a2b1");
    // Encoded, `%21` would sort before `+`; decoded, `!` (0x21) sorts after a space (0x20).
    signed_as("a%21=1&a+=2", "a 2a!1");
}

#[test]
fn names_sort_before_their_values_are_joined() {
    // As joined text, `ab1` would sort before `az`.
    signed_as("a=z&ab=1", "azab1");
    signed_as("ab=1&a=z", "azab1");
}

#[test]
fn ten_sorts_before_nine() {
    signed_as("9=a&10=b&1=c", "1c10b9a");
    signed_as("D=9&D=10", "D10D9");
}

#[test]
fn reason_sorts_before_reason_conference_ended() {
    let body = "ReasonConferenceEnded=last-participant-left&Reason=participant&ReasonA=1";
    signed_as(body, "ReasonparticipantReasonA1ReasonConferenceEndedlast-participant-left");
}

#[test]
fn values_of_one_name_sort_by_bytes() {
    signed_as("D=b&D=a&D=B&D=", "DDBDaDb");
    signed_as("D=5678&D=1234", "D1234D5678");
}

#[test]
fn equal_pairs_are_signed_once() {
    signed_as("D=1234&D=5678&D=1234&D=1234", "D1234D5678");
    // Equal once decoded; `D` and `D=` are equal too.
    signed_as("D=a+b&%44=a%20b&D=a%20b", "Da b");
    signed_as("D&D=&D", "D");
    assert_eq!(verdict(b"D=1&D=1", b"D1D1"), Err(VerifyError::Mismatch));
}

#[test]
fn pairs_that_join_to_one_text_are_not_equal() {
    signed_as("ab=c&a=bc", "abcabc");
    signed_as("=abc&abc=&ab=c", "abcabcabc");
}

#[test]
fn long_names_and_values_sort_by_their_last_byte() {
    for len in [1, 7, 8, 13, 14, 15, 16, 27, 28, 29, 100] {
        let [stem, other] = ["a".repeat(len), "b".repeat(len)];
        signed_as(
            format!("{stem}2=x&{stem}=y&{stem}1=z&{other}=w"),
            format!("{stem}y{stem}1z{stem}2x{other}w"),
        );
        signed_as(
            format!("D={stem}2&D={stem}&D={stem}1&D={stem}2&D={other}"),
            format!("D{stem}D{stem}1D{stem}2D{other}"),
        );
        // A zero byte is a byte: it sorts after the end and before all else.
        signed_as(
            format!("{stem}%01=x&{stem}%00=y&{stem}=z"),
            format!("{stem}z{stem}\0y{stem}\u{1}x"),
        );
    }
}

#[test]
fn any_pairs_are_signed_as_a_sorted_set() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |bound: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % bound
    };
    for count in [1, 2, 3, 5, 8, 20, 63, 64, 65, 66, 200, 1_024] {
        for letters in [1, 2, 3] {
            // Few letters, so that names collide, share long beginnings, and come twice.
            let mut text = |longest| -> String {
                let len = below(longest);
                (0..len)
                    .map(|_| ["a", "b", "\0"][usize::try_from(below(letters)).unwrap()])
                    .collect()
            };
            let pairs: Vec<_> = (0..count).map(|_| (text(20), text(40))).collect();
            let body: Vec<_> =
                pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let set: BTreeSet<_> = pairs.into_iter().collect();
            let canonical: String = set.iter().flat_map(|(name, value)| [&**name, value]).collect();
            if !canonical.is_empty() {
                signed_as(body.join("&"), canonical);
            }
        }
    }
}

#[test]
fn decoded_pairs_are_signed_like_the_body_they_came_from() {
    let pairs = [("b", "a+b %41"), ("a", ""), ("b", "a+b %41"), ("", "x&y=z"), ("é", "\0")];
    let canonical = format!("{URL}x&y=zaba+b %41é\0");
    let signature = oracle::sha1(TOKEN, canonical);
    let body = b"b=a%2Bb+%2541&a&b=a%2Bb+%2541&=x%26y%3Dz&%C3%A9=%00";
    let verifier = Verifier::new(token());
    for webhook in [Webhook::post_params(URL, &pairs), Webhook::post(URL, body)] {
        let coverage = verifier.verify(&webhook.signature(&signature)).unwrap().coverage();
        assert_eq!(coverage, Coverage::Form);
    }
    let signed = Signer::auth_token(&token()).sign_params(URL, &pairs).unwrap();
    assert_eq!(signed.header_value(), signature);
}

#[test]
fn without_a_body_the_url_alone_is_signed() {
    let url = "https://example.com/voice?To=%2B15005550006&From=b&From=a";
    let signature =
        oracle::sha1(TOKEN, "https://example.com/voice?To=%2B15005550006&From=b&From=a");
    for webhook in [Webhook::get(url), Webhook::post(url, b"")] {
        let verified = Verifier::new(token()).verify(&webhook.signature(&signature)).unwrap();
        assert_eq!(verified.coverage(), Coverage::UrlOnly);
        assert!(verified.params().is_empty());
    }
}

#[test]
fn the_query_is_not_signed_as_pairs() {
    let url = "https://example.com/voice?To=Bob";
    for canonical in ["https://example.com/voice?To=BobToBob", "https://example.com/voiceToBob"] {
        let signature = oracle::sha1(TOKEN, canonical);
        let webhook = Webhook::get(url).signature(&signature);
        assert_eq!(Verifier::new(token()).verify(&webhook).unwrap_err(), VerifyError::Mismatch);
    }
}

#[test]
fn a_body_whose_pairs_add_no_byte_is_refused() {
    for body in ["&", "&&&&", "=", "=&=&&="] {
        // Even under the signature of the URL alone, which is what the canonical string comes to.
        assert_eq!(verdict(body.as_bytes(), b""), Err(VerifyError::UncoveredBody), "{body}");
    }
    let signature = oracle::sha1(TOKEN, URL);
    let webhook = Webhook::post_params(URL, &[("", "")]).signature(&signature);
    let refused = Verifier::new(token()).verify(&webhook).unwrap_err();
    assert_eq!(refused, VerifyError::UncoveredBody);
}

#[test]
fn json_under_the_signature_of_the_url_alone_is_refused() {
    assert_eq!(verdict(b"{\"Body\":\"Ahoy\"}", b""), Err(VerifyError::Mismatch));
}

#[test]
fn a_form_without_one_of_its_pairs_is_refused() {
    for body in ["a=1&b=2", "a=1", "a=1&b=2&c=3&d=4", "a=1&b=2&c=4", ""] {
        assert_eq!(verdict(body.as_bytes(), b"a1b2c3"), Err(VerifyError::Mismatch), "{body}");
    }
    signed_as("a=1&b=2&c=3", "a1b2c3");
}

#[test]
fn where_a_name_ends_is_not_signed() {
    // Twilio's scheme has no separators. `ParameterPolicy::Strict` narrows what this allows.
    signed_as("Digits=1234", "Digits1234");
    signed_as("Digits1=234", "Digits1234");
    signed_as("Digi=ts1234", "Digits1234");
}

#[test]
fn where_the_url_ends_is_not_signed() {
    let signature = oracle::sha1(TOKEN, "https://example.com/smsBodyAhoy");
    for (url, body) in
        [("https://example.com/sms", "Body=Ahoy"), ("https://example.com/sm", "sBody=Ahoy")]
    {
        let webhook = Webhook::post(url, body.as_bytes()).signature(&signature);
        assert!(Verifier::new(token()).verify(&webhook).is_ok(), "{url}");
    }
}

#[test]
fn verified_gives_the_signed_pairs_sorted_decoded_and_once() {
    let signature = oracle::sha1(TOKEN, b"https://example.com/smsBodya bD1D2\xffx\x80".as_slice());
    let body = b"%FF=x%80&D=2&Body=a+b&D=1&D=2";
    let webhook = Webhook::post(URL, body).signature(&signature);
    let verified = Verifier::new(token()).verify(&webhook).unwrap();
    let params = verified.params();
    let expected: [(&[u8], &[u8]); 4] =
        [(b"Body", b"a b"), (b"D", b"1"), (b"D", b"2"), (b"\xff", b"x\x80")];
    assert!(params.iter().eq(expected));
    assert_eq!((params.len(), params.is_empty()), (4, false));
    assert_eq!(params.get("Body"), Some("a b"));
    assert_eq!(params.get("D"), Some("1"));
    assert!(params.get_all("D").eq([b"1", b"2"]));
    assert_eq!(params.get("body"), None);
    assert_eq!(verified.body(), body);
}

#[test]
fn a_value_that_is_not_utf8_is_no_text() {
    let signature = oracle::sha1(TOKEN, b"https://example.com/smsBody\xff".as_slice());
    let webhook = Webhook::post(URL, b"Body=%FF").signature(&signature);
    let verified = Verifier::new(token()).verify(&webhook).unwrap();
    assert_eq!(verified.params().get("Body"), None);
    assert_eq!(webhook.untrusted_param("Body"), None);
}

/// `+` and `%` of parameters that came decoded stand for themselves, where they are sorted
/// and compared too.
#[test]
fn decoded_parameters_are_not_decoded_again() {
    let params = [("k", "+"), ("k", "%2B"), ("%6b", "a"), ("k", " "), ("k", "%20")];
    let signature = oracle::sha1(TOKEN, [URL.as_bytes(), b"%6bak k%20k%2Bk+"].concat());
    let webhook = Webhook::post_params(URL, &params).signature(&signature);
    let verified = Verifier::new(token()).verify(&webhook).unwrap();
    assert_eq!(verified.params().len(), 5);
    assert_eq!(verified.params().get("%6b"), Some("a"));
}

/// However far names are equal, they are compared without recursion: a stack would not have room
/// for a step of each few bytes.
#[test]
fn long_equal_names_are_sorted_by_their_last_byte() {
    let name = "n".repeat(60_000);
    let body = format!("{name}b=1&{name}a=2&{name}a=3&{name}b=1");
    signed_as(body, format!("{name}a2{name}a3{name}b1"));
}

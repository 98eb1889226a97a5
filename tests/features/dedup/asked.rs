//! Requests that Twilio waits for: the URL tells them apart, and a fallback request stands in.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::rows::{CALL, INCOMING_MESSAGE};
use super::{asked_by_get, key_at, key_of, params, with};

const PRIMARY: &str = "https://example.com/sms";
const FALLBACK: &str = "https://fallback.example/other";
const RECORDED: &str = "CallSid=CA1&CallStatus=in-progress&RecordingDuration=3&RecordingUrl=x";
const ASSIGNMENT: &str = "WorkspaceSid=WS1&ReservationSid=WR1";
const ASKED: [&str; 4] = [INCOMING_MESSAGE, CALL, RECORDED, ASSIGNMENT];

/// A `<Redirect>`, a followed 307, a widget of Studio: one message comes to several URLs.
#[test]
fn the_url_is_a_part_of_what_is_asked() {
    for event in ASKED {
        let first = key_at(PRIMARY, event).unwrap();
        for url in [
            "https://example.com/next",
            "https://example.com/sms/",
            "https://example.com/sms?step=2",
            "http://example.com/sms",
            "https://example.com:8443/sms",
            "https://www.example.com/sms",
        ] {
            let other = key_at(url, event).unwrap();
            assert_ne!(other.claim_key(), first.claim_key(), "{url}");
            assert_eq!(other.to_string(), first.to_string(), "the URL may hold a password");
            assert!(!format!("{first:?}").contains("example.com"), "{first:?}");
        }
    }
}

/// Twilio got no answer, so it asks the fallback URL: one event, answered once.
#[test]
fn a_fallback_request_for_want_of_an_answer_is_the_same_event() {
    for event in ASKED {
        let first = key_at(PRIMARY, event).unwrap();
        for (url, error_url) in [
            (FALLBACK, PRIMARY),
            (PRIMARY, PRIMARY),
            (FALLBACK, "https://user:pa55word@example.com/sms#rc=2"),
            (FALLBACK, "https://Example.com:443/sms"),
        ] {
            for code in ["ErrorCode=11200&", "ErrorCode=11205&", "ErrorCode=11299&", ""] {
                let fallback = with(event, &format!("{code}ErrorUrl={error_url}"));
                assert_eq!(key_at(url, &fallback), Ok(first.clone()), "{fallback}");
            }
        }
        let elsewhere = with(event, "ErrorCode=11200&ErrorUrl=https://example.com/other");
        assert_ne!(key_at(FALLBACK, &elsewhere), Ok(first.clone()));
        let unnamed = with(event, "ErrorCode=11200");
        assert_ne!(key_at(FALLBACK, &unnamed), Ok(first));
    }
}

/// Twilio cannot use the answer that it got. The answer that is kept would be no better.
#[test]
fn a_fallback_request_after_a_bad_answer_is_an_event_of_its_own() {
    for event in ASKED {
        for code in ["12100", "12300", "11100", "11300", "1120", "112000", "x", "112\u{e9}"] {
            let fallback = with(event, &format!("ErrorCode={code}&ErrorUrl={PRIMARY}"));
            for url in [FALLBACK, PRIMARY] {
                let own = key_at(url, &fallback).unwrap();
                assert_ne!(Ok(own.clone()), key_at(PRIMARY, event), "{code}");
                assert_eq!(key_at(url, &fallback), Ok(own), "told twice");
            }
        }
        let doubled = with(event, &format!("ErrorUrl={PRIMARY}&ErrorCode=11200"));
        let doubled = key_at(FALLBACK, &format!("{doubled}&ErrorCode=12100")).unwrap();
        assert_ne!(Ok(doubled), key_at(PRIMARY, event));
    }
}

/// In a status, `ErrorCode` is the error of the message.
#[test]
fn an_error_of_a_status_is_no_fallback() {
    let failed = "MessageSid=SM1&MessageStatus=failed&ErrorCode=11200";
    let with_url = with(failed, &format!("ErrorUrl={PRIMARY}"));
    assert_ne!(key_at(FALLBACK, &with_url).unwrap(), key_at(PRIMARY, failed).unwrap());
    assert_eq!(key_at(PRIMARY, &with_url), key_at(PRIMARY, failed));
}

/// With `GET`, the query holds all parameters, so the URL without it is the place.
#[test]
fn a_fallback_by_get_is_the_same_event() {
    let key = |url: &str, form: &str| {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs = params(form).into_iter();
        let query: Vec<_> =
            pairs.map(|(name, value)| format!("{}={}", encode(&name), encode(&value))).collect();
        let url = format!("{url}?{}", query.join("&"));
        asked_by_get(&url, |verified| key_of(verified).unwrap())
    };
    let first = key(PRIMARY, INCOMING_MESSAGE);
    assert_eq!(key(PRIMARY, INCOMING_MESSAGE), first);
    let fallback = with(INCOMING_MESSAGE, &format!("ErrorCode=11200&ErrorUrl={PRIMARY}"));
    assert_eq!(key(FALLBACK, &fallback), first);
    assert_ne!(key("https://example.com/next", INCOMING_MESSAGE), first);
    assert_ne!(key(PRIMARY, &with(INCOMING_MESSAGE, "step=2")), first);
}

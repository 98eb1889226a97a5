//! How old a request may be.

use core::time::Duration;

use twilio_sig::replay::{Freshness, FreshnessError as Error, ReplayError};
use twilio_sig::{Coverage, Webhook};

use super::{NOW, Request, Service, URL, form, ready, seconds, signer};

fn at(sid: &str, seconds: u64) -> Request {
    form(URL, &format!("Sid={sid}&Timestamp={seconds}"))
}

#[test]
fn a_timestamp_must_be_within_the_window() {
    let now = NOW.as_secs();
    let service = Service::new(100);
    for fresh in [at("EV1", now), at("EV1", now + 30), at("EV1", now - 1), at("EV1", now - 300)] {
        service.handle(&fresh);
    }
    for stale in [now - 301, now - 1_000_000, 0] {
        assert!(service.refuses(&at("EV2", stale), Error::Stale), "{stale}");
    }
    for early in [now + 31, now + 1_000_000, 253_402_300_799] {
        assert!(service.refuses(&at("EV2", early), Error::Early), "{early}");
    }
    let narrow = Freshness::new().window(seconds(10)).unwrap().skew(Duration::ZERO).unwrap();
    let narrow = Service::with(100, |guard| Ok(guard.freshness(narrow)));
    assert!(narrow.refuses(&at("EV1", now - 11), Error::Stale));
    assert!(narrow.refuses(&at("EV1", now + 1), Error::Early));
    narrow.handle(&at("EV1", now - 10));
}

#[test]
fn every_kind_of_timestamp_is_read() {
    for (kind, timestamp) in [
        ("CallStatus=completed", "Wed%2C+16+Feb+2022+16%3A11%3A53+%2B0000"),
        ("StreamEvent=stream-started", "2022-02-16T16%3A11%3A53.123Z"),
        ("Level=ERROR", "2022-02-16T16%3A11%3A53Z"),
        ("ResourceType=task&TimestampMs=1645027913123", "1645027913"),
        ("Kind=milliseconds", "1645027913123"),
        ("Kind=sql", "2022-02-16+16%3A11%3A53"),
        ("Kind=iso", "2022-02-16T16%3A11%3A53"),
    ] {
        let service = Service::strict();
        let request = form(URL, &format!("{kind}&Timestamp={timestamp}"));
        service.handle(&request);
        // A GET webhook has its parameters in the query.
        let url = format!("{URL}?{kind}&Timestamp={timestamp}");
        let signature = signer().sign_url(&url).header_value();
        let get = Request { url, body: Vec::new(), signature };
        service.handle(&get);
        service.later(seconds(302));
        for request in [request, get] {
            assert!(service.refuses(&request, Error::Stale), "{kind}");
        }
    }
}

/// What is no time is no timestamp: a service may use the word for something of its own.
#[test]
fn what_cannot_be_read_is_no_timestamp() {
    let service = Service::new(100);
    for own in ["yesterday", "v1", "", "2022-02-16"] {
        service.handle(&form(URL, &format!("Timestamp={own}")));
        assert!(Service::strict().receive(&form(URL, &format!("Timestamp={own}"))).is_err());
    }
    // In a URL of one's own, with a form and with GET.
    let url = format!("{URL}?Timestamp=v1");
    service.handle(&form(&url, &format!("Timestamp={}", NOW.as_secs())));
    let signature = signer().sign_url(&url).header_value();
    service.handle(&Request { url, body: Vec::new(), signature });
    assert!(Service::strict().refuses(&form(URL, "Timestamp=v1"), Error::Malformed));
}

#[test]
fn each_of_several_timestamps_counts() {
    let now = NOW.as_secs();
    for service in [Service::new(100), Service::strict()] {
        let doubled = form(URL, &format!("Timestamp={now}&Timestamp={}", now - 1_000));
        assert!(service.refuses(&doubled, Error::Stale));
        let ahead = form(URL, &format!("Timestamp={now}&Timestamp={}", now + 1_000));
        assert!(service.refuses(&ahead, Error::Early));
    }
    let half = form(URL, &format!("Timestamp={now}&Timestamp=v1"));
    assert!(Service::strict().refuses(&half, Error::Malformed));
    Service::strict().handle(&form(URL, &format!("Timestamp={now}&Timestamp={now}")));
}

#[test]
fn a_missing_timestamp_is_allowed_unless_required() {
    Service::new(100).handle(&form(URL, "Body=Ahoy"));
    let ms = format!("TimestampMs={}", NOW.as_millis());
    for body in ["Body=Ahoy", "timestamp=1645027913", &ms] {
        assert!(Service::strict().refuses(&form(URL, body), Error::Missing), "{body}");
    }
}

/// A header is not signed, and neither is a body that only the URL's hash covers a form.
#[test]
fn only_a_signed_timestamp_counts() {
    let service = Service::strict();
    let body = b"Timestamp=1645027913";
    let (url, signature) = signer().sign_body_hash(URL, body);
    let signature = signature.header_value();
    let webhook = Webhook::post(&url, body).signature(&signature);
    let verified = service.verifier.verify(&webhook).unwrap();
    assert_eq!(verified.coverage(), Coverage::BodyHash);
    let refused = ready(service.guard.admit(&verified));
    assert!(matches!(refused, Err(ReplayError::Freshness(Error::Missing))));
}

#[test]
fn a_request_is_kept_at_least_for_window_and_skew() {
    let service = Service::with(100, |guard| guard.ttl(seconds(1)));
    let early = at("EV1", NOW.as_secs() + 30);
    service.handle(&early);
    for _ in 0..3 {
        service.later(seconds(109));
        assert!(service.is_seen(&early));
    }
    service.later(seconds(4));
    assert!(service.refuses(&early, Error::Stale));
}

#[test]
fn a_request_without_timestamp_is_kept_for_as_long_as_is_set() {
    let service = Service::with(100, |guard| guard.ttl(seconds(1_000)));
    let captured = form(URL, "Body=Ahoy");
    service.handle(&captured);
    service.later(seconds(999));
    assert!(service.is_seen(&captured));
    service.later(seconds(1));
    service.handle(&captured);
    let default = Service::new(100);
    default.handle(&captured);
    default.later(seconds(86_399));
    assert!(default.is_seen(&captured));
    default.later(seconds(1));
    default.handle(&captured);
}

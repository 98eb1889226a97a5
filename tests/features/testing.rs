//! Fixtures: each kind is what Twilio would send, verifies, and stops to once a byte is changed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloc::collections::BTreeSet;

use twilio_sig::testing::{self, ACCOUNT_SID, Fixture, SignedWebhook};
use twilio_sig::{
    Algorithm, AuthToken, Coverage, SharedKey, Signer, UrlPolicy, Verifier, VerifyError, Webhook,
};

const URL: &str = "https://hooks.example.com/t?tenant=a%2Bb&x=";

fn token() -> AuthToken {
    AuthToken::new("a token of this file").unwrap()
}

/// No other spelling of the URL may save a fixture.
fn exact() -> Verifier {
    Verifier::builder().auth_token(token()).url_policy(UrlPolicy::Exact).build().unwrap()
}

/// Every webhook of every kind, in each of its shapes.
fn all() -> Vec<(&'static str, Fixture)> {
    let kinds = testing::kinds().iter();
    let each = kinds.flat_map(|kind| kind.fixtures().into_iter().map(|one| (kind.name(), one)));
    each.flat_map(|(name, one)| [(name, one.clone()), (name, one.get())]).collect()
}

fn signed(fixture: Fixture) -> SignedWebhook {
    fixture.sign(&token(), URL).unwrap()
}

#[test]
fn the_kinds_are_these() {
    let names: Vec<_> = testing::kinds().iter().map(testing::Kind::name).collect();
    let expected = [
        "sms",
        "mms",
        "whatsapp",
        "sms-status",
        "voice",
        "gather",
        "call-status",
        "recording",
        "transcription",
        "conference",
        "conversation",
        "verify",
        "event-streams",
        "studio",
        "media-stream",
        "conversation-relay",
    ];
    assert_eq!(names, expected);
}

#[test]
fn every_kind_verifies() {
    for (name, fixture) in all() {
        let signed = signed(fixture);
        let webhook = signed.webhook();
        let proof = exact().verify(&webhook).unwrap_or_else(|error| panic!("{name}: {error}"));
        let coverage = match (name, signed.method()) {
            ("event-streams", _) => Coverage::BodyHash,
            (_, "POST") => Coverage::Form,
            _ => Coverage::UrlOnly,
        };
        assert_eq!(proof.coverage(), coverage, "{name}");
        // What a framework decoded is what was meant.
        if coverage == Coverage::Form {
            for (own, value) in signed.params() {
                let values: Vec<_> = proof.params().get_all(own).map(<[u8]>::to_vec).collect();
                assert!(values.contains(&value.as_bytes().to_vec()), "{name}: {own}");
            }
            let pairs: Vec<_> =
                signed.params().iter().map(|(name, value)| (&**name, &**value)).collect();
            let decoded = Webhook::post_params(signed.url(), &pairs).signature(signed.signature());
            assert!(exact().verify(&decoded).is_ok(), "{name}");
        }
    }
}

#[test]
fn every_kind_fails_when_tampered_with() {
    for (name, fixture) in all() {
        let signed = signed(fixture.clone());
        let verifier = exact();
        let refused = |webhook: Webhook<'_>| {
            let verdict = verifier.verify(&webhook.signature(signed.signature()));
            assert!(verdict.is_err(), "{name} is accepted");
        };
        let post = |url: &str, body: &[u8]| {
            refused(if signed.is_handshake() {
                Webhook::websocket(url)
            } else {
                Webhook::post(url, body)
            });
        };
        post(&signed.url().replace("/t?", "/u?"), signed.body());
        post(&format!("{}&admin=1", signed.url()), signed.body());
        if !signed.body().is_empty() {
            post(signed.url(), &[signed.body(), b"&Body=Evil"].concat());
            // The last byte of a form may be within an escape: the text of a name is not.
            let mut body = signed.body().to_vec();
            *body.get_mut(2).unwrap() ^= 1;
            post(signed.url(), &body);
            refused(Webhook::get(signed.url()));
        }
        let other = AuthToken::new("another token").unwrap();
        let forged = fixture.sign(&other, URL).unwrap();
        assert_eq!(
            verifier.verify(&forged.webhook()).unwrap_err(),
            VerifyError::Mismatch,
            "{name}"
        );
    }
}

#[test]
fn a_shared_key_is_named_and_verifies() {
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        let key = SharedKey::new("webhooks_sharedkey_01", "a secret", algorithm).unwrap();
        let verifier = Verifier::builder().shared_key(key.clone()).build().unwrap();
        for (name, fixture) in all() {
            let signed = fixture.sign_shared(&key, URL).unwrap();
            assert!(signed.header("x-twilio-webhooks-signature-settings").is_some(), "{name}");
            assert!(verifier.verify(&signed.webhook()).is_ok(), "{name}");
        }
    }
}

/// Values that code of its own gets wrong.
#[test]
fn the_fixtures_hold_what_breaks_naive_code() {
    let signed: Vec<_> = all().into_iter().map(|(_, fixture)| signed(fixture)).collect();
    let params: Vec<_> = signed.iter().flat_map(SignedWebhook::params).collect();
    let holds = |test: &dyn Fn(&str) -> bool| params.iter().any(|(_, value)| test(value));
    assert!(holds(&|value| value.contains('👋')), "beyond the basic plane");
    assert!(holds(&|value| value.starts_with('+')), "a plus");
    assert!(holds(&|value| value.contains("100%")), "a percent sign");
    assert!(holds(&str::is_empty), "empty");
    assert!(holds(&|value| value.trim() != value), "white space around");
    assert!(holds(&|value| value.contains('\n')), "a line break");
    assert!(holds(&|value| value.contains('&') && value.contains('=')), "separators");
    let repeated = |name: &str| params.iter().filter(|(own, _)| own == name).count() > 1;
    assert!(repeated("MessagingBinding.Address") && repeated("choice"), "repeated");
    // A form is ASCII, whatever it says.
    let mut forms = signed.iter().filter(|one| !one.params().is_empty());
    assert!(forms.all(|one| one.body().is_ascii() && one.url().is_ascii()));
}

#[test]
fn a_fixture_is_changed_by_name() {
    let pairs = |fixture: Fixture, name: &str| -> Vec<String> {
        let signed = signed(fixture);
        let own = signed.params().iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(pairs(testing::sms().from("+1").body("a"), "From"), ["+1"]);
    assert_eq!(pairs(testing::sms().from("+1"), "Caller"), <[String; 0]>::default());
    assert_eq!(pairs(testing::voice().from("+1").to("+2"), "Caller"), ["+1"]);
    assert_eq!(pairs(testing::voice().from("+1").to("+2"), "Called"), ["+2"]);
    assert_eq!(pairs(testing::studio().param("choice", "c"), "choice"), ["c"]);
    assert_eq!(pairs(testing::sms().param_again("Body", "b").body("a"), "Body"), ["a"]);
    assert_eq!(pairs(testing::sms().without("Body"), "Body"), <[String; 0]>::default());
    assert_eq!(pairs(testing::sms().account_sid("AC1"), "AccountSid"), ["AC1"]);
}

#[test]
fn numbers_tell_events_apart() {
    for (name, fixture) in all() {
        let sign = |number| signed(fixture.clone().number(number));
        let differ: BTreeSet<_> =
            (0..3).map(|number| sign(number).signature().to_owned()).collect();
        let expected = if sign(0).is_handshake() { 1 } else { 3 };
        assert_eq!(differ.len(), expected, "{name}");
        assert_eq!(sign(1).signature(), sign(1).signature(), "{name}");
        let account =
            sign(7).params().iter().all(|(own, value)| own != "AccountSid" || value == ACCOUNT_SID);
        assert!(account, "{name}: the account stays");
    }
}

/// One number of every kind of incoming message is as many messages.
#[test]
fn messages_of_different_kinds_are_different_messages() {
    let messages = [testing::sms(), testing::mms(), testing::whatsapp()];
    let sids: BTreeSet<_> = messages
        .into_iter()
        .flat_map(|fixture| signed(fixture.number(7)).params().to_vec())
        .filter(|(name, _)| name == "MessageSid")
        .collect();
    assert_eq!(sids.len(), 3, "{sids:?}");
}

/// Every timestamp of a fixture says the time that was set last, and nothing besides changes.
#[test]
fn a_fixture_has_its_time() {
    let text = |fixture: &Fixture, time| {
        let signed = signed(fixture.clone().at(1).at(time));
        format!("{:?} {}", signed.params(), String::from_utf8_lossy(signed.body()))
    };
    let mut timed = BTreeSet::new();
    for (name, fixture) in all() {
        let [plain, first] = [signed(fixture.clone()), signed(fixture.clone().at(1_795_665_600))];
        assert_eq!(plain.signature(), first.signature(), "{name}");
        let later = text(&fixture, 1_798_761_599);
        assert!(!later.contains("26 Nov 2026") && !later.contains("2026-11-26"), "{name}: {later}");
        if later.contains("Thu, 31 Dec 2026 23:59:59 +0000")
            || later.contains("2026-12-31T23:59:59")
        {
            timed.insert(name);
        }
        // Times out of range are the nearest in it.
        assert_eq!(text(&fixture, i64::MIN), text(&fixture, 0), "{name}");
        assert_eq!(text(&fixture, i64::MAX), text(&fixture, 253_402_300_799), "{name}");
    }
    assert!(timed.is_superset(&["call-status", "conference", "event-streams", "recording"].into()));
}

#[test]
fn the_parts_are_those_of_the_request() {
    let sign = |fixture: Fixture, url: &str| fixture.sign(&token(), url);
    let signed = sign(testing::sms(), "https://user:pw@h.example:8443/a/b?c=d#rc=2").unwrap();
    assert_eq!(signed.url(), "https://user:pw@h.example:8443/a/b?c=d");
    assert_eq!(signed.target(), "/a/b?c=d");
    assert_eq!(signed.header("Host"), Some("h.example:8443"));
    assert_eq!(signed.header("content-length"), Some(&*signed.body().len().to_string()));
    assert_eq!(sign(testing::sms(), "https://h.example").unwrap().target(), "/");
    assert_eq!(sign(testing::sms(), "https://h.example?a=b").unwrap().target(), "/?a=b");
    assert_eq!(sign(testing::media_stream(), "http://h/m").unwrap().url(), "ws://h/m");
    for bad in ["", "/sms", "https://", "://h/", "https:///sms", "https://h/a b"] {
        assert_eq!(sign(testing::sms(), bad).unwrap_err(), VerifyError::InvalidUrl, "{bad}");
    }
    let many = (0..5_000).fold(testing::sms(), |fixture, _| fixture.param_again("a", "b"));
    assert_eq!(sign(many, URL).unwrap_err(), VerifyError::TooManyParams);
}

#[test]
fn debug_shows_lengths_only() {
    let fixture = testing::sms().body("d1ary");
    let signed = fixture.clone().sign(&token(), "https://h.example/s3cr3t").unwrap();
    let shown = format!("{fixture:?} {signed:?}");
    for secret in ["d1ary", "s3cr3t", signed.signature()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// The fixtures sign as `Signer` does, which the vectors of Twilio's libraries prove.
#[test]
fn the_signature_is_that_of_the_signer() {
    let signed = signed(testing::sms());
    let signature = Signer::auth_token(&token()).sign_form(URL, signed.body()).unwrap();
    assert_eq!(signed.signature(), signature.header_value().as_str());
}

#[cfg(feature = "http")]
#[test]
fn a_request_has_the_parts() {
    for (name, fixture) in all() {
        let signed = signed(fixture);
        let request = http::Request::<Vec<u8>>::try_from(signed.clone()).unwrap();
        assert_eq!(request.method(), signed.method(), "{name}");
        assert_eq!(request.uri(), signed.target(), "{name}");
        assert_eq!(request.body(), signed.body(), "{name}");
        assert_eq!(request.headers().len(), signed.headers().count(), "{name}");
        for (header, value) in signed.headers() {
            assert_eq!(request.headers().get(header).unwrap(), value, "{name}: {header}");
        }
    }
}

//! What can be set, and what cannot.

use alloc::sync::Arc;
use core::time::Duration;

use twilio_sig::claim::{Claim, ClaimError, MAX_DURATION, MemoryStore};
use twilio_sig::replay::{Freshness, FreshnessError, Guard, ReplayError, SettingError};
use twilio_sig::{AuthToken, Verifier, Webhook};

use super::{DAY, Service, TOKEN, URL, answer, form, ready, seconds};

const NANOSECOND: Duration = Duration::from_nanos(1);

fn guard() -> Guard<MemoryStore> {
    Guard::new(MemoryStore::new(10).unwrap())
}

#[test]
fn a_bad_setting_is_an_error_when_it_is_made() {
    for (bad, good) in [(Duration::ZERO, NANOSECOND), (MAX_DURATION + NANOSECOND, MAX_DURATION)] {
        assert_eq!(guard().lease(bad).unwrap_err(), SettingError::Lease);
        assert_eq!(guard().ttl(bad).unwrap_err(), SettingError::Ttl);
        assert!(guard().lease(good).is_ok() && guard().ttl(good).is_ok());
    }
    let fresh = Freshness::new;
    for (bad, good) in [
        (Duration::ZERO, NANOSECOND),
        (Freshness::MAX_WINDOW + NANOSECOND, Freshness::MAX_WINDOW),
        (Duration::MAX, seconds(1)),
    ] {
        assert_eq!(fresh().window(bad).unwrap_err(), SettingError::Window);
        assert!(fresh().window(good).is_ok());
    }
    assert_eq!(fresh().skew(Freshness::MAX_SKEW + NANOSECOND).unwrap_err(), SettingError::Skew);
    assert!(fresh().skew(Freshness::MAX_SKEW).is_ok() && fresh().skew(Duration::ZERO).is_ok());
    let names = |count| (0..count).map(|number| format!("Name{number}"));
    assert_eq!(fresh().expects(names(0)).unwrap_err(), SettingError::Expected);
    assert_eq!(
        fresh().expects(names(Freshness::MAX_NAMES + 1)).unwrap_err(),
        SettingError::Expected
    );
    assert!(fresh().expects(names(Freshness::MAX_NAMES)).is_ok());
    let endless = core::iter::repeat("Body");
    assert_eq!(fresh().expects(endless).unwrap_err(), SettingError::Expected);
}

/// No setting makes a request that the store refuses: the longest window is within the longest ttl.
#[test]
fn the_longest_settings_work() {
    let longest = Freshness::new().window(Freshness::MAX_WINDOW).unwrap();
    let longest = longest.skew(Freshness::MAX_SKEW).unwrap();
    let service = Service::with(10, |guard| guard.freshness(longest).lease(MAX_DURATION));
    let request = form(URL, "Body=Ahoy");
    service.handle(&request);
    service.later(365 * DAY);
    assert!(service.is_seen(&request));
}

#[test]
fn scopes_share_a_store_and_no_request() {
    let store = Arc::new(MemoryStore::new(100).unwrap());
    let [sms, voice] = ["sms", "voice"].map(|scope| Guard::new(Arc::clone(&store)).scope(scope));
    let token = AuthToken::new(TOKEN).unwrap();
    let request = form(URL, "Body=Ahoy");
    let webhook = Webhook::post(&request.url, &request.body).signature(&request.signature);
    let verified = Verifier::new(token).verify(&webhook).unwrap();
    for guard in [&sms, &voice] {
        assert!(ready(guard.admit(&verified)).is_ok());
    }
    assert!(matches!(ready(sms.admit(&verified)), Err(ReplayError::InProgress { .. })));
}

#[test]
fn without_random_bytes_nothing_is_admitted() {
    let store = MemoryStore::new(10).unwrap();
    let make_claim = |_| Err::<Claim, _>(ClaimError::unavailable("no entropy"));
    let guard = Guard::with_sources(store, || Duration::ZERO, make_claim);
    let request = form(URL, "Body=Ahoy");
    let webhook = Webhook::post(URL, &request.body).signature(&request.signature);
    let verified = Verifier::new(AuthToken::new(TOKEN).unwrap()).verify(&webhook).unwrap();
    assert!(matches!(ready(guard.admit(&verified)), Err(ReplayError::Store(_))));
}

#[test]
fn each_error_has_its_status() {
    for error in [
        FreshnessError::Ambiguous,
        FreshnessError::Early,
        FreshnessError::Malformed,
        FreshnessError::Missing,
        FreshnessError::Stale,
        FreshnessError::Unexpected,
    ] {
        assert_eq!(ReplayError::from(error).http_status(), 400, "{error}");
        assert_eq!(ReplayError::from(error).to_string(), error.to_string());
    }
    assert_eq!(ReplayError::Replayed(answer()).http_status(), 409);
    assert_eq!(ReplayError::InProgress { retry_after: seconds(1) }.http_status(), 503);
    assert_eq!(ReplayError::Store(ClaimError::Full).http_status(), 503);
}

#[test]
fn debug_of_a_guard_shows_its_settings_and_no_store() {
    let text = format!("{:?}", guard().scope("sms"));
    assert!(text.starts_with("Guard { scope: \"sms\", freshness: Freshness {"), "{text}");
    assert!(!text.contains("MemoryStore"), "{text}");
}

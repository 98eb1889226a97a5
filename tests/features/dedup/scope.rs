//! What a key is scoped by: tenant, account and place; and keys by the token that is not signed.

use alloc::collections::BTreeSet;

use twilio_sig::dedup::{DedupKey, Delivery, MAX_PART_LEN, NoIdentity};

use super::rows::{CALL, INCOMING_MESSAGE};
use super::{URL, asked_at, json_at, key, key_at, with};

fn of_tenant(form: &str, tenant: Option<&str>) -> DedupKey {
    asked_at(URL, form, |verified| {
        let mut delivery = Delivery::new(verified);
        delivery.tenant = tenant;
        DedupKey::of(delivery).unwrap()
    })
}

#[test]
fn keys_are_scoped_by_tenant_account_and_endpoint() {
    let first = key(INCOMING_MESSAGE).unwrap();
    let keys = [
        first.clone(),
        key(&with(INCOMING_MESSAGE, "AccountSid=AC2")).unwrap(),
        key_at("https://example.com/other", INCOMING_MESSAGE).unwrap(),
        of_tenant(INCOMING_MESSAGE, Some("acme")),
        of_tenant(INCOMING_MESSAGE, Some("globex")),
        first.clone().endpoint("sms"),
        first.clone().endpoint("archive"),
        first.clone().account("acme"),
    ];
    let distinct: BTreeSet<_> = keys.iter().map(DedupKey::claim_key).collect();
    assert_eq!(distinct.len(), keys.len());
    assert_eq!(of_tenant(INCOMING_MESSAGE, None), first);
}

/// An event that Twilio tells two URLs of is handled by both, unless they have one name.
#[test]
fn an_event_at_two_urls_has_two_keys_unless_they_are_one_endpoint() {
    let status = "MessageSid=SM1&MessageStatus=sent&AccountSid=AC1";
    let [here, there] = [URL, "https://example.com/other"].map(|url| key_at(url, status).unwrap());
    assert_ne!(here, there);
    assert_eq!(here.endpoint("status"), there.endpoint("status"));
}

/// One id of Event Streams may come to two tenants, whose bodies carry no account.
#[test]
fn one_id_of_two_tenants_is_two_events() {
    let body = r#"[{"specversion":"1.0","id":"EZ01"}]"#;
    let of = |tenant| {
        json_at(URL, body, |verified| {
            let mut delivery = Delivery::new(verified);
            delivery.tenant = tenant;
            DedupKey::each(delivery).unwrap().remove(0).claim_key()
        })
    };
    let keys = BTreeSet::from([of(None), of(Some("acme")), of(Some("globex"))]);
    assert_eq!(keys.len(), 3);
}

fn by_token(form: &str, token: Option<&str>) -> Result<DedupKey, NoIdentity> {
    asked_at(URL, form, |verified| {
        let mut delivery = Delivery::new(verified);
        delivery.idempotency_token = token;
        let borrowed = &delivery;
        DedupKey::of_token(borrowed)
    })
}

/// The header tells the turns of a loop apart, which nothing signed does.
#[test]
fn deliveries_are_told_apart_by_the_token_that_is_not_signed() {
    let turn = with(CALL, "CallStatus=in-progress&Digits=1");
    let first = by_token(&turn, Some("3f0c")).unwrap();
    assert_eq!(by_token(&turn, Some("3f0c")), Ok(first.clone()));
    assert_ne!(by_token(&turn, Some("77aa")), Ok(first.clone()));
    // Another request with the same token is another delivery.
    assert_ne!(by_token(&with(&turn, "Digits=2"), Some("3f0c")), Ok(first));
    assert_eq!(by_token(&turn, None), Err(NoIdentity::MissingToken));
    assert_eq!(by_token(&turn, Some("")), Err(NoIdentity::MissingToken));
    let long = "x".repeat(MAX_PART_LEN + 1);
    assert_eq!(by_token(&turn, Some(&long)), Err(NoIdentity::MalformedToken));
    assert!(by_token(&turn, long.get(1..)).is_ok());
}

/// Bytes of one signature, split anew, are another event: dedup is no replay protection. But they
/// are never another message or call, since everything they say is in the key.
#[test]
fn a_request_split_anew_takes_the_key_of_no_other_message() {
    let honest = "AccountSid=AC1&Body=x&MessageSid=SM1";
    let victim = format!("MessageSid={}", super::sid("SM2"));
    let poisoned = format!("AccountSid=AC1&Body=x{}", victim.replace('=', ""));
    // The text of the sender's message spells another message's SID. Split anew it is one.
    let split = key(&with("AccountSid=AC1&Body=x", &victim)).unwrap();
    assert!(key(&poisoned).is_err());
    // The message of that SID says more, so it is not taken for told.
    let later = key(&format!("AccountSid=AC1&Body=Ahoy&From=+14158675309&{victim}")).unwrap();
    assert_ne!(later.claim_key(), split.claim_key());
    assert_ne!(key(honest).unwrap().claim_key(), split.claim_key());
}

#[test]
fn debug_of_a_delivery_shows_neither_token_nor_parameters() {
    asked_at(URL, "MessageSid=SM1&Body=secret", |verified| {
        let mut delivery = Delivery::new(verified);
        delivery.idempotency_token = Some("secret");
        delivery.tenant = Some("acme");
        let text = format!("{delivery:?}");
        assert!(text.contains("acme") && !text.contains("secret"), "{text}");
        assert!(!text.contains("example.com"), "{text}");
    });
}

#[test]
fn a_body_that_is_given_with_the_proof_of_a_form_counts_for_nothing() {
    asked_at(URL, "MessageSid=SM1&MessageStatus=sent", |verified| {
        let proof = verified.into_proof();
        let delivery = Delivery::of_proof(&proof, b"MessageStatus=read&Body=other").unwrap();
        assert!(delivery.body().is_empty());
        assert_eq!(delivery.params().get("MessageStatus"), Some("sent"));
        assert_eq!(DedupKey::of(delivery), DedupKey::of(verified));
    });
}

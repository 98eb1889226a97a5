//! One request that comes again, by whichever spelling.

use twilio_sig::Webhook;
use twilio_sig::claim::{ClaimError, ClaimStore as _};
use twilio_sig::replay::ReplayError;

use super::{NOW, Request, Service, URL, answer, form, ready, seconds, signer};

/// Only a claim admits a request, and a replay never gives one: it gets the answer that the
/// request got.
#[test]
fn a_replay_is_refused_with_the_answer_of_the_first() {
    let service = Service::new(100);
    let captured = form(URL, "Body=Ahoy&From=%2B15005550006");
    service.handle(&captured);
    for _ in 0..3 {
        let again = service.receive(&captured);
        assert!(again.is_err(), "{again:?}");
        assert!(service.is_seen(&captured));
    }
}

#[test]
fn a_header_spelled_anew_is_no_other_request() {
    let service = Service::new(100);
    let captured = form(URL, "Body=Ahoy&From=%2B15005550006");
    service.handle(&captured);
    let text = &captured.signature;
    let spellings = [
        format!(" {text}"),
        format!("{text} "),
        format!("{text}, {text}"),
        text.trim_end_matches('=').to_owned(),
        text.replace('+', "-").replace('/', "_") + "=",
        format!("{}B=", text.split_at(text.len() - 2).0),
        text.to_lowercase(),
    ];
    for spelling in spellings {
        let webhook = Webhook::post(&captured.url, &captured.body).signature(spelling.as_bytes());
        // Either it is no signature at all, or it is the same bytes and the same key.
        if let Ok(verified) = service.verifier.verify(&webhook) {
            let again = ready(service.guard.admit(&verified));
            assert!(matches!(again, Err(ReplayError::Replayed(_))), "{spelling:?}");
        }
    }
}

#[test]
fn parameters_split_anew_are_no_other_request() {
    let service = Service::new(100);
    let captured = form(URL, "Body=ab&MessageSid=SM1");
    service.handle(&captured);
    for body in [
        "Body=abMessageSidSM1",
        "Bod=yab&MessageSid=SM1",
        "Body=ab&MessageSi=dSM1",
        "MessageSid=SM1&Body=ab",
        "Body=ab&Body=ab&MessageSid=SM1",
        "%42ody=%61b&MessageSid=SM1&&",
    ] {
        assert!(service.is_seen(&captured.split(URL, body)), "{body}");
    }
}

#[test]
fn a_moved_url_boundary_is_no_other_request() {
    let service = Service::new(100);
    let captured = form(URL, "A=1&B=2");
    service.handle(&captured);
    for (url, body) in [
        ("https://example.com/hookA", "1B=2"),
        ("https://example.com/hookA1", "B=2"),
        ("https://example.com/hookA1B", "2="),
        ("https://example.com/hookA1B2", ""),
        ("https://example.com/hoo", "kA1B=2"),
        ("https://example.com:443/hook", "A=1&B=2"),
        ("https://user:password@example.com/hook", "A=1&B=2"),
        ("https://example.com/hook#fragment", "A=1&B=2"),
    ] {
        assert!(service.is_seen(&captured.split(url, body)), "{url} {body}");
    }
}

/// Nothing that is not signed reaches the guard: its key is a function of scope and MAC alone.
#[test]
fn what_is_not_signed_is_not_asked_for() {
    let service = Service::new(100);
    let captured = form(URL, "A=1");
    service.handle(&captured);
    let webhook = Webhook::post(&captured.url, &captured.body)
        .signature(&captured.signature)
        .signature_settings(" ");
    let verified = service.verifier.verify(&webhook).unwrap();
    assert!(matches!(ready(service.guard.admit(&verified)), Err(ReplayError::Replayed(_))));

    // The header that names a retry is not one of its arguments, so changing it changes nothing.
    let key = service.guard.key(&verified);
    let other = Webhook::get("https://example.com/hookA1").signature(&captured.signature);
    assert_eq!(service.guard.key(&service.verifier.verify(&other).unwrap()), key);
}

#[test]
fn a_flood_of_other_requests_pushes_nothing_out() {
    const ENTRIES: usize = 500;
    let service = Service::new(ENTRIES);
    let captured = form(URL, "Body=pay");
    service.handle(&captured);
    let mut refused = 0;
    for number in 0..4 * ENTRIES {
        match service.receive(&form(URL, &format!("Body={number}"))) {
            Ok(_) => {}
            Err(ReplayError::Store(ClaimError::Full)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 4 * ENTRIES - (ENTRIES - 1));
    assert!(service.is_seen(&captured));
}

/// What is not verified cannot reach the guard: `admit` takes a `Verified`, and only a verifier
/// makes one. So a forger cannot mark a request as seen before it arrives.
#[test]
fn a_forgery_marks_nothing_as_seen() {
    let service = Service::new(100);
    let honest = form(URL, "Body=Ahoy");
    let forged = Webhook::post(URL, b"Body=Ahoi").signature(&honest.signature);
    assert!(service.verifier.verify(&forged).is_err());
    service.handle(&honest);
}

#[test]
fn twilios_retry_after_a_503_is_processed() {
    let service = Service::new(100);
    let request = form(URL, "Body=Ahoy&MessageSid=SM1");
    let claim = service.receive(&request).unwrap();
    // Our handler fails and answers 503, so the claim is released.
    ready(service.guard.release(&claim)).unwrap();
    // Twilio sends the same bytes.
    service.handle(&request);
    assert!(service.is_seen(&request));
}

#[test]
fn a_retry_while_the_first_is_at_work_waits_and_after_a_crash_is_processed() {
    let service = Service::new(100);
    let request = form(URL, "Body=Ahoy&MessageSid=SM1");
    let late = service.receive(&request).unwrap();
    service.later(seconds(10));
    assert!(matches!(
        service.receive(&request),
        Err(ReplayError::InProgress { retry_after }) if retry_after == seconds(5)
    ));
    ready(service.guard.renew(&late)).unwrap();
    service.later(seconds(10));
    assert!(matches!(service.receive(&request), Err(ReplayError::InProgress { .. })));
    // Nothing renews or completes it any more: its owner has crashed.
    service.later(seconds(6));
    service.handle(&request);
    let lost = ready(service.guard.complete(&late, &answer()));
    assert!(matches!(lost, Err(ClaimError::Lost)));
    assert!(matches!(ready(service.guard.renew(&late)), Err(ClaimError::Lost)));
}

/// A `<Redirect>` that leads to the same URL again with the same parameters is signed the same: the
/// guard takes the second turn for a replay. A URL of its own for each turn is the remedy.
#[test]
fn a_redirect_loop_needs_a_url_for_each_turn() {
    let service = Service::new(100);
    let body = "CallSid=CA1&CallStatus=in-progress&Digits=1";
    service.handle(&form("https://example.com/menu", body));
    assert!(service.is_seen(&form("https://example.com/menu", body)));
    for turn in 1..5 {
        service.handle(&form(&format!("https://example.com/menu?turn={turn}"), body));
    }
}

/// The steps of `admit` by themselves, for a caller that bounds the time of the store: the claim is
/// known before the store is asked.
#[test]
fn the_steps_of_admit_are_admit() {
    let service = Service::new(100);
    let request = form(URL, &format!("Timestamp={}", NOW.as_secs()));
    let Request { url, body, signature } = &request;
    let webhook = Webhook::post(url, body).signature(signature);
    let verified = service.verifier.verify(&webhook).unwrap();
    service.guard.check(&verified).unwrap();
    let claim = service.guard.claim(&verified).unwrap();
    assert_eq!(claim.key(), &service.guard.key(&verified));
    ready(service.guard.acquire(&claim)).unwrap();
    assert!(matches!(service.receive(&request), Err(ReplayError::InProgress { .. })));
    // Its answer did not come in time: it is given up.
    ready(service.guard.store().release(&claim)).unwrap();
    service.handle(&request);
    assert!(matches!(ready(service.guard.acquire(&claim)), Err(ReplayError::Replayed(_))));
}

/// A `GET` webhook that comes again.
#[test]
fn a_get_webhook_is_seen_too() {
    let service = Service::new(100);
    let url = format!("{URL}?CallSid=CA1&Digits=1");
    let signature = signer().sign_url(&url).header_value();
    let request = Request { url, body: Vec::new(), signature };
    service.handle(&request);
    assert!(service.is_seen(&request));
}

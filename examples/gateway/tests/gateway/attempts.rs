//! What is counted, logged and limited of every attempt.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::time::Instant;

use twilio_sig::testing::{self, SignedWebhook};

use crate::program::{Answer, Connection, Folder, Gateway, eventually, exchange, sign, sign_with};

const SMS: &str = "/v1/webhooks/twilio";

fn forged(number: u64) -> SignedWebhook {
    sign_with(testing::sms().number(number), "another token", SMS)
}

/// Through a proxy of this machine.
fn send_from(gateway: &Gateway, client: &str, webhook: &SignedWebhook) -> Answer {
    let mut headers: Vec<_> = webhook.headers().collect();
    headers.push(("X-Forwarded-For", client));
    let (method, target) = (webhook.method(), webhook.target());
    exchange(gateway.address, method, target, &headers, webhook.body()).unwrap()
}

#[test]
fn every_attempt_is_logged_with_what_became_of_it() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let message = sign(testing::sms().body("a secret word"), SMS);
    let first = gateway.send(&message);
    gateway.send(&message);
    gateway.send(&forged(1));
    gateway.send(&sign(testing::sms_status("sent").number(9), "/v1/webhooks/twilio/status"));
    let rows = "SELECT status, http_status, reason, tenant, event_type FROM attempts ORDER BY at";
    eventually("all are logged", || folder.query(rows).len() == 4);
    assert_eq!(
        folder.query(rows),
        [
            "success 200 - default /v1/webhooks/twilio",
            "duplicate 200 - default /v1/webhooks/twilio",
            "unauthorized 403 mismatch default /v1/webhooks/twilio",
            "error 404 - default /v1/webhooks/twilio/status",
        ]
    );
    let id = first.header("x-request-id").unwrap();
    let of_first = "SELECT request_id, sid, ip FROM attempts ORDER BY id LIMIT 1";
    let sid = "SM11111111111111110000000000000001";
    assert_eq!(folder.query(of_first), [format!("{id} {sid} 127.0.0.1")]);

    let of_events = "SELECT count(*) FROM attempts WHERE (inbox_id IS NOT NULL) = (payload = '')";
    assert_eq!(folder.query(of_events), ["4"], "the body of an event is in the inbox alone");
    let kept = folder.query("SELECT payload, headers, url FROM attempts").join("\n");
    assert!(kept.contains(sid) && kept.contains("Body=[13]"), "{kept}");
    assert!(!kept.contains("secret") && !kept.contains(message.signature()), "{kept}");
    assert!(!kept.contains("15005550006"), "{kept}");
}

#[test]
fn a_refusal_is_a_security_event_with_its_request_id() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[("TRUSTED_PROXIES", "127.0.0.1")]);
    let answer = send_from(&gateway, "192.0.2.1", &forged(1));
    let mut events = Vec::new();
    eventually("it is logged", || {
        events = gateway.log();
        events.retain(|event| event["event_type"] == "invalid_webhook_signature");
        !events.is_empty()
    });
    let event = &events[0];
    assert_eq!(event["provider"], "twilio");
    assert_eq!(event["tenant_id"], "default");
    assert_eq!(event["ip_address"], "192.0.2.1");
    assert_eq!(event["url"], "https://hooks.example.com/v1/webhooks/twilio");
    assert_eq!(event["user_agent"], "TwilioProxy/1.1");
    assert_eq!(event["reason"], "mismatch");
    assert_eq!(event["span"]["request_id"], answer.header("x-request-id").unwrap());
}

#[test]
fn a_genuine_request_that_was_spoiled_is_explained_in_the_log() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let token = twilio_sig::AuthToken::new(crate::program::TOKEN).unwrap();
    let elsewhere = "http://hooks.example.com/v1/webhooks/twilio";
    let spoiled = testing::sms().sign(&token, elsewhere).unwrap();
    assert_eq!(gateway.send(&spoiled).status, 403);
    let mut text = Vec::new();
    eventually("it is explained", || {
        text = folder.query("SELECT diagnosis FROM attempts");
        !text.is_empty()
    });
    assert!(text[0].contains("[signed_as_http]"), "{text:?}");
    assert!(!text[0].contains(crate::program::TOKEN) && !text[0].contains(spoiled.signature()));
}

#[test]
fn what_is_refused_of_an_address_is_limited_and_what_is_genuine_is_not() {
    let folder = Folder::new();
    let settings = [("TRUSTED_PROXIES", "127.0.0.1"), ("RATE_LIMIT_PER_MINUTE", "5")];
    let gateway = Gateway::start(&folder, &settings);
    for number in 0..5 {
        assert_eq!(send_from(&gateway, "192.0.2.1", &forged(number)).status, 403);
    }
    let limited = send_from(&gateway, "192.0.2.1", &forged(6));
    assert_eq!(limited.status, 429);
    let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // Another client of the same proxy, and one that writes a header of its own.
    assert_eq!(send_from(&gateway, "192.0.2.2", &forged(7)).status, 403);
    assert_eq!(send_from(&gateway, "192.0.2.2, 192.0.2.1", &forged(8)).status, 429);
    // An account at Twilio is enough to let it send us what we refuse.
    assert_eq!(send_from(&gateway, "192.0.2.1", &sign(testing::sms(), SMS)).status, 200);
    // Nothing is kept of what was limited.
    let refused =
        || gateway.log().into_iter().filter(|event| event["reason"] == "mismatch").count();
    assert_eq!(refused(), 6);
    let rows = "SELECT count(*) FROM attempts WHERE http_status IN (403, 429)";
    eventually("the others are logged", || folder.query(rows) == ["6"]);

    // What Twilio signed is not counted, not even a repetition that is refused.
    for number in 10..30 {
        let webhook = sign(testing::sms().number(number), SMS);
        assert_eq!(send_from(&gateway, "192.0.2.3", &webhook).status, 200);
    }
    let repeated = sign(testing::whatsapp(), "/api/v1/whatsapp/webhook");
    for expected in [200].into_iter().chain([409; 20]) {
        assert_eq!(send_from(&gateway, "192.0.2.3", &repeated).status, expected);
    }
}

#[test]
fn metrics_count_and_are_shown_to_operators_alone() {
    let folder = Folder::new();
    let token = "an admin token of the tests";
    let gateway = Gateway::start(&folder, &[("ADMIN_TOKEN", token)]);
    gateway.send(&sign(testing::sms(), SMS));
    gateway.send(&forged(1));
    let shown = gateway.get("/metrics");
    assert_eq!(shown.status, 200);
    for line in [
        r#"gateway_attempts_total{route="/v1/webhooks/twilio",status="success",reason="none"} 1"#,
        r#"gateway_attempts_total{route="/v1/webhooks/twilio",status="unauthorized",reason="mismatch"} 1"#,
        r#"gateway_request_seconds_count{route="/v1/webhooks/twilio"} 2"#,
        "gateway_jobs_dead 0",
    ] {
        assert!(shown.body.contains(line), "{line}\n{}", shown.body);
    }
    let ask = |headers: &[(&str, &str)]| {
        exchange(gateway.address, "GET", "/metrics", headers, b"").unwrap().status
    };
    let through_a_proxy = ("X-Forwarded-For", "192.0.2.1");
    assert_eq!(ask(&[("Host", "x"), through_a_proxy]), 404);
    let bearer = ["Bearer ", token].concat();
    assert_eq!(ask(&[("Host", "x"), through_a_proxy, ("Authorization", &bearer)]), 200);
    assert_eq!(ask(&[("Host", "x"), through_a_proxy, ("Authorization", "Bearer x")]), 404);
}

/// Genuine requests are sent in turns: some while the flood waits, some while it comes. Each turn gives a ratio
/// of its medians, so other work of the machine slows both sides of it, and the median of the ratios is
/// compared.
#[test]
fn a_flood_of_10_000_forged_requests_makes_genuine_ones_at_most_twice_as_slow() {
    /// Genuine requests of each half of a turn.
    const OF_A_HALF: usize = 10;
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[("TRUSTED_PROXIES", "127.0.0.1")]);
    let number = AtomicU64::new(0);
    let half = || {
        let mut times = [(); OF_A_HALF].map(|()| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let webhook = sign(testing::sms().number(number), SMS);
            let started = Instant::now();
            assert_eq!(send_from(&gateway, "192.0.2.1", &webhook).status, 200);
            started.elapsed().as_secs_f64()
        });
        median(&mut times)
    };
    half();
    let flood = forged(1);
    let (flooded, is_on) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut ratios = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = Connection::open(gateway.address);
            while flooded.load(Ordering::Relaxed) < 10_000 {
                while !is_on.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                let status = connection.send(&flood, &[("X-Forwarded-For", "192.0.2.9")]);
                assert!([403, 429].contains(&status));
                flooded.fetch_add(1, Ordering::Relaxed);
            }
        });
        while flooded.load(Ordering::Relaxed) < 10_000 {
            // The first half of one turn is not always the same.
            let order = [ratios.len() % 2 == 0, ratios.len() % 2 == 1];
            let mut medians = [0.0; 2];
            for is_flooded in order {
                is_on.store(is_flooded, Ordering::Relaxed);
                medians[usize::from(is_flooded)] = half();
            }
            let [alone, during] = medians;
            ratios.push(during / alone);
        }
    });
    assert!(ratios.len() >= 10, "{} turns say little", ratios.len());
    let ratio = median(&mut ratios);
    assert!(ratio <= 2.0, "genuine requests are {ratio:.2} times as slow");
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

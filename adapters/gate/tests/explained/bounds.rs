//! What forged requests cannot take: time, memory, the log.

use alloc::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Instant;

use twilio_sig::Cause;
use twilio_sig_gate::ExplainPolicy;

use super::{
    FORM, PATIENCE, SILENCE, Start, URL, assert_silent, gate_of, genuine, heard, next, post,
    signature, status, wrong,
};
use crate::table::Request;

/// All of it.
pub(super) fn check(start: Start<'_>) {
    no_minute_has_more_than_was_allowed(start);
    scanners_leave_half_of_the_places(start);
    no_more_bytes_are_kept_than_was_allowed(start);
    a_full_queue_skips_and_holds_up_nobody(start);
    a_flood_holds_up_nobody(start);
    a_listener_that_panics_costs_its_own_event(start);
}

fn no_minute_has_more_than_was_allowed(start: Start<'_>) {
    let (gate, told) = heard(wrong().explain(ExplainPolicy::new().per_minute(3)));
    let server = start(gate).address;
    for _ in 0..20 {
        assert_eq!(status(server, &genuine()), 403);
    }
    let skipped: u64 = (0..3).map(|_| next(&told).explained.skipped).sum();
    assert!(skipped <= 17, "{skipped}");
    assert_silent(&told);
}

fn scanners_leave_half_of_the_places(start: Start<'_>) {
    let (gate, told) = heard(wrong().explain(ExplainPolicy::new().per_minute(4)));
    let server = start(gate).address;
    for _ in 0..10 {
        assert_eq!(status(server, &Request::new("POST", "/wp-login.php").body(FORM)), 403);
    }
    for _ in 0..10 {
        assert_eq!(status(server, &genuine()), 403);
    }
    let causes: Vec<_> = (0..4).map(|_| next(&told).explained.causes[0]).collect();
    let scanned = [Cause::SignatureMissing, Cause::SignatureMissing];
    assert_eq!((&causes[..2], &causes[2..]), (&scanned[..], &[causes[2], causes[2]][..]));
    assert_ne!(causes[2], Cause::SignatureMissing);
    assert_silent(&told);
}

fn no_more_bytes_are_kept_than_was_allowed(start: Start<'_>) {
    let policy = ExplainPolicy::new().per_minute(600).max_queued_bytes(1_000);
    let (gate, told) = heard(wrong().explain(policy));
    let server = start(gate).address;
    let long = format!("{FORM}&Long={}", "x".repeat(1_000));
    assert_eq!(status(server, &post("/sms", &long, &signature(URL, &long))), 403);
    assert_silent(&told);
    // What was kept is given back each time.
    for n in 0..20 {
        assert_eq!(status(server, &genuine()), 403);
        assert_eq!(next(&told).explained.skipped, u64::from(n == 0));
    }
}

/// The listener does not return, so nothing is explained any more; all are answered all the same.
fn a_full_queue_skips_and_holds_up_nobody(start: Start<'_>) {
    const QUEUED: usize = 4;
    const FLOOD: usize = 50;
    let policy = ExplainPolicy::new().per_minute(600).max_queued(QUEUED);
    let (enter, entered) = channel();
    let (release, released) = channel::<()>();
    let (enter, released) = (Mutex::new(enter), Mutex::new(released));
    let gate = gate_of("https://hooks.example.com").explain(policy).on_event(move |event| {
        if let Some(explained) = event.explained {
            enter.lock().unwrap().send(explained.skipped).unwrap();
            let _ = released.lock().unwrap().recv();
        }
    });
    let server = start(gate).address;
    let forged = post("/sms", "Body=x", &signature(URL, FORM));
    assert_eq!(status(server, &forged), 403);
    assert_eq!(entered.recv_timeout(PATIENCE), Ok(0));
    for n in 0..FLOOD {
        assert_eq!(status(server, &forged), 403);
        if n % 10 == 0 {
            assert_eq!(status(server, &post("/sms", FORM, &signature(URL, FORM))), 200);
        }
    }
    assert_eq!(entered.recv_timeout(SILENCE), Err(RecvTimeoutError::Timeout));
    drop(release);
    let told: Vec<u64> = (0..QUEUED).map(|_| entered.recv_timeout(PATIENCE).unwrap()).collect();
    assert_eq!(told.iter().sum::<u64>(), u64::try_from(FLOOD - QUEUED).unwrap());
    assert_eq!(entered.recv_timeout(SILENCE), Err(RecvTimeoutError::Timeout));
}

/// Each forged request costs a long search. One of them takes longer than any genuine one may.
fn a_flood_holds_up_nobody(start: Start<'_>) {
    const GENUINE: u32 = 30;
    let policy = ExplainPolicy::new().per_minute(600).max_macs(100_000).max_queued(64);
    let (gate, told) = heard(gate_of("https://hooks.example.com").explain(policy));
    let server = start(gate).address;
    let forged = post("/sms", FORM, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let own = post("/sms", FORM, &signature(URL, FORM));
    let begun = Instant::now();
    assert_eq!(status(server, &forged), 403);
    next(&told);
    let search = begun.elapsed();
    let begun = Instant::now();
    for _ in 0..GENUINE {
        assert_eq!(status(server, &forged), 403);
        assert_eq!(status(server, &own), 200);
    }
    // Each waits for less than a fifth of one search, while a search is going on.
    assert!(begun.elapsed() < search * GENUINE / 5, "{:?}, {search:?}", begun.elapsed());
    assert!(told.try_iter().count() < usize::try_from(GENUINE).unwrap(), "none was waiting");
}

fn a_listener_that_panics_costs_its_own_event(start: Start<'_>) {
    let (tell, told) = channel();
    let state = Arc::new(Mutex::new((tell, 0_u32)));
    let gate = wrong().explain(ExplainPolicy::new()).on_event(move |event| {
        if event.explained.is_some() {
            let calls = {
                let mut state = state.lock().unwrap();
                state.1 += 1;
                state.0.send(()).unwrap();
                state.1
            };
            assert!(calls > 1, "a listener that panics");
        }
    });
    let server = start(gate).address;
    for _ in 0..3 {
        assert_eq!(status(server, &genuine()), 403);
        told.recv_timeout(PATIENCE).unwrap();
    }
}

//! Two processes on one database.

use core::time::Duration;
use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

use twilio_sig::testing::{self, SignedWebhook};

use crate::program::{Folder, Gateway, sign};

/// Events that both are told of.
const TOLD_TO_BOTH: u64 = 200;
/// Events that are under way when one of them is killed.
const AT_THE_END: u64 = 100;

fn recording(number: u64) -> SignedWebhook {
    sign(testing::recording().number(number), "/api/webhooks/twilio/recording?callId=1")
}

/// The bodies of the answers, which have status 200.
fn tell(gateway: &Gateway, numbers: impl Iterator<Item = u64>) -> Vec<String> {
    let answer = |number| {
        let answer = gateway.send(&recording(number));
        assert_eq!(answer.status, 200, "{number}");
        answer.body
    };
    numbers.map(answer).collect()
}

#[test]
fn two_processes_on_one_file_handle_each_event_once_and_one_outlives_the_other() {
    let folder = Folder::new();
    let [first, second] = [(); 2].map(|()| Gateway::start(&folder, &[]));
    // Each is told of the same events, four at a time: one from the front, the other from the back.
    let quarter = TOLD_TO_BOTH / 4;
    let begins = [0, 1, 2, 3].map(|nth| nth * quarter);
    let together = Barrier::new(2 * begins.len());
    let (by_first, by_second) = thread::scope(|scope| {
        let told = |gateway, is_from_the_back: bool| {
            let together = &together;
            begins.map(|begin| {
                scope.spawn(move || {
                    let numbers = begin..begin + quarter;
                    together.wait();
                    if !is_from_the_back {
                        return tell(gateway, numbers);
                    }
                    let mut bodies = tell(gateway, numbers.rev());
                    bodies.reverse();
                    bodies
                })
            })
        };
        let [by_first, by_second] = [told(&first, false), told(&second, true)];
        let all = |tellers: [_; 4]| {
            tellers.map(|teller: ScopedJoinHandle<'_, _>| teller.join().unwrap()).concat()
        };
        (all(by_first), all(by_second))
    });
    let is_duplicate = |body: &String| body.contains("duplicate");
    for (number, (one, other)) in by_first.iter().zip(&by_second).enumerate() {
        assert!(is_duplicate(one) != is_duplicate(other), "{number}: {one} {other}");
    }
    for bodies in [&by_first, &by_second] {
        assert!(bodies.iter().any(|body| !is_duplicate(body)), "one of them did all of it");
    }

    // What the first has answered before it is killed, the second does.
    let all = TOLD_TO_BOTH + AT_THE_END;
    for number in TOLD_TO_BOTH..all {
        assert_eq!(first.send(&recording(number)).status, 200);
    }
    first.kill();
    assert!(tell(&second, TOLD_TO_BOTH..all).iter().all(is_duplicate));
    let handled = "SELECT count(*), count(DISTINCT sid), min(stored), max(stored) FROM recordings";
    let once = format!("{all} {all} 1 1");
    let started = Instant::now();
    while folder.query(handled) != [once.as_str()] {
        // A job that was at work when its process was killed is taken over when its lease has ended.
        assert!(started.elapsed() < Duration::from_secs(40), "{:?}", folder.query(handled));
        thread::sleep(Duration::from_millis(200));
    }
}

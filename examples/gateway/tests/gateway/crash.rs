//! The program is killed, stopped, flooded.

use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use twilio_sig::testing::{self, SignedWebhook};

use crate::program::{Folder, Gateway, eventually, send, sign};

/// Requests in flight when it is killed.
const IN_FLIGHT: u64 = 500;

fn recordings() -> Vec<SignedWebhook> {
    let path = "/api/webhooks/twilio/recording?callId=1";
    (1..=IN_FLIGHT).map(|number| sign(testing::recording().number(number), path)).collect()
}

#[test]
fn killed_with_500_requests_in_flight_every_answered_event_is_handled_once() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let (address, webhooks) = (gateway.address, recordings());
    let barrier = Barrier::new(webhooks.len() + 1);
    let answered = thread::scope(|scope| {
        let senders: Vec<_> = webhooks
            .iter()
            .map(|webhook| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    send(address, webhook).is_ok_and(|answer| answer.status < 300)
                })
            })
            .collect();
        barrier.wait();
        // Some are answered, and most are not.
        eventually("work has begun", || folder.query("SELECT 1 FROM jobs LIMIT 1").len() == 1);
        gateway.kill();
        let answers = senders.into_iter().map(|sender| sender.join().unwrap());
        answers.filter(|is_answered| *is_answered).count()
    });
    assert!(answered < webhooks.len(), "it was killed under load");

    // Twilio sends again what was not answered, and sometimes what was.
    let gateway = Gateway::start(&folder, &[]);
    for webhook in &webhooks {
        assert_eq!(gateway.send(webhook).status, 200);
    }
    let handled = "SELECT count(*), count(DISTINCT sid), min(stored), max(stored) FROM recordings";
    let all = format!("{IN_FLIGHT} {IN_FLIGHT} 1 1");
    let started = Instant::now();
    while folder.query(handled) != [all.as_str()] {
        // A job that was at work when it died is taken over when its lease has ended.
        assert!(started.elapsed() < Duration::from_secs(40), "{:?}", folder.query(handled));
        thread::sleep(Duration::from_millis(200));
    }
    let left = "SELECT count(*) FROM inbox LEFT JOIN jobs ON jobs.number = inbox.number
        WHERE coalesce(state, 'none') <> 'done'";
    assert_eq!(folder.query(left), ["0"], "each event has a job that is done");
}

#[test]
fn told_to_stop_it_answers_what_it_has_begun() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let (address, webhooks) = (gateway.address, recordings());
    let (first, rest) = webhooks.split_at(100);
    let answers = thread::scope(|scope| {
        let send = |webhook| send(address, webhook);
        let senders: Vec<_> =
            first.iter().map(|webhook| scope.spawn(move || send(webhook))).collect();
        eventually("work has begun", || folder.query("SELECT 1 FROM jobs LIMIT 1").len() == 1);
        gateway.terminate();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(gateway.wait(), "it ends well");
    let answered = answers.iter().flatten().filter(|answer| answer.status == 200).count();
    // A connection that was not accepted yet gets no answer, and none gets half of one. On a slow disk
    // some wait too long for their turn.
    let mut statuses = answers.iter().flatten().map(|answer| answer.status);
    assert!(answered > 0 && statuses.all(|status| status == 200 || status == 503));
    let kept: usize = folder.query("SELECT count(*) FROM inbox")[0].parse().unwrap();
    assert!(kept >= answered, "{kept} of {answered} that were answered are kept");
    assert!(send(address, &rest[0]).is_err(), "it listens no more");
}

#[test]
fn a_job_that_takes_the_process_down_each_time_is_given_up() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    // As the table looks after ten processes that died over it, and the lease of the last has ended.
    folder.query(
        "INSERT INTO jobs (number, kind, payload, state, attempts, due_at, created_at)
        VALUES (1, 'recording', '{}', 'running', 10, 0, 0) RETURNING number",
    );
    eventually("it is dead", || {
        folder.query("SELECT state, last_error FROM jobs") == ["dead no attempt has ended"]
    });
    assert_eq!(gateway.get("/healthz").status, 200);
}

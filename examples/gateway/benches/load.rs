//! Mixed load on the running program: how many requests it answers, how fast, and in how much memory.
//!
//! ```sh
//! cargo bench -p gateway --bench load                                       # 20 seconds, as fast as it can
//! LOAD_SECONDS=1800 LOAD_RATE=1500 cargo bench -p gateway --bench load      # half an hour, with flat memory
//! ```
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a bench fails, and it says what it measures"
)]

extern crate alloc;

#[path = "../tests/gateway/database.rs"]
#[allow(dead_code, reason = "the support of the tests has more than is needed here")]
mod database;
#[path = "../tests/gateway/program.rs"]
#[allow(dead_code, reason = "the support of the tests has more than is needed here")]
mod program;

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::fs;
use std::thread;
use std::time::Instant;

use program::{Connection, Folder, Gateway, now, sign, sign_with};
use twilio_sig::testing::{self, SignedWebhook};

/// As many requests are under way at a time.
const CONNECTIONS: u64 = 64;
/// What a sender sends before it looks whether it is too fast.
const MIX: u32 = 8;
/// The highest memory of the second half, in percent of that of the first.
const MAX_PERCENT: u64 = 125;

fn main() {
    let setting = |name| std::env::var(name).ok().map(|text| text.parse::<u32>().unwrap());
    let seconds = setting("LOAD_SECONDS").unwrap_or(20).into();
    // Requests a second of all senders. Each request leaves some 1.7 kB in the database.
    let rate = setting("LOAD_RATE").unwrap_or(u32::MAX);
    let pause = Duration::from_secs(CONNECTIONS) * MIX / rate;
    let folder = Folder::new();
    let settings = [("RATE_LIMIT_PER_MINUTE", "4000000000"), ("RUST_LOG", "gateway::serve=info")];
    let gateway = Gateway::start(&folder, &settings);
    let (address, is_over) = (gateway.address, AtomicBool::new(false));
    let answered = AtomicU64::new(0);
    let (times, memory) = thread::scope(|scope| {
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|sender| {
                let (is_over, answered) = (&is_over, &answered);
                scope.spawn(move || keep_sending(address, sender, pause, is_over, answered))
            })
            .collect();
        let memory: Vec<_> = (0..seconds).map(|_| second(&gateway, &answered)).collect();
        is_over.store(true, Ordering::Relaxed);
        let requests = answered.load(Ordering::Relaxed).max(1);
        let [user, system] = ticks(&gateway).map(|ticks| ticks * 10_000 / requests);
        println!("{user} µs of processor time a request, and {system} µs in the system");
        let times: Vec<_> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
        (times, memory)
    });
    report(times, &memory, seconds);
}

/// Lets a second pass, and says what was done in it. The memory that is in use, in KiB.
fn second(gateway: &Gateway, answered: &AtomicU64) -> u64 {
    let before = answered.load(Ordering::Relaxed);
    thread::sleep(Duration::from_secs(1));
    let done = answered.load(Ordering::Relaxed) - before;
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let memory = line.split_whitespace().next().unwrap().parse().unwrap();
    println!("{done} requests, {memory} KiB");
    memory
}

/// What the gateway has used of the processors, in hundredths of a second.
fn ticks(gateway: &Gateway) -> [u64; 2] {
    let stat = fs::read_to_string(format!("/proc/{}/stat", gateway.id())).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    [fields[11], fields[12]].map(|field| field.parse().unwrap())
}

fn report(mut times: Vec<Duration>, memory: &[u64], seconds: u64) {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 1_000];
    println!(
        "{} requests/s; median {:?}, 99 % {:?}, 99.9 % {:?}",
        times.len() as u64 / seconds,
        at(500),
        at(990),
        at(999)
    );
    let (first, second) = memory.split_at(memory.len() / 2);
    let highest = |half: &[u64]| half.iter().copied().max().unwrap_or_default();
    let percent = highest(second) * 100 / highest(first).max(1);
    println!("the memory of the second half was {percent} % of that of the first");
    assert!(percent < MAX_PERCENT, "the memory is not flat");
}

/// Sends one mix after the other on a connection, each in this time at least. How long each webhook took.
fn keep_sending(
    address: SocketAddr,
    sender: u64,
    pause: Duration,
    is_over: &AtomicBool,
    answered: &AtomicU64,
) -> Vec<Duration> {
    let mut connection = Connection::open(address);
    let mut times = Vec::new();
    let mut number = sender << 32;
    while !is_over.load(Ordering::Relaxed) {
        number += 1;
        let begun = Instant::now();
        for (webhook, expected) in mix(number) {
            let started = Instant::now();
            let status = connection.send(&webhook, &[]);
            assert_eq!(status, expected, "{}", webhook.target());
            times.push(started.elapsed());
            answered.fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(pause.saturating_sub(begun.elapsed()));
    }
    times
}

/// A message, its reports, a call, its end, its recording; one of them twice, and one forged.
fn mix(number: u64) -> Vec<(SignedWebhook, u16)> {
    let sms = "/v1/webhooks/twilio";
    let call = |route: &str| format!("/api/webhooks/twilio/{route}?callId={number}");
    let report = |status| testing::sms_status(status).number(number);
    let end = testing::call_status("completed").at(now(0));
    let voice = sign(testing::voice().number(number), &call("voice"));
    vec![
        (sign(testing::sms().number(number), sms), 200),
        (sign(report("sent"), "/v1/webhooks/twilio/status"), 200),
        (sign(report("delivered"), "/v1/webhooks/twilio/status"), 200),
        (voice.clone(), 200),
        (voice, 200),
        (sign(end.number(number), &call("status")), 200),
        (sign(testing::recording().number(number), &call("recording")), 200),
        (sign_with(testing::sms().number(number), "another token", sms), 403),
    ]
}

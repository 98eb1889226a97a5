//! What the layer costs an axum route, under load on loopback.
//!
//! ```sh
//! cargo bench -p twilio_sig_tower --features axum --bench load                  # both, 2 minutes
//! cargo bench -p twilio_sig_tower --features axum --bench load -- throughput
//! cargo bench -p twilio_sig_tower --features axum --bench load -- memory        # a million requests
//! ```
//!
//! Both routes read the same form of 25 parameters into the same struct, one behind the layer. They
//! take short turns in one process, over connections that stay open, so that whatever else the
//! machine does meets both alike; the median of many pairs of turns is what counts. The extractor
//! behind the layer reads a form in less time than axum's `Form`, which pays for the verification.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a measurement that fails may panic"
)]

extern crate alloc;

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::time::Instant;
use std::{env, fs};

use axum::{Form, Router, routing::post};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_tower::extract::Proven;
use twilio_sig_tower::{Gate, WebhookLayer};

/// Requests are in flight on so many connections.
const CONNECTIONS: usize = 64;
/// The layer must leave at least this much of the bare route's throughput.
const TARGET: f64 = 0.95;
/// Pairs of turns, and how long each turn takes.
const PAIRS: usize = 200;
const TURN: Duration = Duration::from_millis(150);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Call {
    account_sid: String,
    caller: String,
    from: String,
    to: String,
    direction: String,
}

impl Call {
    fn len(&self) -> usize {
        let Self { account_sid, caller, from, to, direction } = self;
        [account_sid, caller, from, to, direction].map(String::len).iter().sum()
    }
}

async fn bare(Form(call): Form<Call>) -> String {
    call.len().to_string()
}

async fn verified(call: Proven<Form<Call>>) -> String {
    call.len().to_string()
}

fn form() -> String {
    let sid = "0123456789abcdef0123456789abcdef";
    let place =
        |of: &str| format!("{of}City=SAN+FRANCISCO&{of}Country=US&{of}State=CA&{of}Zip=94105&");
    format!(
        "AccountSid=AC{sid}&ApiVersion=2010-04-01&CallSid=CA{sid}&CallStatus=ringing&\
         {}{}{}{}Caller=%2B14155550100&Called=%2B14155550199&Direction=inbound&From=%2B14155550100&\
         To=%2B14155550199",
        place("Called"),
        place("Caller"),
        place("From"),
        place("To")
    )
}

/// One request, as it is sent again and again.
fn request() -> Vec<u8> {
    let form = form();
    assert_eq!(form.split('&').count(), 25);
    let signer = Signer::auth_token(&AuthToken::new("12345").unwrap());
    let signature = signer.sign_form("https://example.com/voice", form.as_bytes()).unwrap();
    format!(
        "POST /voice HTTP/1.1\r\nhost: example.com\r\nuser-agent: TwilioProxy/1.1\r\naccept: */*\r\n\
         content-type: application/x-www-form-urlencoded; charset=utf-8\r\n\
         i-twilio-idempotency-token: 6d9c6b5a-9a0e-4d6f-8f62-2b8a5a1c7f11\r\n\
         x-twilio-signature: {}\r\ncontent-length: {}\r\n\r\n{form}",
        signature.header_value(), form.len()
    ).into_bytes()
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn connect(server: SocketAddr) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(server).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    streams
}

/// Sends requests until `more` says no, and counts the answers; every one must be 200.
async fn load(
    streams: &mut Vec<TcpStream>,
    more: impl Fn() -> bool + Clone + Send + 'static,
) -> u64 {
    let mut connections = JoinSet::new();
    let request = Arc::<[u8]>::from(request());
    for mut stream in streams.drain(..) {
        let (request, more) = (Arc::clone(&request), more.clone());
        connections.spawn(async move {
            let (mut answered, mut answer) = (0, [0; 1_024]);
            while more() {
                stream.write_all(&request).await.unwrap();
                let length = stream.read(&mut answer).await.unwrap();
                assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "refused");
                answered += 1;
            }
            (answered, stream)
        });
    }
    let (answered, open): (Vec<u64>, Vec<_>) = connections.join_all().await.into_iter().unzip();
    streams.extend(open);
    answered.iter().sum()
}

/// Requests per second, and per second of the process's time on a core: what others do on the machine
/// takes from the one, and hardly from the other.
async fn per_second(streams: &mut Vec<TcpStream>) -> [f64; 2] {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let answered = load(streams, move || start.elapsed() < TURN).await as f64;
    [answered / start.elapsed().as_secs_f64(), answered / (cpu_seconds() - cpu)]
}

/// How long the threads of this process were on a core, client and server together.
fn cpu_seconds() -> f64 {
    let nanos = |task: fs::DirEntry| -> Option<f64> {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks.filter_map(nanos).sum::<f64>() / 1e9
}

fn app(layered: bool) -> Router {
    if !layered {
        return Router::new().route("/voice", post(bare));
    }
    let verifier = Verifier::new(AuthToken::new("12345").unwrap());
    let gate = Gate::new(verifier, Origin::fixed("https://example.com").unwrap());
    Router::new().route("/voice", post(verified)).layer(WebhookLayer::new(gate))
}

/// What the bare route and the one behind the layer did in a pair of turns.
type Turn = ([f64; 2], [f64; 2]);

async fn throughput() {
    let mut bare = connect(serve(app(false)).await).await;
    let mut layered = connect(serve(app(true)).await).await;
    let mut turns = Vec::new();
    for pair in 0..PAIRS + 10 {
        // The first of a pair comes second in the next.
        let turn = if pair % 2 == 0 {
            (per_second(&mut bare).await, per_second(&mut layered).await)
        } else {
            let layered = per_second(&mut layered).await;
            (per_second(&mut bare).await, layered)
        };
        // The first ones warm up.
        if pair >= 10 {
            turns.push(turn);
        }
    }
    println!("quartiles of {PAIRS} pairs of turns");
    let mut medians = [0.0; 2];
    for (nth, name) in ["second", "second on a core"].into_iter().enumerate() {
        let quartiles = |of: &dyn Fn(&Turn) -> f64| {
            let mut all: Vec<f64> = turns.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            [all[PAIRS / 4], all[PAIRS / 2], all[PAIRS * 3 / 4]]
        };
        println!("bare   {:8.0?} requests/{name}", quartiles(&|turn| turn.0[nth]));
        println!("layer  {:8.0?} requests/{name}", quartiles(&|turn| turn.1[nth]));
        let ratio = quartiles(&|turn| turn.1[nth] / turn.0[nth]);
        println!("ratio  {ratio:8.3?}");
        medians[nth] = ratio[1];
    }
    println!("medians {medians:.3?}, target {TARGET}");
    assert!(medians[0] >= TARGET, "the layer leaves {:.3}, and not {TARGET}", medians[0]);
}

/// Kilobytes of this process that are in memory.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn memory() {
    const STEP: u64 = 100_000;
    /// Allocators keep some of what they get; a leak of a byte for each request is above it.
    const MAX_GROWTH: u64 = 700;
    let mut streams = connect(serve(app(true)).await).await;
    let mut sizes = Vec::new();
    for step in 1..=10 {
        let left = Arc::new(AtomicU64::new(STEP));
        let take = move |left: u64| left.checked_sub(1);
        let more = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        assert_eq!(load(&mut streams, more).await, STEP);
        sizes.push(resident());
        println!("{:8} requests: {} kB resident", step * STEP, sizes[sizes.len() - 1]);
    }
    let growth = sizes[9].saturating_sub(sizes[1]);
    println!("growth from 200,000 to 1,000,000 requests: {growth} kB");
    assert!(growth <= MAX_GROWTH, "memory grows with the requests");
}

fn main() {
    let runtime = Runtime::new().unwrap();
    let only = env::args().nth(1);
    if only.as_deref() != Some("memory") {
        runtime.block_on(throughput());
    }
    if only.as_deref() != Some("throughput") {
        runtime.block_on(memory());
    }
}

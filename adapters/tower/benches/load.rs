//! What the layer costs an axum route, under load on loopback.
//!
//! ```sh
//! cargo bench -p twilio_sig_tower --features axum --bench load               # 1 minute
//! cargo bench -p twilio_sig_tower --features axum --bench load -- memory     # 1 million requests
//! ```
//!
//! Both routes read the same form of 25 parameters into the same struct, one behind the layer. They
//! take turns in one process, so that whatever else the machine does meets both alike.

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
use twilio_sig_tower::axum::Verified;
use twilio_sig_tower::{Gate, WebhookLayer};

/// Requests are in flight on so many connections.
const CONNECTIONS: usize = 64;
/// The layer must leave at least this much of the bare route's throughput.
const TARGET: f64 = 0.93;
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_secs(2);

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

async fn verified(call: Verified<Form<Call>>) -> String {
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

/// Sends requests until `more` says no, and counts the answers; every one must be 200.
async fn load(server: SocketAddr, more: impl Fn() -> bool + Clone + Send + 'static) -> u64 {
    let answered = Arc::new(AtomicU64::new(0));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (answered, more) = (Arc::clone(&answered), more.clone());
        connections.spawn(async move {
            let request = request();
            let mut stream = TcpStream::connect(server).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut answer = [0; 1_024];
            while more() {
                stream.write_all(&request).await.unwrap();
                let length = stream.read(&mut answer).await.unwrap();
                assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "refused");
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    connections.join_all().await;
    answered.load(Ordering::Relaxed)
}

async fn per_second(server: SocketAddr, time: Duration) -> f64 {
    let start = Instant::now();
    let answered = load(server, move || start.elapsed() < time).await;
    answered as f64 / start.elapsed().as_secs_f64()
}

fn app(layered: bool) -> Router {
    if !layered {
        return Router::new().route("/voice", post(bare));
    }
    let verifier = Verifier::new(AuthToken::new("12345").unwrap());
    let gate = Gate::new(verifier, Origin::fixed("https://example.com").unwrap());
    Router::new().route("/voice", post(verified)).layer(WebhookLayer::new(gate))
}

async fn throughput() {
    let (bare, layered) = (serve(app(false)).await, serve(app(true)).await);
    for server in [bare, layered] {
        per_second(server, ROUND / 2).await;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let (bare, layered) = (per_second(bare, ROUND).await, per_second(layered, ROUND).await);
        println!("bare {bare:8.0}/s   layer {layered:8.0}/s   ratio {:.3}", layered / bare);
        rounds.push(layered / bare);
    }
    rounds.sort_by(f64::total_cmp);
    let median = rounds[ROUNDS / 2];
    println!("median ratio {median:.3}, target {TARGET}");
    assert!(median >= TARGET, "the layer costs too much");
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
    const MAX_GROWTH: u64 = 900;
    let server = serve(app(true)).await;
    let mut sizes = Vec::new();
    for step in 1..=10 {
        let left = Arc::new(AtomicU64::new(STEP));
        let take = move |left: u64| left.checked_sub(1);
        let more = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        assert_eq!(load(server, more).await, STEP);
        sizes.push(resident());
        println!("{:8} requests: {} kB resident", step * STEP, sizes[sizes.len() - 1]);
    }
    let growth = sizes[9].saturating_sub(sizes[1]);
    println!("growth from 200,000 to 1,000,000 requests: {growth} kB");
    assert!(growth <= MAX_GROWTH, "memory grows with the requests");
}

fn main() {
    let runtime = Runtime::new().unwrap();
    match env::args().nth(1).as_deref() {
        Some("memory") => runtime.block_on(memory()),
        _ => runtime.block_on(throughput()),
    }
}

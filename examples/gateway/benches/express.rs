//! The gateway beside the same routes with Express and Twilio's Node middleware: requests that a core carries.
//!
//! ```sh
//! cargo bench -p gateway --bench express --profile deploy     # two minutes; needs node, npm and taskset
//! ```
//!
//! Two apps of Express, neither with a database. `whole.js` gives the gateway's answers, duplicates included, which
//! is checked first, and keeps in memory what the gateway keeps on the disk, but for the bodies. `routes.js` verifies
//! and answers, and that is all.
//!
//! All get the same requests in turns, each on one core, and the sender is on another. The processor time of a
//! request is compared, because a core carries as many as fit into its second: all that it takes until the process
//! is idle again, the log and the jobs included. The requests that were answered in a second are printed beside it,
//! and depend on the disk and on other work of the machine.
#![allow(
    clippy::arithmetic_side_effects,
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
use core::time::Duration;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use claims_live::port::free_port;
use program::{Folder, Gateway, TOKEN, eventually, now, send, settings, sign, sign_with};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use twilio_sig::testing::{self, SignedWebhook};

/// As many requests are under way at a time.
const CONNECTIONS: u64 = 256;
/// How often each connection sends the mix in a turn.
const MIXES: u64 = 8;
const TURNS: u64 = 9;
/// The apps, and the least that a core must carry of the gateway's requests for one of theirs: 4 where the answers
/// are the same.
const APPS: [(&str, f64); 2] = [("whole.js", 4.0), ("routes.js", 2.4)];

fn main() {
    on_core(1, std::process::id());
    let folder = Folder::new();
    let gateway = Gateway::start_as(pinned(&folder.command(&["serve"])), &settings());
    let home = install();
    let apps = APPS.map(|(app, _)| Express::start(&home, app));
    agree(gateway.address, apps[0].address);

    let mut ratios = APPS.map(|_| Vec::new());
    for turn in 0..TURNS {
        let ours = measure("gateway", gateway.id(), gateway.address, turn);
        for ((app, (name, _)), ratios) in apps.iter().zip(APPS).zip(&mut ratios) {
            let theirs = measure(name, app.process.id(), app.address, turn);
            // The first turn warms up.
            if turn > 0 {
                ratios.push(theirs / ours);
            }
        }
    }
    for ((name, least), mut ratios) in APPS.into_iter().zip(ratios) {
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        println!("a core carries {ratio:.2} times the requests of {name}; at least {least}");
        assert!(ratio >= least, "the gateway is slower than it should be");
    }
}

/// Sends what a service meets to both, and again, and compares the answers.
fn agree(gateway: SocketAddr, express: SocketAddr) {
    let mut webhooks = mix(u64::MAX).to_vec();
    webhooks.extend(mix(u64::MAX));
    webhooks.push(sign(testing::voice().number(u64::MAX - 1), "/api/webhooks/twilio/voice"));
    let sms = testing::sms().number(u64::MAX);
    webhooks.push(sign_with(sms, "another token", "/v1/webhooks/twilio"));
    for webhook in webhooks {
        let [ours, theirs] = [gateway, express].map(|address| {
            let answer = send(address, &webhook).unwrap();
            let is_wanted = answer.status < 400;
            let content_type = answer.header("content-type").unwrap_or_default();
            let content_type = content_type.split(';').next().unwrap_or_default().to_owned();
            let body = answer.body.replace("<Response/>", "<Response></Response>");
            (answer.status, is_wanted.then_some((content_type, body)))
        });
        assert_eq!(ours, theirs, "{}", webhook.target());
    }
}

/// The processor time of a request, in µs, of as many as a turn has.
fn measure(name: &str, process: u32, address: SocketAddr, turn: u64) -> f64 {
    let senders = (0..CONNECTIONS).map(|sender| {
        let first = turn << 32 | sender << 16;
        (first..first + MIXES).flat_map(mix).map(|webhook| bytes(&webhook)).collect()
    });
    let senders: Vec<Vec<Vec<u8>>> = senders.collect();
    let requests: usize = senders.iter().map(Vec::len).sum();
    let requests = f64::from(u32::try_from(requests).unwrap());
    let before = micros(process);
    let elapsed = send_all(address, senders).as_secs_f64();
    let mut used = micros(process) - before;
    loop {
        thread::sleep(Duration::from_millis(300));
        let now = micros(process) - before;
        if now == used {
            break;
        }
        used = now;
    }
    let each = f64::from(u32::try_from(used).unwrap()) / requests;
    let a_second = requests / elapsed;
    println!(
        "{name}: {requests} requests, {a_second:.0} a second, {each:.0} µs of processor time each"
    );
    each
}

/// Sends what each connection has to send, one after the other, and waits for the answers.
fn send_all(address: SocketAddr, senders: Vec<Vec<Vec<u8>>>) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connections = Vec::new();
        for requests in senders {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            connections.push((BufReader::new(stream), requests));
        }
        let begun = Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for (mut stream, requests) in connections {
            senders.spawn(async move {
                for request in requests {
                    stream.write_all(&request).await.unwrap();
                    read_answer(&mut stream).await;
                }
            });
        }
        senders.join_all().await;
        begun.elapsed()
    })
}

async fn read_answer(stream: &mut BufReader<tokio::net::TcpStream>) {
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length]).await.unwrap();
}

fn bytes(webhook: &SignedWebhook) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", webhook.method(), webhook.target());
    for (name, value) in webhook.headers() {
        head.push_str(&[name, ": ", value, "\r\n"].concat());
    }
    [head.as_bytes(), b"\r\n", webhook.body()].concat()
}

/// What a process has used of the processors, in µs. Linux counts it in hundredths of a second.
fn micros(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11..=12].iter().map(|field| field.parse::<u64>().unwrap() * 10_000).sum()
}

/// A message, its reports, a call, its end, its recording.
fn mix(number: u64) -> [SignedWebhook; 6] {
    let call = |route: &str| format!("/api/webhooks/twilio/{route}?callId={number}");
    let report =
        |status| sign(testing::sms_status(status).number(number), "/v1/webhooks/twilio/status");
    [
        sign(testing::sms().number(number), "/v1/webhooks/twilio"),
        report("sent"),
        report("delivered"),
        sign(testing::voice().number(number), &call("voice")),
        sign(testing::call_status("completed").at(now(0)).number(number), &call("status")),
        sign(testing::recording().number(number), &call("recording")),
    ]
}

/// An app of `benches/express`. It is killed when it is dropped.
struct Express {
    process: Child,
    address: SocketAddr,
}

impl Express {
    fn start(home: &Path, app: &str) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let mut node = Command::new("node");
        node.arg(home.join(app)).arg(address.port().to_string()).arg(TOKEN);
        let mut command = pinned(&node);
        command.env("NODE_ENV", "production").stdout(Stdio::null());
        let process = command.spawn().expect("node is installed: apt-get install nodejs");
        let express = Self { process, address };
        eventually("Express listens", || TcpStream::connect(address).is_ok());
        express
    }
}

impl Drop for Express {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The folder of the apps, with the libraries of npm.
fn install() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/express");
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("express");
    fs::create_dir_all(&home).unwrap();
    for file in ["routes.js", "whole.js", "package.json"] {
        fs::copy(source.join(file), home.join(file)).unwrap();
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]);
    let installed = npm.current_dir(&home).status().expect("npm is installed: apt-get install npm");
    assert!(installed.success(), "npm has the packages of benches/express/package.json");
    home
}

/// The same command, on core 0.
fn pinned(command: &Command) -> Command {
    let mut taskset = Command::new("taskset");
    taskset.env_clear().env("PATH", std::env::var("PATH").unwrap());
    taskset.args(["-c", "0"]).arg(command.get_program()).args(command.get_args());
    taskset.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        taskset.current_dir(folder);
    }
    taskset
}

fn on_core(core: u32, process: u32) {
    let mut taskset = Command::new("taskset");
    taskset.args(["-cp", &core.to_string(), &process.to_string()]).stdout(Stdio::null());
    assert!(taskset.status().expect("taskset is installed: util-linux").success());
}

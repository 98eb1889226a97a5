//! With what must be installed: the example app in Python, and Redis.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]
#![allow(dead_code, reason = "the support of the other tests has more than is needed here")]

extern crate alloc;

#[path = "gateway/program.rs"]
mod program;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use program::{Folder, Gateway, eventually, exchange, sign};
use twilio_sig::testing;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Killed when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn redis(port: u16, folder: &Folder) -> Server {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
    command.args(["--dir", folder.path(".").to_str().unwrap()]).stdout(Stdio::null());
    let server = command.spawn().expect("redis-server is installed: apt-get install redis-server");
    let server = Server(server);
    eventually("Redis listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    server
}

fn signal(server: &Server, signal: &str) {
    let status = Command::new("kill").args([signal, &server.0.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn processes_share_what_they_have_seen_and_outlive_their_redis() {
    let (port, folders) = (free_port(), [Folder::new(), Folder::new()]);
    let server = redis(port, &folders[0]);
    let url = format!("redis://127.0.0.1:{port}/");
    let gateways = folders.each_ref().map(|folder| Gateway::start(folder, &[("REDIS_URL", &url)]));
    let whatsapp = |number| sign(testing::whatsapp().number(number), "/api/v1/whatsapp/webhook");
    // Each has a database of its own, so it is Redis that knows.
    assert_eq!(gateways[0].send(&whatsapp(1)).status, 200);
    assert_eq!(gateways[1].send(&whatsapp(1)).status, 409);

    signal(&server, "-STOP");
    let started = Instant::now();
    assert_eq!(gateways[0].send(&whatsapp(2)).status, 503, "it hangs");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    signal(&server, "-CONT");
    eventually("it goes on", || gateways[0].send(&whatsapp(2)).status == 200);

    drop(server);
    assert_eq!(gateways[0].send(&whatsapp(3)).status, 503, "it is gone");
    let _server = redis(port, &folders[0]);
    eventually("it is back", || gateways[0].send(&whatsapp(3)).status == 200);
    // It forgot, and the database did not.
    assert_eq!(gateways[0].send(&whatsapp(1)).status, 409);
}

#[test]
fn the_app_in_python_gets_what_was_proven_and_nothing_else() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut command = Command::new("python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/app.py")).arg(address.port().to_string());
    command.env("FORWARD_SECRET", SECRET).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut app = Server(command.spawn().expect("python3 is installed: apt-get install python3"));
    let mut lines = BufReader::new(app.0.stdout.take().unwrap()).lines();
    eventually("the app listens", || TcpStream::connect(address).is_ok());

    let folder = Folder::new();
    let base = format!("http://{address}");
    let gateway = Gateway::start(&folder, &[("FORWARD_TO", &base), ("FORWARD_SECRET", SECRET)]);
    let answer = gateway.send(&sign(testing::sms().body("Ahoy"), "/sms"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, "<Response><Message>Ahoy from Python!</Message></Response>");
    let line = lines.next().unwrap().unwrap();
    assert!(
        line.starts_with("evt_") && line.contains("message:SM1") && line.contains("Body=Ahoy"),
        "{line}"
    );

    let headers = [
        ("Host", "x"),
        ("Content-Length", "9"),
        ("webhook-id", "evt_1"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", "v1,x"),
        ("twilio-proof", "{}"),
        ("twilio-proof-signature", "v1,x"),
    ];
    assert_eq!(exchange(address, "POST", "/sms", &headers, b"Body=Ahoy").unwrap().status, 403);
}

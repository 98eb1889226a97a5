//! With the example app in Python, which must be installed.
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

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use program::{Folder, Gateway, eventually, exchange, sign};
use twilio_sig::testing;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Killed when it is dropped.
struct App(Child);

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_app_in_python_gets_what_was_proven_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut command = Command::new("python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/app.py")).arg(address.port().to_string());
    command.env("FORWARD_SECRET", SECRET).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut app = App(command.spawn().expect("python3 is installed: apt-get install python3"));
    let mut lines = BufReader::new(app.0.stdout.take().unwrap()).lines();
    eventually("the app listens", || std::net::TcpStream::connect(address).is_ok());

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

//! A running `twilio-sig listen`, and raw sockets to it.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use crate::service::TOKEN;

/// How long to wait for a line; a diagnosis in a debug build is slow.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Listener {
    child: Child,
    lines: Receiver<String>,
    /// `127.0.0.1` and the port.
    pub(crate) address: String,
    /// All lines so far.
    pub(crate) text: String,
}

impl Listener {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
        command.env("TWILIO_AUTH_TOKEN", TOKEN).args(["listen", "--port", "0"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        let mut listener = Self { child, lines, address: String::new(), text: String::new() };
        let first = listener.until("listening");
        let address = first.split("http://").nth(1).unwrap().split(' ').next().unwrap();
        address.clone_into(&mut listener.address);
        listener.until("REQUEST");
        listener
    }

    /// Waits for a line that holds this, and gives it.
    pub(crate) fn until(&mut self, part: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("no line with {part} in:\n{}", self.text));
            self.text.push_str(&line);
            self.text.push('\n');
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends these bytes, and reads until the connection is closed.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // What is refused early is not read to its end.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs another command beside it: status and output.
pub(crate) fn twilio_sig(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
    let output = command.env("TWILIO_AUTH_TOKEN", TOKEN).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

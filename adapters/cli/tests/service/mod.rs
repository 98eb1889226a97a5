//! A service on a socket, which keeps what it gets.

use alloc::sync::Arc;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use twilio_sig::{AuthToken, Verifier, Webhook};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What the service got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn verifies(&self, base: &str) -> bool {
        let target = self.head.split(' ').nth(1).unwrap();
        let url = format!("{base}{target}");
        let webhook = match self.header("upgrade") {
            Some(_) => Webhook::websocket(&url),
            None => Webhook::post(&url, &self.body),
        };
        let signature = self.header("x-twilio-signature").unwrap_or_default();
        let verifier = Verifier::new(AuthToken::new(TOKEN).unwrap());
        verifier.verify(&webhook.signature(signature)).is_ok()
    }
}

/// A service; its address, and what it got so far.
pub(crate) fn serve(
    answer: impl Fn(&Got) -> String + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<Got>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let all = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&all);
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, seen, answer) =
                (stream.unwrap(), Arc::clone(&seen), Arc::clone(&answer));
            thread::spawn(move || {
                // A client keeps the connection.
                while let Some(got) = read(&mut stream) {
                    seen.lock().unwrap().push(got.clone());
                    // The client may have given up.
                    let _ = stream.write_all(answer(&got).as_bytes());
                }
            });
        }
    });
    (base, all)
}

fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    let mut got = Got { head: String::from_utf8(head).unwrap(), body: Vec::new() };
    let length = got.header("content-length").map_or(0, |text| text.parse().unwrap());
    got.body.resize(length, 0);
    stream.read_exact(&mut got.body).ok()?;
    Some(got)
}

pub(crate) fn response(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Verifies, and answers as a good service does.
pub(crate) fn good(base: &str, got: &Got) -> String {
    if !got.verifies(base) {
        response("403 Forbidden", "text/plain", "no\u{1b}[31m")
    } else if got.header("upgrade").is_some() {
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
            .to_owned()
    } else {
        response("200 OK", "text/xml", "<Response><Say>Ahoy</Say></Response>")
    }
}

/// A good service at the address that it is called by.
pub(crate) fn good_service() -> (String, Arc<Mutex<Vec<Got>>>) {
    serve(|got| good(&format!("http://{}", got.header("host").unwrap()), got))
}

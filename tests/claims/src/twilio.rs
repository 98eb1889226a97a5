//! Twilio as a sender: it signs, waits, and sends the same bytes again.

use core::error::Error;
use core::net::Ipv4Addr;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use twilio_sig::{AuthToken, Signer};

/// The auth token of the services under test.
pub const TOKEN: &str = "an auth token of the tests";
/// Their public URL.
pub const BASE: &str = "https://example.com";
/// Where they listen for status callbacks.
pub const PATH: &str = "/status";
/// How long Twilio waits for one answer, and for all attempts together:
/// <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>
pub const WAIT: Duration = Duration::from_secs(15);
/// The pause between two attempts. Twilio's is not documented.
const PAUSE: Duration = Duration::from_secs(1);

/// A status callback.
#[derive(Clone, Debug)]
pub struct Callback {
    event: String,
    body: String,
    signature: String,
}

impl Callback {
    /// That the message of this number was delivered. Two that differ in `note` alone are other
    /// bytes about the same event.
    ///
    /// # Errors
    /// None: the URL can be signed.
    pub fn new(number: usize, note: usize) -> Result<Self, Box<dyn Error>> {
        let event = format!("SM{number:032x}");
        let body = format!(
            "AccountSid=AC00000000000000000000000000000001&ApiVersion={note}&MessageSid={event}\
             &MessageStatus=delivered"
        );
        let signer = Signer::auth_token(&AuthToken::new(TOKEN)?);
        let signature = signer.sign_form(&format!("{BASE}{PATH}"), body.as_bytes())?;
        Ok(Self { event, body, signature: signature.header_value() })
    }

    /// The same signature on another event.
    ///
    /// # Errors
    /// None: the URL can be signed.
    pub fn forged(&self, number: usize) -> Result<Self, Box<dyn Error>> {
        Ok(Self { signature: self.signature.clone(), ..Self::new(number, 0)? })
    }

    /// The SID of its message.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Sends it once; `order` is what the handler is to do. Waits for as long as Twilio does.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(&self, port: u16, order: &str) -> io::Result<Answer> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.set_nodelay(true)?;
        let Self { body, signature, .. } = self;
        let length = body.len();
        stream.write_all(
            format!(
                "POST {PATH} HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\
                 x-twilio-signature: {signature}\r\nx-do: {order}\r\n\r\n{body}"
            )
            .as_bytes(),
        )?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Answer::read(&bytes)
            .ok_or_else(|| io::Error::other(format!("no answer: {}", bytes.escape_ascii())))
    }

    /// Sends it to these ports in turn, a second apart, until it is answered with a status below 400
    /// or `patience` is over. The first attempt carries the order.
    #[must_use]
    pub fn deliver(&self, ports: &[u16], order: &str, patience: Duration) -> Delivery {
        let begun = Instant::now();
        let mut delivery = Delivery { answer: None, attempts: 0, took: Duration::ZERO };
        let mut order = order;
        for port in ports.iter().cycle() {
            delivery.attempts += 1;
            let answer = self.send(*port, order);
            order = "";
            delivery.took = begun.elapsed();
            if let Ok(answer) = answer {
                let done = answer.status < 400;
                delivery.answer = Some(answer);
                if done {
                    break;
                }
            }
            if delivery.took + PAUSE >= patience {
                break;
            }
            thread::sleep(PAUSE);
        }
        delivery
    }
}

/// What became of a callback.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the tests read it")]
pub struct Delivery {
    /// The last answer.
    pub answer: Option<Answer>,
    /// How often it was sent.
    pub attempts: u32,
    /// Until the last answer.
    pub took: Duration,
}

/// What a service has said.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the tests read it")]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Whether it is the first answer again.
    pub replayed: bool,
    /// `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Answer {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let head = head.to_lowercase();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        // An answer that is cut short is none.
        if header("content-length").parse().ok() != Some(body.len()) {
            return None;
        }
        Some(Self {
            status: head.split(' ').nth(1)?.parse().ok()?,
            replayed: header("twilio-sig-replayed") == "true",
            content_type: header("content-type"),
            body: body.to_owned(),
        })
    }
}

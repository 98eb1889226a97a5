//! In front of an app.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU16, Ordering};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use twilio_sig::testing;

use crate::program::{Folder, Gateway, eventually, now, sign, sign_with};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// An app that keeps what it gets, and answers with a status that can be set.
struct App {
    address: String,
    got: Arc<Mutex<Vec<Got>>>,
    status: Arc<AtomicU16>,
}

/// A request that the app got.
#[derive(Clone, Debug)]
struct Got {
    head: String,
    body: Vec<u8>,
}

impl App {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (got, status) = (Arc::default(), Arc::new(AtomicU16::new(200)));
        let app = Self { address, got: Arc::clone(&got), status: Arc::clone(&status) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (got, status) = (Arc::clone(&got), Arc::clone(&status));
                thread::spawn(move || answer(stream.unwrap(), &got, &status));
            }
        });
        app
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn gateway(&self, folder: &Folder) -> Gateway {
        Gateway::start(folder, &[("FORWARD_TO", &self.address), ("FORWARD_SECRET", SECRET)])
    }
}

fn answer(mut stream: TcpStream, got: &Mutex<Vec<Got>>, status: &AtomicU16) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let (head, mut body) = loop {
        let read = stream.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..read]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 4..].to_vec());
        }
    };
    let request = Got { head, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        let read = stream.read(&mut chunk).unwrap();
        body.extend_from_slice(&chunk[..read]);
    }
    got.lock().unwrap().push(Got { body, ..request });
    let (status, twiml) =
        (status.load(Ordering::Relaxed), "<Response><Message>Hi</Message></Response>");
    let head = format!(
        "HTTP/1.1 {status} OK\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        twiml.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(twiml.as_bytes()).unwrap();
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn signature(&self, payload: &[u8]) -> String {
        let secret = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
        let of = |name| self.header(name).unwrap();
        mac.update(format!("{}.{}.", of("webhook-id"), of("webhook-timestamp")).as_bytes());
        mac.update(payload);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// The proof, if all is signed.
    fn proof(&self) -> serde_json::Value {
        assert_eq!(self.header("webhook-signature").unwrap(), self.signature(&self.body));
        let proof = self.header("twilio-proof").unwrap();
        let signature = self.header("twilio-proof-signature").unwrap();
        assert_eq!(signature, self.signature(proof.as_bytes()));
        serde_json::from_str(proof).unwrap()
    }
}

#[test]
fn a_message_goes_on_byte_for_byte_and_its_retry_gets_the_first_answer() {
    let (folder, app) = (Folder::new(), App::start());
    let gateway = app.gateway(&folder);
    let message = sign(testing::sms(), "/any/path?of=mine&x=%20");
    let first = gateway.send(&message);
    assert_eq!(
        (first.status, first.body.as_str()),
        (200, "<Response><Message>Hi</Message></Response>")
    );
    let again = gateway.send(&message);
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("twilio-sig-replayed"), Some("true"));

    let got = app.got();
    assert_eq!(got.len(), 1, "the app was asked once");
    assert_eq!(got[0].body, message.body());
    assert!(got[0].head.starts_with("POST /any/path?of=mine&x=%20 HTTP/1.1"), "{}", got[0].head);
    let proof = got[0].proof();
    assert_eq!(proof["tenant"], "default");
    assert_eq!(proof["account"], testing::ACCOUNT_SID);
    assert_eq!(proof["coverage"], "form");
    assert_eq!(proof["key"], 0);
    assert_eq!(proof["duplicate"], false);
    assert!(proof["event"].as_str().unwrap().starts_with("message:SM1111"), "{proof}");
    gateway.kill();
    let gateway = app.gateway(&folder);
    assert_eq!(gateway.send(&message).body, first.body);
    assert_eq!(app.got().len(), 1, "nor is it after a restart");
}

#[test]
fn a_status_is_kept_and_delivered_until_the_app_takes_it() {
    let (folder, app) = (Folder::new(), App::start());
    let gateway = app.gateway(&folder);
    app.status.store(500, Ordering::Relaxed);
    let status = testing::call_status("completed").at(now(0));
    let answer = gateway.send(&sign(status, "/status"));
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let json = gateway.send(&sign(testing::event_streams(), "/events"));
    assert_eq!(json.status, 204);
    eventually("both are tried", || app.got().len() >= 2);
    app.status.store(200, Ordering::Relaxed);
    let open = "SELECT count(*) FROM jobs WHERE state <> 'done'";
    eventually("both are taken", || folder.query(open) == ["0"]);
    let event =
        folder.query("SELECT id FROM inbox JOIN jobs ON jobs.number = inbox.number ORDER BY id");
    let logged = "SELECT inbox_id FROM attempts WHERE http_status = 204 ORDER BY inbox_id";
    assert_eq!(folder.query(logged), event, "the log names the events");
    let mut got = app.got();
    assert!(got.iter().any(|got| got.proof()["coverage"] == "body_hash"));
    got.retain(|got| got.head.starts_with("POST /status "));
    let [first, second] = &got[..] else { panic!("it is delivered twice: {got:?}") };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(
        (first.proof()["duplicate"].clone(), second.proof()["duplicate"].clone()),
        (false.into(), true.into())
    );
}

#[test]
fn nothing_forged_reaches_the_app_and_its_faults_are_no_answer() {
    let (folder, app) = (Folder::new(), App::start());
    let gateway = app.gateway(&folder);
    assert_eq!(gateway.send(&sign_with(testing::sms(), "another token", "/sms")).status, 403);
    assert_eq!(gateway.get("/sms").status, 403);
    assert!(app.got().is_empty());

    app.status.store(500, Ordering::Relaxed);
    let message = sign(testing::sms(), "/sms");
    assert_eq!(gateway.send(&message).status, 500);
    app.status.store(200, Ordering::Relaxed);
    let answer = gateway.send(&message);
    assert_eq!((answer.status, answer.header("twilio-sig-replayed")), (200, None));
    let ids: Vec<_> =
        app.got().iter().map(|got| got.header("webhook-id").unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "the app can tell that it is the same event");

    let nowhere = [("FORWARD_TO", "http://127.0.0.1:1"), ("FORWARD_SECRET", SECRET)];
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &nowhere);
    assert_eq!(gateway.send(&message).status, 503);
}

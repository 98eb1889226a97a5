//! What is sent elsewhere: alerts to Sentry, and traces to a collector. Both are listeners of the test.

use alloc::sync::Arc;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Mutex;
use std::thread;

use twilio_sig::testing;

use crate::program::{Folder, Gateway, TOKEN, eventually, sign, sign_with};

/// A listener that takes what is posted to it.
struct Collector {
    address: String,
    got: Arc<Mutex<Vec<Post>>>,
}

#[derive(Clone)]
struct Post {
    head: String,
    body: Vec<u8>,
}

impl Post {
    fn holds(&self, text: &str) -> bool {
        self.body.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let got = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&got);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, taken) = (stream.unwrap(), Arc::clone(&taken));
                thread::spawn(move || {
                    let mut stream = BufReader::new(stream);
                    while let Some(post) = read(&mut stream) {
                        taken.lock().unwrap().push(post);
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                        stream.get_mut().write_all(answer).unwrap();
                    }
                });
            }
        });
        Self { address, got }
    }

    fn got(&self) -> Vec<Post> {
        self.got.lock().unwrap().clone()
    }
}

fn read(stream: &mut BufReader<std::net::TcpStream>) -> Option<Post> {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        head.push_str(&line);
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Post { head, body })
}

#[test]
fn sentry_is_told_of_what_is_refused_and_of_nothing_else() {
    let (folder, sentry) = (Folder::new(), Collector::start());
    let dsn = format!("http://publickey@{}/42", sentry.address);
    let settings = [("SENTRY_DSN", &*dsn), ("RUST_LOG", "off,gateway::serve=info")];
    let gateway = Gateway::start(&folder, &settings);
    let sms = "/v1/webhooks/twilio";
    assert_eq!(gateway.send(&sign(testing::sms().body("a secret word"), sms)).status, 200);
    let forged = sign_with(testing::sms().body("a secret word"), "another token", sms);
    let refused = gateway.send(&forged);
    assert_eq!(refused.status, 403);
    eventually("Sentry is told", || !sentry.got().is_empty());
    gateway.terminate();
    assert!(gateway.wait());

    let got = sentry.got();
    assert_eq!(got.len(), 1);
    assert!(got[0].head.starts_with("POST /api/42/envelope/ HTTP/1.1\r\n"), "{}", got[0].head);
    assert!(got[0].head.contains("sentry_key=publickey"), "{}", got[0].head);
    let text = String::from_utf8(got[0].body.clone()).unwrap();
    let event: serde_json::Value = serde_json::from_str(text.lines().nth(2).unwrap()).unwrap();
    assert_eq!(event["level"], "warning");
    assert_eq!(event["tags"]["request_id"], refused.header("x-request-id").unwrap());
    let fields = &event["contexts"]["Rust Tracing Fields"];
    assert_eq!(fields["event_type"], "invalid_webhook_signature");
    assert_eq!(fields["provider"], "twilio");
    assert_eq!(fields["tenant_id"], "default");
    assert_eq!(fields["ip_address"], "127.0.0.1");
    assert_eq!(fields["url"], "https://hooks.example.com/v1/webhooks/twilio");
    assert_eq!(fields["user_agent"], "TwilioProxy/1.1");
    for secret in ["a secret word", forged.signature(), TOKEN] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_flood_of_forged_requests_is_no_flood_of_alerts() {
    let (folder, sentry) = (Folder::new(), Collector::start());
    let dsn = format!("http://publickey@{}/42", sentry.address);
    let settings = [("SENTRY_DSN", &*dsn), ("RATE_LIMIT_PER_MINUTE", "1000")];
    let gateway = Gateway::start(&folder, &settings);
    for number in 0..200 {
        let forged =
            sign_with(testing::sms().number(number), "another token", "/v1/webhooks/twilio");
        assert_eq!(gateway.send(&forged).status, 403);
    }
    gateway.terminate();
    assert!(gateway.wait());
    // The minute may have changed meanwhile.
    assert!((1..=60).contains(&sentry.got().len()), "{}", sentry.got().len());
}

/// Neither what it is told to nor what it is told of stands in the way of a webhook.
#[test]
fn webhooks_are_answered_while_sentry_and_the_collector_are_away() {
    let folder = Folder::new();
    let settings = [
        ("SENTRY_DSN", "http://publickey@127.0.0.1:1/42"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
    ];
    let gateway = Gateway::start(&folder, &settings);
    for number in 0..20 {
        let sms = testing::sms().number(number);
        assert_eq!(gateway.send(&sign(sms.clone(), "/v1/webhooks/twilio")).status, 200);
        let forged = sign_with(sms, "another token", "/v1/webhooks/twilio");
        assert_eq!(gateway.send(&forged).status, 403);
    }
    eventually("the loss is counted", || {
        let metrics = gateway.get("/metrics").body;
        metrics.lines().any(|line| line == "gateway_alerts_lost_total 20")
    });
    gateway.terminate();
    assert!(gateway.wait());
}

#[test]
fn a_collector_gets_a_span_for_each_webhook_and_job() {
    let (folder, collector) = (Folder::new(), Collector::start());
    let endpoint = format!("http://{}", collector.address);
    let settings =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("RUST_LOG", "gateway::serve=info")];
    let gateway = Gateway::start(&folder, &settings);
    let recording = sign(testing::recording(), "/api/webhooks/twilio/recording?callId=1");
    let genuine = gateway.send(&recording);
    let forged = gateway.send(&sign_with(testing::sms(), "another token", "/v1/webhooks/twilio"));
    let ids = [genuine, forged].map(|answer| answer.header("x-request-id").unwrap().to_owned());
    eventually("the job is done", || {
        folder.query("SELECT count(*) FROM jobs WHERE state = 'done'") == ["1"]
    });
    // What waits is sent before the end.
    gateway.terminate();
    assert!(gateway.wait());

    let got = collector.got();
    assert!(got.iter().all(|post| post.head.starts_with("POST /v1/traces HTTP/1.1\r\n")));
    let holds = |text: &str| got.iter().any(|post| post.holds(text));
    for text in ["service.name", "http.route", "/v1/webhooks/twilio", "mismatch", "recording"] {
        assert!(holds(text), "{text}");
    }
    assert!(ids.iter().all(|id| holds(id)), "{ids:?}");
    for secret in [TOKEN, recording.signature(), "15005550006"] {
        assert!(!holds(secret), "{secret}");
    }
}

//! With what must be installed: the example app in Python, Redis, nginx as in `deploy/` and in front of the
//! app, and Chromium for the pages of operators.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]
#![allow(dead_code, reason = "the support of the other tests has more than is needed here")]

extern crate alloc;

#[path = "live/browser.rs"]
mod browser;
#[path = "gateway/database.rs"]
mod database;
#[path = "live/https.rs"]
mod https;
#[path = "gateway/program.rs"]
mod program;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use claims_live::port::free_port;
use program::{Folder, Gateway, eventually, exchange, sign, sign_with};
use twilio_sig::testing::{self, SignedWebhook};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Ended when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its workers when it is asked to, and leaves them when it is killed.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let started = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && started.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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

/// nginx with the file of `deploy/`, but for what this machine lacks.
fn nginx(gateway: SocketAddr, port: u16, folder: &Folder) -> Server {
    let file = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let [certificate, key] = [file("fullchain.pem"), file("privkey.pem")];
    let openssl = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"])
        .args(["-subj", "/CN=hooks.example.com", "-out", &certificate, "-keyout", &key])
        .stderr(Stdio::null())
        .status();
    assert!(openssl.expect("openssl is installed: apt-get install openssl").success());
    let deployed = include_str!("../deploy/nginx.conf");
    let letsencrypt = "/etc/letsencrypt/live/hooks.example.com";
    let own = deployed
        .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"))
        .replace("127.0.0.1:8080", &gateway.to_string())
        .replace(&format!("{letsencrypt}/fullchain.pem"), &certificate)
        .replace(&format!("{letsencrypt}/privkey.pem"), &key);
    assert!(own.contains(&certificate) && own.contains(&gateway.to_string()));
    let server = run_nginx(folder, &own);
    eventually("nginx listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    server
}

/// nginx with these servers, in a folder of its own.
fn run_nginx(folder: &Folder, servers: &str) -> Server {
    let file = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};", file(name)));
    let pid = file("nginx.pid");
    let whole = format!(
        "daemon off; pid {pid}; error_log stderr; events {{}}
        http {{ access_log off; {} {servers} }}",
        temporary.join(" ")
    );
    std::fs::write(folder.path("nginx.conf"), whole).unwrap();
    let mut command = Command::new("nginx");
    command.args(["-c", &file("nginx.conf"), "-p", &file(".")]);
    Server(command.spawn().expect("nginx is installed: apt-get install nginx-light"))
}

/// The status that curl gets through nginx, and the body.
fn curl(port: u16, target: &str, options: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--insecure", "--write-out", "%{http_code}", "--resolve"]);
    command.arg(format!("hooks.example.com:{port}:127.0.0.1")).args(options);
    let output = command.arg(format!("https://hooks.example.com:{port}{target}")).output();
    let output = output.expect("curl is installed: apt-get install curl");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn behind_nginx_as_deployed_webhooks_pass_and_pages_do_not() {
    let folder = Folder::new();
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("RATE_LIMIT_PER_MINUTE", "2"),
        ("ADMIN_TOKEN", "an admin token of the tests"),
    ];
    let gateway = Gateway::start(&folder, &settings);
    let port = free_port().unwrap();
    let _server = nginx(gateway.address, port, &folder);
    let send = |webhook: &SignedWebhook| {
        let headers = webhook.headers().filter(|(name, _)| *name != "Host");
        let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
        let mut options: Vec<&str> = headers.iter().flat_map(|header| ["-H", header]).collect();
        // A client cannot choose its address.
        options.extend(["-H", "X-Forwarded-For: 192.0.2.1"]);
        let body = str::from_utf8(webhook.body()).unwrap();
        options.extend(["--data-binary", body]);
        curl(port, webhook.target(), &options)
    };
    let path = "/api/webhooks/twilio/voice?callId=it%27s&x=a+b";
    let voice = send(&sign(testing::voice(), path));
    assert!(voice.ends_with("200") && voice.contains("<Gather"), "{voice}");
    let forged = sign_with(testing::sms(), "another token", "/v1/webhooks/twilio");
    assert_eq!([send(&forged), send(&forged), send(&forged)], ["403", "403", "429"]);
    let logged = "SELECT DISTINCT ip FROM attempts";
    eventually("it is logged", || folder.query(logged) == ["127.0.0.1"]);
    for target in ["/metrics", "/admin", "/admin/tenants"] {
        let answer =
            curl(port, target, &["-H", "Authorization: Bearer an admin token of the tests"]);
        assert!(answer.ends_with("404") || answer.ends_with("403"), "{target}: {answer}");
    }
}

fn signal(server: &Server, signal: &str) {
    let status = Command::new("kill").args([signal, &server.0.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn processes_share_what_they_have_seen_and_outlive_their_redis() {
    let (port, folders) = (free_port().unwrap(), [Folder::new(), Folder::new()]);
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
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
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

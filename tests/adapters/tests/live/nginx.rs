//! Twilio's own libraries sign requests and send them, through nginx that terminates TLS, to the
//! server of an adapter; and they judge the same requests. The verdicts must be the same.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    unreachable_pub,
    reason = "test support"
)]

use core::net::SocketAddr;
use core::time::Duration;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{fs, thread};

use claims_live::port::free_port;
use twilio_sig::{AuthToken, Origin, TrustedProxy, Verifier};
use twilio_sig_gate::Gate;

const TOKEN: &str = "an auth token of the live tests";

/// A verdict of a library, and the answer to the same request.
#[derive(serde::Deserialize)]
struct Verdict {
    name: String,
    judge: bool,
    status: u16,
    echoed: bool,
}

/// Compares an adapter with Twilio's libraries.
pub fn run(adapter: &str, start: impl FnOnce(Gate) -> SocketAddr) {
    let proxy = TrustedProxy::x_forwarded().host_header().peers(["127.0.0.1"]).unwrap();
    let origin = Origin::behind_proxy(proxy, ["example.com"]).unwrap();
    let server = start(Gate::new(Verifier::new(AuthToken::new(TOKEN).unwrap()), origin));
    let nginx = Nginx::start(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(adapter), server);

    let interop = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("interop");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live");
    let mut python = Command::new(interop.join("venv/bin/python"));
    python.arg(here.join("send.py"));
    let mut node = Command::new("node");
    node.arg(here.join("send.js")).env("NODE_PATH", interop.join("node_modules"));

    // Node sends each case over HTTP/1.1 and HTTP/2, but for the handshake.
    for (library, mut sender, expected) in [("Python", python, 20), ("Node", node, 39)] {
        sender.arg(here.join("cases.json")).arg(nginx.port.to_string()).arg(TOKEN);
        let output = sender.output().unwrap_or_else(|error| {
            panic!("Twilio's {library} library cannot be run: {error}. `.ci/test` installs it")
        });
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{library}: {errors}. `.ci/test` installs what it needs");
        let verdicts: Vec<Verdict> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for Verdict { name, judge, status, echoed } in &verdicts {
            let expected = if *judge { 200 } else { 403 };
            assert_eq!(*status, expected, "{library}, {name}: the library says {judge}");
            assert!(!judge || *echoed, "{library}, {name}: the handler got another body");
        }
        let accepted = verdicts.iter().filter(|verdict| verdict.judge).count();
        assert_eq!(verdicts.len(), expected, "{library}");
        assert!(accepted >= 12 && accepted + 8 <= expected, "{library} accepts {accepted}");
        println!(
            "{library}: {expected} requests, {accepted} accepted by both, the rest by neither"
        );
    }
}

struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    fn start(home: &Path, server: SocketAddr) -> Self {
        fs::create_dir_all(home).unwrap();
        let port = free_port().unwrap();
        let certificate = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args([
                "-subj",
                "/CN=example.com",
                "-days",
                "1",
                "-keyout",
                "key.pem",
                "-out",
                "cert.pem",
            ])
            .current_dir(home)
            .stderr(Stdio::null())
            .status()
            .expect("openssl runs: install the Debian package openssl");
        assert!(certificate.success(), "openssl makes a certificate");
        let configuration = home.join("nginx.conf");
        fs::write(&configuration, configure(home, port, server)).unwrap();
        let child = Command::new("nginx")
            .arg("-p")
            .arg(home)
            .arg("-c")
            .arg(&configuration)
            .stderr(fs::File::create(home.join("stderr.log")).unwrap())
            .spawn()
            .expect("nginx runs: install the Debian package nginx-light");
        let mut nginx = Self { child, port };
        nginx.wait(&home.join("stderr.log"));
        nginx
    }

    fn wait(&mut self, log: &PathBuf) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let gone = self.child.try_wait().unwrap();
            let log = fs::read_to_string(log).unwrap_or_default();
            assert!(gone.is_none() && Instant::now() < deadline, "nginx does not listen: {log}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process in the foreground, with all it writes in `home`.
fn configure(home: &Path, port: u16, server: SocketAddr) -> String {
    let home = home.display();
    format!(
        "daemon off; master_process off; pid {home}/pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem;
    location / {{
      proxy_pass http://{server};
      proxy_http_version 1.1;
      proxy_set_header Host $proxy_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"
    )
}

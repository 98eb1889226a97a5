//! An app behind TLS: nginx with a certificate of the test.

use std::net::TcpStream;
use std::process::{Command, Stdio};

use twilio_sig::testing;

use crate::program::{Folder, Gateway, eventually, sign};
use claims_live::port::free_port;

use crate::{SECRET, Server, run_nginx};

/// A certificate for `localhost`, which trusts itself; the paths of it and of its key.
fn certificate(folder: &Folder, name: &str) -> [String; 2] {
    let file = |end: &str| folder.path(&[name, end].concat()).to_str().unwrap().to_owned();
    let [config, certificate, key] = [file(".cnf"), file(".pem"), file(".key")];
    let text = "[req]\ndistinguished_name = name\nx509_extensions = own\nprompt = no\n\
                [name]\nCN = localhost\n\
                [own]\nsubjectAltName = DNS:localhost\nbasicConstraints = critical,CA:FALSE\n";
    std::fs::write(&config, text).unwrap();
    let openssl = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"])
        .args(["-config", &config, "-out", &certificate, "-keyout", &key])
        .stderr(Stdio::null())
        .status();
    assert!(openssl.expect("openssl is installed: apt-get install openssl").success());
    [certificate, key]
}

fn app_behind_tls(folder: &Folder, [certificate, key]: &[String; 2]) -> (Server, u16) {
    let port = free_port().unwrap();
    let server = format!(
        "server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate {certificate};
            ssl_certificate_key {key};
            location / {{ default_type text/xml; return 200 '<Response/>'; }}
        }}"
    );
    let server = run_nginx(folder, &server);
    eventually("nginx listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    (server, port)
}

#[test]
fn an_app_is_reached_by_https_if_its_certificate_is_trusted() {
    let folder = Folder::new();
    let [trusted, other] = ["trusted", "other"].map(|name| certificate(&folder, name));
    let (_server, port) = app_behind_tls(&folder, &trusted);
    let app = format!("https://localhost:{port}");
    let answer = |roots: &str, app: &str| {
        let folder = Folder::new();
        let settings = [("FORWARD_TO", app), ("FORWARD_SECRET", SECRET), ("SSL_CERT_FILE", roots)];
        let gateway = Gateway::start(&folder, &settings);
        let answer = gateway.send(&sign(testing::sms(), "/sms"));
        if answer.status == 503 {
            let says_why = |line: &serde_json::Value| line.to_string().contains("certificate");
            eventually("the log says why", || gateway.log().iter().any(says_why));
        }
        (answer.status, answer.body)
    };
    assert_eq!(answer(&trusted[0], &app), (200, "<Response/>".to_owned()));
    assert_eq!(answer(&other[0], &app).0, 503, "no one trusts it");
    let by_number = format!("https://127.0.0.1:{port}");
    assert_eq!(answer(&trusted[0], &by_number).0, 503, "it is for another name");
}

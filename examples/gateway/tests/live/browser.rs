//! The pages of operators in a browser, as wide as a phone: headless Chromium, which must be installed.

use core::net::SocketAddr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use twilio_sig::testing;

use crate::program::{Folder, Gateway, eventually, exchange, now, sign, sign_with};

const TOKEN: &str = "an admin token of the tests";
const PHONE: (u32, u32) = (390, 844);
const DESK: (u32, u32) = (1280, 900);

/// Says what is wider than the window, and what the policy of the page refused, in an attribute that the
/// browser then prints.
const MEASURE: &str = "<script>
    const refused = [];
    document.addEventListener('securitypolicyviolation', event => refused.push(event.blockedURI));
    addEventListener('load', () => {
        const wide = [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > innerWidth + 0.5)
            .map(one => one.outerHTML.slice(0, 80));
        const cut = [...document.querySelectorAll('body *')]
            .filter(one => one.localName !== 'input' && one.scrollWidth > one.clientWidth + 1)
            .filter(one => getComputedStyle(one).display !== 'inline')
            .map(one => one.outerHTML.slice(0, 80));
        const styled = getComputedStyle(document.querySelector('nav')).display;
        document.documentElement.setAttribute('data-measured', JSON.stringify({
            width: innerWidth, scroll: document.documentElement.scrollWidth, wide, cut, refused, styled
        }));
    });
</script>";

/// Hands on to the gateway with the admin token, and puts the script into each page. Its policy stays as it
/// is but for that.
fn proxy(gateway: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || serve(stream, gateway));
        }
    });
    address
}

fn serve(stream: TcpStream, gateway: SocketAddr) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).unwrap() == 0 {
            return;
        }
    }
    let target = head.split(' ').nth(1).unwrap();
    let bearer = ["Bearer ", TOKEN].concat();
    let headers = [("Host", "x"), ("Authorization", bearer.as_str())];
    let answer = exchange(gateway, "GET", target, &headers, b"").unwrap();
    let body = answer.body.replacen("<head>", &["<head>", MEASURE].concat(), 1);
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let policy =
        policy.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'");
    let kind = answer.header("content-type").unwrap_or_default();
    let (status, length) = (answer.status, body.len());
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Security-Policy: {policy}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
}

/// Runs the browser on a page.
fn browse(url: &str, (width, height): (u32, u32), option: &str, profile: &Path) -> String {
    let output = Command::new("chromium-headless-shell")
        .args(["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=3000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={width},{height}"))
        .args([option, url])
        .stderr(Stdio::null())
        .output();
    let output = output.expect("Chromium is installed: apt-get install chromium-headless-shell");
    assert!(output.status.success(), "{url}");
    String::from_utf8(output.stdout).unwrap()
}

/// What happens on a busy day: all outcomes, long values, a rotated tenant, a dead job.
fn busy_gateway(folder: &Folder) -> Gateway {
    let long = ["--number", "+15005550011", "--number", "+15005550012"];
    let name = "a-tenant-whose-name-is-as-long-as-a-name-may-be-and-has-no-space";
    let account = "AC22222222222222222222222222222222";
    let add = [&["tenant", "add", name, "--account-sid", account], &long[..]].concat();
    assert!(folder.run(&add, "token one\n").status.success());
    assert!(folder.run(&["tenant", "rotate", name], "token two\n").status.success());
    let settings = [
        ("ADMIN_TOKEN", TOKEN),
        ("FORWARD_TO", "http://127.0.0.1:1"),
        ("FORWARD_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("JOB_ATTEMPTS", "1"),
        ("LOG_PAYLOADS", "full"),
    ];
    let gateway = Gateway::start(folder, &settings);
    let long_path = format!("/{}?callId={}", "status".repeat(20), "x".repeat(300));
    for number in 0..12 {
        let report = testing::call_status("ringing").at(now(0)).number(number);
        gateway.send(&sign(report, &long_path));
        gateway.send(&sign(testing::sms().number(number), "/sms"));
        let body = testing::sms().number(number).body(&"W".repeat(400));
        gateway.send(&sign_with(body, "another token", "/sms"));
    }
    let token = twilio_sig::AuthToken::new(crate::program::TOKEN).unwrap();
    let spoiled = testing::sms().sign(&token, "http://hooks.example.com/sms?a=b").unwrap();
    gateway.send(&spoiled);
    eventually("all is logged", || folder.query("SELECT count(*) FROM attempts") == ["37"]);
    eventually("jobs are dead", || {
        folder.query("SELECT count(*) FROM jobs WHERE state = 'dead'") == ["12"]
    });
    gateway
}

#[test]
fn no_page_is_wider_than_a_phone_or_a_desk() {
    let folder = Folder::new();
    let gateway = busy_gateway(&folder);
    let address = proxy(gateway.address);
    let of = |sql: &str| folder.query(sql).remove(0);
    let explained = of("SELECT max(id) FROM attempts WHERE diagnosis IS NOT NULL");
    let refused = of("SELECT min(id) FROM attempts WHERE status = 'unauthorized'");
    let kept = of("SELECT min(id) FROM attempts WHERE status = 'success'");
    let pages = [
        ("attempts", "/admin".to_owned()),
        ("filtered", "/admin?status=unauthorized".to_owned()),
        ("explained", format!("/admin/attempts/{explained}")),
        ("refused", format!("/admin/attempts/{refused}")),
        ("kept", format!("/admin/attempts/{kept}")),
        ("tenants", "/admin/tenants".to_owned()),
        ("jobs", "/admin/jobs".to_owned()),
    ];
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    for (size_name, size) in [("phone", PHONE), ("desk", DESK)] {
        for (name, page) in &pages {
            let url = format!("http://{address}{page}");
            let profile = folder.path("profile");
            let dom = browse(&url, size, "--dump-dom", &profile);
            let measured = dom.split_once("data-measured=\"").expect("the page has loaded").1;
            let measured = measured.split('"').next().unwrap().replace("&quot;", "\"");
            let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
            let case = format!("{name} on a {size_name}: {measured}");
            assert_eq!(measured["width"], size.0, "{case}");
            assert!(measured["scroll"].as_u64().unwrap() <= size.0.into(), "{case}");
            assert_eq!(measured["wide"], serde_json::json!([]), "{case}");
            // On a phone nothing is to be scrolled sideways, such as a diagnosis.
            if size == PHONE {
                assert_eq!(measured["cut"], serde_json::json!([]), "{case}");
            }
            assert_eq!(measured["refused"], serde_json::json!([]), "{case}");
            assert_eq!(measured["styled"], "flex", "{case}");
            // For a person to look at.
            let picture = screenshots.join(format!("{name}-{size_name}.png"));
            browse(&url, size, &format!("--screenshot={}", picture.display()), &profile);
            let bytes = std::fs::read(&picture).unwrap();
            assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 5_000, "{case}");
        }
    }
}

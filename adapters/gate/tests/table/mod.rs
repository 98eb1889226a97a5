//! One table of requests and answers, which every adapter must give.
//!
//! The server under test has one handler for every path. It answers 200 with the body that it read,
//! `x-verified` (`yes` if there is a proof, with `x-coverage` and `x-tenant`), and counts its calls.
//! The header `x-do` says what it does besides: `fail` answers 500, `panic` panics, `404` and other
//! numbers are the status that it answers with, and `sleep 300` takes so many milliseconds. It
//! answers `x-lost: yes` if its claim is lost by then.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::return_self_not_must_use,
    clippy::exhaustive_structs,
    clippy::large_stack_arrays,
    clippy::too_many_lines,
    unreachable_pub,
    dead_code,
    reason = "test support, shared by tests that use different parts"
)]

mod once;
mod origins;
mod retries;
mod rows;
pub mod wire;

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};

use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_gate::Gate;
pub use wire::Request;

pub const BASE: &str = "https://example.com";
pub const FORM: &[u8] =
    b"AccountSid=AC00000000000000000000000000000001&Body=Ahoy%21+it%27s&Empty=&\
                          From=%2B15005550006&MediaUrl=b&MediaUrl=a&Raw=%ff&To=%2B15005550001";
pub const JSON: &[u8] = br#"[{"id": "EZ1", "note": "spaces  and \u00fcml\u00e4uts"}]"#;
const ACCOUNT: &str = "AC00000000000000000000000000000001";

/// A server under test.
pub struct Server {
    pub address: SocketAddr,
    /// How often the handler was called.
    pub calls: Arc<AtomicUsize>,
}

/// A row: a gate, and what is sent to it, one after the other.
struct Row {
    name: &'static str,
    gate: Gate,
    steps: Vec<Step>,
}

struct Step {
    request: Request,
    /// The statuses that are right; 0: the server closes without an answer.
    status: &'static [u16],
    /// Whether the handler sees it.
    handled: bool,
    checks: Vec<Check>,
}

enum Check {
    Body(Vec<u8>),
    Header(&'static str, &'static str),
}

impl Step {
    fn with(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }
}

/// The handler gets it, verified, with its body byte for byte.
fn verified(request: Request, body: &[u8], coverage: &'static str) -> Step {
    let checks = vec![
        Check::Body(body.to_owned()),
        Check::Header("x-verified", "yes"),
        Check::Header("x-coverage", coverage),
    ];
    Step { request, status: &[200], handled: true, checks }
}

/// The handler gets it, not verified, with its body byte for byte.
fn unverified(request: Request, body: &[u8]) -> Step {
    let checks = vec![Check::Body(body.to_owned()), Check::Header("x-verified", "no")];
    Step { request, status: &[200], handled: true, checks }
}

/// The handler never sees it.
fn refused(request: Request, status: &'static [u16]) -> Step {
    Step { request, status, handled: false, checks: Vec::new() }
}

/// Runs the table against an adapter's server.
pub fn run(start: impl Fn(Gate) -> Server) {
    let mut failures = Vec::new();
    let rows: Vec<Row> =
        rows::rows().into_iter().chain(origins::rows()).chain(once::rows()).collect();
    for row in &rows {
        let server = start(row.gate.clone());
        for (nth, step) in (1..).zip(&row.steps) {
            if let Err(failure) = step.run(&server) {
                failures.push(format!("{}, request {nth}: {failure}", row.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(rows.len() > 70, "the table was run");
    retries::run(start);
}

impl Step {
    fn run(&self, server: &Server) -> Result<(), String> {
        let before = server.calls.load(Ordering::SeqCst);
        let response = self.request.send(server.address).map_err(|error| error.to_string())?;
        let status = response.as_ref().map_or(0, |response| response.status);
        if !self.status.contains(&status) {
            return Err(format!("status {status}, not {:?}", self.status));
        }
        let calls = server.calls.load(Ordering::SeqCst) - before;
        if calls != usize::from(self.handled) {
            return Err(format!("the handler was called {calls} times"));
        }
        for check in &self.checks {
            let response = response.as_ref().ok_or("there is no answer")?;
            match check {
                Check::Body(body) if response.body != *body => {
                    return Err(format!("body {}", response.body.escape_ascii()));
                }
                Check::Header(name, value) if response.header(name) != Some(value) => {
                    return Err(format!("{name}: {:?}, not {value:?}", response.header(name)));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

// ── what is sent ─────────────────────────────────────────────────────────────────────────────────

pub fn token() -> AuthToken {
    AuthToken::new("an auth token of the tests").unwrap()
}

fn other_token() -> AuthToken {
    AuthToken::new("the token of somebody else").unwrap()
}

pub fn gate() -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed(BASE).unwrap())
}

fn signed(method: &'static str, target: &str, signature: &str) -> Request {
    Request::new(method, target).header("x-twilio-signature", signature)
}

/// A form as Twilio sends it to `base` + `target`.
pub fn form_to(base: &str, target: &str, body: &[u8], token: &AuthToken) -> Request {
    let signature = Signer::auth_token(token).sign_form(&format!("{base}{target}"), body).unwrap();
    signed("POST", target, &signature.header_value())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

pub fn form(target: &str, body: &[u8]) -> Request {
    form_to(BASE, target, body, &token())
}

pub fn json(target: &str, body: &[u8]) -> Request {
    let (url, signature) =
        Signer::auth_token(&token()).sign_body_hash(&format!("{BASE}{target}"), body);
    signed("POST", url.strip_prefix(BASE).unwrap(), &signature.header_value())
        .header("content-type", "application/json")
        .body(body)
}

/// A request without a body, signed for the URL in `signed_as`.
pub fn bare(target: &str, signed_as: &str) -> Request {
    let signature = Signer::auth_token(&token()).sign_url(signed_as);
    signed("GET", target, &signature.header_value())
}

fn upgrade(request: Request) -> Request {
    request
        .header("connection", "upgrade")
        .header("upgrade", "WebSocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

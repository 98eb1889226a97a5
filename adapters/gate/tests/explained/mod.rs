//! What a service says of the requests that it refuses, whatever its framework.
//!
//! The server under test is that of the table. Its answers come over a socket, and its explanations
//! through `Gate::on_event` and through `tracing`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    unreachable_pub,
    reason = "a panic is how a test fails"
)]

mod bounds;
mod record;

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use twilio_sig::{AuthToken, Cause, Origin, Signer, Verifier};
use twilio_sig_gate::{ExplainPolicy, Explained, Gate, Outcome, Refusal, Tenant, TenantMap};

use super::table::{Request, Server};

/// Starts a server with this gate.
type Start<'a> = &'a mut dyn FnMut(Gate) -> Server;

/// How long an explanation may take, on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it is waited for what must not come. What is right takes no longer for it.
const SILENCE: Duration = Duration::from_millis(300);

const TOKEN: &str = "0d3adbeef0123456789abcdef0c0ffee";
const URL: &str = "https://hooks.example.com/sms";
const FORM: &str =
    "AccountSid=AC00000000000000000000000000000001&Body=Marmalade&From=%2B15005550006";

fn token() -> AuthToken {
    AuthToken::new(TOKEN).unwrap()
}

fn gate_of(origin: &str) -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed(origin).unwrap())
}

/// A gate whose origin is wrong: every genuine request is refused.
fn wrong() -> Gate {
    gate_of("http://10.0.0.4:8080")
}

fn signature(url: &str, form: &str) -> String {
    Signer::auth_token(&token()).sign_form(url, form.as_bytes()).unwrap().header_value()
}

fn post(target: &str, form: &str, signature: &str) -> Request {
    Request::new("POST", target)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature)
        .body(form)
}

/// A request that Twilio signed for the public URL.
fn genuine() -> Request {
    post("/sms", FORM, &signature(URL, FORM)).header("x-forwarded-host", "hooks.example.com")
}

fn status(server: SocketAddr, request: &Request) -> u16 {
    request.send(server).unwrap().unwrap().status
}

/// The gate, and what it explains.
fn heard(gate: Gate) -> (Gate, Receiver<Told>) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let gate = gate.on_event(move |event| {
        let Some(explained) = event.explained else { return };
        let Outcome::Explained(refusal) = event.outcome else { panic!("{event:?}") };
        let told = Told {
            explained: explained.clone(),
            refusal,
            tenant: event.tenant.map(str::to_owned),
            shown: format!(
                "{event:?} {explained} {:?} {:?}",
                explained.url_given, explained.url_signed
            ),
        };
        let _ = tell.lock().unwrap().send(told);
    });
    (gate, told)
}

struct Told {
    explained: Explained,
    refusal: Refusal,
    tenant: Option<String>,
    /// All that the event holds.
    shown: String,
}

fn next(told: &Receiver<Told>) -> Told {
    told.recv_timeout(PATIENCE).unwrap()
}

fn assert_silent(told: &Receiver<Told>) {
    let more = told.recv_timeout(SILENCE).map(|told| told.shown);
    assert_eq!(more, Err(RecvTimeoutError::Timeout));
}

/// All of it.
pub fn check(start: Start<'_>) {
    every_wrong_origin_is_explained_and_nothing_is_given_away(start);
    nothing_is_explained_unless_asked_for(start);
    a_forged_request_has_no_explanation(start);
    a_handshake_is_explained(start);
    a_header_alone_is_explained(start);
    the_key_of_another_tenant_is_found(start);
    what_is_only_reported_is_explained_too(start);
    bounds::check(start);
}

/// Every scheme, host, port, prefix and query that a proxy hides, told by the proxy's headers.
fn every_wrong_origin_is_explained_and_nothing_is_given_away(start: Start<'_>) {
    let record = record::global();
    let policy = ExplainPolicy::new().per_minute(600);
    let (gate, told) = heard(wrong().explain(policy));
    let server = start(gate).address;
    let mut cases = 0_u32;
    for (scheme, host) in [
        ("https", "hooks.example.com"),
        ("http", "hooks.example.com"),
        ("https", "10.0.0.4:8080"),
        ("https", "hooks.example.com:8443"),
    ] {
        for prefix in ["", "/prod", "/v1/twilio"] {
            for query in ["", "?pin=1234567", "?a=Chutney&pin=98-76"] {
                cases += 1;
                let url = format!("{scheme}://{host}{prefix}/sms{query}");
                let value = format!("Quince {cases}");
                let form = format!("Body={value}&Secret=Damson-{cases}&From=%2B15005550006");
                let signature = signature(&url, &form);
                let marker = format!("case-{}-{cases}", server.port());
                let request = post(&format!("/sms{query}"), &form, &signature)
                    .header("user-agent", &marker)
                    .header("host", host)
                    .header("x-forwarded-proto", scheme)
                    .header("x-forwarded-prefix", prefix);
                assert_eq!(status(server, &request), 403, "{url}");

                let Told { explained, refusal, shown, .. } = next(&told);
                assert_eq!(refusal.code(), "mismatch");
                assert!(explained.is_proven && explained.skipped == 0, "{url}: {shown}");
                for (is_wrong, cause) in [
                    (scheme == "https", Cause::TlsTerminated),
                    (!host.starts_with("10."), Cause::WrongHost),
                    (!prefix.is_empty(), Cause::PathPrefixMissing),
                ] {
                    assert_eq!(explained.causes.contains(&cause), is_wrong, "{url}: {shown}");
                }
                assert_eq!(explained.fixes.len(), explained.causes.len());
                let signed = explained.url_signed.clone().unwrap();
                assert!(!format!("{explained:?}").contains("http"), "{explained:?}");
                assert!(signed.starts_with(&format!("{scheme}://")), "{url}: {signed}");
                assert!(signed.contains(host), "{url}: {signed}");
                assert!(explained.url_given.unwrap().contains("10.0.0.4"), "{url}");

                let line = record.line(&marker, "webhook_refusal_explained");
                assert!(line.starts_with("WARN "), "{line}");
                let codes: Vec<_> = explained.causes.iter().map(|cause| cause.code()).collect();
                for field in [
                    format!(" causes={}", codes.join(",")),
                    format!(" fix={}", explained.fixes.join(" ")),
                    format!(" url_signed={signed}"),
                    " reason=mismatch".to_owned(),
                    " proven=true".to_owned(),
                ] {
                    assert!(line.contains(&field), "`{field}` is not in {line}");
                }
                let of_signature = (0..signature.len() - 8).map(|at| &signature[at..at + 8]);
                let secrets = [TOKEN, &value, "Damson", "1234567", "98-76", "Chutney"];
                for secret in secrets.into_iter().chain(of_signature) {
                    assert!(!shown.contains(secret), "{secret} is in {shown}");
                    assert!(!line.contains(secret), "{secret} is in {line}");
                }
            }
        }
    }
    assert_eq!(cases, 36);
}

fn nothing_is_explained_unless_asked_for(start: Start<'_>) {
    let (gate, told) = heard(wrong());
    let server = start(gate).address;
    assert_eq!(status(server, &genuine()), 403);
    assert_silent(&told);
}

fn a_forged_request_has_no_explanation(start: Start<'_>) {
    let policy = ExplainPolicy::new().max_macs(100);
    let (gate, told) = heard(gate_of("https://hooks.example.com").explain(policy));
    let server = start(gate).address;
    let forged = post("/sms", FORM, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_eq!(status(server, &forged), 403);
    let Told { explained, shown, .. } = next(&told);
    assert!(explained.causes.is_empty() && !explained.is_proven, "{shown}");
    assert!(explained.is_exhausted, "a hundred MACs are not all");
    assert_eq!((explained.url_given, explained.url_signed), (None, None));
    // A genuine one has nothing to explain.
    assert_eq!(status(server, &post("/sms", FORM, &signature(URL, FORM))), 200);
    assert_silent(&told);
}

/// The URL of a handshake is told as Twilio calls it.
fn a_handshake_is_explained(start: Start<'_>) {
    let (gate, told) = heard(wrong().explain(ExplainPolicy::new()));
    let server = start(gate).address;
    let url = "wss://hooks.example.com/relay";
    let request = Request::new("GET", "/relay")
        .header("upgrade", "websocket")
        .header("x-forwarded-host", "hooks.example.com")
        .header("x-twilio-signature", Signer::auth_token(&token()).sign_url(url).header_value());
    assert_eq!(status(server, &request), 403);
    let Told { explained, shown, .. } = next(&told);
    assert_eq!(explained.causes, [Cause::TlsTerminated, Cause::WrongHost], "{shown}");
    assert_eq!(explained.url_signed.as_deref(), Some(url));
}

/// The body is not read, so nothing is said of it.
fn a_header_alone_is_explained(start: Start<'_>) {
    let (gate, told) = heard(gate_of("https://hooks.example.com").explain(ExplainPolicy::new()));
    let server = start(gate).address;
    let whole = signature(URL, FORM);
    let url = "https://hooks.example.com/sms?bodySHA256=00";
    let hashed = Signer::auth_token(&token()).sign_url(url).header_value();
    let missing = Request::new("POST", "/sms").body(FORM);
    let other = missing.clone().header("x-signalwire-signature", "Gooseberry");
    for (request, expected, cause) in [
        (missing, 403, Cause::SignatureMissing),
        (other, 403, Cause::SignatureOfOtherProvider),
        (post("/sms", FORM, whole.trim_end_matches('=')), 400, Cause::SignatureTrimmed),
        (post("/sms", FORM, &format!("{whole}, {whole}")), 400, Cause::SignatureJoined),
        (post(&url[25..], "{}", hashed.trim_end_matches('=')), 400, Cause::SignatureTrimmed),
    ] {
        assert_eq!(status(server, &request), expected, "{cause:?}");
        let Told { explained, shown, .. } = next(&told);
        assert_eq!(explained.causes, [cause], "{shown}");
        assert!(!explained.fixes[0].is_empty() && explained.url_signed.is_none(), "{shown}");
        assert!(!shown.contains(&whole[..8]) && !shown.contains("Gooseberry"), "{shown}");
    }
}

fn the_key_of_another_tenant_is_found(start: Start<'_>) {
    let tenant = |id: &str, token: AuthToken| Tenant::new(id, Verifier::new(token));
    let other = AuthToken::new("the token of acme").unwrap();
    let tenants = TenantMap::by_path()
        .with("/acme", tenant("acme", other))
        .with("/sms", tenant("own", token()))
        .with_inactive("/gone");
    let origin = Origin::fixed("https://hooks.example.com").unwrap();
    let policy = ExplainPolicy::new();
    let (gate, told) = heard(Gate::for_tenants(tenants, origin).explain(policy));
    let server = start(gate).address;
    let url = "https://hooks.example.com/acme";
    assert_eq!(status(server, &post("/acme", FORM, &signature(url, FORM))), 403);
    let Told { explained, tenant, shown, .. } = next(&told);
    assert_eq!(explained.causes, [Cause::OtherAccountToken], "{shown}");
    assert_eq!(tenant.as_deref(), Some("acme"));
    // No tenant is known yet, and its keys do not matter.
    assert_eq!(status(server, &Request::new("POST", "/sms").body(FORM)), 403);
    assert_eq!(next(&told).explained.causes, [Cause::SignatureMissing]);
}

fn what_is_only_reported_is_explained_too(start: Start<'_>) {
    let (gate, told) = heard(wrong().report_only().explain(ExplainPolicy::new()));
    let server = start(gate).address;
    assert_eq!(status(server, &genuine()), 200);
    assert!(next(&told).explained.causes.contains(&Cause::WrongHost));
}

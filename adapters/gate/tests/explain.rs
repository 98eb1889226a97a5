//! What explanations promise whatever the framework: a fix can be followed, other tenants are looked
//! through within bounds, and the thread ends.
#![cfg(feature = "explain")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::HashSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use twilio_sig::{AuthToken, Cause, Origin, Scheme, Signer, TrustedProxy, Verifier};
use twilio_sig_gate::{
    Admitted, Decision, ExplainPolicy, Explained, Gate, Head, Tenant, TenantError, Untrusted,
    VerifierSource,
};

const FORM: &[u8] = b"Body=Ahoy&From=%2B15005550006";
/// How long an explanation may take, on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(30);
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

type Lines = [(&'static str, &'static str)];

/// What Twilio calls, and how it arrives.
struct Case {
    cause: Cause,
    signed: &'static str,
    target: &'static str,
    lines: &'static Lines,
    wrong: Origin,
    /// The settings that the fix names, and the origin that each makes.
    fixed: Vec<(&'static str, Origin)>,
}

fn token() -> AuthToken {
    AuthToken::new("an auth token of the tests").unwrap()
}

/// The decision about a request that was signed for `signed`.
fn decide(gate: &Gate, signed: &str, target: &str, lines: &Lines) -> Decision<Admitted> {
    let signature = Signer::auth_token(&token()).sign_form(signed, FORM).unwrap().header_value();
    let lines = lines.iter().map(|(name, value)| (*name, value.as_bytes()));
    let lines = lines.chain([("x-twilio-signature", signature.as_bytes())]);
    let head = Head::new("POST", target, lines).peer(Some(PROXY));
    let Decision::Continue(opened) = gate.open(&head) else { panic!("the head is refused") };
    // With one verifier and no store there is nothing to wait for.
    let decided = pin!(gate.clone().decide(opened, FORM.into()));
    match decided.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(decision) => decision,
        Poll::Pending => panic!("it waits"),
    }
}

/// A gate that explains, and what it tells of which URL.
fn telling(gate: Gate) -> (Gate, Receiver<(String, Explained)>) {
    let (tell, told) = channel();
    let gate = gate.explain(ExplainPolicy::new()).on_event(move |event| {
        if let Some(explained) = event.explained {
            tell.send((event.url.clone().into_owned(), explained.clone())).unwrap();
        }
    });
    (gate, told)
}

fn explained(origin: Origin, case: &Case) -> Explained {
    let (gate, told) = telling(Gate::new(Verifier::new(token()), origin));
    let decision = decide(&gate, case.signed, case.target, case.lines);
    assert!(matches!(decision, Decision::Answer(_)), "{}: {decision:?}", case.signed);
    told.recv_timeout(PATIENCE).unwrap().1
}

fn fixed(base: &str) -> Origin {
    Origin::fixed(base).unwrap()
}

fn whole(url: &str) -> Origin {
    Origin::whole_url(url).unwrap()
}

fn prefixed(prefix: &str) -> Origin {
    fixed("https://example.com").path_prefix(prefix).unwrap()
}

fn slashes() -> [Case; 4] {
    let (with, without) = ("https://example.com/sms/", "https://example.com/sms");
    let fixes = |url, prefix| {
        let origins = [fixed(url), prefixed(prefix), whole(url)];
        ["Origin::fixed", "path_prefix", "whole_url"].into_iter().zip(origins).collect::<Vec<_>>()
    };
    let case =
        |cause, signed, wrong, fixed| Case { cause, signed, target: "/", lines: &[], wrong, fixed };
    [
        case(Cause::TrailingSlashMissing, with, fixed(without), fixes(with, "/sms/")),
        case(Cause::TrailingSlashAdded, without, fixed(with), fixes(without, "/sms")),
        case(Cause::TrailingSlashMissing, with, prefixed("/sms"), fixes(with, "/sms/")),
        case(Cause::TrailingSlashAdded, without, whole(with), fixes(without, "/sms")),
    ]
}

fn cut_paths() -> [Case; 3] {
    let case = |signed, target, lines, fixed_by| Case {
        cause: Cause::PathPrefixMissing,
        signed,
        target,
        lines,
        wrong: fixed("https://example.com"),
        fixed: fixed_by,
    };
    let (bare, slash) = ("https://example.com/sms", "https://example.com/sms/");
    [
        case(
            "https://example.com/prod/sms",
            "/sms",
            &[("x-forwarded-prefix", "/prod")],
            vec![
                ("Origin::path_prefix", prefixed("/prod")),
                ("Origin::fixed", fixed("https://example.com/prod")),
            ],
        ),
        case(
            bare,
            "/",
            &[("x-forwarded-prefix", "/sms")],
            vec![
                ("Origin::fixed", fixed(bare)),
                ("path_prefix", prefixed("/sms")),
                ("whole_url", whole(bare)),
            ],
        ),
        case(
            slash,
            "/",
            &[("x-original-uri", "/sms/")],
            vec![
                ("Origin::fixed", fixed(slash)),
                ("path_prefix", prefixed("/sms/")),
                ("whole_url", whole(slash)),
            ],
        ),
    ]
}

fn others() -> [Case; 6] {
    let hosts = ["one.example", "example.com"];
    let proxy = TrustedProxy::x_forwarded().peers(["10.0.0.0/8"]).unwrap();
    let (host, sorted) = ("https://example.com", "https://example.com/sms?a=1&b=2");
    let case = |cause, signed, target, lines, wrong, fixed| Case {
        cause,
        signed,
        target,
        lines,
        wrong,
        fixed,
    };
    // The proxy hands on another host of the list than the one that Twilio called.
    let listed = |wrong| {
        let lines: &Lines = &[
            ("host", "one.example"),
            ("x-forwarded-host", "one.example"),
            ("x-forwarded-proto", "https"),
        ];
        let signed = "https://example.com/sms";
        case(Cause::WrongHost, signed, "/sms", lines, wrong, vec![("Origin::fixed", fixed(host))])
    };
    [
        listed(Origin::allowed_hosts(Scheme::Https, hosts).unwrap()),
        listed(Origin::behind_proxy(proxy.clone(), hosts).unwrap()),
        case(
            Cause::TlsTerminated,
            "https://example.com/sms",
            "/sms",
            &[("host", "example.com"), ("x-forwarded-proto", "https")],
            fixed("http://example.com"),
            vec![
                ("Origin::fixed", fixed(host)),
                ("Origin::behind_proxy", Origin::behind_proxy(proxy, ["example.com"]).unwrap()),
            ],
        ),
        case(
            Cause::WrongHost,
            "https://example.com/sms",
            "/sms",
            &[("host", "example.com")],
            fixed("https://internal.example.net"),
            vec![
                ("Origin::fixed", fixed(host)),
                (
                    "Origin::allowed_hosts",
                    Origin::allowed_hosts(Scheme::Https, ["example.com"]).unwrap(),
                ),
            ],
        ),
        case(
            Cause::QueryReordered,
            sorted,
            "/sms?b=2&a=1",
            &[],
            fixed(host),
            vec![("Origin::whole_url", whole(sorted))],
        ),
        case(
            Cause::QueryReencoded,
            "https://example.com/sms?time=10:30",
            "/sms?time=10%3A30",
            &[],
            fixed(host),
            vec![("Origin::whole_url", whole("https://example.com/sms?time=10:30"))],
        ),
    ]
}

#[test]
fn every_setting_that_a_fix_names_makes_the_request_genuine() {
    for case in slashes().into_iter().chain(cut_paths()).chain(others()) {
        let Case { cause, signed, target, lines, .. } = case;
        let explained = explained(case.wrong.clone(), &case);
        assert_eq!(explained.causes, [cause], "{signed} as {target}");
        for (setting, origin) in case.fixed {
            let fix = explained.fixes.concat();
            assert!(fix.contains(setting), "{setting} is not in {fix}");
            let gate = Gate::new(Verifier::new(token()), origin);
            let decision = decide(&gate, signed, target, lines);
            assert!(matches!(decision, Decision::Continue(_)), "{signed} by {setting}");
        }
    }
}

/// Twilio calls with user name and password, and signs without them.
#[test]
fn user_information_in_the_configuration_is_no_mistake() {
    let gate = Gate::new(Verifier::new(token()), fixed("https://user:password@example.com"));
    let decision = decide(&gate, "https://example.com/sms", "/sms", &[]);
    assert!(matches!(decision, Decision::Continue(_)), "{decision:?}");
}

/// Knows one tenant, and hands over as many others as it has.
struct Directory(Vec<Tenant>);

impl VerifierSource for Directory {
    async fn find(&self, _: Untrusted<'_>) -> Result<Tenant, TenantError> {
        Ok(Tenant::new("own", Verifier::new(AuthToken::new("own token").unwrap())))
    }

    fn other_tenants(&self, request: Untrusted<'_>, most: usize) -> Vec<Tenant> {
        assert_eq!((request.path(), most), ("/sms", ExplainPolicy::MAX_OTHER_TENANTS));
        self.0.clone()
    }
}

/// The causes of a request that the tenant at this position has signed.
fn causes_of_tenant(position: usize) -> Vec<Cause> {
    let tenant = |at| {
        let token = if at == position { token() } else { AuthToken::new(format!("{at}")).unwrap() };
        Tenant::new(format!("tenant {at}"), Verifier::new(token))
    };
    let directory = Directory((0..200).map(tenant).collect());
    let (gate, told) = telling(Gate::for_tenants(directory, fixed("https://example.com")));
    let decision = decide(&gate, "https://example.com/sms", "/sms", &[]);
    assert!(matches!(decision, Decision::Answer(_)));
    told.recv_timeout(PATIENCE).unwrap().1.causes
}

#[test]
fn so_many_other_tenants_are_looked_through_and_no_more() {
    let most = ExplainPolicy::MAX_OTHER_TENANTS;
    for position in [0, 1, most - 1] {
        assert_eq!(causes_of_tenant(position), [Cause::OtherAccountToken]);
    }
    assert_eq!(causes_of_tenant(most), []);
}

/// What the event tells of a head that the origin refuses.
fn refused_by(origin: Origin, lines: &Lines) -> Explained {
    let (gate, told) = telling(Gate::new(Verifier::new(token()), origin));
    let signature = [("x-twilio-signature", &b"RSOYDt4T1cUTdK1PDd93/VVr8B8="[..])];
    let lines = lines.iter().map(|(name, value)| (*name, value.as_bytes())).chain(signature);
    let head = Head::new("POST", "/sms?token=secret", lines).peer(Some(PROXY));
    assert!(matches!(gate.open(&head), Decision::Answer(_)));
    let (url, explained) = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(url, "/sms");
    explained
}

/// A fix that is followed makes the origin know the URL.
#[test]
fn a_refusal_by_the_origin_names_the_setting_and_what_it_saw() {
    let proxy = |peers| TrustedProxy::x_forwarded().peers([peers]).unwrap();
    let listed = Origin::allowed_hosts(Scheme::Https, ["example.com"]).unwrap();
    let behind = |peers| Origin::behind_proxy(proxy(peers), ["example.com"]).unwrap();
    let forwarded: &Lines = &[("x-forwarded-host", "example.com"), ("x-forwarded-proto", "https")];
    for (origin, lines, setting, seen) in [
        (listed.clone(), &[("host", "internal:8080")][..], "allowed_hosts", "host: internal:8080"),
        (listed, &[("host", "a\u{1b}[2J")], "Have the proxy", "host: a"),
        (behind("192.0.2.1"), forwarded, "TrustedProxy::peers", "peer: 10.0.0.2"),
        (behind("10.0.0.0/8"), &[("x-forwarded-proto", "https")], "Have the proxy", "peer: "),
    ] {
        let explained = refused_by(origin, lines);
        let (fix, shown) = (explained.fixes.concat(), explained.seen.clone().unwrap());
        assert!(fix.contains(setting), "{setting}: {fix}");
        assert!(shown.contains(seen), "{seen}: {shown}");
        assert!(shown.len() <= 256 && !shown.contains(['\u{1b}', '?']), "{shown:?}");
        assert!(explained.causes.is_empty() && !explained.is_proven, "{explained:?}");
        assert!(!format!("{explained} {explained:?}").contains("secret"));
    }
}

/// Finds nothing, and hands over one tenant whose key is right or wrong.
struct Nowhere(TenantError, &'static str);

impl VerifierSource for Nowhere {
    async fn find(&self, _: Untrusted<'_>) -> Result<Tenant, TenantError> {
        Err(self.0)
    }

    fn other_tenants(&self, _: Untrusted<'_>, _: usize) -> Vec<Tenant> {
        ["wrong", self.1]
            .map(|key| Tenant::new(key, Verifier::new(AuthToken::new(key).unwrap())))
            .into()
    }
}

#[test]
fn a_request_without_a_tenant_is_proven_by_the_key_of_another() {
    let (right, base) = ("an auth token of the tests", "https://example.com");
    let tls: &[Cause] = &[Cause::TlsTerminated, Cause::OtherAccountToken];
    for (error, key, base, is_proven, causes, fix) in [
        (TenantError::Unknown, right, base, true, &[][..], "VerifierSource::find"),
        (TenantError::Unknown, right, "http://example.com", true, tls, "Build the URL with https"),
        (TenantError::Unknown, "wrong too", base, false, &[], "add its tenant"),
        (TenantError::Inactive, right, base, true, &[], "Switch the tenant on"),
    ] {
        let source = Nowhere(error, key);
        let (gate, told) = telling(Gate::for_tenants(source, fixed(base)));
        let decision = decide(&gate, "https://example.com/sms", "/sms", &[]);
        assert!(matches!(decision, Decision::Answer(_)));
        let (_, explained) = told.recv_timeout(PATIENCE).unwrap();
        let causes: HashSet<_> = causes.iter().map(|cause| cause.code()).collect();
        let found = explained.causes.iter().map(|cause| cause.code()).collect();
        assert_eq!((explained.is_proven, causes), (is_proven, found), "{error}");
        assert!(explained.fixes.concat().contains(fix), "{:?}", explained.fixes);
        assert!(!explained.to_string().is_empty());
    }
}

/// Tells when the thread ends that it lives in.
struct Ends(Sender<()>);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

thread_local! {
    static ENDS: RefCell<Option<Ends>> = const { RefCell::new(None) };
}

#[test]
fn the_thread_ends_with_the_last_clone_of_the_gate() {
    let (tell, told) = channel();
    let (end, ended) = channel();
    let origin = fixed("https://internal.example.net");
    let gate = Gate::new(Verifier::new(token()), origin).explain(ExplainPolicy::new());
    let gate = gate.on_event(move |event| {
        if event.explained.is_some() {
            ENDS.set(Some(Ends(end.clone())));
            tell.send(()).unwrap();
        }
    });
    let clone = gate.clone();
    let _ = decide(&gate, "https://example.com/sms", "/sms", &[]);
    told.recv_timeout(PATIENCE).unwrap();
    drop(gate);
    assert_eq!(ended.recv_timeout(Duration::from_millis(100)), Err(RecvTimeoutError::Timeout));
    drop(clone);
    ended.recv_timeout(PATIENCE).unwrap();
}

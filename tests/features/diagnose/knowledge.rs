//! More knowledge never makes the answer worse: with any hint, right or wrong, what is explained
//! without it is explained, and in no more causes.

use twilio_sig::{Cause, Diagnosis, Hints, diagnose};

use super::arrived::post;
use super::genuine::Random;
use super::{BODY, causes, signer, url, verifier};

const PUBLIC: [&str; 4] = [
    "https://hooks.example.com/sms",
    "https://hooks.example.com/v1/sms?tenant=7&x=a%20b",
    "https://hooks.example.com:8443/sms",
    "https://hooks.example.com/",
];

/// What a service may make of a URL: each is explained without a hint, alone and with another.
fn url_mistakes(random: &mut Random, url: &str) -> String {
    match random.below(7) {
        0 => url.replace("https", "http"),
        1 => url.replace("/sms", "/sms/"),
        2 => url.replace("/v1", ""),
        3 => url.replace("%20", "+"),
        4 => url.replace("tenant=7&x=a%20b", "x=a%20b&tenant=7"),
        5 => url.replace("example.com/", "example.com:8080/"),
        _ => url.replace("hooks.", "www.hooks."),
    }
}

fn body_mistakes(random: &mut Random) -> String {
    match random.below(5) {
        0 => format!("{BODY}&tenant_id=7"),
        1 => BODY.replace("ToCity=", "ToCity=null"),
        2 => BODY.replace("&ToCity=", "").replace("&ToZip=", ""),
        _ => BODY.into(),
    }
}

fn hints() -> Vec<Hints> {
    let mut all: Vec<Hints> = PUBLIC.map(|url| Hints::new().configured_url(url)).into();
    for url in [
        "https://other.example.net/voice",
        "https://hooks.example.com:9443/sms/",
        "http://hooks.example.com/v2/sms?tenant=7",
        "hooks.example.com",
        "nonsense",
        "https://u:p@hooks.example.com/sms#rc=2",
    ] {
        all.push(Hints::new().configured_url(url));
    }
    let list = (0..40).map(|nth| format!("h{nth}.internal:80{nth:02}")).collect::<Vec<_>>();
    let noisy = |hints: Hints| {
        hints
            .header("X-Forwarded-Host", &list.join(", "))
            .header("X-Forwarded-Prefix", "/a, /b, /c, /d")
            .header("X-Original-URI", "/somewhere/else?x=1")
            .header("X-Forwarded-Port", "1,2,3,4,5,6")
            .header("X-Forwarded-Proto", "http")
    };
    all.push(noisy(Hints::new()));
    all.push(noisy(Hints::new().configured_url("https://other.example.net/voice?a=1&b=2&c=3&d=4")));
    all
}

fn sorted(diagnosis: &Diagnosis) -> Vec<Cause> {
    let mut found = causes(diagnosis);
    found.sort_unstable();
    found
}

#[test]
fn a_hint_never_makes_the_answer_worse() {
    let mut random = Random(3);
    let mut explained = 0_u32;
    for nth in 0..60 {
        let signed = PUBLIC[nth % PUBLIC.len()];
        let mut given = signed.to_owned();
        for _ in 0..=random.below(2) {
            given = url_mistakes(&mut random, &given);
        }
        let body = body_mistakes(&mut random);
        let header = signer().sign_form(signed, BODY.as_bytes()).unwrap().header_value();
        let webhook = post(&given, body.as_bytes()).signature(&header);
        let with = |hints: &Hints| diagnose(&verifier(), &webhook, &hints.clone().max_macs(20_000));
        let without = with(&Hints::new());
        if without.verdict().is_ok() || without.explanations().is_empty() {
            continue;
        }
        explained += 1;
        for hints in hints() {
            let diagnosis = with(&hints);
            let (fewer, more) = (sorted(&without), sorted(&diagnosis));
            assert_eq!(more, fewer, "{given} {body} with {hints:?}, signed {signed}");
        }
    }
    assert!(explained > 30, "only {explained} are explained without a hint");
}

/// A configured URL whose port is not the one that was signed does not turn up as a cause.
#[test]
fn a_wrong_hint_does_not_add_a_cause() {
    let hints = Hints::new().configured_url("https://hooks.example.com:8443/sms");
    let diagnosis = url("https://hooks.example.com/sms", "http://hooks.example.com/sms", &hints);
    assert_eq!(causes(&diagnosis), [Cause::TlsTerminated]);
}

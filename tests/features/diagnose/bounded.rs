//! The work is bounded, whatever arrives: in MACs, in bytes that are hashed, copied or compared,
//! and, as a check on what is counted, in time.

use core::time::Duration;
use std::time::Instant;

use twilio_sig::{BYTES_PER_MAC, Hints, Verifier, diagnose};

use super::arrived::post;
use super::{BODY, URL, signer, token, verifier};

const MACS: u32 = 2_000;
/// Many times what so many MACs take in a build that is not optimised, on a machine that is busy.
const MOST: Duration = Duration::from_secs(2);

struct Hostile {
    what: &'static str,
    url: String,
    body: Vec<u8>,
    header: String,
    hints: Hints,
}

fn hostile(what: &'static str, url: impl Into<String>, body: impl Into<Vec<u8>>) -> Hostile {
    let header = signer().sign_url("https://elsewhere.example/").header_value();
    Hostile { what, url: url.into(), body: body.into(), header, hints: Hints::new() }
}

/// The worst that were found.
fn all() -> Vec<Hostile> {
    let good = || signer().sign_url("https://elsewhere.example/").header_value();
    let hashed = format!("{URL}?bodySHA256={}", "0".repeat(64));
    let signed = |url: &str, hostile: Hostile| {
        // The URL's signature is good, so the body is looked into.
        let header = signer().sign_url(url).header_value();
        Hostile { url: url.to_owned(), header, ..hostile }
    };
    let with = |hostile: Hostile, header: String| Hostile { header, ..hostile };
    let many = "a&".repeat(265_000);
    let distinct: Vec<String> =
        (0..1_000).map(|nth| format!("p{nth}=a, b|c;d%26%26lt;&")).collect();
    let distinct = distinct.concat();
    let long_url = |inside: &str| {
        format!("{URL}?{}", inside.repeat(16_000_usize.checked_div(inside.len()).unwrap()))
    };
    let commas = ",".repeat(2_048);
    let list: Vec<String> = (0..600).map(|nth| format!("a{nth},")).collect();
    let list = list.concat();
    let names = ["Host", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Original-URL", "Forwarded"];
    let noisy = (0..40).fold(Hints::new(), |hints, nth: usize| {
        let name = names[nth.checked_rem(names.len()).unwrap()];
        hints.header(name, if nth < 20 { &list } else { &commas })
    });
    let slashes = "/".repeat(2_000);
    let configured = format!("https://e.com{slashes}?{}", "a=1&".repeat(12));
    let mut all = vec![
        with(hostile("many behind a malformed signature", URL, &*many), "malformed".into()),
        with(hostile("many behind a padded one", URL, &*many), format!(" {}", good())),
        hostile("many", URL, &*many),
        hostile("many in 3.7 KB", URL, "a&".repeat(1_850)),
        hostile("a thousand in 2 KB", URL, "a&".repeat(1_000)),
        hostile("a thousand that suggest everything", URL, &*distinct),
        hostile("all null", URL, "a=null&".repeat(1_000)),
        hostile("all in lower case", URL, "callsid=%2B1&".repeat(1_000)),
        hostile("one long value", URL, format!("Body={}", "a, ".repeat(600_000))),
        hostile("escapes", URL, format!("Body={}", "%26lt%3B".repeat(200_000))),
        hostile("base64", URL, "QUFB".repeat(400_000)),
        hostile("brackets", URL, "[".repeat(1_500_000)),
        hostile("an object", URL, format!("{{{}\"a\":1}}", "\"a\":1,".repeat(200_000))),
        signed(&hashed, hostile("brackets under a hash", "", deep(700_000))),
        signed(&hashed, hostile("commas under a hash", "", format!("[{}]", ",".repeat(1_500_000)))),
        signed(
            &hashed,
            hostile("a long string under a hash", "", format!("\"{}\"", "\\/".repeat(700_000))),
        ),
        hostile("a query of segments", long_url("a&"), BODY),
        hostile("a query of pairs", long_url("a=%61&"), BODY),
        hostile("a query of apostrophes", long_url("'"), BODY),
        hostile("a query of escapes", long_url("%25"), BODY),
        hostile("a path of slashes", format!("{URL}{}", "/".repeat(16_000)), BODY),
        hostile("a path of escapes", format!("{URL}{}", "%2F".repeat(5_000)), BODY),
        hostile("at signs", format!("https://{}@e.com/", "a:@".repeat(5_000)), BODY),
        with(hostile("a long header", URL, BODY), "A".repeat(1_000_000)),
        with(hostile("a long header of values", URL, BODY), format!("{},", good()).repeat(30_000)),
        Hostile { hints: noisy.clone(), ..hostile("headers", URL, BODY) },
        Hostile {
            hints: noisy.configured_url(&configured),
            ..hostile("headers and a URL", long_url("a=1&"), &*distinct)
        },
    ];
    let secrets = (0..64).fold(Hints::new(), |hints, nth| hints.raw_secret(format!("{nth:031x}")));
    all.push(Hostile { hints: secrets, ..hostile("many secrets", URL, BODY) });
    all
}

fn deep(levels: usize) -> String {
    [&*"[".repeat(levels), &*"]".repeat(levels)].concat()
}

fn verifier_of(what: &str) -> Verifier {
    // A large bound on parameters and body is the operator's choice, and is bounded all the same.
    let builder = Verifier::builder().auth_token(token());
    let builder = if what.contains("padded") { builder.max_params(4_096) } else { builder };
    builder.build().unwrap()
}

#[test]
fn the_work_is_bounded_whatever_arrives() {
    let bytes_per_mac = u64::try_from(BYTES_PER_MAC).unwrap();
    for hostile in all() {
        let Hostile { what, url, body, header, hints } = &hostile;
        let hints = hints.clone().max_macs(MACS);
        let diagnosis = diagnose(&verifier_of(what), &post(url, body).signature(header), &hints);
        assert!(diagnosis.verdict().is_err(), "{what}");
        assert!(diagnosis.macs() <= MACS, "{what}: {} MACs", diagnosis.macs());
        let most = u64::from(MACS).saturating_mul(bytes_per_mac);
        assert!(diagnosis.bytes() <= most, "{what}: {} bytes", diagnosis.bytes());
        // What is not counted must not count either: a long body is read some ten times by anything.
        let once = time_of_verifying(&hostile);
        let time = time_of(&hostile);
        let allowed = MOST.saturating_add(once.saturating_mul(20));
        assert!(time <= allowed, "{what}: {time:?}, and {once:?} to verify it");
    }
}

/// The shortest of three times.
fn time_of(hostile: &Hostile) -> Duration {
    let Hostile { what, url, body, header, hints } = hostile;
    let hints = hints.clone().max_macs(MACS);
    let verifier = verifier_of(what);
    shortest(|| drop(diagnose(&verifier, &post(url, body).signature(header), &hints)))
}

fn time_of_verifying(hostile: &Hostile) -> Duration {
    let Hostile { what, url, body, .. } = hostile;
    let verifier = verifier_of(what);
    let header = signer().sign_url("https://elsewhere.example/").header_value();
    shortest(|| assert!(verifier.verify(&post(url, body).signature(&header)).is_err()))
}

fn shortest(work: impl Fn()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..3).map(time).min().unwrap_or_default()
}

/// Without a signature that could be right, not even the parameters are counted.
#[test]
fn nothing_is_searched_behind_a_malformed_signature() {
    let body = "a&".repeat(265_000);
    let webhook = post(URL, body.as_bytes()).signature("malformed");
    let diagnosis = diagnose(&verifier(), &webhook, &Hints::new());
    assert_eq!((diagnosis.macs(), diagnosis.bytes()), (0, 0));
    assert_eq!(diagnosis.explanations().len(), 1);
}

/// A long body takes a larger share of the bound.
#[test]
fn long_bodies_cost_more() {
    let long = format!("Body={}&From=1", "a".repeat(200 << 10));
    let header = signer().sign_form("https://elsewhere.example/", long.as_bytes()).unwrap();
    let header = header.header_value();
    let webhook = post(URL, long.as_bytes()).signature(&header);
    let diagnosis = diagnose(&verifier(), &webhook, &Hints::new().max_macs(4_000));
    assert!(diagnosis.is_exhausted() && diagnosis.macs() < 48);
    assert_eq!(diagnosis.ruled_out(), []);
}

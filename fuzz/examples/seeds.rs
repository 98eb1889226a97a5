//! Writes the seed corpus: `fuzz/corpus/TARGET/…`, made from the vectors of the helper libraries
//! and from the webhooks of the examples. What is there already stays.

#[path = "../../tests/records/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod records;

use std::error::Error;
use std::fs;
use std::path::Path;

use records::Record;
use twilio_sig_fuzz::reference::form;

/// Sets of options, as `input` reads them. Every request comes with each of them.
const OPTIONS: [&str; 8] = ["k", "p", "w", "e", "sa", "h", "t", "tBI"];

fn main() -> Result<(), Box<dyn Error>> {
    let texts = [
        ("sdk", include_str!("../../tests/vectors/sdk.txt")),
        ("webhooks", include_str!("../../examples/webhooks.txt")),
    ];
    let mut seeds = 0;
    for (group, text) in texts {
        for (number, record) in records::parse(text)?.iter().enumerate() {
            for (target, variant, seed) in of_record(record) {
                let name = format!("{group}-{number:03}-{variant}");
                write(target, &name, &seed)?;
                seeds += 1;
            }
        }
    }
    for (number, settings) in SETTINGS.iter().enumerate() {
        write("settings_header", &format!("settings-{number}"), settings.as_bytes())?;
        seeds += 1;
    }
    for target in ["verify", "differential", "roundtrip"] {
        for parameters in [65, 300] {
            let body = large_form(parameters);
            let seed = format!("k\n\0\0\0\n\nhttps://example.com/sms\n{body}");
            write(target, &format!("large-{parameters}"), seed.as_bytes())?;
            seeds += 1;
        }
    }
    println!("{seeds} seeds");
    Ok(())
}

/// Parameters too many for the stack, in falling order, whose names and values begin alike.
fn large_form(parameters: usize) -> String {
    let pair = |nth| format!("Media%55rlOf{}=https%3A{}", nth / 2, nth % 3);
    (0..parameters).rev().map(pair).collect::<Vec<_>>().join("&")
}

const SETTINGS: [&str; 6] = [
    "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
    "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1",
    " Key = webhooks_sharedkey_2 ,\tALGORITHM=hmac_sha256,version=2",
    "algorithm=HMAC_SHA1",
    "key=,algorithm=",
    ",,key=none",
];

fn write(target: &str, name: &str, seed: &[u8]) -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&corpus)?;
    Ok(fs::write(corpus.join(name), seed)?)
}

/// Every seed of a record: its target, the rest of its name, its bytes.
fn of_record(record: &Record) -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    if let Some(signature) = record.get("signature") {
        seeds.push(("signature_header", "header".to_owned(), signature.into()));
    }
    let Some(url) = record.get("url") else { return seeds };
    for (variant, kind) in [("plain", "-"), ("handshake", "w"), ("exact", "e")] {
        seeds.push(("url_candidates", variant.to_owned(), format!("{kind}0{url}").into()));
    }
    let settings = record.get("settings").unwrap_or_default();
    let body = record.get("body").map_or_else(|| encoded(record), str::to_owned);
    for options in OPTIONS {
        let seed = format!("{options}\n\0\0\0\n{settings}\n{url}\n{body}");
        for target in ["verify", "differential", "roundtrip"] {
            seeds.push((target, options.to_owned(), seed.clone().into()));
        }
    }
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let target = rest.find('/').map_or("/", |at| &rest[at..]);
    for (number, headers) in HEADERS.iter().enumerate() {
        let seed = format!("{target}\n\n4\n{headers}");
        seeds.push(("origin", number.to_string(), seed.into()));
    }
    seeds
}

/// As proxies write them, for the hosts that the target `origin` is configured with.
const HEADERS: [&str; 4] = [
    "Host: a.example.com",
    "Host: b.example.com:8443\nX-Forwarded-Proto: https",
    "X-Forwarded-Proto: wss\nX-Forwarded-Host: [2001:db8::1]\nX-Forwarded-Port: 443\nX-Forwarded-Prefix: /prod",
    "Forwarded: for=192.0.2.1;proto=https;host=\"b.example.com:8443\"",
];

/// The raw body of a record that has decoded parameters only.
fn encoded(record: &Record) -> String {
    let pairs = record.all("param").map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        format!("{}={}", form::encode(name.as_bytes()), form::encode(value.as_bytes()))
    });
    pairs.collect::<Vec<_>>().join("&")
}

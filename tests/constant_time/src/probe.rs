//! The program that is measured: refuses requests whose signatures are wrong in different places,
//! and accepts right ones, under different keys. `instructions.rs` runs it under valgrind, which counts what
//! `measured_section` executes and nothing else.
//!
//! For each measurement it prints a line: what must cost the same, a tab, in what it differs.

use std::error::Error;
use std::hint::black_box;

use twilio_sig::{
    Algorithm, AuthToken, SharedKey, Signature, Signer, Verifier, VerifyError, Webhook,
};

const URL: &str = "https://example.com/sms?tenant=acme";
const URL_WITH_PORT: &str = "https://example.com:443/sms?tenant=acme";
const FORM: &[u8] = b"AccountSid=AC00000000000000000000000000000001&Body=Ahoy%21+It%27s+me&From=\
                      %2B12125550187&MessageSid=SM00000000000000000000000000000101&NumMedia=0&To=\
                      %2B14155550123&ApiVersion=2010-04-01&SmsStatus=received&NumSegments=1";
const JSON: &[u8] = br#"[{"specversion":"1.0","type":"com.twilio.messaging","data":{"n":1}}]"#;

/// Beginnings of secrets, alike in length only: all bits clear but the highest few, digits, text,
/// and bytes above ASCII. What follows them makes each of a verifier's keys another.
const SECRETS: [&str; 4] = [
    "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
    "0123456789abcdef0123456789abcde",
    "fffffffffffffffffffffffffffffff",
    "ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ~",
];

/// Where a signature is wrong.
const FLAWS: [(&str, Flaw); 5] = [
    ("the first byte", |mac| flip(mac.iter_mut().take(1))),
    ("a byte in the middle", |mac| flip(mac.iter_mut().skip(9).take(1))),
    ("the last byte", |mac| flip(mac.iter_mut().rev().take(1))),
    ("every byte but the first", |mac| flip(mac.iter_mut().skip(1))),
    ("every byte", |mac| flip(mac.iter_mut())),
];

type Flaw = fn(&mut [u8]);

fn flip<'a>(bytes: impl Iterator<Item = &'a mut u8>) {
    bytes.for_each(|byte| *byte ^= 0xff);
}

fn main() -> Result<(), Box<dyn Error>> {
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        for kind in [Kind::Form, Kind::Json, Kind::Get] {
            for keys in [1, 2, 4] {
                verdicts(algorithm, kind, keys)?;
            }
        }
    }
    controls()
}

/// Calls `run` once as it is, so that nothing is done for the first time, and once measured.
fn measure<T>(group: &str, variant: &str, mut run: impl FnMut() -> T) -> T {
    black_box(run());
    let mut result = None;
    measured_section(&mut || result = Some(black_box(run())));
    println!("{group}\t{variant}");
    result.unwrap_or_else(run)
}

#[inline(never)]
fn measured_section(run: &mut dyn FnMut()) {
    black_box(run)();
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Form,
    Json,
    Get,
}

/// Every refusal by verifiers with so many keys: all of them must cost the same. So must an
/// acceptance under different secrets; which key and text matched may show, so these stay apart.
fn verdicts(algorithm: Algorithm, kind: Kind, keys: usize) -> Result<(), Box<dyn Error>> {
    let group = format!("{algorithm}, {kind:?}, keys: {keys}");
    for (nth, secret) in (1..).zip(SECRETS) {
        let keys: Vec<Key> =
            (0..keys).map(|place| Key::new(algorithm, place, secret)).collect::<Result<_, _>>()?;
        let verifier = verifier(&keys)?;
        for (place, key) in keys.iter().enumerate() {
            // The first key and the last one are enough, and the latter for one secret only.
            if place > 0 && (nth > 1 || place + 1 < keys.len()) {
                continue;
            }
            for (text, request, right) in near_misses(kind, &key.signer())? {
                if keys.len() == 1 {
                    let group = format!("{group}, accepted by {text}");
                    let header = right.header_value();
                    let webhook = request.webhook().signature(&header);
                    let accepted = measure(&group, &format!("secret {nth}"), || {
                        verifier.verify(&webhook).is_ok()
                    });
                    assert!(accepted, "{group}, secret {nth}: not accepted");
                }
                for (flaw, apply) in FLAWS {
                    let wrong = wrong(&right, apply);
                    let variant =
                        format!("secret {nth}, as key {place} signs {text}, wrong in {flaw}");
                    let webhook = request.webhook().signature(&wrong);
                    let verdict = measure(&group, &variant, || verifier.verify(&webhook));
                    let error = verdict.err();
                    assert_eq!(error, Some(VerifyError::Mismatch), "{group}, {variant}");
                }
            }
        }
    }
    Ok(())
}

enum Key {
    Token(AuthToken),
    Shared(SharedKey),
}

impl Key {
    fn new(algorithm: Algorithm, place: usize, secret: &str) -> Result<Self, Box<dyn Error>> {
        let secret = format!("{secret}{place}");
        Ok(match algorithm {
            Algorithm::HmacSha1 => Self::Token(AuthToken::new(secret)?),
            _ => Self::Shared(SharedKey::new(format!("key{place}"), secret, algorithm)?),
        })
    }

    fn signer(&self) -> Signer {
        match self {
            Self::Token(token) => Signer::auth_token(token),
            Self::Shared(key) => Signer::shared_key(key),
        }
    }
}

fn verifier(keys: &[Key]) -> Result<Verifier, Box<dyn Error>> {
    let builder = keys.iter().fold(Verifier::builder(), |builder, key| match key {
        Key::Token(token) => builder.auth_token(token.clone()),
        Key::Shared(key) => builder.shared_key(key.clone()),
    });
    Ok(builder.build()?)
}

struct Request {
    url: String,
    body: &'static [u8],
}

impl Request {
    fn webhook(&self) -> Webhook<'_> {
        Webhook::post(&self.url, self.body)
    }
}

/// A request with each of the texts that `verify` compares, and the signature of that text.
fn near_misses(
    kind: Kind,
    signer: &Signer,
) -> Result<Vec<(&'static str, Request, Signature)>, VerifyError> {
    let request = |url: &str, body| Request { url: url.to_owned(), body };
    Ok(match kind {
        Kind::Form => vec![
            ("the form", request(URL, FORM), signer.sign_form(URL, FORM)?),
            ("the port", request(URL, FORM), signer.sign_form(URL_WITH_PORT, FORM)?),
        ],
        Kind::Json => {
            let (url, right) = signer.sign_body_hash(URL, JSON);
            let (_, with_port) = signer.sign_body_hash(URL_WITH_PORT, JSON);
            let as_form = signer.sign_form(&url, JSON)?;
            vec![
                ("the URL", request(&url, JSON), right),
                ("the port", request(&url, JSON), with_port),
                ("the body as a form", request(&url, JSON), as_form),
            ]
        }
        Kind::Get => vec![
            ("the URL", request(URL, b""), signer.sign_url(URL)),
            ("the port", request(URL, b""), signer.sign_url(URL_WITH_PORT)),
        ],
    })
}

/// The header of a signature that is wrong as `flaw` says.
fn wrong(right: &Signature, flaw: Flaw) -> String {
    let mut mac = right.as_bytes().to_vec();
    flaw(&mut mac);
    base64(&mac)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().enumerate().map(|(nth, byte)| u32::from(*byte) << (16 - 8 * nth));
        let bits: u32 = bits.sum();
        for nth in 0..=three.len() {
            let place = bits >> (18 - 6 * nth) & 0x3f;
            text.push(char::from(ALPHABET[place as usize]));
        }
        text.extend((three.len()..3).map(|_| '='));
    }
    text
}

/// Leaks on purpose: if these cost the same too, nothing above was measured.
fn controls() -> Result<(), Box<dyn Error>> {
    let signer = Signer::auth_token(&AuthToken::new(SECRETS[1])?);
    for (flaw, apply) in FLAWS {
        let mut wrong = signer.sign_url(URL).as_bytes().to_vec();
        apply(&mut wrong);
        measure("control: a comparison that ends early", flaw, || {
            is_equal_leaking(signer.sign_url(URL).as_bytes(), &wrong)
        });
    }
    for secret in SECRETS {
        measure("control: a secret that decides how long it takes", secret, || {
            is_equal_leaking(secret.as_bytes(), SECRETS[1].as_bytes())
        });
    }
    Ok(())
}

fn is_equal_leaking(left: &[u8], right: &[u8]) -> bool {
    left.iter().zip(right).all(|(left, right)| black_box(left) == black_box(right))
}

//! The identity of every kind of webhook, on parameters as Twilio sends them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod asked;
mod first_requests;
mod json;
mod kinds;
mod rows;
mod scope;
mod templates;

use twilio_sig::dedup::{DedupKey, Delivery, NoIdentity};
use twilio_sig::{AuthToken, Signer, Verified, Verifier, Webhook};

const URL: &str = "https://example.com/hook";

type Params = Vec<(String, String)>;

fn signer() -> Signer {
    Signer::auth_token(&AuthToken::new("12345").unwrap())
}

fn verifier() -> Verifier {
    Verifier::new(AuthToken::new("12345").unwrap())
}

/// Parameters as `Name=value&Name=value`. A value of two capitals and a number is that SID: `SM7` is
/// `SM00000000000000000000000000000007`.
fn params(text: &str) -> Params {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').expect("a name and a value"));
    pairs.map(|(name, value)| (name.to_owned(), sid(value))).collect()
}

fn sid(value: &str) -> String {
    let (prefix, number) = value.split_at_checked(2).unwrap_or_default();
    let is_short = prefix.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..6).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { format!("{prefix}{number:0>32}") } else { value.to_owned() }
}

/// `base` with these parameters in place of those of the same name; `Name=-` takes one out.
fn with(base: &str, changes: &str) -> String {
    let name_of = |pair: &str| pair.split_once('=').map_or("", |(name, _)| name).to_owned();
    let left_out: Vec<_> = changes.split('&').map(name_of).collect();
    let kept = base.split('&').filter(|pair| !left_out.contains(&name_of(pair)));
    let added = changes.split('&').filter(|pair| !pair.ends_with("=-"));
    kept.chain(added).filter(|pair| !pair.is_empty()).collect::<Vec<_>>().join("&")
}

/// What `ask` says about a form that is signed for this URL.
fn asked_at<T>(url: &str, form: &str, ask: impl FnOnce(&Verified<'_>) -> T) -> T {
    let owned = params(form);
    let pairs: Vec<_> = owned.iter().map(|(name, value)| (&**name, &**value)).collect();
    let signature = signer().sign_params(url, &pairs).unwrap().header_value();
    let webhook = Webhook::post_params(url, &pairs).signature(&signature);
    ask(&verifier().verify(&webhook).unwrap())
}

/// What `ask` says about a `GET` webhook of this URL.
fn asked_by_get<T>(url: &str, ask: impl FnOnce(&Verified<'_>) -> T) -> T {
    let signature = signer().sign_url(url).header_value();
    ask(&verifier().verify(&Webhook::get(url).signature(&signature)).unwrap())
}

/// The key of a request, which is that of its proof too.
fn key_of(verified: &Verified<'_>) -> Result<DedupKey, NoIdentity> {
    let key = DedupKey::of(verified);
    let proof = verified.into_proof();
    let later = Delivery::of_proof(&proof, verified.body()).unwrap();
    assert_eq!(DedupKey::of(later), key);
    key
}

fn key_at(url: &str, form: &str) -> Result<DedupKey, NoIdentity> {
    asked_at(url, form, key_of)
}

fn key(form: &str) -> Result<DedupKey, NoIdentity> {
    key_at(URL, form)
}

/// The kind that a form is recognised as.
fn kind(form: &str) -> Result<String, NoIdentity> {
    key(form).map(|key| key.to_string().split(':').next().unwrap_or_default().to_owned())
}

/// A JSON body under `bodySHA256`.
fn json_at<T>(url: &str, body: &str, ask: impl FnOnce(&Verified<'_>) -> T) -> T {
    let (url, signature) = signer().sign_body_hash(url, body.as_bytes());
    let signature = signature.header_value();
    let webhook = Webhook::post(&url, body.as_bytes()).signature(&signature);
    ask(&verifier().verify(&webhook).unwrap())
}

fn json_key(body: &str) -> Result<DedupKey, NoIdentity> {
    json_at(URL, body, key_of)
}

fn missing(name: &'static str) -> NoIdentity {
    NoIdentity::Missing(name.into())
}

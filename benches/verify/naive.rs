//! The verifier that one writes first, from Twilio's description: correct for what Twilio mostly
//! sends, with strings and a sort. It knows one token and one spelling of the URL.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::requests::Request;

pub(crate) fn verify(token: &str, request: &Request) -> bool {
    let body_hash = request.url.split_once('?').and_then(|(_, query)| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == "bodySHA256").map(|(_, hash)| hash)
    });
    let signed = match body_hash {
        Some(hash) if hash != hex(&Sha256::digest(&request.body)) => return false,
        Some(_) => request.url.clone(),
        None => canonical(&request.url, &request.body),
    };
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return false };
    mac.update(signed.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes()) == request.signature
}

/// What is signed: the URL, then names and values, decoded and sorted, equal pairs once.
pub(crate) fn canonical(url: &str, body: &[u8]) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut text = String::from(url);
    for (name, value) in pairs {
        text.push_str(&name);
        text.push_str(&value);
    }
    text
}

#[expect(clippy::format_collect, reason = "as it is written in many a service")]
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

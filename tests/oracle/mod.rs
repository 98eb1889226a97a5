//! The outside opinion: HMAC and SHA-256 as their standards define them, over a canonical string
//! that the test itself writes out. Nothing here is taken from the crate under test.

#![allow(dead_code, reason = "a test file need not use all of it")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The auth token of tests that need no other.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// `X-Twilio-Signature` as an auth token makes it: base64 of HMAC-SHA1.
pub(crate) fn sha1(token: &str, canonical: impl AsRef<[u8]>) -> String {
    STANDARD.encode(hmac::<Sha1>(token.as_bytes(), canonical.as_ref()))
}

/// `X-Twilio-Signature` as a shared key bound to HMAC-SHA256 makes it.
pub(crate) fn sha256(secret: &str, canonical: impl AsRef<[u8]>) -> String {
    STANDARD.encode(hmac::<Sha256>(secret.as_bytes(), canonical.as_ref()))
}

/// `bodySHA256` as Twilio writes it: lower-case hexadecimal digits.
pub(crate) fn body_hash(body: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(body))
}

/// Padded base64 (RFC 4648, section 4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// RFC 2104, section 2: `H(K XOR opad, H(K XOR ipad, text))` with blocks of 64 bytes.
fn hmac<H: Digest>(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > 64 { H::digest(key).to_vec() } else { key.to_vec() };
    block.resize(64, 0);
    let padded = |pad: u8| block.iter().map(|byte| byte ^ pad).collect::<Vec<_>>();
    let inner = H::new().chain_update(padded(0x36)).chain_update(text).finalize();
    H::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

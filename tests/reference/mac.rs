//! HMAC (RFC 2104, section 2) and base64 (RFC 4648, section 4), written out from their definitions.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Key;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The block length of both SHA-1 and SHA-256.
const BLOCK_LEN: usize = 64;

/// 20 bytes by an auth token or a SHA-1 key, 32 by a SHA-256 key.
pub fn mac(key: &Key, canonical: &[u8]) -> Vec<u8> {
    match key {
        Key::AuthToken(token) => hmac(false, token.as_bytes(), canonical),
        Key::Shared { secret, sha256, .. } => hmac(*sha256, secret.as_bytes(), canonical),
    }
}

fn hmac(sha256: bool, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = if secret.len() > BLOCK_LEN { hash(sha256, secret) } else { secret.to_vec() };
    block.resize(BLOCK_LEN, 0);
    let ipad: Vec<u8> = block.iter().map(|byte| byte ^ 0x36).collect();
    let opad: Vec<u8> = block.iter().map(|byte| byte ^ 0x5c).collect();
    let inner = hash(sha256, &[ipad.as_slice(), message].concat());
    hash(sha256, &[opad, inner].concat())
}

fn hash(sha256: bool, bytes: &[u8]) -> Vec<u8> {
    if sha256 { Sha256::digest(bytes).to_vec() } else { Sha1::digest(bytes).to_vec() }
}

/// SHA-256 as 64 lower-case hex digits.
pub fn sha256_hex(bytes: &[u8]) -> Vec<u8> {
    let digits = hash(true, bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    digits.into_bytes()
}

pub fn base64(bytes: &[u8]) -> String {
    let mut bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    while !bits.len().is_multiple_of(6) {
        bits.push('0');
    }
    let mut text = String::new();
    for start in (0..bits.len()).step_by(6) {
        text.push(char::from(ALPHABET[number(&bits[start..start + 6])]));
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// The 20 or 32 bytes of a header, if it is written in the one way in which they can be written.
pub fn decode_signature(header: &[u8]) -> Option<Vec<u8>> {
    let length = match header.len() {
        28 => 20,
        44 => 32,
        _ => return None,
    };
    let mut bits = String::new();
    for byte in header.strip_suffix(b"=")? {
        let place = ALPHABET.iter().position(|letter| letter == byte)?;
        bits.push_str(&format!("{place:06b}"));
    }
    let mut bytes = Vec::new();
    for start in (0..length * 8).step_by(8) {
        bytes.push(u8::try_from(number(&bits[start..start + 8])).ok()?);
    }
    // Two bits are left over; written back as zeros, they must give the header again.
    (base64(&bytes).as_bytes() == header).then_some(bytes)
}

fn number(bits: &str) -> usize {
    bits.chars().fold(0, |sum, bit| sum * 2 + usize::from(bit == '1'))
}

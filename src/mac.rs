//! The MAC: canonical bytes in, a [`Signature`] out. No other file touches HMAC or SHA.

mod algorithm;
mod signature;

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::error::KeyError;

pub use algorithm::Algorithm;
pub use signature::Signature;

/// Takes the bytes of a canonical string, in order.
pub(crate) trait Sink {
    /// Appends `bytes`.
    fn update(&mut self, bytes: &[u8]);
}

/// A keyed HMAC (RFC 2104), ready for the bytes of a canonical string.
///
/// A keyed MAC holds the two midstates and never the secret. The `zeroize` of `hmac` and its hashes wipes
/// the midstates on drop.
#[derive(Clone)]
pub(crate) enum KeyedMac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

impl KeyedMac {
    /// # Errors
    /// [`KeyError::TooLong`] if HMAC takes no secret of this length. HMAC takes any length.
    pub(crate) fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let keyed = match algorithm {
            Algorithm::HmacSha1 => Hmac::new_from_slice(secret).map(Self::Sha1),
            Algorithm::HmacSha256 => Hmac::new_from_slice(secret).map(Self::Sha256),
        };
        keyed.map_err(|_| KeyError::TooLong)
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha1(_) => Algorithm::HmacSha1,
            Self::Sha256(_) => Algorithm::HmacSha256,
        }
    }

    /// The MAC of what `write` gives.
    pub(crate) fn mac(&self, write: impl FnOnce(&mut Self)) -> Signature {
        let mut mac = self.clone();
        write(&mut mac);
        let algorithm = mac.algorithm();
        match mac {
            Self::Sha1(mac) => Signature::new(algorithm, &mac.finalize().into_bytes()),
            Self::Sha256(mac) => Signature::new(algorithm, &mac.finalize().into_bytes()),
        }
    }
}

/// Shows no state.
impl fmt::Debug for KeyedMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.algorithm().fmt(f)
    }
}

impl Sink for KeyedMac {
    #[inline]
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(mac) => Mac::update(mac, bytes),
            Self::Sha256(mac) => Mac::update(mac, bytes),
        }
    }
}

/// SHA-256 of a body as `bodySHA256` carries it: in lower-case hexadecimal digits.
pub(crate) fn body_hash(body: &[u8]) -> [u8; 64] {
    let mut digits = [0; 64];
    let (pairs, _) = digits.as_chunks_mut();
    for (pair, byte) in pairs.iter_mut().zip(Sha256::digest(body)) {
        let digit = |value: u8| value.wrapping_add(if value < 10 { b'0' } else { b'a' - 10 });
        *pair = [digit(byte >> 4), digit(byte & 0xf)];
    }
    digits
}

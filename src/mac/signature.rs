//! The signature as it arrives: strict base64 of a MAC, and no other text.

use alloc::string::String;
use core::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

use super::Algorithm;
use crate::error::VerifyError;

/// A MAC: what `X-Twilio-Signature` says, or what a [`Signer`](crate::Signer) made.
///
/// The length names the algorithm: 20 bytes are HMAC-SHA1, 32 are HMAC-SHA256. The time of a
/// comparison does not depend on the bytes. `Debug` shows no byte, because under another key
/// the signature of a refused request may be a valid credential.
///
/// # Examples
/// ```
/// use twilio_sig::{Algorithm, Signature};
///
/// let signature = Signature::from_header("RSOYDt4T1cUTdK1PDd93/VVr8B8=")?;
/// assert_eq!(signature.algorithm(), Algorithm::HmacSha1);
/// assert_eq!(signature.as_bytes().len(), 20);
/// # Ok::<(), twilio_sig::VerifyError>(())
/// ```
#[derive(Clone, Copy, Eq)]
pub struct Signature {
    /// The MAC. An HMAC-SHA1 fills the first 20 bytes, and zeros the rest.
    mac: [u8; SHA256_LEN],
    algorithm: Algorithm,
}

/// Bytes of an HMAC-SHA1 (RFC 2104, FIPS 180-4).
const SHA1_LEN: usize = 20;
/// Bytes of an HMAC-SHA256 (RFC 2104, FIPS 180-4).
const SHA256_LEN: usize = 32;

impl Signature {
    /// Reads the value of one `X-Twilio-Signature` header.
    ///
    /// One MAC has one text: no white space, no other alphabet, padding present, unused bits zero
    /// (RFC 4648, sections 3.2 to 3.5).
    ///
    /// # Errors
    /// [`VerifyError::MissingSignature`] if it is empty, [`VerifyError::MalformedSignature`] if it
    /// is anything but the canonical base64 of 20 or 32 bytes.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{Signature, VerifyError};
    ///
    /// let joined = "RSOYDt4T1cUTdK1PDd93/VVr8B8=, RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    /// assert_eq!(Signature::from_header(joined).unwrap_err(), VerifyError::MalformedSignature);
    /// ```
    pub fn from_header(header: impl AsRef<[u8]>) -> Result<Self, VerifyError> {
        let text = header.as_ref();
        // A text that decodes to more is an error, and a long one is refused unread.
        let mut bytes = [0; SHA256_LEN];
        let decoded = STANDARD.decode_slice(text, &mut bytes).ok();
        let mac = decoded.and_then(|len| bytes.get(..len)).unwrap_or_default();
        match mac.len() {
            SHA1_LEN => Ok(Self::new(Algorithm::HmacSha1, mac)),
            SHA256_LEN => Ok(Self::new(Algorithm::HmacSha256, mac)),
            _ if text.is_empty() => Err(VerifyError::MissingSignature),
            _ => Err(VerifyError::MalformedSignature),
        }
    }

    /// A MAC that was made with an algorithm, and has its length.
    #[inline]
    pub(crate) fn new(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut mac = [0; SHA256_LEN];
        mac.iter_mut().zip(bytes).for_each(|(slot, &byte)| *slot = byte);
        Self { mac, algorithm }
    }

    /// The algorithm that makes a MAC of this length.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes of the MAC: 20 or 32. They are what a replay cache is keyed on.
    pub const fn as_bytes(&self) -> &[u8] {
        match self.algorithm {
            Algorithm::HmacSha1 => self.mac.split_at(SHA1_LEN).0,
            Algorithm::HmacSha256 => &self.mac,
        }
    }

    /// The text that `X-Twilio-Signature` carries. The text is enough to send the request again: keep
    /// it out of logs.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::Signature;
    ///
    /// let text = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    /// assert_eq!(Signature::from_header(text)?.header_value(), text);
    /// # Ok::<(), twilio_sig::VerifyError>(())
    /// ```
    pub fn header_value(&self) -> String {
        STANDARD.encode(self.as_bytes())
    }
}

impl PartialEq for Signature {
    /// In constant time, but for the algorithm: the length of a signature is public.
    fn eq(&self, other: &Self) -> bool {
        let (words, _) = self.mac.as_chunks();
        let (others, _) = other.mac.as_chunks();
        let differ = words.iter().zip(others).fold(0, |differ, (&word, &other)| {
            differ | (u64::from_ne_bytes(word) ^ u64::from_ne_bytes(other))
        });
        self.algorithm == other.algorithm && differ.ct_eq(&0).into()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signature").field(&self.algorithm()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_bits_of_the_last_character_must_be_zero() {
        assert!(Signature::from_header("RSOYDt4T1cUTdK1PDd93/VVr8B8=").is_ok());
        assert_eq!(
            Signature::from_header("RSOYDt4T1cUTdK1PDd93/VVr8B9="),
            Err(VerifyError::MalformedSignature)
        );
    }

    /// Two differences must not cancel each other.
    #[test]
    fn signatures_that_differ_anywhere_are_unequal() {
        let signature = Signature::new(Algorithm::HmacSha256, &[0; SHA256_LEN]);
        for first in 0..SHA256_LEN {
            for second in 0..SHA256_LEN {
                for bit in 0..8 {
                    let mut other = [0; SHA256_LEN];
                    other[first] = 1 << bit;
                    other[second] = 1 << bit;
                    assert!(
                        signature != Signature::new(Algorithm::HmacSha256, &other),
                        "{first} {second} {bit}"
                    );
                }
            }
        }
        assert!(signature == Signature::new(Algorithm::HmacSha256, &[0; SHA256_LEN]));
        assert!(signature != Signature::new(Algorithm::HmacSha1, &[0; SHA1_LEN]));
    }
}

//! What is claimed: a hash, so that a key of any length and bytes takes 32 bytes in every store.

use core::fmt;

use sha2::{Digest, Sha256};

/// A key: SHA-256 of a namespace and of parts of any length and any bytes.
///
/// Each part is hashed with its length before it, so `["ab", "c"]` and `["a", "bc"]` are different
/// keys. `Debug` and `Display` show it in hexadecimal digits; nothing can be read from them.
///
/// # Examples
/// ```
/// use twilio_sig_claim::ClaimKey;
///
/// let key = ClaimKey::new("invoices", &[b"AC1", b"\0 \xFF any bytes"]);
/// assert_eq!(key, ClaimKey::new("invoices", &[b"AC1", b"\0 \xFF any bytes"]));
/// assert_ne!(key, ClaimKey::new("receipts", &[b"AC1", b"\0 \xFF any bytes"]));
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClaimKey([u8; Self::LEN]);

impl ClaimKey {
    /// Bytes of a key.
    pub const LEN: usize = 32;

    /// The key of `parts` in `namespace`. Keys of different namespaces are different.
    #[must_use]
    pub fn new(namespace: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new_with_prefix(DOMAIN);
        for part in [namespace.as_bytes()].iter().chain(parts) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

/// Sets these hashes apart from every other use of SHA-256. A change of the format changes it.
const DOMAIN: &[u8] = b"twilio_sig claim key 1\n";

impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let keys = [
            ClaimKey::new("n", &[b"ab", b"c"]),
            ClaimKey::new("n", &[b"a", b"bc"]),
            ClaimKey::new("n", &[b"abc"]),
            ClaimKey::new("n", &[b"abc", b""]),
            ClaimKey::new("na", &[b"bc"]),
            ClaimKey::new("n", &[b"abc\0"]),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{at}");
        }
    }
}

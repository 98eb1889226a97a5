//! What an owner has: a key, and a token that proves the ownership.

use core::fmt;

use super::ClaimKey;

/// The right to a key: the key, and a token that no other claim has.
///
/// It is made before the store is asked. So a claim whose answer was lost can be asked for again,
/// renewed and released: its token is known. `Debug` does not show the token.
///
/// # Examples
/// ```
/// use twilio_sig_claim::{Claim, ClaimKey};
///
/// let key = ClaimKey::new("example", &[b"CA1"]);
/// let claim = Claim::with_token(key, *b"128 random bits.");
/// assert_eq!(claim.key(), &key);
/// assert!(!format!("{claim:?}").contains("random"));
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Claim {
    key: ClaimKey,
    token: [u8; Self::TOKEN_LEN],
}

impl Claim {
    /// Bytes of a token: 128 bits, so that no two claims of any two processes have the same.
    pub const TOKEN_LEN: usize = 16;

    /// A claim of `key` with a random token of the system.
    ///
    /// # Errors
    /// [`ClaimError::Unavailable`](crate::ClaimError::Unavailable) if the system gives no random
    /// bytes.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig_claim::{Claim, ClaimKey};
    ///
    /// let key = ClaimKey::new("example", &[b"CA1"]);
    /// assert_ne!(Claim::random(key)?.token(), Claim::random(key)?.token());
    /// # Ok::<(), twilio_sig_claim::ClaimError>(())
    /// ```
    #[cfg(feature = "getrandom")]
    pub fn random(key: ClaimKey) -> Result<Self, crate::ClaimError> {
        let mut token = [0; Self::TOKEN_LEN];
        getrandom::fill(&mut token).map_err(crate::ClaimError::unavailable)?;
        Ok(Self { key, token })
    }

    /// A claim of `key` with a token of your own source, which must be 128 random bits. A
    /// token that can be guessed lets others settle the claim; two claims with one token are one owner.
    #[must_use]
    pub const fn with_token(key: ClaimKey, token: [u8; Self::TOKEN_LEN]) -> Self {
        Self { key, token }
    }

    /// What is claimed.
    #[must_use]
    pub const fn key(&self) -> &ClaimKey {
        &self.key
    }

    /// What the owner alone has.
    #[must_use]
    pub const fn token(&self) -> &[u8; Self::TOKEN_LEN] {
        &self.token
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("key", &self.key).finish_non_exhaustive()
    }
}

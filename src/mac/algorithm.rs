//! How a signature is made.

use core::{fmt, str::FromStr};

use crate::error::VerifyError;

/// How a signature is made (RFC 2104, FIPS 180-4).
///
/// # Examples
/// ```
/// use twilio_sig::Algorithm;
///
/// assert_eq!("hmac_sha256".parse(), Ok(Algorithm::HmacSha256));
/// assert_eq!(Algorithm::HmacSha1.to_string(), "HMAC_SHA1");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-1, 20 bytes: every auth token, and shared keys so configured.
    HmacSha1,
    /// HMAC with SHA-256, 32 bytes: shared keys so configured.
    HmacSha256,
}

impl Algorithm {
    /// Twilio's name for it, as the settings header carries it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC_SHA1",
            Self::HmacSha256 => "HMAC_SHA256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = VerifyError;

    /// Reads Twilio's name, in any case of letters.
    ///
    /// # Errors
    /// [`VerifyError::NoKeyForAlgorithm`] for any other name.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = [Self::HmacSha1, Self::HmacSha256];
        let named = known.into_iter().find(|known| name.eq_ignore_ascii_case(known.as_str()));
        named.ok_or(VerifyError::NoKeyForAlgorithm)
    }
}

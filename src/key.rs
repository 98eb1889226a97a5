//! The only holder of secrets: auth tokens and shared keys, kept as keyed MACs.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use zeroize::Zeroizing;

use crate::error::{KeyError, VerifyError};
use crate::mac::MacKey;

/// Longest id of a shared key, in bytes. Twilio's are `webhooks_sharedkey_` and a few dozen
/// characters.
pub const MAX_KEY_ID_LEN: usize = 128;

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
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC_SHA1",
            Self::HmacSha256 => "HMAC_SHA256",
        }
    }

    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        [Self::HmacSha1, Self::HmacSha256]
            .into_iter()
            .find(|algorithm| name.eq_ignore_ascii_case(algorithm.as_str().as_bytes()))
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
        Self::from_name(name.as_bytes()).ok_or(VerifyError::NoKeyForAlgorithm)
    }
}

/// An account's auth token, which signs with HMAC-SHA1.
///
/// It holds the keyed MAC and not the token. The buffer that the token came in is wiped, whether
/// the token is accepted or not; the MAC's state is wiped on drop. `Debug` shows nothing.
///
/// Source: <https://www.twilio.com/docs/usage/security#validating-requests>
#[derive(Clone)]
pub struct AuthToken(pub(crate) MacKey);

impl AuthToken {
    /// Takes the token as the Twilio console shows it.
    ///
    /// # Errors
    /// [`KeyError::Empty`] if it is empty, [`KeyError::SurroundingWhitespace`] if it begins or
    /// ends with white space.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, KeyError};
    ///
    /// let token = AuthToken::new("0123456789abcdef0123456789abcdef")?;
    /// assert_eq!(format!("{token:?}"), "AuthToken { .. }");
    /// # Ok::<(), KeyError>(())
    /// ```
    pub fn new(token: impl Into<String>) -> Result<Self, KeyError> {
        keyed(Algorithm::HmacSha1, token).map(Self)
    }

    /// Takes the token from the environment variable `name`.
    ///
    /// # Errors
    /// [`KeyError::NotInEnvironment`] if it is not set or not UTF-8, else as
    /// [`new`](Self::new).
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, KeyError};
    ///
    /// let missing = AuthToken::from_env("NOT_SET_ANYWHERE").unwrap_err();
    /// assert_eq!(missing, KeyError::NotInEnvironment);
    /// ```
    #[cfg(feature = "std")]
    pub fn from_env(name: &str) -> Result<Self, KeyError> {
        let token = std::env::var_os(name).ok_or(KeyError::NotInEnvironment)?;
        match token.into_string() {
            Ok(token) => Self::new(token),
            Err(token) => {
                drop(Zeroizing::new(token.into_encoded_bytes()));
                Err(KeyError::NotInEnvironment)
            }
        }
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthToken").finish_non_exhaustive()
    }
}

/// A shared key: an id, a secret, and the one algorithm that the two are bound to.
///
/// A request's settings header can choose among the configured keys. It can never change the
/// algorithm of one.
///
/// Source: <https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys>
#[derive(Clone)]
pub struct SharedKey {
    pub(crate) id: Box<str>,
    pub(crate) mac: MacKey,
}

impl SharedKey {
    /// Takes the id and the secret as Twilio shows them. The secret's UTF-8 bytes are the key; its
    /// buffer is wiped.
    ///
    /// # Errors
    /// [`KeyError::InvalidId`] if the id is empty, longer than [`MAX_KEY_ID_LEN`] bytes, or holds
    /// a comma, an equals sign, a space or anything that is not printable ASCII;
    /// [`KeyError::Empty`] and [`KeyError::SurroundingWhitespace`] for the secret.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{Algorithm, SharedKey};
    ///
    /// let key = SharedKey::new("webhooks_sharedkey_01", "the secret", Algorithm::HmacSha256)?;
    /// assert_eq!(key.id(), "webhooks_sharedkey_01");
    /// # Ok::<(), twilio_sig::KeyError>(())
    /// ```
    pub fn new(
        id: impl Into<String>,
        secret: impl Into<String>,
        algorithm: Algorithm,
    ) -> Result<Self, KeyError> {
        let mac = keyed(algorithm, secret)?;
        let id = id.into().into_boxed_str();
        let legible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'=');
        if id.is_empty() || id.len() > MAX_KEY_ID_LEN || !id.bytes().all(legible) {
            return Err(KeyError::InvalidId);
        }
        Ok(Self { id, mac })
    }

    /// The id that a settings header names.
    #[must_use]
    pub const fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm that the key is bound to.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.mac.algorithm()
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

fn keyed(algorithm: Algorithm, secret: impl Into<String>) -> Result<MacKey, KeyError> {
    let secret = Zeroizing::new(secret.into());
    if secret.is_empty() {
        return Err(KeyError::Empty);
    }
    if secret.trim().len() != secret.len() {
        return Err(KeyError::SurroundingWhitespace);
    }
    Ok(MacKey::new(algorithm, secret.as_bytes()))
}

//! A shared key: an id, a secret, and the one algorithm that the two are bound to.

use alloc::{boxed::Box, string::String};

use super::keyed;
use crate::error::KeyError;
use crate::mac::{Algorithm, KeyedMac};

/// Longest id of a shared key, in bytes. Twilio's are `webhooks_sharedkey_` and a few dozen
/// characters.
pub const MAX_KEY_ID_LEN: usize = 128;

/// A shared key: an id, a secret, and the one algorithm that the two are bound to.
///
/// A request's settings header can choose among the configured keys. The header can never change a
/// key's algorithm.
///
/// Source: <https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys>
#[derive(Clone, Debug)]
pub struct SharedKey {
    pub(crate) id: Box<str>,
    pub(crate) mac: KeyedMac,
}

impl SharedKey {
    /// Takes the id and the secret as Twilio shows them. The secret's UTF-8 bytes are the key; its
    /// buffer is wiped.
    ///
    /// # Errors
    /// [`KeyError::InvalidId`] if the id is empty, longer than [`MAX_KEY_ID_LEN`] bytes, or holds
    /// a comma, an equals sign, a space or a byte that is not printable ASCII. The errors of
    /// [`AuthToken::new`](crate::AuthToken::new) for the secret.
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
    pub const fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm that the key is bound to.
    pub const fn algorithm(&self) -> Algorithm {
        self.mac.algorithm()
    }
}

//! The only holders of secrets: auth tokens and shared keys, kept as keyed MACs.

mod settings;
mod shared_key;

use alloc::string::String;
use core::ops::RangeInclusive;

use zeroize::Zeroizing;

use crate::error::KeyError;
use crate::mac::{Algorithm, KeyedMac};

pub use settings::MAX_SETTINGS_LEN;
pub(crate) use settings::Settings;
pub use shared_key::{MAX_KEY_ID_LEN, SharedKey};

/// Longest token or secret, in bytes. Twilio's tokens have 32.
pub const MAX_SECRET_LEN: usize = 1_024;

/// An account's auth token, which signs with HMAC-SHA1.
///
/// An auth token holds the keyed MAC and not the token's text. The buffer that the text came in is wiped,
/// whether the token is accepted or not; the MAC's state is wiped on drop. `Debug` shows the algorithm.
///
/// Source: <https://www.twilio.com/docs/usage/security#validating-requests>
#[derive(Clone, Debug)]
pub struct AuthToken(pub(crate) KeyedMac);

impl AuthToken {
    /// Takes the token as the Twilio console shows it.
    ///
    /// # Errors
    /// [`KeyError::Empty`] if it is empty, [`KeyError::SurroundingWhitespace`] if it begins or
    /// ends with white space, [`KeyError::InvisibleCharacter`] if it holds a control or format
    /// character, [`KeyError::TooLong`] above [`MAX_SECRET_LEN`] bytes.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, KeyError};
    ///
    /// let token = AuthToken::new("0123456789abcdef0123456789abcdef")?;
    /// assert_eq!(format!("{token:?}"), "AuthToken(HmacSha1)");
    /// # Ok::<(), KeyError>(())
    /// ```
    pub fn new(token: impl Into<String>) -> Result<Self, KeyError> {
        keyed(Algorithm::HmacSha1, token).map(Self)
    }
}

/// Keys an HMAC. The buffer of the secret is wiped, whether it is accepted or not.
fn keyed(algorithm: Algorithm, secret: impl Into<String>) -> Result<KeyedMac, KeyError> {
    let secret = Zeroizing::new(secret.into());
    if secret.is_empty() {
        Err(KeyError::Empty)
    } else if secret.len() > MAX_SECRET_LEN {
        Err(KeyError::TooLong)
    } else if secret.trim().len() != secret.len() {
        Err(KeyError::SurroundingWhitespace)
    } else if secret.chars().any(is_invisible) {
        Err(KeyError::InvisibleCharacter)
    } else {
        KeyedMac::new(algorithm, secret.as_bytes())
    }
}

/// Invisible characters, beside the control characters: Unicode's category Cf, and the variation
/// selectors.
#[rustfmt::skip]
const INVISIBLE: [RangeInclusive<char>; 11] = [
    '\u{ad}'..='\u{ad}', '\u{34f}'..='\u{34f}', '\u{61c}'..='\u{61c}', '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}',
    '\u{fe00}'..='\u{fe0f}', '\u{feff}'..='\u{feff}', '\u{fff9}'..='\u{fffb}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether no copy shows a character. NUL is such a character: HMAC pads a key with NUL, so a token of
/// NUL bytes alone signs as the empty one does.
fn is_invisible(character: char) -> bool {
    character.is_control() || INVISIBLE.iter().any(|range| range.contains(&character))
}

//! The feature `std`: a token from the environment of a service that starts.

use alloc::boxed::Box;
use core::fmt;

use crate::error::KeyError;
use crate::key::AuthToken;

impl AuthToken {
    /// Takes the token from the environment variable `name`.
    ///
    /// # Errors
    /// An [`EnvError`] if the variable is not set or not UTF-8, and wherever [`new`](Self::new) fails.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::AuthToken;
    ///
    /// let missing = AuthToken::from_env("NOT_SET_ANYWHERE").unwrap_err();
    /// assert_eq!(
    ///     missing.to_string(),
    ///     "the environment variable NOT_SET_ANYWHERE is not set or not UTF-8"
    /// );
    /// ```
    pub fn from_env(name: &str) -> Result<Self, EnvError> {
        let refused = |reason| EnvError { variable: name.into(), reason };
        let token = std::env::var_os(name).ok_or_else(|| refused(None))?;
        let token = token.into_string().map_err(|token| {
            drop(zeroize::Zeroizing::new(token.into_encoded_bytes()));
            refused(None)
        });
        Self::new(token?).map_err(|reason| refused(Some(reason)))
    }
}

/// Why [`AuthToken::from_env`] gave no token. It names the variable and shows no part of its value.
///
/// `Debug` says what `Display` says, because it is what `main` prints.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct EnvError {
    variable: Box<str>,
    reason: Option<KeyError>,
}

impl EnvError {
    /// The name of the variable.
    #[must_use]
    pub const fn variable(&self) -> &str {
        &self.variable
    }

    /// Why its value is no token; `None` if it is not set or not UTF-8.
    #[must_use]
    pub const fn reason(&self) -> Option<KeyError> {
        self.reason
    }
}

impl core::error::Error for EnvError {}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {}", self.variable)?;
        match self.reason {
            None => f.write_str(" is not set or not UTF-8"),
            Some(reason) => write!(f, ": {reason}"),
        }
    }
}

impl fmt::Debug for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

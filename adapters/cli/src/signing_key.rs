//! The key of what is sent.

use twilio_sig::testing::{Fixture, SignedWebhook};
use twilio_sig::{AuthToken, SharedKey, Signer, VerifyError};

use crate::args::KeyArgs;
use crate::failure::Failure;
use crate::keys;

/// The token of forged webhooks. A service that has it accepts them, and should not.
const FORGER: &str = "a token that no service has";

/// What signs. It is kept as a key, and not as text.
#[derive(Clone)]
pub(crate) enum SigningKey {
    Token(AuthToken),
    Shared(SharedKey),
}

impl SigningKey {
    /// The one key that the options name: a shared key if there is one, otherwise an auth token.
    ///
    /// # Errors
    /// [`Failure::Usage`] if there is none, or more than one of the kind.
    pub(crate) fn read(args: &KeyArgs) -> Result<Self, Failure> {
        let tokens = keys::tokens(args)?;
        let shared_keys = keys::shared_keys(args)?;
        match (shared_keys.as_slice(), tokens.as_slice()) {
            ([(key, _)], _) => Ok(Self::Shared(key.clone())),
            ([], [secret]) => Ok(Self::Token(keys::token(secret)?)),
            ([], []) => Err(keys::missing()),
            _ => Err(Failure::usage(
                "several keys: name one to sign with, by --token-file or --shared-key-file",
            )),
        }
    }

    /// A key that no service has.
    pub(crate) fn forged() -> Result<Self, Failure> {
        let token = AuthToken::new(FORGER);
        token.map(Self::Token).map_err(|error| Failure::usage(error.to_string()))
    }

    pub(crate) fn signer(&self) -> Signer {
        match self {
            Self::Token(token) => Signer::auth_token(token),
            Self::Shared(key) => Signer::shared_key(key),
        }
    }

    /// The value of the settings header, which names a shared key.
    pub(crate) fn settings(&self) -> Option<String> {
        match self {
            Self::Token(_) => None,
            Self::Shared(key) => Some(format!("key={},algorithm={}", key.id(), key.algorithm())),
        }
    }

    pub(crate) fn sign(&self, fixture: Fixture, url: &str) -> Result<SignedWebhook, Failure> {
        let signed = match self {
            Self::Token(token) => fixture.sign(token, url),
            Self::Shared(key) => fixture.sign_shared(key, url),
        };
        signed.map_err(|error: VerifyError| Failure::usage(error.to_string()))
    }
}

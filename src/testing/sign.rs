//! Signing a fixture.

use alloc::string::{String, ToString};

use super::encode;
use super::fixture::{Fixture, Shape};
use super::signed::{SignedWebhook, Unsigned};
use crate::error::VerifyError;
use crate::key::{AuthToken, SharedKey};
use crate::signer::Signer;

impl Fixture {
    /// Signs the webhook for `url`, as it is configured in Twilio's console. The fragment is left out, as
    /// Twilio does; the rest of the URL is signed as given. A handshake for `https:` is signed as `wss:`.
    ///
    /// Source: <https://www.twilio.com/docs/usage/security#validating-requests>
    ///
    /// # Errors
    /// [`VerifyError::InvalidUrl`] if `url` has no scheme or no host,
    /// [`VerifyError::TooManyParams`] for more than 4,096 parameters.
    pub fn sign(self, token: &AuthToken, url: &str) -> Result<SignedWebhook, VerifyError> {
        self.sign_with(&Signer::auth_token(token), None, url)
    }

    /// Signs the webhook with a shared key, which the settings header then names.
    ///
    /// Source: <https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys>
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{Algorithm, SharedKey, Verifier, testing};
    ///
    /// let key = SharedKey::new("webhooks_sharedkey_01", "a secret", Algorithm::HmacSha256)?;
    /// let signed = testing::event_streams().sign_shared(&key, "https://example.com/events")?;
    /// let verifier = Verifier::builder().shared_key(key).build()?;
    /// assert!(verifier.verify(&signed.webhook()).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign_shared(self, key: &SharedKey, url: &str) -> Result<SignedWebhook, VerifyError> {
        let settings = alloc::format!("key={},algorithm={}", key.id(), key.algorithm());
        self.sign_with(&Signer::shared_key(key), Some(settings), url)
    }

    fn sign_with(
        self,
        signer: &Signer,
        settings: Option<String>,
        url: &str,
    ) -> Result<SignedWebhook, VerifyError> {
        let url = url.split('#').next().unwrap_or_default();
        let (unsigned, signature) = match self.shape {
            Shape::Form => {
                let body = encode::form(&self.params);
                let signature = signer.sign_form(url, body.as_bytes())?;
                (Unsigned::form(url, self.params, body), signature)
            }
            Shape::Query => {
                let mark = if url.contains('?') { '&' } else { '?' };
                let url = alloc::format!("{url}{mark}{}", encode::form(&self.params));
                let signature = signer.sign_url(&url);
                (Unsigned::query(url, self.params), signature)
            }
            Shape::Json(text) => {
                let (url, signature) = signer.sign_body_hash(url, text.as_bytes());
                (Unsigned::json(url, text), signature)
            }
            Shape::Handshake => {
                let secure = url.strip_prefix("https:").map(|rest| alloc::format!("wss:{rest}"));
                let plain = || url.strip_prefix("http:").map(|rest| alloc::format!("ws:{rest}"));
                let url = secure.or_else(plain).unwrap_or_else(|| url.to_string());
                let signature = signer.sign_url(&url);
                (Unsigned::handshake(url), signature)
            }
        };
        SignedWebhook::new(unsigned, &signature, settings).ok_or(VerifyError::InvalidUrl)
    }
}

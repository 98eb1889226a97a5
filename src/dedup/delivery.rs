//! What a key can be made of.

use core::fmt;

use crate::verifier::Verified;

/// One delivery of a webhook: what is proven about it, and what the service knows besides.
///
/// `Debug` shows neither the token nor a parameter.
///
/// # Examples
/// ```
/// use twilio_sig::dedup::{DedupKey, Delivery};
/// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let (url, body) =
///     ("https://example.com/status", "MessageSid=SM00000000000000000000000000000001&MessageStatus=sent");
/// let signature = Signer::auth_token(&token).sign_form(url, body.as_bytes())?.header_value();
/// let webhook = Webhook::post(url, body.as_bytes()).signature(&signature);
/// let verified = Verifier::new(token).verify(&webhook)?;
///
/// let mut delivery = Delivery::new(&verified);
/// delivery.tenant = Some("acme");
/// let [acme, none] = [DedupKey::of(delivery)?, DedupKey::of(&verified)?];
/// assert_ne!(acme.claim_key(), none.claim_key());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Delivery<'a> {
    /// What was verified.
    pub verified: &'a Verified<'a>,
    /// The tenant whose verifier accepted the request. Every key is scoped by tenant.
    pub tenant: Option<&'a str>,
    /// The value of the header `I-Twilio-Idempotency-Token`. It is **not signed**.
    pub idempotency_token: Option<&'a str>,
}

impl<'a> Delivery<'a> {
    /// A delivery of no tenant, without a token.
    #[must_use]
    pub const fn new(verified: &'a Verified<'a>) -> Self {
        Self { verified, tenant: None, idempotency_token: None }
    }
}

impl<'a> From<&'a Verified<'a>> for Delivery<'a> {
    fn from(verified: &'a Verified<'a>) -> Self {
        Self::new(verified)
    }
}

impl From<&Self> for Delivery<'_> {
    fn from(delivery: &Self) -> Self {
        *delivery
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("verified", self.verified)
            .field("tenant", &self.tenant)
            .field("has_idempotency_token", &self.idempotency_token.is_some())
            .finish()
    }
}

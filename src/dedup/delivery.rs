//! What a key can be made of.

use alloc::borrow::Cow;
use core::fmt;

use crate::error::VerifyError;
use crate::form::Params;
use crate::url::{self, BodyHash};
use crate::verifier::{Coverage, Proof, Verdict, Verified};

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
    proven: Proven<'a>,
    /// The tenant whose verifier accepted the request. Every key is scoped by tenant.
    pub tenant: Option<&'a str>,
    /// The value of the header `I-Twilio-Idempotency-Token`. It is **not signed**.
    pub idempotency_token: Option<&'a str>,
}

/// What is proven.
#[derive(Clone, Copy)]
enum Proven<'a> {
    Request(&'a Verified<'a>),
    /// With the body, of which the proof holds nothing but its hash.
    Proof(&'a Proof, &'a [u8]),
}

impl<'a> Delivery<'a> {
    /// A delivery of no tenant, without a token.
    #[must_use]
    pub const fn new(verified: &'a Verified<'a>) -> Self {
        Self::with(Proven::Request(verified))
    }

    /// The same of a request that was verified before: nothing is verified again, and no form is read
    /// again. The body is looked at only if the URL holds its hash.
    ///
    /// # Errors
    /// [`VerifyError::BodyHashMismatch`] if the coverage is [`Coverage::BodyHash`] and the body is not
    /// the one that was proven.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::dedup::{DedupKey, Delivery};
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let url = "https://example.com/?CallSid=CA00000000000000000000000000000001&CallStatus=ringing";
    /// let signature = Signer::auth_token(&token).sign_url(url).header_value();
    /// let verifier = Verifier::new(token);
    /// let (verified, proof) = verifier.prove(&Webhook::get(url).signature(&signature))?;
    ///
    /// let later = Delivery::of_proof(&proof, b"")?;
    /// assert_eq!(DedupKey::of(later)?, DedupKey::of(&verified)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_proof(proof: &'a Proof, body: &'a [u8]) -> Result<Self, VerifyError> {
        let is_covered = || {
            let hash = BodyHash::of_query(url::query_of(proof.url()));
            hash.is_some_and(|hash| hash.fits(body))
        };
        if proof.coverage() == Coverage::BodyHash && !is_covered() {
            return Err(VerifyError::BodyHashMismatch);
        }
        Ok(Self::with(Proven::Proof(proof, body)))
    }

    const fn with(proven: Proven<'a>) -> Self {
        Self { proven, tenant: None, idempotency_token: None }
    }

    /// How the request was verified.
    pub fn verdict(&self) -> &'a Verdict {
        match self.proven {
            Proven::Request(verified) => verified,
            Proven::Proof(proof, _) => proof,
        }
    }

    /// The URL: see [`Verified::url`].
    #[must_use]
    pub const fn url(&self) -> &'a str {
        match self.proven {
            Proven::Request(verified) => verified.url(),
            Proven::Proof(proof, _) => proof.url(),
        }
    }

    /// The body, byte for byte, if the coverage is [`Coverage::BodyHash`]. Empty otherwise: a form is in
    /// the [parameters](Self::params).
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        match self.proven {
            _ if self.verdict().coverage() != Coverage::BodyHash => &[],
            Proven::Request(verified) => verified.body(),
            Proven::Proof(_, body) => body,
        }
    }

    /// The signed parameters: see [`Verified::params`].
    #[must_use]
    pub fn params(&self) -> Cow<'a, Params> {
        match self.proven {
            Proven::Request(verified) => Cow::Owned(verified.params()),
            Proven::Proof(proof, _) => Cow::Borrowed(proof.params()),
        }
    }

    /// The parameters of the URL's query: see [`Verified::query_params`].
    #[must_use]
    pub fn query_params(&self) -> Params {
        url::query_params(url::query_of(self.url()))
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
            .field("verdict", self.verdict())
            .field("tenant", &self.tenant)
            .field("has_idempotency_token", &self.idempotency_token.is_some())
            .finish()
    }
}

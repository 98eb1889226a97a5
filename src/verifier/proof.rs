//! A proof that outlives the request.

use alloc::boxed::Box;
use core::fmt;

use super::{Coverage, Verified};
use crate::form::Params;
use crate::mac::Signature;
use crate::url::{self, Candidate};

/// What Twilio signed, without the request: for extensions, tasks and queues. The only way to get
/// one is [`Verified::into_proof`].
///
/// The body is not in it. Keep both together, and read a body that is not a form only if the
/// coverage is [`Coverage::BodyHash`].
///
/// `Debug` shows no part of the request.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Proof, Signer, Verifier, Webhook};
///
/// fn handle(body: &[u8], header: &str) -> Result<Proof, Box<dyn std::error::Error>> {
///     let verifier = Verifier::new(AuthToken::new("12345")?);
///     let webhook = Webhook::post("https://example.com/sms", body).signature(header);
///     Ok(verifier.verify(&webhook)?.into_proof())
/// }
///
/// let signer = Signer::auth_token(&AuthToken::new("12345")?);
/// let header = signer.sign_form("https://example.com/sms", b"Body=Ahoy")?.header_value();
/// let proof = handle(b"Body=Ahoy", &header)?;
/// let task = std::thread::spawn(move || proof.params().get("Body").map(str::to_owned));
/// assert_eq!(task.join().unwrap().as_deref(), Some("Ahoy"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Proof {
    url: Box<str>,
    signature: Signature,
    coverage: Coverage,
    candidate: Candidate,
    key: usize,
    /// Boxed, because it holds the room of a form.
    params: Box<Params>,
}

impl Proof {
    pub(super) fn of(verified: Verified<'_>) -> Self {
        let Verified { webhook, signature, coverage, candidate, key } = verified;
        let (url, params) = (webhook.url.into(), Box::new(verified.params()));
        Self { url, signature, coverage, candidate, key, params }
    }

    /// The URL as it was given: see [`Verified::url`].
    #[must_use]
    pub const fn url(&self) -> &str {
        &self.url
    }

    /// How the body is covered: see [`Verified::coverage`].
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// The spelling of the URL that was signed.
    #[must_use]
    pub const fn candidate(&self) -> Candidate {
        self.candidate
    }

    /// The key that matched, by its position: see [`Verified::key`].
    #[must_use]
    pub const fn key(&self) -> usize {
        self.key
    }

    /// The signature, which a replay cache is keyed on.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The signed parameters: see [`Verified::params`].
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The parameters of the URL's query: see [`Verified::query_params`].
    #[must_use]
    pub fn query_params(&self) -> Params {
        url::query_params(&self.url)
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("coverage", &self.coverage)
            .field("candidate", &self.candidate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

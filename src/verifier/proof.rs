//! A proof that outlives the request.

use alloc::boxed::Box;
use core::{fmt, ops::Deref};

use super::Verdict;
use crate::{form::Params, url};

/// What Twilio signed, without the request: for extensions, tasks and queues. Only
/// [`Verified::into_proof`](crate::Verified::into_proof) and
/// [`Verifier::prove`](crate::Verifier::prove) make one.
///
/// The proof does not hold the body. Keep both together, and read a body that is not a form only if the
/// coverage is [`Coverage::BodyHash`](crate::Coverage::BodyHash).
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
    pub(super) url: Box<str>,
    pub(super) verdict: Verdict,
    /// Those that were read to verify. Boxed, because they have the room of a form.
    pub(super) params: Box<Params>,
}

impl Proof {
    /// The URL as it was given: see [`Verified::url`](crate::Verified::url).
    pub const fn url(&self) -> &str {
        &self.url
    }

    /// The signed parameters: see [`Verified::params`](crate::Verified::params).
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The parameters of the URL's query: see [`Verified::query_params`](crate::Verified::query_params).
    pub fn query_params(&self) -> Params {
        url::query_params(url::query_of(&self.url))
    }
}

impl Deref for Proof {
    type Target = Verdict;

    fn deref(&self) -> &Verdict {
        &self.verdict
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proof").field(&self.verdict).finish()
    }
}

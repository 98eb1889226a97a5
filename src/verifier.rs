//! The verdict, in one function, and the only place where a [`Verified`] is made.

mod proof;
mod verified;

use alloc::{boxed::Box, sync::Arc};

use crate::config::{Config, VerifierKey};
use crate::mac::{Signature, Sink};
use crate::url::{BodyHash, Candidate, MAX_URL_LEN, UrlParts};
use crate::webhook::{Payload, Webhook};
use crate::{error::VerifyError, form::Params, key::Settings, policy};

pub use proof::Proof;
pub use verified::{Coverage, Verdict, Verified};

/// Decides whether a request was signed with one of its keys.
///
/// Cheap to clone, and `Send + Sync`: build it once and share it. `Debug` shows settings and no secret.
///
/// # Timing
/// How long [`verify`](Self::verify) takes depends on the lengths of what arrived, on its text (how
/// many parameters, escapes, candidates), on the number of keys, and on which key and candidate
/// matched, if one did. It does not depend on the bytes of a key, nor on how much of a wrong
/// signature is right.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Coverage, Verifier, Webhook};
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
/// let body = b"Digits=1234&To=%2B18005551212&From=%2B14158675309\
///              &Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
/// let webhook = Webhook::post(url, body).signature("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
///
/// let verified = verifier.verify(&webhook)?;
/// assert_eq!(verified.coverage(), Coverage::Form);
/// assert_eq!(verified.params().get("Digits"), Some("1234"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "RequestValidator")]
#[derive(Clone, Debug)]
pub struct Verifier(pub(crate) Arc<Config>);

impl Verifier {
    /// Verifies `webhook`, and gives back what Twilio signed.
    ///
    /// The URL decides how the body is covered, because the URL is signed and the Content-Type is
    /// not. With `bodySHA256` in its query, the body must have that hash, or be a form that is
    /// signed with the URL. Without it, the body must be empty or such a form.
    ///
    /// # Errors
    /// A [`VerifyError`] for everything that is not a proven match. The error gives no part of the
    /// request.
    #[doc(alias = "validate")]
    pub fn verify<'a>(&self, webhook: &Webhook<'a>) -> Result<Verified<'a>, VerifyError> {
        self.check(webhook, None).map(|verdict| Verified { webhook: *webhook, verdict })
    }

    /// [`verify`](Self::verify) and [`Verified::into_proof`] in one: the parameters are read once.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Verifier, Webhook};
    ///
    /// let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    /// let body = b"Digits=1234&To=%2B18005551212&From=%2B14158675309\
    ///              &Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
    /// let webhook = Webhook::post(url, body).signature("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    ///
    /// let (verified, proof) = Verifier::new(AuthToken::new("12345")?).prove(&webhook)?;
    /// assert_eq!(verified.body(), body);
    /// assert_eq!(proof.params().get("Digits"), Some("1234"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prove<'a>(&self, webhook: &Webhook<'a>) -> Result<(Verified<'a>, Proof), VerifyError> {
        let mut params = Box::new(Params::new());
        let verdict = self.check(webhook, Some(&mut params))?;
        let proof = Proof { url: webhook.url.into(), verdict, params };
        Ok((Verified { webhook: *webhook, verdict }, proof))
    }

    /// Reads what is signed as parameters into `kept`, if that is there.
    fn check(&self, webhook: &Webhook<'_>, kept: Kept<'_>) -> Result<Verdict, VerifyError> {
        let config = &*self.0;
        if webhook.url.len() > MAX_URL_LEN {
            return Err(VerifyError::UrlTooLong);
        }
        if webhook.payload.len() > config.max_body_len {
            return Err(VerifyError::BodyTooLong);
        }
        let signature = Signature::from_header(webhook.signature.unwrap_or_default())?;
        let settings = Settings::from_header(webhook.settings)?;
        config.check_keys(&settings, signature.algorithm())?;
        let url = UrlParts::parse(webhook.url, webhook.websocket).ok_or(VerifyError::InvalidUrl)?;

        let attempt = Attempt { config, signature: &signature, settings, url };
        let verdict = attempt.prove(&webhook.payload, kept)?;
        if let Some(account) = config.account_of(verdict.key) {
            policy::check_query_account(account, webhook.url)?;
        }
        Ok(verdict)
    }
}

/// Where the parameters stay that are read. Otherwise they are on the stack.
type Kept<'p> = Option<&'p mut Params>;

/// One verification: the canonical strings of a request against its signature.
struct Attempt<'v, 'a> {
    config: &'v Config,
    signature: &'v Signature,
    settings: Settings<'a>,
    url: UrlParts<'a>,
}

impl<'a> Attempt<'_, 'a> {
    /// How the signature covers what came beside the URL: the table of SPEC.md, section 3.
    fn prove(&self, payload: &Payload<'a>, kept: Kept<'_>) -> Result<Verdict, VerifyError> {
        let Some(hash) = BodyHash::of_query(self.url.query()) else {
            // An empty list of parameters may be what a framework made of a body that is no form.
            return if matches!(payload, Payload::Body([])) {
                self.match_url().map_or_else(|| self.match_handshake(kept), Ok)
            } else {
                self.match_form(payload, kept)
            };
        };
        let url_match = self.match_url();
        let is_hashed = || matches!(payload, Payload::Body(body) if hash.fits(body));
        if let Some(verdict) = url_match.filter(|_| is_hashed()) {
            return Ok(Verdict { coverage: Coverage::BodyHash, ..verdict });
        }
        self.match_form(payload, kept).map_err(|error| match error {
            // The parameters cover the body and break a policy.
            VerifyError::StrictParameter | VerifyError::WrongAccount => error,
            _ if url_match.is_some() => VerifyError::BodyHashMismatch,
            VerifyError::UncoveredBody => VerifyError::Mismatch,
            error => error,
        })
    }

    /// The signature is that of the URL alone.
    fn match_url(&self) -> Option<Verdict> {
        self.find(self.url.candidates(self.config.url_policy), &[])
    }

    /// The signature is that of the URL and a form.
    #[inline(never)] // Only one of the two has its parameters on the stack.
    fn match_form(&self, payload: &Payload<'a>, kept: Kept<'_>) -> Result<Verdict, VerifyError> {
        let params = if let Some(kept) = kept { kept } else { &mut Params::new() };
        payload.read(params, self.config.max_form_len, self.config.max_params)?;
        params.sort();
        // A body like `&&` must not pass on the MAC of the URL alone.
        if params.canonical().is_empty() {
            return Err(VerifyError::UncoveredBody);
        }
        let candidates = self.url.candidates(self.config.url_policy);
        let verdict = self.match_params(candidates, params)?;
        if let Some(account) = self.config.account_of(verdict.key) {
            policy::check_account(account, params, true)?;
        }
        Ok(Verdict { coverage: Coverage::Form, ..verdict })
    }

    /// The signature is that of a handshake whose query is signed as parameters.
    #[inline(never)]
    fn match_handshake(&self, kept: Kept<'_>) -> Result<Verdict, VerifyError> {
        let mut candidates = self.url.query_candidates(self.config.url_policy).peekable();
        let params = if let Some(kept) = kept { kept } else { &mut Params::new() };
        let query = self.url.query();
        if candidates.peek().is_none() || params.read(query, self.config.max_params).is_err() {
            return Err(VerifyError::Mismatch);
        }
        params.sort();
        self.match_params(candidates, params)
    }

    /// The signature is that of a candidate and the parameters behind it. A candidate that ends in its
    /// authority has no parameters: parameters would lengthen the host.
    fn match_params(
        &self,
        candidates: impl Iterator<Item = Candidate>,
        params: &Params,
    ) -> Result<Verdict, VerifyError> {
        let candidates = candidates.filter(|candidate| !self.url.ends_in_authority(*candidate));
        let verdict = self.find(candidates, params.canonical()).ok_or(VerifyError::Mismatch)?;
        self.config.parameter_policy.check(params).map(|()| verdict)
    }

    /// The first candidate and key under which the signature is that of the URL and the canonical
    /// parameters. Nearly every URL is signed as given, so all keys are tried on that first.
    ///
    /// A wrong MAC costs the same wherever it is wrong. A right MAC is no secret, so the search may end
    /// there. The coverage is that of the URL alone, until more is known.
    fn find(&self, candidates: impl Iterator<Item = Candidate>, params: &[u8]) -> Option<Verdict> {
        let (signature, coverage) = (*self.signature, Coverage::UrlOnly);
        let matches = |key: &VerifierKey, candidate| {
            let own = key.mac.mac(|out| {
                self.url.write(candidate, out);
                out.update(params);
            });
            own == signature // In constant time.
        };
        let fits = |key: &VerifierKey| key.fits(&self.settings, signature.algorithm());
        { candidates }.find_map(|candidate| {
            let mut keys = self.config.keys.iter();
            let key = keys.position(|key| fits(key) && matches(key, candidate))?;
            Some(Verdict { signature, coverage, candidate, key })
        })
    }
}

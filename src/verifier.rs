//! The verdict, in one function, and the only place where a [`Verified`] is made.

mod proof;
mod verified;

use alloc::sync::Arc;

use crate::config::Config;
use crate::error::VerifyError;
use crate::form::Params;
use crate::key::Settings;
use crate::mac::{Signature, Sink};
use crate::policy;
use crate::url::{BodyHash, Candidate, MAX_URL_LEN, UrlParts};
use crate::webhook::{Payload, Webhook};

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
    /// A [`VerifyError`] for everything that is not a proven match. Nothing can be had from the
    /// request then.
    #[doc(alias = "validate")]
    pub fn verify<'a>(&self, webhook: &Webhook<'a>) -> Result<Verified<'a>, VerifyError> {
        let config = &*self.0;
        if webhook.url.len() > MAX_URL_LEN {
            return Err(VerifyError::UrlTooLong);
        }
        if webhook.payload.len() > config.max_body_len {
            return Err(VerifyError::BodyTooLong);
        }
        let header = webhook.signature.ok_or(VerifyError::MissingSignature)?;
        let signature = Signature::from_header(header)?;
        let settings = Settings::from_header(webhook.settings)?;
        config.check_keys(&settings, signature.algorithm())?;
        let url = UrlParts::parse(webhook.url, webhook.websocket);
        let url = url.ok_or(VerifyError::InvalidUrl)?;

        let attempt = Attempt { config, signature: &signature, settings, url };
        let (coverage, Match { candidate, key }) = attempt.prove(&webhook.payload)?;
        if let Some(account) = config.account_of(key) {
            policy::check_query_account(account, webhook.url)?;
        }
        Ok(Verified { webhook: *webhook, verdict: Verdict { signature, coverage, candidate, key } })
    }
}

/// One verification: the canonical strings of a request against its signature.
struct Attempt<'v, 'a> {
    config: &'v Config,
    signature: &'v Signature,
    settings: Settings<'a>,
    url: UrlParts<'a>,
}

/// What matched.
#[derive(Clone, Copy)]
struct Match {
    candidate: Candidate,
    /// The position of the key.
    key: usize,
}

impl<'a> Attempt<'_, 'a> {
    /// How the signature covers what came besides the URL: the table of SPEC.md, section 3.
    fn prove(&self, payload: &Payload<'a>) -> Result<(Coverage, Match), VerifyError> {
        let hash = BodyHash::of_query(self.url.query());
        let Some(hash) = hash else {
            if !payload.is_no_body() {
                return Ok((Coverage::Form, self.match_form(payload)?));
            }
            let found = self.match_url().map_or_else(|| self.match_handshake(), Ok)?;
            return Ok((Coverage::UrlOnly, found));
        };
        let url_match = self.match_url();
        match url_match.filter(|_| payload.has_hash(&hash)) {
            Some(found) => Ok((Coverage::BodyHash, found)),
            None => match self.match_form(payload) {
                Ok(found) => Ok((Coverage::Form, found)),
                Err(_) if url_match.is_some() => Err(VerifyError::BodyHashMismatch),
                Err(VerifyError::UncoveredBody) => Err(VerifyError::Mismatch),
                Err(error) => Err(error),
            },
        }
    }

    /// The signature is that of the URL alone.
    fn match_url(&self) -> Option<Match> {
        self.find(self.url.candidates(self.config.url_policy), &[])
    }

    /// The signature is that of the URL and a form.
    #[inline(never)] // Only one of the two has its parameters on the stack.
    fn match_form(&self, payload: &Payload<'a>) -> Result<Match, VerifyError> {
        let mut params = Params::new();
        payload.read(&mut params, self.config.max_form_len, self.config.max_params)?;
        params.sort();
        // A body like `&&` must not pass on the MAC of the URL alone.
        if params.canonical().is_empty() {
            return Err(VerifyError::UncoveredBody);
        }
        let found = self.match_params(self.url.candidates(self.config.url_policy), &params)?;
        match self.config.account_of(found.key) {
            Some(account) => policy::check_account(account, &params, true).map(|()| found),
            None => Ok(found),
        }
    }

    /// The signature is that of a handshake whose query is signed as parameters.
    #[inline(never)]
    fn match_handshake(&self) -> Result<Match, VerifyError> {
        let mut candidates = self.url.candidates_without_query(self.config.url_policy).peekable();
        let mut params = Params::new();
        let query = self.url.query();
        if candidates.peek().is_none() || params.read(query, self.config.max_params).is_err() {
            return Err(VerifyError::Mismatch);
        }
        params.sort();
        self.match_params(candidates, &params)
    }

    /// The signature is that of a candidate and the parameters behind it. A candidate that ends in
    /// its authority has none: they would lengthen its host.
    fn match_params(
        &self,
        candidates: impl Iterator<Item = Candidate>,
        params: &Params,
    ) -> Result<Match, VerifyError> {
        let candidates = candidates.filter(|candidate| !self.url.ends_in_authority(*candidate));
        let found = self.find(candidates, params.canonical()).ok_or(VerifyError::Mismatch)?;
        self.config.parameter_policy.check(params)?;
        Ok(found)
    }

    /// The first candidate and key under which the signature is that of the URL and the canonical
    /// parameters. Nearly every URL is signed as given, so all keys are tried on that first.
    ///
    /// A wrong MAC costs the same wherever it is wrong. That a MAC is right is no secret, so the
    /// search may end there.
    fn find(&self, candidates: impl Iterator<Item = Candidate>, params: &[u8]) -> Option<Match> {
        let algorithm = self.signature.algorithm();
        let keys = || self.config.keys.iter().enumerate();
        let keys = || keys().filter(|(_, key)| key.fits(&self.settings, algorithm));
        let matches = |candidate| {
            keys().find_map(|(position, key)| {
                let is_match = key.mac.verify(self.signature, |out| {
                    self.url.write(candidate, out);
                    out.update(params);
                });
                bool::from(is_match).then_some(Match { candidate, key: position })
            })
        };
        { candidates }.find_map(matches)
    }
}

//! The verdict, in one function, and the only place where a [`Verified`] is made.

mod verified;

use alloc::sync::Arc;
use core::fmt;

use crate::builder::{Config, Key, VerifierBuilder};
use crate::error::VerifyError;
use crate::form::{self, Text};
use crate::key::{Algorithm, AuthToken};
use crate::mac;
use crate::pairs::Pairs;
use crate::settings::Settings;
use crate::signature::Signature;
use crate::url::{Candidate, MAX_URL_LEN, SignedUrl};
use crate::webhook::{Payload, Webhook};

pub use verified::{Coverage, Verified};

/// Decides whether a request was signed with one of its keys.
///
/// Cheap to clone, and `Send + Sync`: build it once and share it. `Debug` shows no key.
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
/// let webhook = Webhook::new("https://mycompany.com/myapp.php?foo=1&bar=2")
///     .body(b"Digits=1234&To=%2B18005551212&From=%2B14158675309\
///             &Caller=%2B14158675309&CallSid=CA1234567890ABCDE")
///     .signature("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
///
/// let verified = verifier.verify(&webhook)?;
/// assert_eq!(verified.coverage(), Coverage::Form);
/// assert_eq!(verified.param("Digits").as_deref(), Some("1234"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "RequestValidator")]
#[derive(Clone)]
pub struct Verifier(pub(crate) Arc<Config>);

impl Verifier {
    /// A verifier for one auth token, with the defaults of [`VerifierBuilder`].
    #[must_use]
    pub fn new(token: AuthToken) -> Self {
        Self(Arc::new(VerifierBuilder::new().auth_token(token).0))
    }

    /// A verifier for several keys, or with other settings.
    pub const fn builder() -> VerifierBuilder {
        VerifierBuilder::new()
    }

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
        if webhook.payload_len() > config.max_body_len {
            return Err(VerifyError::BodyTooLong);
        }
        let header = webhook.signature.ok_or(VerifyError::MissingSignature)?;
        let signature = Signature::from_header(header)?;
        let settings = &Settings::from_header(webhook.settings)?;
        let first_key = config.first_key(settings, signature.algorithm())?;
        let Some(url) = &SignedUrl::cut(webhook.url, webhook.websocket) else {
            return Err(VerifyError::InvalidUrl);
        };

        let attempt = Attempt { config, signature: &signature, settings, first_key, url };
        let (coverage, Match { candidate, key }) = attempt.prove(&webhook.payload)?;
        Ok(Verified { webhook: *webhook, signature, coverage, candidate, key: key.into() })
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.0.keys.len()).finish_non_exhaustive()
    }
}

/// One verification: the canonical strings of a request against its signature.
struct Attempt<'v, 'a> {
    config: &'v Config,
    signature: &'v Signature,
    settings: &'v Settings<'a>,
    /// The position of the first key that may have made the signature.
    first_key: usize,
    url: &'v SignedUrl<'a>,
}

/// What matched.
#[derive(Clone, Copy)]
#[repr(align(8))] // Else it is copied by bytes, which a processor must wait for.
struct Match {
    candidate: Candidate,
    /// The position of the key, of at most [`MAX_KEYS`](crate::MAX_KEYS).
    key: u16,
}

impl<'a> Attempt<'_, 'a> {
    fn prove(&self, payload: &Payload<'a>) -> Result<(Coverage, Match), VerifyError> {
        let mut hashes = self.url.body_hashes().peekable();
        let holds_hash = hashes.peek().is_some();
        let url_match =
            if holds_hash || payload.is_empty() { self.match_url(payload)? } else { None };
        let (coverage, found) = match url_match {
            Some(found) if !holds_hash => (Coverage::UrlOnly, found),
            Some(found) if payload.has_hashes(&mut hashes) => (Coverage::BodyHash, found),
            None if payload.is_empty() => return Err(VerifyError::Mismatch),
            _ => match self.match_form(payload) {
                Ok(found) => (Coverage::Form, found),
                Err(_) if url_match.is_some() => return Err(VerifyError::BodyHashMismatch),
                Err(VerifyError::UncoveredBody) if holds_hash => return Err(VerifyError::Mismatch),
                Err(error) => return Err(error),
            },
        };
        self.config.check_account(form::split(self.url.query()), false)?;
        Ok((coverage, found))
    }

    /// Whether the signature is that of the URL alone.
    fn match_url(&self, payload: &Payload<'a>) -> Result<Option<Match>, VerifyError> {
        let found = self.find_with_query(None);
        if found.is_some() || !payload.is_empty() {
            return Ok(found);
        }
        let mut with_params = self.url.candidates_without_query(self.config.url_policy).peekable();
        let mut pairs = Pairs::new();
        if with_params.peek().is_none()
            || pairs.read_body(self.url.query(), self.config.max_params).is_err()
        {
            return Ok(None);
        }
        let found = self.find(with_params, Some(&pairs));
        found.map(|found| self.config.parameter_policy.check(&pairs).map(|()| found)).transpose()
    }

    /// Whether the signature is that of the URL and a form.
    fn match_form(&self, payload: &Payload<'a>) -> Result<Match, VerifyError> {
        let mut pairs = Pairs::new();
        payload.read_into(&mut pairs, self.config.max_params)?;
        // Else a body like `&&` would pass on the MAC of the URL alone.
        if !pairs.add_a_byte() {
            return Err(VerifyError::UncoveredBody);
        }
        let found = self.find_with_query(Some(&pairs)).ok_or(VerifyError::Mismatch)?;
        self.config.parameter_policy.check(&pairs)?;
        self.config.check_account(pairs.iter(), true)?;
        Ok(found)
    }

    /// [`find`](Self::find) among the candidates whose query is part of the text. Nearly every URL
    /// is signed as given, so that is tried before the others are thought of.
    fn find_with_query(&self, pairs: Option<&Pairs<'a>>) -> Option<Match> {
        let as_given = Candidate::AS_GIVEN;
        if let Some(key) = self.key_of(as_given, pairs) {
            return Some(Match { candidate: as_given, key });
        }
        self.find(self.url.candidates(self.config.url_policy).skip(1), pairs)
    }

    /// The first candidate and key under which the signature is that of the URL and the pairs.
    ///
    /// A wrong MAC costs the same wherever it is wrong. That a MAC is right is no secret, so the
    /// search may end there.
    fn find(
        &self,
        mut candidates: impl Iterator<Item = Candidate>,
        pairs: Option<&Pairs<'a>>,
    ) -> Option<Match> {
        candidates
            .find_map(|candidate| self.key_of(candidate, pairs).map(|key| Match { candidate, key }))
    }

    /// The first key under which the signature is that of `candidate` and the pairs.
    fn key_of(&self, candidate: Candidate, pairs: Option<&Pairs<'a>>) -> Option<u16> {
        let keys = (0..).zip(&self.config.keys).skip(self.first_key);
        let mut keys = keys.filter(|(_, key)| key.fits(self.settings, self.signature.algorithm()));
        let key = keys.find(|(_, key)| {
            let is_match = key.mac.verify(self.signature, |out| {
                self.url.write(candidate, out);
                if let Some(pairs) = pairs {
                    pairs.write(out);
                }
            });
            is_match.into()
        });
        key.map(|(position, _)| position)
    }
}

impl Config {
    /// The position of the first key that may have made a signature of this algorithm.
    ///
    /// # Errors
    /// [`VerifyError::UnknownKey`] or [`VerifyError::NoKeyForAlgorithm`] if there is no such key.
    fn first_key(
        &self,
        settings: &Settings<'_>,
        algorithm: Algorithm,
    ) -> Result<usize, VerifyError> {
        let first = self.keys.iter().position(|key| key.fits(settings, algorithm));
        first.filter(|_| settings.allow(algorithm)).ok_or_else(|| {
            let named = self.keys.iter().any(|key| settings.allow_id(key.id.as_deref()));
            if named || settings.name_unknown_algorithm() {
                VerifyError::NoKeyForAlgorithm
            } else {
                VerifyError::UnknownKey
            }
        })
    }

    /// Every `AccountSid` in `pairs` must be the verifier's, if it has one; and where it is
    /// `required`, there must be one.
    fn check_account<'p>(
        &self,
        pairs: impl Iterator<Item = (Text<'p>, Text<'p>)>,
        required: bool,
    ) -> Result<(), VerifyError> {
        let Some(own) = self.account_sid.as_deref() else { return Ok(()) };
        let mut sids = pairs.filter(|(name, _)| name.bytes().eq(*b"AccountSid")).peekable();
        let missing = required && sids.peek().is_none();
        if missing || !sids.all(|(_, sid)| sid.bytes().eq(own.bytes())) {
            return Err(VerifyError::WrongAccount);
        }
        Ok(())
    }
}

impl Key {
    /// Whether it may have made a signature of this algorithm.
    fn fits(&self, settings: &Settings<'_>, algorithm: Algorithm) -> bool {
        self.mac.algorithm() == algorithm && settings.allow_id(self.id.as_deref())
    }
}

impl<'a> Payload<'a> {
    const fn is_empty(&self) -> bool {
        match self {
            Self::Body(body) => body.is_empty(),
            Self::Params(params) => params.is_empty(),
        }
    }

    /// Whether every one of `hashes` is the SHA-256 of the body, in hexadecimal digits of either
    /// case. Of decoded parameters there is no body to hash.
    fn has_hashes(&self, mut hashes: impl Iterator<Item = Text<'a>>) -> bool {
        let body = match *self {
            Self::Body(body) => body,
            Self::Params([]) => &[],
            Self::Params(_) => return false,
        };
        let expected = mac::body_hash(body);
        hashes.all(|hash| is_hash(hash, &expected))
    }

    fn read_into(&self, pairs: &mut Pairs<'a>, max: usize) -> Result<(), VerifyError> {
        match *self {
            Self::Body(body) => pairs.read_body(body, max),
            Self::Params(params) => pairs.read_params(params, max),
        }
    }
}

/// Whether `text` stands for the digits of a hash, in either case.
fn is_hash(text: Text<'_>, expected: &[u8; 64]) -> bool {
    let same = |&digit: &u8, expected: &u8| digit.to_ascii_lowercase() == *expected;
    let digits = || text.raw().iter().zip(expected);
    // Nobody escapes a digit. To look at all of them takes fewer steps than to stop at a wrong one.
    let plain = text.raw().len() == expected.len()
        && digits().fold(true, |all, (digit, expected)| all & same(digit, expected));
    plain || text.bytes().map(|digit| digit.to_ascii_lowercase()).eq(*expected)
}

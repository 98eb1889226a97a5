//! How a [`Verifier`] is configured, and the bounds of what can be set.

use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};

use crate::config::{Config, VerifierKey};
use crate::form::{MAX_PARAMS, MAX_PARAMS_LIMIT};
use crate::key::{AuthToken, SharedKey};
use crate::policy::{self, ParameterPolicy};
use crate::{error::BuildError, mac::KeyedMac, url::UrlPolicy, verifier::Verifier};

/// The most keys of one verifier. Two are enough to rotate; the rest is for shared keys. Every
/// refusal costs a MAC for each key and candidate.
pub const MAX_KEYS: usize = 16;

/// Default bound on the body, in bytes (2 MiB): many times the longest webhook. A body is hashed once,
/// and only if the URL is signed.
pub const MAX_BODY_LEN: usize = 2 * 1_024 * 1_024;

/// Default bound on a form, in bytes (256 KiB). Twilio's forms have some kilobytes. A form under a wrong
/// signature is hashed once for each key and candidate, so this bounds what a refusal can cost.
pub const MAX_FORM_LEN: usize = 256 * 1_024;

/// The highest bound on a body or a form that can be set, in bytes.
const MAX_LEN_LIMIT: usize = 1 << 30;

/// Builds a [`Verifier`].
///
/// # Examples
/// ```
/// use twilio_sig::{Algorithm, AuthToken, SharedKey, Verifier};
///
/// let verifier = Verifier::builder()
///     .auth_token(AuthToken::new("primary")?)
///     .auth_token(AuthToken::new("secondary")?)
///     .shared_key(SharedKey::new("webhooks_sharedkey_01", "secret", Algorithm::HmacSha256)?)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct VerifierBuilder(Config);

impl VerifierBuilder {
    /// Adds an auth token. Keys are tried in the order in which they are added: during a rotation
    /// the primary token first, then the secondary.
    ///
    /// Every key can vouch for every request. Put tokens of several accounts into a verifier of each
    /// account, or add them by [`auth_token_of`](Self::auth_token_of).
    ///
    /// Source: <https://www.twilio.com/docs/iam/api/authtoken>
    pub fn auth_token(self, token: AuthToken) -> Self {
        self.key(None, token.0, None)
    }

    /// Adds an auth token that can vouch for requests of its own account alone, by the rules of
    /// [`account_sid`](Self::account_sid), whatever account is set there.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Signer, Verifier, VerifyError, Webhook};
    ///
    /// let (ours, theirs) = (["AC", &"1".repeat(32)].concat(), ["AC", &"2".repeat(32)].concat());
    /// let token = AuthToken::new("the token of ours")?;
    /// let verifier = Verifier::builder()
    ///     .auth_token_of(ours, token.clone())
    ///     .auth_token_of(theirs.clone(), AuthToken::new("the token of theirs")?)
    ///     .build()?;
    ///
    /// let (url, body) = ("https://example.com/sms", ["AccountSid=", &theirs].concat());
    /// let signature = Signer::auth_token(&token).sign_form(url, body.as_bytes())?.header_value();
    /// let forged = Webhook::post(url, body.as_bytes()).signature(&signature);
    /// assert_eq!(verifier.verify(&forged).unwrap_err(), VerifyError::WrongAccount);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn auth_token_of(self, account_sid: impl Into<String>, token: AuthToken) -> Self {
        self.key(None, token.0, Some(account_sid.into().into_boxed_str()))
    }

    /// Adds a shared key. The same id may be added once for each algorithm.
    pub fn shared_key(self, key: SharedKey) -> Self {
        self.key(Some(key.id), key.mac, None)
    }

    /// Adds a shared key that can vouch for requests of its own account alone, as
    /// [`auth_token_of`](Self::auth_token_of) does.
    pub fn shared_key_of(self, account_sid: impl Into<String>, key: SharedKey) -> Self {
        self.key(Some(key.id), key.mac, Some(account_sid.into().into_boxed_str()))
    }

    /// Sets which spellings of the URL are tried. Default: [`UrlPolicy::Compatible`].
    pub const fn url_policy(mut self, policy: UrlPolicy) -> Self {
        self.0.url_policy = policy;
        self
    }

    /// Sets which signed parameters are accepted. Default: [`ParameterPolicy::Any`].
    pub const fn parameter_policy(mut self, policy: ParameterPolicy) -> Self {
        self.0.parameter_policy = policy;
        self
    }

    /// Sets the most parameters of a body: 1 to 4,096. Default: [`MAX_PARAMS`].
    pub const fn max_params(mut self, params: usize) -> Self {
        self.0.max_params = params;
        self
    }

    /// Sets the longest form, in bytes: 1 to 2^30. Default: [`MAX_FORM_LEN`]. A longer body is
    /// accepted under `bodySHA256` alone.
    pub const fn max_form_len(mut self, bytes: usize) -> Self {
        self.0.max_form_len = bytes;
        self
    }

    /// Sets the longest body, in bytes: 1 to 2^30. Default: [`MAX_BODY_LEN`].
    ///
    /// The server should bound the body before it is read into memory; this bounds what a refusal
    /// can cost.
    pub const fn max_body_len(mut self, bytes: usize) -> Self {
        self.0.max_body_len = bytes;
        self
    }

    /// Sets the account that requests must be for, so that one tenant's key cannot vouch for
    /// another tenant's request. A verified form must hold `AccountSid`; every `AccountSid` in the
    /// form and in the URL's query must be this one.
    ///
    /// JSON bodies are not searched for an account.
    pub fn account_sid(mut self, sid: impl Into<String>) -> Self {
        self.0.account_sid = Some(sid.into().into_boxed_str());
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    /// [`BuildError::NoKey`] without a key, [`BuildError::TooManyKeys`] above [`MAX_KEYS`],
    /// [`BuildError::DuplicateKeyId`] for two shared keys of one id and algorithm,
    /// [`BuildError::LimitOutOfRange`] for a bound outside its range,
    /// [`BuildError::InvalidAccountSid`] unless the SID is `AC` and 32 hexadecimal digits.
    pub fn build(self) -> Result<Verifier, BuildError> {
        let Self(config) = self;
        let same = |a: &VerifierKey, b: &VerifierKey| {
            a.id.is_some() && a.id == b.id && a.mac.algorithm() == b.mac.algorithm()
        };
        let is_twice = |key| config.keys.iter().filter(|other| same(key, other)).count() > 1;
        let in_range = (1..=MAX_PARAMS_LIMIT).contains(&config.max_params)
            && (1..=MAX_LEN_LIMIT).contains(&config.max_form_len)
            && (1..=MAX_LEN_LIMIT).contains(&config.max_body_len);
        let sids = config.keys.iter().map(|key| &key.account_sid).chain([&config.account_sid]);
        if config.keys.is_empty() {
            Err(BuildError::NoKey)
        } else if config.keys.len() > MAX_KEYS {
            Err(BuildError::TooManyKeys)
        } else if config.keys.iter().any(|key| is_twice(key)) {
            Err(BuildError::DuplicateKeyId)
        } else if !in_range {
            Err(BuildError::LimitOutOfRange)
        } else if sids.flatten().any(|sid| !policy::is_account_sid(sid)) {
            Err(BuildError::InvalidAccountSid)
        } else {
            Ok(Verifier(Arc::new(config)))
        }
    }

    fn key(mut self, id: Option<Box<str>>, mac: KeyedMac, account_sid: Option<Box<str>>) -> Self {
        self.0.keys.push(Arc::new(VerifierKey { id, mac, account_sid }));
        self
    }
}

impl Verifier {
    /// A verifier for one auth token, with the defaults of [`VerifierBuilder`].
    pub fn new(token: AuthToken) -> Self {
        Self(Arc::new(Self::builder().auth_token(token).0))
    }

    /// A verifier for several keys, or with other settings.
    pub const fn builder() -> VerifierBuilder {
        VerifierBuilder(Config {
            keys: Vec::new(),
            url_policy: UrlPolicy::Compatible,
            parameter_policy: ParameterPolicy::Any,
            max_params: MAX_PARAMS,
            max_form_len: MAX_FORM_LEN,
            max_body_len: MAX_BODY_LEN,
            account_sid: None,
        })
    }
}

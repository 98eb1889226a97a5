//! How a [`Verifier`] is configured.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::error::BuildError;
use crate::key::{AuthToken, SharedKey};
use crate::mac::MacKey;
use crate::pairs::{MAX_PARAMS, MAX_PARAMS_LIMIT};
use crate::policy::{self, ParameterPolicy};
use crate::url::UrlPolicy;
use crate::verifier::Verifier;

/// The most keys of one verifier. Two are enough to rotate; the rest is for shared keys. Every
/// refusal costs a MAC for each key and candidate.
pub const MAX_KEYS: usize = 16;

/// Default bound on the body, in bytes (2 MiB): many times the longest webhook, and little enough
/// that a body under a wrong signature, hashed once for each key and candidate, stays cheap to
/// refuse.
pub const MAX_BODY_LEN: usize = 2 * 1_024 * 1_024;

/// The highest bound on the body that can be set, in bytes.
const MAX_BODY_LEN_LIMIT: usize = 1 << 30;

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
#[derive(Clone)]
#[must_use]
pub struct VerifierBuilder(pub(crate) Config);

/// A key as a verifier holds it. An auth token has no id.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: Option<Box<str>>,
    pub(crate) mac: MacKey,
}

/// What a verifier is made of.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) keys: Vec<Key>,
    pub(crate) url_policy: UrlPolicy,
    pub(crate) parameter_policy: ParameterPolicy,
    pub(crate) max_params: usize,
    pub(crate) max_body_len: usize,
    pub(crate) account_sid: Option<Box<str>>,
}

impl VerifierBuilder {
    pub(crate) const fn new() -> Self {
        Self(Config {
            keys: Vec::new(),
            url_policy: UrlPolicy::Compatible,
            parameter_policy: ParameterPolicy::Any,
            max_params: MAX_PARAMS,
            max_body_len: MAX_BODY_LEN,
            account_sid: None,
        })
    }

    /// Adds an auth token. Keys are tried in the order in which they are added: during a rotation
    /// the primary token first, then the secondary.
    ///
    /// Source: <https://www.twilio.com/docs/iam/api/authtoken>
    pub fn auth_token(self, token: AuthToken) -> Self {
        self.key(Key { id: None, mac: token.0 })
    }

    /// Adds a shared key. The same id may be added once for each algorithm.
    pub fn shared_key(self, key: SharedKey) -> Self {
        self.key(Key { id: Some(key.id), mac: key.mac })
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
    /// JSON bodies are not looked into.
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
        let same = |a: &Key, b: &Key| a.id == b.id && a.mac.algorithm() == b.mac.algorithm();
        let twice = |key: &Key| config.keys.iter().filter(|other| same(key, other)).count() > 1;
        let in_range = (1..=MAX_PARAMS_LIMIT).contains(&config.max_params)
            && (1..=MAX_BODY_LEN_LIMIT).contains(&config.max_body_len);
        if config.keys.is_empty() {
            Err(BuildError::NoKey)
        } else if config.keys.len() > MAX_KEYS {
            Err(BuildError::TooManyKeys)
        } else if config.keys.iter().any(|key| key.id.is_some() && twice(key)) {
            Err(BuildError::DuplicateKeyId)
        } else if !in_range {
            Err(BuildError::LimitOutOfRange)
        } else if config.account_sid.as_deref().is_some_and(|sid| !policy::is_account_sid(sid)) {
            Err(BuildError::InvalidAccountSid)
        } else {
            Ok(Verifier(Arc::new(config)))
        }
    }
}

impl VerifierBuilder {
    /// Adds a key where it can stay: a vector that grows leaves copies of its keys in freed memory.
    fn key(mut self, key: Key) -> Self {
        // One more than is allowed, for `build` to refuse.
        let most = MAX_KEYS.saturating_add(1);
        self.0.keys.reserve_exact(most.saturating_sub(self.0.keys.len()));
        if self.0.keys.len() < most {
            self.0.keys.push(key);
        }
        self
    }
}

impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder").field("keys", &self.0.keys.len()).finish_non_exhaustive()
    }
}

//! What a verifier is made of.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use crate::error::{Result, VerifyError};
use crate::mac::{Algorithm, KeyedMac};
use crate::{key::Settings, policy::ParameterPolicy, url::UrlPolicy};

/// The settings of a verifier.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Each in its own place: a vector that grows would leave copies of its keys in freed memory.
    pub(crate) keys: Vec<Arc<VerifierKey>>,
    pub(crate) url_policy: UrlPolicy,
    pub(crate) parameter_policy: ParameterPolicy,
    pub(crate) max_params: usize,
    pub(crate) max_form_len: usize,
    pub(crate) max_body_len: usize,
    pub(crate) account_sid: Option<Box<str>>,
}

/// A key as a verifier holds it. An auth token has no id.
#[derive(Clone, Debug)]
pub(crate) struct VerifierKey {
    pub(crate) id: Option<Box<str>>,
    pub(crate) mac: KeyedMac,
    /// The account that the key may vouch for, if another than the verifier's.
    pub(crate) account_sid: Option<Box<str>>,
}

impl VerifierKey {
    /// Whether the key may have made a signature of this algorithm.
    pub(crate) fn fits(&self, settings: &Settings<'_>, algorithm: Algorithm) -> bool {
        self.mac.algorithm() == algorithm && settings.allow_id(self.id.as_deref())
    }
}

impl Config {
    /// The account that a request under this key must be for, if one was set.
    pub(crate) fn account_of(&self, key: usize) -> Option<&str> {
        let own = self.keys.get(key).and_then(|key| key.account_sid.as_deref());
        own.or(self.account_sid.as_deref())
    }

    /// Whether any key may have made a signature of this algorithm.
    ///
    /// # Errors
    /// [`VerifyError::UnknownKey`] or [`VerifyError::NoKeyForAlgorithm`] if there is no such key.
    pub(crate) fn check_keys(&self, settings: &Settings<'_>, algorithm: Algorithm) -> Result {
        let is_named = |key: &Arc<VerifierKey>| settings.allow_id(key.id.as_deref());
        if settings.allow(algorithm) && self.keys.iter().any(|key| key.fits(settings, algorithm)) {
            Ok(())
        } else if settings.name_unknown_algorithm() || self.keys.iter().any(is_named) {
            Err(VerifyError::NoKeyForAlgorithm)
        } else {
            Err(VerifyError::UnknownKey)
        }
    }
}

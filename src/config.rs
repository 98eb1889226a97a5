//! What a verifier is made of.

use alloc::{boxed::Box, vec::Vec};

use crate::error::VerifyError;
use crate::key::Settings;
use crate::mac::{Algorithm, KeyedMac};
use crate::policy::ParameterPolicy;
use crate::url::UrlPolicy;

/// The settings of a verifier.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) keys: Vec<VerifierKey>,
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
    pub(crate) fn check_keys(
        &self,
        settings: &Settings<'_>,
        algorithm: Algorithm,
    ) -> Result<(), VerifyError> {
        let is_named = |key: &VerifierKey| settings.allow_id(key.id.as_deref());
        if settings.allow(algorithm) && self.keys.iter().any(|key| key.fits(settings, algorithm)) {
            Ok(())
        } else if settings.name_unknown_algorithm() || self.keys.iter().any(is_named) {
            Err(VerifyError::NoKeyForAlgorithm)
        } else {
            Err(VerifyError::UnknownKey)
        }
    }
}

//! The settings header: which of the configured keys the sender says it used.
//!
//! This header is not signed, so it can narrow the choice of keys, and do no more.

use core::str;

use crate::{error::VerifyError, mac::Algorithm};

/// Longest settings header that is read, in bytes: several times the longest key id.
pub const MAX_SETTINGS_LEN: usize = 512;

/// What `X-Twilio-Webhooks-Signature-Settings: key=ID,algorithm=ALG` asks for. Either part may be
/// absent. An absent or blank header asks for no key.
#[derive(Clone, Copy, Default)]
pub(crate) struct Settings<'a> {
    pub(crate) key_id: Option<&'a str>,
    pub(crate) algorithm: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// # Errors
    /// [`VerifyError::MalformedSettings`] where a reader and Twilio could disagree on what it
    /// says: `key` or `algorithm` twice, a part without `=`, bytes outside printable ASCII.
    pub(crate) fn from_header(header: &'a [u8]) -> Result<Self, VerifyError> {
        // The loop has no early end, so that the compiler looks at 16 bytes at once.
        let printable = |all, byte: &u8| all & matches!(byte, b'\t' | b' '..=b'~');
        let is_legible = header.len() <= MAX_SETTINGS_LEN && header.iter().fold(true, printable);
        let text = str::from_utf8(header).ok().filter(|_| is_legible);
        let parts = text.ok_or(VerifyError::MalformedSettings)?.split(',').map(str::trim);
        let mut asked = Self::default();
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(VerifyError::MalformedSettings)?;
            let slot = match name.trim() {
                name if name.eq_ignore_ascii_case("key") => &mut asked.key_id,
                name if name.eq_ignore_ascii_case("algorithm") => &mut asked.algorithm,
                // Twilio may add settings; they cannot widen the choice.
                _ => continue,
            };
            if slot.replace(value.trim()).is_some() {
                return Err(VerifyError::MalformedSettings);
            }
        }
        let named = |value: &&str| !value.is_empty();
        Ok(Self { key_id: asked.key_id.filter(named), algorithm: asked.algorithm.filter(named) })
    }

    /// Whether the key asked for, if any, is the one called `id`.
    pub(crate) fn allow_id(&self, id: Option<&str>) -> bool {
        self.key_id.is_none_or(|asked| id == Some(asked))
    }

    /// Whether an algorithm is asked for that no key can be bound to.
    pub(crate) fn name_unknown_algorithm(&self) -> bool {
        self.algorithm.is_some_and(|name| name.parse::<Algorithm>().is_err())
    }

    /// Whether the algorithm asked for, if any, is `algorithm`.
    pub(crate) fn allow(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|name| name.parse() == Ok(algorithm))
    }
}

//! The signed parameters, looked up by name, and the parts of a key.

use alloc::string::String;
use alloc::vec::Vec;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{MAX_PART_LEN, NoIdentity};
use crate::verifier::{Coverage, Verified};

/// What Twilio signed as parameters: those of the form, or of a `GET` webhook's query.
pub(super) struct Signed(Vec<(Vec<u8>, Vec<u8>)>);

impl Signed {
    pub(super) fn of(verified: &Verified<'_>) -> Self {
        let owned = |(name, value): (&[u8], &[u8])| (name.to_vec(), value.to_vec());
        let mut params: Vec<_> = verified.params().iter().map(owned).collect();
        if verified.coverage() == Coverage::UrlOnly {
            params.extend(verified.query_params().iter().map(owned));
        }
        Self(params)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| **own == *name.as_bytes())
    }

    /// The one value of a parameter.
    pub(super) fn text(&self, name: &str) -> Result<&str, NoIdentity> {
        let mut values = self.0.iter().filter(|(own, _)| **own == *name.as_bytes());
        let (_, value) = values.next().ok_or(NoIdentity::Missing)?;
        if values.any(|(_, other)| other != value) {
            return Err(NoIdentity::Ambiguous);
        }
        let text = str::from_utf8(value).map_err(|_| NoIdentity::Malformed)?;
        if text.is_empty() { Err(NoIdentity::Missing) } else { check_len(text) }
    }

    /// The one value of a parameter that must be a SID.
    pub(super) fn sid(&self, name: &str) -> Result<&str, NoIdentity> {
        let text = self.text(name)?;
        if is_sid(text) { Ok(text) } else { Err(NoIdentity::Malformed) }
    }

    /// The one value of a parameter that must be a number.
    pub(super) fn number(&self, name: &str) -> Result<&str, NoIdentity> {
        let text = self.text(name)?;
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(text) } else { Err(NoIdentity::Malformed) }
    }

    /// The first of these parameters that there is, as a SID.
    pub(super) fn first_sid(&self, names: &[&str]) -> Result<&str, NoIdentity> {
        let name = names.iter().find(|name| self.has(name)).ok_or(NoIdentity::Missing)?;
        self.sid(name)
    }
}

/// Two letters and 32 hexadecimal digits. Source: <https://www.twilio.com/docs/glossary/what-is-a-sid>
fn is_sid(text: &str) -> bool {
    let (prefix, digits) = text.as_bytes().split_at_checked(2).unwrap_or_default();
    prefix.iter().all(u8::is_ascii_alphabetic)
        && digits.len() == 32
        && digits.iter().all(u8::is_ascii_hexdigit)
}

pub(super) fn check_len(text: &str) -> Result<&str, NoIdentity> {
    if text.len() > MAX_PART_LEN { Err(NoIdentity::Malformed) } else { Ok(text) }
}

/// Adds a value to a key, escaped.
pub(super) fn push_part(key: &mut String, value: &str) {
    /// What joins parts, what escapes, and what cannot be seen. Other than ASCII is escaped too.
    const ESCAPED: &AsciiSet = &CONTROLS.add(b':').add(b'%').add(b' ');
    key.extend(utf8_percent_encode(value, ESCAPED));
}

/// A key of these parts.
pub(super) fn join(kind: &str, parts: &[&str]) -> String {
    let mut key = String::from(kind);
    for part in parts {
        key.push(':');
        push_part(&mut key, part);
    }
    key
}

//! The signed parameters, looked up by name, and the parts of a key.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::Delivery;
use super::{MAX_PART_LEN, NoIdentity};
use crate::claim::ClaimKey;
use crate::form::Params;
use crate::verifier::Coverage;

/// What Twilio signed as parameters: those of the form, or of a `GET` webhook's query.
pub(super) struct Signed<'a> {
    form: &'a Params,
    query: Option<Box<Params>>,
    /// A bit for each name: most names that are asked for are not there, and are not looked for.
    bits: u64,
}

impl<'a> Signed<'a> {
    /// Takes a delivery and [its parameters](Delivery::params).
    pub(super) fn of(delivery: &Delivery<'_>, form: &'a Params) -> Self {
        let is_get = delivery.verdict().coverage() == Coverage::UrlOnly;
        let query = is_get.then(|| delivery.query_params().into());
        let mut signed = Self { form, query, bits: 0 };
        signed.bits = signed.names().fold(0, |bits, name| bits | bit(name));
        signed
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.form.iter().chain(self.query.iter().flat_map(|query| query.iter()))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.iter().map(|(name, _)| name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let name = name.as_bytes();
        self.bits & bit(name) != 0 && self.names().any(|own| own == name)
    }

    /// The one value of a parameter.
    pub(super) fn text(&self, name: &str) -> Result<&str, NoIdentity> {
        let mut values = self.iter().filter(|(own, _)| *own == name.as_bytes());
        let (_, value) = values.next().ok_or_else(|| NoIdentity::Missing(owned(name)))?;
        if values.any(|(_, other)| other != value) {
            return Err(NoIdentity::Ambiguous(owned(name)));
        }
        match str::from_utf8(value) {
            Ok("") => Err(NoIdentity::Missing(owned(name))),
            Ok(text) if text.len() <= MAX_PART_LEN => Ok(text),
            _ => Err(NoIdentity::Malformed(owned(name))),
        }
    }

    /// The one value of a parameter that must be a SID.
    pub(super) fn sid(&self, name: &str) -> Result<&str, NoIdentity> {
        let text = self.text(name)?;
        if is_sid(text) { Ok(text) } else { Err(NoIdentity::Malformed(owned(name))) }
    }

    /// The one value of a parameter that must be a number.
    pub(super) fn number(&self, name: &str) -> Result<&str, NoIdentity> {
        let text = self.text(name)?;
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(text) } else { Err(NoIdentity::Malformed(owned(name))) }
    }

    /// A hash of all parameters but these: a set, as Twilio signs it.
    pub(super) fn everything_but(&self, names: &[&[u8]]) -> ClaimKey {
        let others = self.iter().filter(|(name, _)| !names.contains(name));
        let mut pairs: Vec<_> = others.map(|(name, value)| [name, value]).collect();
        pairs.sort_unstable();
        pairs.dedup();
        ClaimKey::new("everything", &pairs.concat())
    }
}

/// One of 64, by what names differ in.
fn bit(name: &[u8]) -> u64 {
    let ends = [name.first(), name.last()].map(|byte| byte.copied().unwrap_or_default());
    let sum = ends
        .into_iter()
        .fold(name.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    1_u64.rotate_left(u32::try_from(sum % 64).unwrap_or_default())
}

fn owned(name: &str) -> Cow<'static, str> {
    Cow::Owned(name.into())
}

/// Two letters and 32 hexadecimal digits. Source: <https://www.twilio.com/docs/glossary/what-is-a-sid>
fn is_sid(text: &str) -> bool {
    let (prefix, digits) = text.as_bytes().split_at_checked(2).unwrap_or_default();
    prefix.iter().all(u8::is_ascii_alphabetic)
        && digits.len() == 32
        && digits.iter().all(u8::is_ascii_hexdigit)
}

/// Adds a value to a key, escaped.
pub(super) fn push_escaped(key: &mut String, value: &str) {
    /// The characters that join parts, that escape, and that cannot be seen. Bytes beyond ASCII are escaped
    /// too.
    const ESCAPED: &AsciiSet = &CONTROLS.add(b':').add(b'%').add(b' ');
    key.extend(utf8_percent_encode(value, ESCAPED));
}

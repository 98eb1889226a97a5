//! Keys of the service's own, in the colon form that people use.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use super::signed::{Signed, push_escaped};
use super::{DedupKey, Delivery, NoIdentity};

/// A key of your own, in which `{Name}` stands for the signed parameter of that name.
///
/// Values are escaped, so they cannot contain a colon of the template. A parameter whose name ends
/// in `Sid` must be a SID. The key is scoped by tenant and account, and by no URL.
///
/// **`{CallSid}:status` is a trap**: `ringing` takes it, and `completed` of the same call is then
/// dropped as a duplicate. Name what differs: `{CallSid}:status:{CallStatus}`.
///
/// # Examples
/// ```
/// use twilio_sig::dedup::{Template, TemplateError};
/// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
///
/// let consent: Template = "{CallSid}:consent".parse()?;
/// assert_eq!(Template::parse("{MessageSid:voice"), Err(TemplateError::Unclosed));
///
/// let token = AuthToken::new("12345")?;
/// let url = "https://example.com/?CallSid=CA00000000000000000000000000000001";
/// let signature = Signer::auth_token(&token).sign_url(url).header_value();
/// let verified = Verifier::new(token).verify(&Webhook::get(url).signature(&signature))?;
///
/// let key = consent.key(&verified)?;
/// assert_eq!(key.to_string(), "CA00000000000000000000000000000001:consent");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Template {
    /// What goes before each parameter, and its name.
    params: Vec<(String, String)>,
    tail: String,
}

/// Why a text is no [`Template`]. `Debug` says what `Display` says, because it is what `main` prints.
///
/// # Examples
/// ```
/// use twilio_sig::dedup::{Template, TemplateError};
///
/// assert_eq!(Template::parse("nightly"), Err(TemplateError::NoParameter));
/// ```
#[derive(Clone, Copy, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum TemplateError {
    /// The name between two braces is empty, or has a character that no name of Twilio's has: a
    /// letter comes first, then letters, digits, `.`, `_` and `-`.
    #[error("a name between braces is empty or is not the name of a parameter")]
    Name,
    /// There is no parameter, so all events would have one key and all but one be dropped.
    #[error("there is no parameter in the template: all events would have one key")]
    NoParameter,
    /// A brace is opened and not closed.
    #[error("a brace is opened and not closed")]
    Unclosed,
    /// A brace is closed that was not opened.
    #[error("a brace is closed that was not opened")]
    Unopened,
}

/// As [`Display`](fmt::Display): it is what `main` prints of an error that it returns.
impl fmt::Debug for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A [`TemplateError`]; each variant states its condition.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut params = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            if literal.contains('}') {
                return Err(TemplateError::Unopened);
            }
            let (name, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            if !is_name(name) {
                return Err(TemplateError::Name);
            }
            params.push((literal.into(), name.into()));
            rest = after;
        }
        if rest.contains('}') {
            return Err(TemplateError::Unopened);
        }
        if params.is_empty() {
            return Err(TemplateError::NoParameter);
        }
        Ok(Self { params, tail: rest.into() })
    }

    /// The key of a delivery.
    ///
    /// # Errors
    /// [`NoIdentity::Missing`], [`NoIdentity::Ambiguous`] or [`NoIdentity::Malformed`] for one of
    /// the parameters, or for `AccountSid`.
    pub fn key<'a>(&self, delivery: impl Into<Delivery<'a>>) -> Result<DedupKey, NoIdentity> {
        let delivery = delivery.into();
        let params = delivery.params();
        let signed = Signed::of(&delivery, &params);
        let mut text = String::new();
        for (literal, name) in &self.params {
            let value = if name.ends_with("Sid") { signed.sid(name) } else { signed.text(name) };
            text.push_str(literal);
            push_escaped(&mut text, value?);
        }
        text.push_str(&self.tail);
        DedupKey::scoped(&delivery, &signed, text)
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Self::parse(text)
    }
}

fn is_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(legal)
}

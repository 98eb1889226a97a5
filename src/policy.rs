//! What a signed request must satisfy besides being signed.

use crate::error::{Result, VerifyError};
use crate::{form::Params, url};

/// Whether any signed parameters are accepted, or only those that Twilio could have meant.
///
/// Twilio signs names and values without separators, so `Digits=1234` and `Digits1=234` have one
/// signature. [`Strict`](Self::Strict) narrows what a captured request can be made into.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, ParameterPolicy, Signer, Verifier, VerifyError, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let url = "https://example.com/sms";
/// let signature = Signer::auth_token(&token).sign_form(url, b"Body=Ahoy")?.header_value();
/// let split_anew = Webhook::post(url, b"BodyAhoy=").signature(&signature);
/// let renamed = Webhook::post(url, b"=BodyAhoy").signature(&signature);
///
/// let strict =
///     Verifier::builder().auth_token(token).parameter_policy(ParameterPolicy::Strict).build()?;
/// assert!(strict.verify(&split_anew).is_ok()); // still a name that Twilio could send
/// assert_eq!(strict.verify(&renamed).unwrap_err(), VerifyError::StrictParameter);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ParameterPolicy {
    /// Every parameter that is signed.
    #[default]
    Any,
    /// Every name is a letter and at most 63 letters, digits, dots, underscores or hyphens; no
    /// name comes twice; every value of a name that ends in `Sid` is two letters and 32
    /// hexadecimal digits.
    Strict,
}

/// Longest name under the strict policy, in bytes.
const MAX_NAME_LEN: usize = 64;
/// Hexadecimal digits of a SID, after its two letters.
const SID_DIGITS: usize = 32;

impl ParameterPolicy {
    /// # Errors
    /// [`VerifyError::StrictParameter`] if `params` break the policy.
    pub(crate) fn check(self, params: &Params) -> Result {
        let regular = |(name, value): (&[u8], &[u8])| {
            is_name(name) && (!name.ends_with(b"Sid") || is_sid(value))
        };
        let names = || params.iter().map(|(name, _)| name);
        let name_twice = || names().zip(names().skip(1)).any(|(name, next)| name == next);
        let is_strict = || !params.has_repeated() && !name_twice() && params.iter().all(regular);
        if self == Self::Any || is_strict() { Ok(()) } else { Err(VerifyError::StrictParameter) }
    }
}

/// Checks that every `AccountSid` among the parameters of a verified request is `own`, and that there is
/// one if it is `required`.
///
/// # Errors
/// [`VerifyError::WrongAccount`].
pub(crate) fn check_account(own: &str, params: &Params, required: bool) -> Result {
    let mut sids = params.get_all("AccountSid").peekable();
    let missing = required && sids.peek().is_none();
    let is_wrong = missing || sids.any(|sid| sid != own.as_bytes());
    if is_wrong { Err(VerifyError::WrongAccount) } else { Ok(()) }
}

/// Checks the same of the query of a URL, which need not have an `AccountSid`.
///
/// # Errors
/// [`VerifyError::WrongAccount`].
#[inline(never)] // Otherwise its parameters are on the stack of every verification.
pub(crate) fn check_query_account(own: &str, url: &str) -> Result {
    check_account(own, &url::query_params(url::query_of(url)), false)
}

fn is_name(name: &[u8]) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(inner)
        && name.len() <= MAX_NAME_LEN
}

/// Whether `value` is a SID: two letters and 32 hexadecimal digits.
///
/// Source: <https://www.twilio.com/docs/glossary/what-is-a-sid>
fn is_sid(value: &[u8]) -> bool {
    let (letters, digits) = value.split_at_checked(2).unwrap_or_default();
    let is_number = digits.len() == SID_DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
    is_number && letters.iter().all(u8::is_ascii_alphabetic)
}

/// Whether `sid` is the SID of an account.
pub(crate) fn is_account_sid(sid: &str) -> bool {
    sid.starts_with("AC") && is_sid(sid.as_bytes())
}

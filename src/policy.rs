//! What a signed request must satisfy besides being signed.

use crate::error::VerifyError;
use crate::form::Text;
use crate::pairs::Pairs;

/// Whether any signed parameters are accepted, or only those that Twilio could have meant.
///
/// Twilio signs names and values without separators, so `Digits=1234` and `Digits1=234` have one
/// signature. [`Strict`](Self::Strict) narrows what whoever captured a request can make of it.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, ParameterPolicy, Signer, Verifier, VerifyError, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let url = "https://example.com/sms";
/// let signature = Signer::auth_token(&token).sign_form(url, b"Body=Ahoy")?.header_value();
/// let split_anew = Webhook::new(url).body(b"BodyAhoy=").signature(&signature);
/// let renamed = Webhook::new(url).body(b"=BodyAhoy").signature(&signature);
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
    /// Whatever is signed.
    #[default]
    Any,
    /// Every name is a letter and at most 63 letters, digits, dots, underscores or hyphens; no
    /// name comes twice; every value of a name that ends in `Sid` is two letters and 32
    /// hexadecimal digits.
    Strict,
}

impl ParameterPolicy {
    /// # Errors
    /// [`VerifyError::StrictParameter`] if `pairs` break the policy.
    pub(crate) fn check(self, pairs: &Pairs<'_>) -> Result<(), VerifyError> {
        let regular = |(name, value)| is_name(name) && (!ends_in_sid(name) || is_sid(value));
        match self {
            Self::Strict if pairs.a_name_repeats() || !pairs.iter().all(regular) => {
                Err(VerifyError::StrictParameter)
            }
            Self::Any | Self::Strict => Ok(()),
        }
    }
}

/// Longest name under the strict policy, in bytes.
const MAX_NAME_LEN: usize = 64;
/// Hexadecimal digits of a SID, after its two letters.
const SID_DIGITS: usize = 32;

fn is_name(name: Text<'_>) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && name.bytes().all(inner)
        && name.bytes().nth(MAX_NAME_LEN).is_none()
}

fn ends_in_sid(name: Text<'_>) -> bool {
    let len = name.bytes().count();
    len.checked_sub(3).is_some_and(|before| name.bytes().skip(before).eq(*b"Sid"))
}

/// Whether `value` is a SID: two letters and 32 hexadecimal digits.
///
/// Source: <https://www.twilio.com/docs/glossary/what-is-a-sid>
fn is_sid(value: Text<'_>) -> bool {
    let mut bytes = value.bytes();
    bytes.by_ref().take(2).filter(u8::is_ascii_alphabetic).count() == 2
        && bytes.by_ref().take(SID_DIGITS).filter(u8::is_ascii_hexdigit).count() == SID_DIGITS
        && bytes.next().is_none()
}

/// Whether `sid` is the SID of an account.
pub(crate) fn is_account_sid(sid: &str) -> bool {
    sid.starts_with("AC") && is_sid(Text::decoded(sid))
}

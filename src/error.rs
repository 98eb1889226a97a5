//! Why a request was refused, and why a key or a verifier cannot be built.
//!
//! No error carries a byte of the request or of a secret: errors end up in logs.

use core::fmt;

use thiserror::Error;

/// What reading or checking a part of a request gives.
pub(crate) type Result<T = ()> = core::result::Result<T, VerifyError>;

/// Why a webhook was refused. Every path through [`Verifier::verify`] that is not a proven match
/// ends in one of these.
///
/// The reason is for the operator's log. Tell the sender the [status](Self::http_status) alone: the reason
/// helps only an attacker.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Verifier, VerifyError, Webhook};
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let unsigned = Webhook::get("https://example.com/sms");
/// assert_eq!(verifier.verify(&unsigned).unwrap_err(), VerifyError::MissingSignature);
/// # Ok::<(), twilio_sig::KeyError>(())
/// ```
///
/// [`Verifier::verify`]: crate::Verifier::verify
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The URL was signed, but its `bodySHA256` is not the SHA-256 of the body: the body was changed,
    /// cut off, or parsed and printed again on the way.
    #[error("the body is not the one whose hash was signed")]
    BodyHashMismatch,
    /// The body is longer than the verifier's bound on bodies; or no hash covers it, and it is
    /// longer than the bound on forms.
    #[error("the body is longer than the verifier allows")]
    BodyTooLong,
    /// The URL is not `scheme://host…` with scheme http, https, ws or wss.
    #[error("the URL is not an absolute http, https, ws or wss URL")]
    InvalidUrl,
    /// The settings header is not `name=value` parts, has two of `key` or of `algorithm`, is longer
    /// than [`MAX_SETTINGS_LEN`](crate::MAX_SETTINGS_LEN) bytes, or holds a byte that is neither
    /// printable ASCII nor a tab.
    #[error("the signature settings header is malformed")]
    MalformedSettings,
    /// The signature header is not the canonical base64 of 20 bytes (HMAC-SHA1) or 32 bytes
    /// (HMAC-SHA256).
    #[error("the signature header is not the base64 of a MAC")]
    MalformedSignature,
    /// No key, taken with any candidate of the URL, gives this signature.
    #[error("the signature does not match")]
    Mismatch,
    /// There is no signature header, or it is empty.
    #[error("the signature header is missing")]
    MissingSignature,
    /// No configured key is bound to the algorithm of this signature, or the settings header asks
    /// for an algorithm that its key is not bound to.
    #[error("no configured key is bound to the algorithm of the signature")]
    NoKeyForAlgorithm,
    /// The parameters were signed, but break [`ParameterPolicy::Strict`](crate::ParameterPolicy).
    #[error("the signed parameters break the strict parameter policy")]
    StrictParameter,
    /// The body has more parameters than the verifier's bound.
    #[error("the body has more parameters than the verifier allows")]
    TooManyParams,
    /// The body is not empty, no hash covers it, and its parameters add no byte to the canonical
    /// string: the signature cannot speak for it.
    #[error("no byte of the body is covered by the signature")]
    UncoveredBody,
    /// The settings header names a shared key that is not configured.
    #[error("the signature settings header names a key that is not configured")]
    UnknownKey,
    /// The URL is longer than [`MAX_URL_LEN`](crate::MAX_URL_LEN) bytes.
    #[error("the URL is longer than the verifier allows")]
    UrlTooLong,
    /// The request was signed, but for another account than the verifier's.
    #[error("the signed request belongs to another account")]
    WrongAccount,
}

impl VerifyError {
    /// Whether the sender alone can have caused the error. `false` means that the configuration may be
    /// at fault, so an operator should look: a key that is missing here, or an address from which
    /// no URL can be built.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::VerifyError;
    ///
    /// assert!(VerifyError::Mismatch.is_sender_fault());
    /// assert!(!VerifyError::NoKeyForAlgorithm.is_sender_fault());
    /// ```
    pub const fn is_sender_fault(self) -> bool {
        self.http_status() != 500
    }

    /// The HTTP status to answer with: 413 and 414 for what is too long, 400 for what is
    /// malformed, 500 for a configuration at fault, and 403 otherwise.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::VerifyError;
    ///
    /// assert_eq!(VerifyError::Mismatch.http_status(), 403);
    /// assert_eq!(VerifyError::MalformedSignature.http_status(), 400);
    /// ```
    pub const fn http_status(self) -> u16 {
        self.facts().1
    }

    /// The name of the variant in snake case: a stable label for logs and metrics.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(twilio_sig::VerifyError::BodyHashMismatch.code(), "body_hash_mismatch");
    /// ```
    pub const fn code(self) -> &'static str {
        self.facts().0
    }

    const fn facts(self) -> (&'static str, u16) {
        match self {
            Self::BodyHashMismatch => ("body_hash_mismatch", 403),
            Self::BodyTooLong => ("body_too_long", 413),
            Self::InvalidUrl => ("invalid_url", 500),
            Self::MalformedSettings => ("malformed_settings", 400),
            Self::MalformedSignature => ("malformed_signature", 400),
            Self::Mismatch => ("mismatch", 403),
            Self::MissingSignature => ("missing_signature", 403),
            Self::NoKeyForAlgorithm => ("no_key_for_algorithm", 500),
            Self::StrictParameter => ("strict_parameter", 403),
            Self::TooManyParams => ("too_many_params", 400),
            Self::UncoveredBody => ("uncovered_body", 403),
            Self::UnknownKey => ("unknown_key", 403),
            Self::UrlTooLong => ("url_too_long", 414),
            Self::WrongAccount => ("wrong_account", 403),
        }
    }
}

/// Why an [`AuthToken`](crate::AuthToken) or a [`SharedKey`](crate::SharedKey) was refused.
///
/// `Debug` says what `Display` says, because it is what `main` prints.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, KeyError};
///
/// assert_eq!(AuthToken::new("").unwrap_err(), KeyError::Empty);
/// assert_eq!(AuthToken::new("12345\n").unwrap_err(), KeyError::SurroundingWhitespace);
/// ```
#[derive(Clone, Copy, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret is empty. Every attacker can compute a MAC under an empty key.
    #[error("the secret is empty")]
    Empty,
    /// The id of a shared key is empty, longer than
    /// [`MAX_KEY_ID_LEN`](crate::MAX_KEY_ID_LEN) bytes, or holds a byte that the settings header
    /// cannot carry in it: a comma, an equals sign, a space, or one that is not printable ASCII.
    #[error("the id of the shared key is empty, too long, or cannot stand in a header")]
    InvalidId,
    /// The secret holds a control character or an invisible one, such as a zero-width space or NUL: the
    /// copy differs from what the console shows.
    #[error("the secret holds an invisible character")]
    InvisibleCharacter,
    /// The secret begins or ends with white space, the commonest mistake in a copied secret: a line feed
    /// from a file, a space from a web page.
    #[error("the secret begins or ends with white space; copy it without")]
    SurroundingWhitespace,
    /// The secret is longer than [`MAX_SECRET_LEN`](crate::MAX_SECRET_LEN) bytes.
    #[error("the secret is too long")]
    TooLong,
}

/// Why a [`VerifierBuilder`](crate::VerifierBuilder) could not build.
///
/// `Debug` says what `Display` says, because it is what `main` prints.
///
/// # Examples
/// ```
/// use twilio_sig::{BuildError, Verifier};
///
/// assert_eq!(Verifier::builder().build().unwrap_err(), BuildError::NoKey);
/// ```
#[derive(Clone, Copy, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum BuildError {
    /// Two shared keys have the same id and algorithm, so the settings header could not choose
    /// between them.
    #[error("two shared keys have the same id and algorithm")]
    DuplicateKeyId,
    /// The account SID of the verifier or of a key is not `AC` and 32 hexadecimal digits.
    #[error("the account SID is not `AC` and 32 hexadecimal digits")]
    InvalidAccountSid,
    /// A bound is zero, or above what the type's documentation allows.
    #[error("a bound is zero or above its limit")]
    LimitOutOfRange,
    /// There is no key, so nothing could ever be verified.
    #[error("no key is configured")]
    NoKey,
    /// There are more than [`MAX_KEYS`](crate::MAX_KEYS) keys.
    #[error("more keys are configured than the verifier allows")]
    TooManyKeys,
}

/// As [`Display`](fmt::Display): it is what `main` prints of an error that it returns.
impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As [`Display`](fmt::Display): it is what `main` prints of an error that it returns.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

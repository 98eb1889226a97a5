//! What the operator can tell about a request besides what is verified.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::Cause;
use super::attempt::Key;
use super::headers::{self, Provider};
use crate::key::AuthToken;
use crate::verifier::Verifier;

/// The most MACs that a diagnosis computes unless [`Hints::max_macs`] says otherwise. They take two thirds
/// of a second in an optimised build, and a second for the worst request that was found. Most diagnoses end
/// after some hundreds of MACs.
pub const DEFAULT_MAX_MACS: u32 = 400_000;

/// Bytes that a diagnosis may hash, copy or compare for each MAC that it may compute.
pub const BYTES_PER_MAC: usize = 2 * 1_024;

const MAX_MACS_LIMIT: u32 = 1 << 22;
/// Longest header value, and longest configured URL, that is kept, in bytes.
const MAX_TEXT_LEN: usize = 2_048;
/// The most headers that are kept.
const MAX_HEADERS: usize = 32;
/// The most raw secrets, and the most other keys, that are kept.
const MAX_SECRETS: usize = 16;
const MAX_KEYS: usize = 64;
/// The most allowed hosts that are kept: fewer than the pieces that a diagnosis looks at, so that headers have
/// room too.
const MAX_ALLOWED_HOSTS: usize = 8;

/// What the operator knows about a request besides what is verified: its other headers, the URL as
/// configured, other tokens. No hint can make a request verify; hints tell [`diagnose`] where to look.
/// `Debug` shows no header value, no URL and no secret.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Hints};
///
/// let hints = Hints::new()
///     .header("X-Forwarded-Host", "hooks.example.com")
///     .configured_url("https://hooks.example.com/sms")
///     .secondary_token(AuthToken::new("0123456789abcdef0123456789abcdef")?);
/// assert!(!format!("{hints:?}").contains("example.com"));
/// # Ok::<(), twilio_sig::KeyError>(())
/// ```
///
/// [`diagnose`]: crate::diagnose()
#[derive(Clone)]
#[must_use]
pub struct Hints {
    headers: Vec<(&'static str, String)>,
    provider: Option<Provider>,
    pub(super) configured_url: Option<String>,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) keys: Vec<OtherKey>,
    pub(super) secrets: Vec<Zeroizing<String>>,
    pub(super) max_macs: u32,
}

/// A key that the operator holds and the verifier does not.
#[derive(Clone)]
pub(super) struct OtherKey {
    pub(super) cause: Cause,
    pub(super) account: Option<Box<str>>,
    pub(super) key: Key,
}

impl Hints {
    /// No hints.
    pub const fn new() -> Self {
        Self {
            headers: Vec::new(),
            provider: None,
            configured_url: None,
            allowed_hosts: Vec::new(),
            keys: Vec::new(),
            secrets: Vec::new(),
            max_macs: DEFAULT_MAX_MACS,
        }
    }

    /// Adds a header of the request, under a name in any case: give all headers. The hints keep `Host`,
    /// `Forwarded`, `X-Forwarded-*` and their like, `Content-Type`, `Content-Length` and
    /// `User-Agent`, at most 32 of at most 2,048 bytes; and the name of a header in which another
    /// provider sends its signature. Other headers are ignored, above all those that hold credentials.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.provider = self.provider.or_else(|| headers::provider(name, value));
        if let Some(name) = headers::kept(name).filter(|_| value.len() <= MAX_TEXT_LEN)
            && self.headers.len() < MAX_HEADERS
        {
            self.headers.push((name, value.trim().to_owned()));
        }
        self
    }

    /// Whether [`header`](Self::header) can take anything from a header of this name, in any case: a
    /// caller that has little room leaves the others out.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::Hints;
    ///
    /// assert!(Hints::reads("X-Forwarded-Host"));
    /// assert!(!Hints::reads("Cookie"));
    /// ```
    pub fn reads(name: &str) -> bool {
        headers::is_read(name)
    }

    /// Sets the URL as it is configured in Twilio's console, with its user name, password and
    /// fragment, if there are any. At most 2,048 bytes.
    ///
    /// A text that is no URL is taken as what it is likely to mean: `app.example.com/sms` as an
    /// `https` URL, `/sms` as a path, and two URLs that are glued together as the second. A text without a
    /// meaning is named in [`Diagnosis::remarks`](crate::Diagnosis::remarks).
    pub fn configured_url(mut self, url: &str) -> Self {
        let end = url.char_indices().map(|(at, _)| at).find(|at| *at >= MAX_TEXT_LEN);
        self.configured_url = Some(url.get(..end.unwrap_or(url.len())).unwrap_or(url).to_owned());
        self
    }

    /// Adds a host that the service is configured for, `host` or `host:port`: Twilio may have called it
    /// under that name. At most 8 of at most 2,048 bytes are kept.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Cause, Hints, Signer, Verifier, Webhook, diagnose};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let signature = Signer::auth_token(&token).sign_url("https://two.example/").header_value();
    /// let webhook = Webhook::get("https://one.example/").signature(&signature);
    /// let hints = Hints::new().allowed_host("two.example");
    /// let diagnosis = diagnose(&Verifier::new(token), &webhook, &hints);
    /// assert_eq!(diagnosis.cause(), Some(Cause::WrongHost));
    /// # Ok::<(), twilio_sig::KeyError>(())
    /// ```
    pub fn allowed_host(mut self, host: &str) -> Self {
        if self.allowed_hosts.len() < MAX_ALLOWED_HOSTS && host.len() <= MAX_TEXT_LEN {
            self.allowed_hosts.push(host.to_owned());
        }
        self
    }

    /// Adds the account's secondary auth token, or the primary one. At most 64 keys are kept.
    pub fn secondary_token(self, token: AuthToken) -> Self {
        self.key(Cause::SecondaryToken, None, Key::of_token(token))
    }

    /// Adds the auth token of another account or subaccount, and the account's SID to name it by.
    pub fn account_token(self, account_sid: &str, token: AuthToken) -> Self {
        self.key(Cause::OtherAccountToken, Some(account_sid), Key::of_token(token))
    }

    /// Adds the keys of another tenant's verifier, and a name for it.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Cause, Hints, Signer, Verifier, Webhook, diagnose};
    ///
    /// let (own, other) = (AuthToken::new("own token")?, AuthToken::new("other token")?);
    /// let signature = Signer::auth_token(&other).sign_url("https://example.com/").header_value();
    /// let webhook = Webhook::get("https://example.com/").signature(&signature);
    /// let hints = Hints::new().other_verifier("tenant 7", &Verifier::new(other));
    /// let diagnosis = diagnose(&Verifier::new(own), &webhook, &hints);
    /// assert_eq!(diagnosis.cause(), Some(Cause::OtherAccountToken));
    /// # Ok::<(), twilio_sig::KeyError>(())
    /// ```
    pub fn other_verifier(self, name: &str, verifier: &Verifier) -> Self {
        let add = |hints: Self, key| hints.key(Cause::OtherAccountToken, Some(name), key);
        Key::all_of(verifier).fold(self, add)
    }

    /// Adds a secret exactly as the service has it configured, white space and quotation marks
    /// included, so that the ways to copy it wrongly can be tried. The secret is wiped on drop. At most 16
    /// secrets are kept.
    pub fn raw_secret(mut self, secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        if self.secrets.len() < MAX_SECRETS {
            self.secrets.push(secret);
        }
        self
    }

    /// Sets the most MACs that may be computed, 1 to 2^22, and with it the most bytes that may be
    /// hashed, copied or compared: [`BYTES_PER_MAC`] for each. Default: [`DEFAULT_MAX_MACS`].
    ///
    /// Half of the bound is for a search without the other hints of this type, so that their suggestions
    /// never take the place of what is found without them.
    ///
    /// [`BYTES_PER_MAC`]: crate::BYTES_PER_MAC
    pub fn max_macs(mut self, macs: u32) -> Self {
        self.max_macs = macs.clamp(1, MAX_MACS_LIMIT);
        self
    }

    fn key(mut self, cause: Cause, account: Option<&str>, key: Key) -> Self {
        if self.keys.len() < MAX_KEYS {
            self.keys.push(OtherKey { cause, account: account.map(Into::into), key });
        }
        self
    }

    pub(super) fn value<'h>(&'h self, name: &'h str) -> Option<&'h str> {
        self.values(name).next()
    }

    /// All values of a header that is kept.
    pub(super) fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let own = self.headers.iter().filter(move |(own, _)| *own == name);
        own.map(|(_, value)| value.as_str())
    }

    pub(super) const fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }
}

impl Default for Hints {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Hints")
            .field("headers", &names)
            .field("configured_url", &self.configured_url.is_some())
            .field("allowed_hosts", &self.allowed_hosts.len())
            .field("keys", &self.keys.len())
            .field("secrets", &self.secrets.len())
            .field("max_macs", &self.max_macs)
            .finish_non_exhaustive()
    }
}

//! What the operator can tell about a request besides what is verified.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::Cause;
use super::parts::{Parts, cut_port};
use crate::key::AuthToken;
use crate::mac::KeyedMac;

/// The most MACs that a diagnosis computes unless [`Hints::max_macs`] says otherwise: some
/// milliseconds of work. A canonical string counts once for each [`BYTES_PER_MAC`] begun.
///
/// [`BYTES_PER_MAC`]: crate::BYTES_PER_MAC
pub const DEFAULT_MAX_MACS: u32 = 4_096;

/// The highest bound on MACs that can be set.
const MAX_MACS_LIMIT: u32 = 1 << 20;
/// Longest header value that is kept, in bytes.
const MAX_HEADER_LEN: usize = 2_048;
/// The most headers that are kept.
const MAX_HEADERS: usize = 32;
/// The most other tokens and raw secrets that are kept, each.
const MAX_SECRETS: usize = 16;

/// Headers that say under which host the request came in.
const HOST_HEADERS: [&str; 4] = ["x-forwarded-host", "x-original-host", "x-host", "host"];
/// Headers that hold the path that a gateway has cut off.
const PREFIX_HEADERS: [&str; 2] = ["x-forwarded-prefix", "x-script-name"];
/// Headers that hold path and query as they were before a proxy rewrote them.
const TARGET_HEADERS: [&str; 7] = [
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
    "x-forwarded-uri",
    "x-envoy-original-path",
    "x-replaced-path",
    "x-waws-unencoded-url",
];
/// Other headers that a diagnosis looks at.
const OTHER_HEADERS: [&str; 5] =
    ["forwarded", "x-forwarded-proto", "x-forwarded-port", "content-type", "user-agent"];
/// Headers in which other providers send their signatures. Their values are not kept.
const PROVIDER_HEADERS: [&str; 10] = [
    "stripe-signature",
    "svix-signature",
    "webhook-signature",
    "x-authy-signature",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-shopify-hmac-sha256",
    "x-signature",
    "x-slack-signature",
    "x-twilio-email-event-webhook-signature",
];

/// What the operator knows about a request besides what is verified: its other headers, the URL as
/// configured, other tokens. Nothing of it can make a request verify; it tells [`diagnose`] where
/// to look.
///
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
    provider_header: Option<&'static str>,
    pub(super) configured_url: Option<Parts>,
    pub(super) tokens: Vec<OtherToken>,
    pub(super) secrets: Vec<Zeroizing<String>>,
    pub(super) max_macs: u32,
}

/// A token that the operator holds and the verifier does not.
#[derive(Clone)]
pub(super) struct OtherToken {
    pub(super) cause: Cause,
    pub(super) account_sid: Option<Box<str>>,
    /// In a box, so that a list that grows leaves no key in freed memory.
    pub(super) mac: Box<KeyedMac>,
}

/// A piece of a URL, and who says so.
pub(super) type Said = (&'static str, String);

impl Hints {
    /// No hints.
    pub const fn new() -> Self {
        Self {
            headers: Vec::new(),
            provider_header: None,
            configured_url: None,
            tokens: Vec::new(),
            secrets: Vec::new(),
            max_macs: DEFAULT_MAX_MACS,
        }
    }

    /// Adds a header of the request, under a name in any case: give all of them. Kept are `Host`,
    /// `Forwarded`, `X-Forwarded-*` and their like, `Content-Type` and `User-Agent`, at most 32 of
    /// at most 2,048 bytes; others are ignored, above all those that hold credentials.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let find = |names: &[&'static str]| {
            names.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
        };
        let kept = [&HOST_HEADERS[..], &PREFIX_HEADERS, &TARGET_HEADERS, &OTHER_HEADERS];
        let name = kept.into_iter().find_map(find);
        self.provider_header = self.provider_header.or_else(|| find(&PROVIDER_HEADERS));
        if let Some(name) = name.filter(|_| value.len() <= MAX_HEADER_LEN)
            && self.headers.len() < MAX_HEADERS
        {
            self.headers.push((name, value.trim().to_owned()));
        }
        self
    }

    /// Sets the URL as it is configured in Twilio's console, with its user name, password and
    /// fragment, if it has them. Ignored unless it has a scheme and a host.
    pub fn configured_url(mut self, url: &str) -> Self {
        self.configured_url = Parts::cut(url.trim());
        self
    }

    /// Adds the account's secondary auth token, or the primary one if the verifier has the
    /// secondary. At most 16 tokens are kept.
    pub fn secondary_token(self, token: AuthToken) -> Self {
        self.token(Cause::SecondaryToken, None, token)
    }

    /// Adds the auth token of another account or subaccount, and the account's SID to name it by.
    pub fn account_token(self, account_sid: &str, token: AuthToken) -> Self {
        self.token(Cause::OtherAccountToken, Some(account_sid), token)
    }

    /// Adds a secret exactly as the service has it configured, white space and quotation marks
    /// included, so that the ways to copy it wrongly can be tried. It is wiped on drop. At most 16
    /// are kept.
    pub fn raw_secret(mut self, secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        if self.secrets.len() < MAX_SECRETS {
            self.secrets.push(secret);
        }
        self
    }

    /// Sets the most MACs that may be computed: 1 to 2^20. Default: [`DEFAULT_MAX_MACS`].
    pub fn max_macs(mut self, macs: u32) -> Self {
        self.max_macs = macs.clamp(1, MAX_MACS_LIMIT);
        self
    }

    fn token(mut self, cause: Cause, account_sid: Option<&str>, token: AuthToken) -> Self {
        if self.tokens.len() < MAX_SECRETS {
            let account_sid = account_sid.map(Into::into);
            self.tokens.push(OtherToken { cause, account_sid, mac: Box::new(token.0) });
        }
        self
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(own, value)| (*own == name).then_some(value.as_str()))
    }

    pub(super) const fn provider_header(&self) -> Option<&'static str> {
        self.provider_header
    }

    /// `host[:port]` of every source, the most trustworthy first, each once.
    pub(super) fn authorities(&self) -> Vec<Said> {
        let configured =
            self.configured_url.iter().map(|url| ("the configured URL", url.authority()));
        let headers = HOST_HEADERS.into_iter().flat_map(|name| self.items(name));
        let forwarded = self.forwarded("host");
        let mut all: Vec<Said> = configured.chain(forwarded).chain(headers).collect();
        all.retain(|(_, authority)| is_authority(authority));
        unique(all)
    }

    /// Ports, of authorities and of `X-Forwarded-Port`.
    pub(super) fn ports(&self) -> Vec<Said> {
        let authorities = self.authorities();
        let of_authorities = authorities
            .iter()
            .filter_map(|(source, authority)| Some((*source, cut_port(authority).1?.to_owned())));
        let mut all: Vec<Said> = self.items("x-forwarded-port").chain(of_authorities).collect();
        all.retain(|(_, port)| port.parse::<u16>().is_ok());
        unique(all)
    }

    /// Path prefixes that were cut off.
    pub(super) fn prefixes(&self) -> Vec<Said> {
        let mut all: Vec<Said> =
            PREFIX_HEADERS.into_iter().flat_map(|name| self.items(name)).collect();
        for (_, prefix) in &mut all {
            prefix.truncate(prefix.trim_end_matches('/').len());
        }
        all.retain(|(_, prefix)| prefix.starts_with('/'));
        unique(all)
    }

    /// Path and query as somebody else has seen them.
    pub(super) fn targets(&self) -> Vec<(&'static str, String, Option<String>)> {
        let configured = self.configured_url.iter();
        let configured =
            configured.map(|url| ("the configured URL", url.path.clone(), url.query.clone()));
        let headers = self.headers.iter().filter(|(name, _)| TARGET_HEADERS.contains(name));
        let headers = headers.filter_map(|(name, value)| {
            // Some proxies write the whole URL.
            let parts = match Parts::cut(value) {
                Some(parts) => parts,
                None if value.starts_with('/') => Parts::cut(&["http://h", value].concat())?,
                None => return None,
            };
            Some((*name, parts.path, parts.query))
        });
        configured.chain(headers).collect()
    }

    /// The items of a header that may be a list: those of a chain of proxies.
    fn items(&self, name: &'static str) -> impl Iterator<Item = Said> {
        let values = self.headers.iter().filter(move |(own, _)| *own == name);
        values.flat_map(move |(_, value)| {
            value.split(',').map(move |item| (name, item.trim().to_owned()))
        })
    }

    /// The values of a parameter of `Forwarded` (RFC 7239, section 4).
    fn forwarded(&self, parameter: &'static str) -> impl Iterator<Item = Said> {
        self.items("forwarded").flat_map(move |(name, element)| {
            let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
            let values = pairs.filter(|(own, _)| own.eq_ignore_ascii_case(parameter));
            values.map(|(_, value)| (name, value.trim_matches('"').to_owned())).collect::<Vec<_>>()
        })
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
            .field("tokens", &self.tokens.len())
            .field("secrets", &self.secrets.len())
            .field("max_macs", &self.max_macs)
            .finish_non_exhaustive()
    }
}

fn is_authority(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
    !text.is_empty() && text.bytes().all(inner)
}

fn unique(all: Vec<Said>) -> Vec<Said> {
    let mut kept: Vec<Said> = Vec::new();
    for said in all {
        if !kept.iter().any(|(_, text)| *text == said.1) {
            kept.push(said);
        }
    }
    kept
}

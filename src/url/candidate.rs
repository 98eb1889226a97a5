//! Which spelling of a URL was signed, and which ones may be.

use core::{fmt, iter};

use super::{UrlParts, rewrite::can_be_reencoded};
use crate::form::Params;

/// The most candidates of one URL. No URL gives rise to more than 29.
pub const MAX_CANDIDATES: usize = 32;

/// The changes that a candidate can have, with their names, in the order in which they are tried. The
/// first [`REWRITES`] are rewrites of path or query. A candidate has at most one rewrite.
const NAMES: [(Candidate, &str); 11] = [
    (Candidate::APOSTROPHES_ESCAPED, "apostrophes_escaped"),
    (Candidate::APOSTROPHES_UNESCAPED, "apostrophes_unescaped"),
    (Candidate::QUERY_REENCODED, "query_reencoded"),
    (Candidate::ROOT_SLASH_ADDED, "root_slash_added"),
    (Candidate::ROOT_SLASH_REMOVED, "root_slash_removed"),
    (Candidate::SLASH_ADDED, "slash_added"),
    (Candidate::QUERY_AS_PARAMS, "query_as_params"),
    (Candidate::USERINFO_REMOVED, "userinfo_removed"),
    (Candidate::PORT_REMOVED, "port_removed"),
    (Candidate::PORT_ADDED, "port_added"),
    (Candidate::FRAGMENT_KEPT, "fragment_kept"),
];

/// How many of them are rewrites.
const REWRITES: usize = 6;

/// Which spellings of the URL a signature may be for.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Signer, UrlPolicy, Verifier, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let signature = Signer::auth_token(&token).sign_url("https://example.com/").header_value();
/// let with_port = Webhook::get("https://example.com:8443/").signature(&signature);
///
/// let exact = Verifier::builder().auth_token(token.clone()).url_policy(UrlPolicy::Exact).build()?;
/// assert!(exact.verify(&with_port).is_err());
/// assert!(Verifier::new(token).verify(&with_port).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UrlPolicy {
    /// Every spelling that Twilio and its helper libraries are known to sign for a URL: the port present or
    /// not, user information present or not, apostrophes escaped or not, and a few more, listed in
    /// `SPEC.md`. At most [`MAX_CANDIDATES`](crate::MAX_CANDIDATES).
    #[default]
    Compatible,
    /// The URL as given, without its fragment, and no other spelling.
    Exact,
}

/// The spelling of the URL that was signed, as a change to the URL as given.
///
/// `Display` names the changes, joined by `+`: `as_given`, `port_removed`,
/// `slash_added+port_added`.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let signature = Signer::auth_token(&token).sign_url("https://example.com:443/").header_value();
/// let webhook = Webhook::get("https://example.com/").signature(&signature);
///
/// let candidate = Verifier::new(token).verify(&webhook)?.candidate();
/// assert_eq!(candidate.to_string(), "port_added");
/// assert!(!candidate.is_as_given());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Candidate(u16);

impl Candidate {
    pub(crate) const AS_GIVEN: Self = Self(0);
    pub(super) const APOSTROPHES_ESCAPED: Self = Self(1);
    pub(super) const APOSTROPHES_UNESCAPED: Self = Self(1 << 1);
    pub(super) const QUERY_REENCODED: Self = Self(1 << 2);
    pub(super) const ROOT_SLASH_ADDED: Self = Self(1 << 3);
    pub(super) const ROOT_SLASH_REMOVED: Self = Self(1 << 4);
    pub(super) const SLASH_ADDED: Self = Self(1 << 5);
    /// The query is signed as parameters rather than as text of the URL.
    pub(crate) const QUERY_AS_PARAMS: Self = Self(1 << 6);
    pub(super) const USERINFO_REMOVED: Self = Self(1 << 7);
    pub(super) const PORT_REMOVED: Self = Self(1 << 8);
    pub(super) const PORT_ADDED: Self = Self(1 << 9);
    pub(super) const FRAGMENT_KEPT: Self = Self(1 << 10);
    /// Either of the two changes that put a slash behind the path.
    pub(super) const SLASH: Self = Self::ROOT_SLASH_ADDED.and(Self::SLASH_ADDED);

    /// Whether the URL was signed as given (without its fragment; for a WebSocket handshake with
    /// the scheme ws or wss).
    pub fn is_as_given(&self) -> bool {
        *self == Self::AS_GIVEN
    }

    /// Whether the candidate has `change`, or one of several changes.
    pub(crate) const fn has(self, change: Self) -> bool {
        self.0 & change.0 != 0
    }

    const fn and(self, change: Self) -> Self {
        Self(self.0 | change.0)
    }
}

impl UrlParts<'_> {
    /// The candidates whose query is part of the text, in the order in which they are tried, no text
    /// twice.
    pub(crate) fn candidates(&self, policy: UrlPolicy) -> impl Iterator<Item = Candidate> {
        let with_fragment = self.fragment.map(|_| Candidate::FRAGMENT_KEPT);
        let rewrites = NAMES.iter().take(REWRITES).map(|(rewrite, _)| *rewrite);
        let rewrites = iter::once(Candidate::AS_GIVEN).chain(rewrites);
        // Nearly every URL is signed as given, so the others are made only if that one fails.
        let others = (policy == UrlPolicy::Compatible)
            .then(|| self.vary(rewrites).skip(1).chain(with_fragment));
        iter::once(Candidate::AS_GIVEN).chain(others.into_iter().flatten()).take(MAX_CANDIDATES)
    }

    /// The candidates of a WebSocket handshake whose query is signed as parameters.
    pub(crate) fn query_candidates(&self, policy: UrlPolicy) -> impl Iterator<Item = Candidate> {
        let slash_added = Candidate::QUERY_AS_PARAMS.and(Candidate::SLASH_ADDED);
        let rewrites = [Candidate::QUERY_AS_PARAMS, slash_added].into_iter();
        self.vary(rewrites.filter(move |_| policy == UrlPolicy::Compatible))
    }

    /// The rewrites that apply, each also with the port changed and without user information.
    fn vary(&self, rewrites: impl Iterator<Item = Candidate>) -> impl Iterator<Item = Candidate> {
        let port_change =
            if self.port.is_some() { Candidate::PORT_REMOVED } else { Candidate::PORT_ADDED };
        let userinfo_change = self.userinfo.map(|_| Candidate::USERINFO_REMOVED);
        let rewrites = rewrites.filter(|rewrite| self.gives_rise_to(*rewrite));
        rewrites.flat_map(move |rewrite| {
            let userinfos = iter::once(Candidate::AS_GIVEN).chain(userinfo_change);
            userinfos.flat_map(move |userinfo| {
                [Candidate::AS_GIVEN, port_change].map(|port| rewrite.and(userinfo).and(port))
            })
        })
    }

    /// Whether a rewrite gives a text that differs from what is tried before it.
    fn gives_rise_to(&self, rewrite: Candidate) -> bool {
        let query = self.query.unwrap_or_default();
        let slash_missing = !self.path.ends_with('/');
        match rewrite {
            Candidate::APOSTROPHES_ESCAPED => query.contains('\''),
            Candidate::APOSTROPHES_UNESCAPED => query.contains("%27"),
            Candidate::QUERY_REENCODED => can_be_reencoded(query),
            Candidate::ROOT_SLASH_ADDED => self.path.is_empty(),
            Candidate::ROOT_SLASH_REMOVED => self.path == "/",
            Candidate::SLASH_ADDED => self.websocket && slash_missing && !self.path.is_empty(),
            Candidate::QUERY_AS_PARAMS => self.query_may_be_params(),
            Candidate::AS_GIVEN => true,
            _ => slash_missing && self.query_may_be_params(),
        }
    }

    /// Whether this is a handshake, and every name of its query begins with a letter, as Twilio's names
    /// do. Another name could be the rest of a path that another handshake signed: `/media/abc` as
    /// `/media?%2Fabc=`.
    #[inline(never)] // Otherwise its parameters are on the stack of every verification.
    fn query_may_be_params(&self) -> bool {
        let mut params = Params::new();
        params.read_query(self.query());
        let mut names = params.iter().map(|(name, _)| name);
        let is_name = |name: &[u8]| name.first().is_some_and(u8::is_ascii_alphabetic);
        self.websocket && !params.is_empty() && names.all(is_name)
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = NAMES.iter().filter(|(change, _)| self.has(*change)).map(|(_, name)| name);
        f.write_str(names.next().unwrap_or(&"as_given"))?;
        names.try_for_each(|name| write!(f, "+{name}"))
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Candidate({self})")
    }
}

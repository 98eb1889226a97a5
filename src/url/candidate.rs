//! Which spelling of a URL was signed, and which ones may be.

use core::fmt;
use core::iter;

use super::UrlParts;
use super::rewrite::{self, Rewrite};
use crate::form::Params;

/// The most candidates of one URL. No URL gives rise to more than 29.
pub const MAX_CANDIDATES: usize = 32;

/// In the order in which they are tried.
const REWRITES: [Rewrite; 7] = [
    Rewrite::None,
    Rewrite::ApostrophesEscaped,
    Rewrite::ApostrophesUnescaped,
    Rewrite::QueryReencoded,
    Rewrite::RootSlashAdded,
    Rewrite::RootSlashRemoved,
    Rewrite::SlashAdded,
];
/// Tried after those.
const QUERY_AS_PARAMS: [Rewrite; 2] = [Rewrite::QueryAsParams, Rewrite::SlashAddedQueryAsParams];

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
    /// All that Twilio and its helper libraries are known to sign for a URL: the port present or
    /// not, user information present or not, apostrophes escaped or not, and a few more, listed in
    /// `SPEC.md`. At most [`MAX_CANDIDATES`](crate::MAX_CANDIDATES).
    #[default]
    Compatible,
    /// The URL as given, without its fragment, and nothing else.
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
pub struct Candidate {
    pub(super) rewrite: Rewrite,
    pub(super) userinfo_removed: bool,
    pub(super) port_change: Option<PortChange>,
    pub(super) fragment_kept: bool,
}

#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum PortChange {
    Removed,
    Added,
}

impl Candidate {
    pub(crate) const AS_GIVEN: Self = Self {
        rewrite: Rewrite::None,
        userinfo_removed: false,
        port_change: None,
        fragment_kept: false,
    };

    /// Whether the URL was signed as given (without its fragment; for a WebSocket handshake with
    /// the scheme ws or wss).
    #[must_use]
    pub fn is_as_given(&self) -> bool {
        *self == Self::AS_GIVEN
    }

    /// Whether the query is signed as parameters rather than as text of the URL.
    pub(crate) const fn query_is_params(self) -> bool {
        self.rewrite.query_is_params()
    }
}

impl<'a> UrlParts<'a> {
    /// The candidates that are signed alone, in the order in which they are tried, no text twice.
    /// Their query is part of the text.
    pub(crate) fn candidates(
        &self,
        policy: UrlPolicy,
    ) -> impl Iterator<Item = Candidate> + use<'_, 'a> {
        let as_given = Candidate::AS_GIVEN;
        let with_fragment = self.fragment.map(|_| Candidate { fragment_kept: true, ..as_given });
        // Nearly every URL is signed as given, which takes no thinking of the others.
        let others = (policy == UrlPolicy::Compatible)
            .then(|| self.rewritten(&REWRITES).skip(1).chain(with_fragment));
        iter::once(as_given).chain(others.into_iter().flatten()).take(MAX_CANDIDATES)
    }

    /// Those of the candidates that parameters may follow.
    pub(crate) fn candidates_before_params(
        &self,
        policy: UrlPolicy,
    ) -> impl Iterator<Item = Candidate> + use<'_, 'a> {
        self.candidates(policy).filter(|&candidate| !self.ends_in_authority(candidate))
    }

    /// The candidates of a WebSocket handshake whose query is signed as parameters.
    pub(crate) fn candidates_without_query(
        &self,
        policy: UrlPolicy,
    ) -> impl Iterator<Item = Candidate> + use<'_, 'a> {
        let rewrites = if policy == UrlPolicy::Compatible { &QUERY_AS_PARAMS[..] } else { &[] };
        self.rewritten(rewrites).filter(|&candidate| !self.ends_in_authority(candidate))
    }

    fn rewritten(
        &self,
        rewrites: &'static [Rewrite],
    ) -> impl Iterator<Item = Candidate> + use<'_, 'a> {
        let port_change = match self.port {
            Some(_) => PortChange::Removed,
            None => PortChange::Added,
        };
        let userinfos = if self.userinfo.is_some() { &[false, true][..] } else { &[false] };
        let rewrites = rewrites.iter().filter(|&&rewrite| self.gives_rise_to(rewrite));
        rewrites.flat_map(move |&rewrite| {
            userinfos.iter().flat_map(move |&userinfo_removed| {
                [None, Some(port_change)].map(|port_change| Candidate {
                    rewrite,
                    userinfo_removed,
                    port_change,
                    fragment_kept: false,
                })
            })
        })
    }

    /// Whether `rewrite` gives a text that differs from what is tried before it.
    fn gives_rise_to(&self, rewrite: Rewrite) -> bool {
        let query_holds = |text| self.query.is_some_and(|query| query.contains(text));
        let slash_missing = !self.path.ends_with('/');
        match rewrite {
            Rewrite::None => true,
            Rewrite::ApostrophesEscaped => query_holds("'"),
            Rewrite::ApostrophesUnescaped => query_holds("%27"),
            Rewrite::QueryReencoded => self.query.is_some_and(rewrite::can_be_reencoded),
            Rewrite::RootSlashAdded => self.path.is_empty(),
            Rewrite::RootSlashRemoved => self.path == "/",
            Rewrite::SlashAdded => self.websocket && slash_missing && !self.path.is_empty(),
            Rewrite::QueryAsParams => self.query_may_be_params(),
            Rewrite::SlashAddedQueryAsParams => slash_missing && self.query_may_be_params(),
        }
    }

    /// Whether the query is that of a handshake whose names all begin with a letter, as those of
    /// Twilio do. What begins otherwise could be the rest of a path that another handshake signed:
    /// `/media/abc` as `/media?%2Fabc=`.
    fn query_may_be_params(&self) -> bool {
        if !self.websocket {
            return false;
        }
        let mut pairs = Params::new();
        let read = pairs.read(self.query(), usize::MAX);
        debug_assert!(read.is_ok(), "a URL that is too long for this was refused");
        let mut names = pairs.iter().map(|(name, _)| name).peekable();
        names.peek().is_some()
            && names.all(|name| name.first().is_some_and(u8::is_ascii_alphabetic))
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port_change.map(|change| match change {
            PortChange::Removed => "port_removed",
            PortChange::Added => "port_added",
        });
        let userinfo = self.userinfo_removed.then_some("userinfo_removed");
        let fragment = self.fragment_kept.then_some("fragment_kept");
        let mut changes = [self.rewrite.name(), userinfo, port, fragment].into_iter().flatten();
        f.write_str(changes.next().unwrap_or("as_given"))?;
        changes.try_for_each(|change| write!(f, "+{change}"))
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Candidate({self})")
    }
}

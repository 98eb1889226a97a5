//! Which spelling of a URL was signed, and which ones may be.

use core::fmt;

/// Which spellings of the URL a signature may be for.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Signer, UrlPolicy, Verifier, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let signature = Signer::auth_token(&token).sign_url("https://example.com/").header_value();
/// let with_port = Webhook::new("https://example.com:8443/").signature(&signature);
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
/// let webhook = Webhook::new("https://example.com/").signature(&signature);
///
/// let candidate = Verifier::new(token).verify(&webhook)?.candidate();
/// assert_eq!(candidate.to_string(), "port_added");
/// assert!(!candidate.is_as_given());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[repr(align(4))] // Else it is copied by bytes, which a processor must wait for.
pub struct Candidate {
    pub(super) form: Form,
    pub(super) userinfo_removed: bool,
    pub(super) port_changed: Option<PortChange>,
    pub(super) fragment_kept: bool,
}

/// A change of the text, one at a time.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum Form {
    AsGiven,
    ApostrophesEscaped,
    ApostrophesUnescaped,
    QueryReencoded,
    RootSlashAdded,
    RootSlashRemoved,
    SlashAdded,
    QueryAsParams,
    SlashAddedQueryAsParams,
}

#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) enum PortChange {
    Removed,
    Added,
}

impl Candidate {
    pub(crate) const AS_GIVEN: Self = Self {
        form: Form::AsGiven,
        userinfo_removed: false,
        port_changed: None,
        fragment_kept: false,
    };

    /// Whether the URL was signed as given (without its fragment; for a WebSocket handshake with
    /// the scheme ws or wss).
    #[must_use]
    pub fn is_as_given(&self) -> bool {
        *self == Self::AS_GIVEN
    }

    /// Whether the query is signed as pairs rather than as text of the URL.
    pub(crate) const fn query_is_params(self) -> bool {
        matches!(self.form, Form::QueryAsParams | Form::SlashAddedQueryAsParams)
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::AsGiven => None,
            Form::ApostrophesEscaped => Some("apostrophes_escaped"),
            Form::ApostrophesUnescaped => Some("apostrophes_unescaped"),
            Form::QueryReencoded => Some("query_reencoded"),
            Form::RootSlashAdded => Some("root_slash_added"),
            Form::RootSlashRemoved => Some("root_slash_removed"),
            Form::SlashAdded => Some("slash_added"),
            Form::QueryAsParams => Some("query_as_params"),
            Form::SlashAddedQueryAsParams => Some("slash_added+query_as_params"),
        };
        let port = self.port_changed.map(|change| match change {
            PortChange::Removed => "port_removed",
            PortChange::Added => "port_added",
        });
        let userinfo = self.userinfo_removed.then_some("userinfo_removed");
        let fragment = self.fragment_kept.then_some("fragment_kept");
        let mut changes = [form, userinfo, port, fragment].into_iter().flatten();
        f.write_str(changes.next().unwrap_or("as_given"))?;
        changes.try_for_each(|change| write!(f, "+{change}"))
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Candidate({self})")
    }
}

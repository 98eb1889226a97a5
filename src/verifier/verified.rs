//! What a verification proves. Only the verifier can fill in the fields.

use core::{fmt, ops::Deref};

use super::Proof;
use crate::url::{self, Candidate};
use crate::{form::Params, mac::Signature, webhook::Webhook};

/// What Twilio signed. Only [`Verifier::verify`](crate::Verifier::verify) makes one.
///
/// The canonical string is proven: the URL of [`candidate`](Verdict::candidate), followed by the
/// parameters or, through its hash, the body. Twilio does not sign where a name ends and its value begins,
/// nor where the URL ends and the parameters begin; `SECURITY.md` says what follows.
///
/// A `Verified` borrows the request. [`into_proof`](Self::into_proof) makes a value that outlives the
/// request.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Verified<'a> {
    pub(super) webhook: Webhook<'a>,
    pub(super) verdict: Verdict,
}

/// How a request was verified: what [`Verified`] and [`Proof`] have in common.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Verdict {
    pub(super) signature: Signature,
    pub(super) coverage: Coverage,
    pub(super) candidate: Candidate,
    pub(super) key: usize,
}

/// How the signature covers the body.
///
/// `Display` gives `url_only`, `form` or `body_hash`.
///
/// # Examples
/// ```
/// assert_eq!(twilio_sig::Coverage::BodyHash.to_string(), "body_hash");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Coverage {
    /// There is no body, and the URL is signed.
    UrlOnly,
    /// The body is a form, whose parameters are signed after the URL. Read the body as a form and in no
    /// other way.
    Form,
    /// The URL is signed, and the body has the hash that the URL holds.
    BodyHash,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UrlOnly => "url_only",
            Self::Form => "form",
            Self::BodyHash => "body_hash",
        })
    }
}

impl Verdict {
    /// How the body is covered. A handler that reads JSON must ask for [`Coverage::BodyHash`].
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// The spelling of the URL that was signed.
    pub const fn candidate(&self) -> Candidate {
        self.candidate
    }

    /// The key that matched: its position in the order in which keys were added, from 0. An old token
    /// that has not matched for long enough can be removed.
    pub const fn key(&self) -> usize {
        self.key
    }

    /// The signature. Key a replay cache on its bytes, and on no other part of a request: URL and
    /// parameters can be split differently under one signature.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl Deref for Verified<'_> {
    type Target = Verdict;

    fn deref(&self) -> &Verdict {
        &self.verdict
    }
}

impl<'a> Verified<'a> {
    /// The URL as it was given. Its port, user information and fragment are proven only if
    /// [`candidate`](Verdict::candidate) kept them.
    pub const fn url(&self) -> &'a str {
        self.webhook.url
    }

    /// The body as it was given, empty if [`Webhook::post_params`] was given instead.
    pub const fn body(&self) -> &'a [u8] {
        self.webhook.payload.body()
    }

    /// The signed parameters: decoded, sorted by name and value, equal pairs once. None unless the
    /// coverage is [`Coverage::Form`], or a handshake's query was signed as parameters.
    ///
    /// Each call reads the request anew, so call it once and keep the value.
    pub fn params(&self) -> Params {
        let mut params = Params::new();
        let read = if self.verdict.candidate.has(Candidate::QUERY_AS_PARAMS) {
            params.read(url::query_of(self.webhook.url), usize::MAX)
        } else if self.verdict.coverage == Coverage::Form {
            self.webhook.payload.read(&mut params, usize::MAX, usize::MAX)
        } else {
            Ok(())
        };
        debug_assert!(read.is_ok(), "it was read to verify it");
        params.sort();
        params
    }

    /// The parameters of the URL's query, decoded, in their order: all that a `GET` webhook has.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let url = "https://example.com/voice?CallSid=CA1&From=%2B15005550006";
    /// let signature = Signer::auth_token(&token).sign_url(url).header_value();
    ///
    /// let webhook = Webhook::get(url).signature(&signature);
    /// let verified = Verifier::new(token).verify(&webhook)?;
    /// assert_eq!(verified.query_params().get("From"), Some("+15005550006"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn query_params(&self) -> Params {
        url::query_params(url::query_of(self.webhook.url))
    }

    /// Makes a proof that outlives the request. The parameters are read anew:
    /// [`Verifier::prove`](crate::Verifier::prove) reads them once.
    pub fn into_proof(self) -> Proof {
        Proof { url: self.url().into(), verdict: self.verdict, params: self.params().into() }
    }
}

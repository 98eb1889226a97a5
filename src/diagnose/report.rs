//! What a diagnosis found, fit for showing: no token, no secret, no signature.

mod display;
mod parts;

use alloc::string::String;
use alloc::vec::Vec;

use super::Cause;
use crate::error::VerifyError;

/// Why a request was refused, as far as it can be told.
///
/// `Display` writes the diagnosis for a person, over several lines. No method returns or prints a token,
/// the expected signature, or more than the first four characters of the signature that arrived, which may
/// be a valid credential under another key. Values of parameters are cut to a few characters, and user names
/// and passwords of URLs left out. The rest of URL and parameters comes from the request, so show it to
/// operators alone. `Debug` shows causes and counts, no URL and no parameter.
///
/// # Examples
/// See [`diagnose`](crate::diagnose()).
#[derive(Clone)]
#[must_use]
pub struct Diagnosis {
    pub(super) verdict: Result<(), VerifyError>,
    pub(super) explanations: Vec<Explanation>,
    pub(super) ruled_out: Vec<Cause>,
    pub(super) tried: Vec<Cause>,
    pub(super) remarks: Vec<String>,
    pub(super) macs: u32,
    pub(super) bytes: u64,
    pub(super) exhausted: bool,
}

/// One explanation: the causes that together account for the refusal.
///
/// `Debug` shows the causes, no URL and no parameter.
#[derive(Clone)]
pub struct Explanation {
    pub(super) findings: Vec<Finding>,
    pub(super) evidence: Evidence,
    pub(super) difference: Option<Difference>,
    pub(super) url_difference: Option<Difference>,
}

/// A cause, and how it shows in this request.
///
/// `Debug` shows the cause, no URL and no parameter.
#[derive(Clone, Eq, PartialEq)]
pub struct Finding {
    pub(super) cause: Cause,
    pub(super) given: String,
    pub(super) signed: String,
    pub(super) fix: &'static str,
}

/// What an explanation rests on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Evidence {
    /// With the causes undone, the signature is right. No signature is right by chance.
    Signature,
    /// The request itself shows it: a header that is missing or malformed, a limit, a setting.
    Request,
}

/// Two strings around the first place where they differ: what was verified, and what was signed.
///
/// `Debug` shows how many characters at their beginning are equal.
#[derive(Clone, Eq, PartialEq)]
pub struct Difference {
    pub(super) given: String,
    pub(super) signed: String,
}

impl Diagnosis {
    /// What [`Verifier::verify`](crate::Verifier::verify) says.
    ///
    /// # Errors
    /// The reason for which the request is refused.
    pub const fn verdict(&self) -> Result<(), VerifyError> {
        self.verdict
    }

    /// The explanations: the one that the signature proves, in as few causes as can be; otherwise all that
    /// the request itself shows. None if the request is genuine, or no known mistake explains it.
    #[must_use]
    pub fn explanations(&self) -> &[Explanation] {
        &self.explanations
    }

    /// The first cause of the first explanation.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        let finding = self.explanations.first()?.findings.first()?;
        Some(finding.cause)
    }

    /// The causes that do not explain an unexplained signature by themselves: every form of them was
    /// tried. Together with a mistake that is not known they still may explain it.
    #[must_use]
    pub fn ruled_out(&self) -> &[Cause] {
        &self.ruled_out
    }

    /// The causes that were tried for an unexplained signature in the forms that the request, the hints and
    /// experience suggest. In another form each of them still may be the cause.
    #[must_use]
    pub fn tried(&self) -> &[Cause] {
        &self.tried
    }

    /// Other things that look odd, and what would help to say more, the most helpful first.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// How many MACs were computed, besides those of the verification itself.
    #[must_use]
    pub const fn macs(&self) -> u32 {
        self.macs
    }

    /// How many bytes were hashed, copied or compared for it, at most
    /// [`BYTES_PER_MAC`](crate::BYTES_PER_MAC) for each MAC that was allowed.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether something was left untried because the bound on MACs, or that on bytes, was reached.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        self.exhausted
    }
}

//! What a diagnosis found, fit for showing: no token, no secret, no signature.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Cause;
use crate::error::VerifyError;

/// Why a request was refused, as far as it can be told.
///
/// `Display` writes it for a person, over several lines. Neither that nor `Debug` nor anything it
/// returns holds a token, the expected signature, or more than the first four characters of the
/// signature that arrived: under another key that one may be a valid credential. Values of
/// parameters are cut to a few characters, and user names and passwords of URLs left out. What is
/// left of URL and parameters still comes from the request, so show it to operators alone.
///
/// # Examples
/// See [`diagnose`](crate::diagnose()).
#[derive(Clone, Debug)]
#[must_use]
pub struct Diagnosis {
    pub(super) verdict: Result<(), VerifyError>,
    pub(super) explanations: Vec<Explanation>,
    pub(super) ruled_out: Vec<Cause>,
    pub(super) remarks: Vec<String>,
    pub(super) macs: u32,
    pub(super) exhausted: bool,
}

/// One explanation: the causes that together account for the signature.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub(super) findings: Vec<Finding>,
    pub(super) evidence: Evidence,
    pub(super) difference: Option<Difference>,
}

/// A cause, and how it shows in this request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    pub(super) cause: Cause,
    pub(super) given: String,
    pub(super) signed: String,
}

/// What an explanation rests on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Evidence {
    /// With the causes undone, the signature is right. It cannot be so by chance.
    Signature,
    /// The request itself shows it: a header that is missing or malformed, a limit, a setting.
    Request,
}

/// The canonical strings around the first place where they differ: URL, then `+ name=value` for
/// each pair. (The signed string has no such separators.)
#[derive(Clone, Debug, Eq, PartialEq)]
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

    /// The explanations, the most likely first: all single causes that explain the signature, or
    /// else the first combination that does. None if the request is genuine, or nothing known
    /// explains it.
    #[must_use]
    pub fn explanations(&self) -> &[Explanation] {
        &self.explanations
    }

    /// The first cause of the most likely explanation.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        let finding = self.explanations.first()?.findings.first()?;
        Some(finding.cause)
    }

    /// The causes that do not explain the signature by themselves: all that is known of them was
    /// tried. Causes that no hint speaks of and nothing in the request suggests are not among
    /// them.
    #[must_use]
    pub fn ruled_out(&self) -> &[Cause] {
        &self.ruled_out
    }

    /// What else looks odd, and what hint would allow to say more.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// How many MACs were computed, besides those of the verification itself.
    #[must_use]
    pub const fn macs(&self) -> u32 {
        self.macs
    }

    /// Whether combinations were left untried because the bound on MACs was reached.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        self.exhausted
    }
}

impl Explanation {
    /// The causes and how they show. Several only if none of them explains it alone.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What it rests on.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Where the string that was verified and the one that was signed part. `None` if they are
    /// equal, as they are if the key was wrong, or if the signed one is not known.
    #[must_use]
    pub const fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }
}

impl Finding {
    /// The cause.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// What was found in this request.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// What was expected in its place: what Twilio signed.
    #[must_use]
    pub fn signed(&self) -> &str {
        &self.signed
    }
}

impl Difference {
    /// The string that was verified.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The string that was signed.
    #[must_use]
    pub fn signed(&self) -> &str {
        &self.signed
    }

    /// How many characters at the beginning of the two are equal.
    #[must_use]
    pub fn equal_chars(&self) -> usize {
        self.given.chars().zip(self.signed.chars()).take_while(|(a, b)| a == b).count()
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Ok(()) if self.explanations.is_empty() => {
                writeln!(f, "verdict    verified: a holder of the key signed this request")?;
            }
            Ok(()) => {
                writeln!(f, "verdict    verified, but not with the secret as it is configured")?;
            }
            Err(error) => writeln!(f, "verdict    refused ({}): {error}", error.code())?,
        }
        for (nth, explanation) in self.explanations.iter().enumerate() {
            if nth > 0 {
                writeln!(f, "\nor else")?;
            }
            write!(f, "{explanation}")?;
        }
        if self.verdict.is_err() && self.explanations.is_empty() {
            writeln!(f, "cause      none that is known explains this signature")?;
            let mut codes = self.ruled_out.iter().map(|cause| cause.code()).peekable();
            let mut label = "ruled out";
            while codes.peek().is_some() {
                let line: Vec<&str> = codes.by_ref().take(4).collect();
                writeln!(f, "{label:<10} {}", line.join(", "))?;
                label = "";
            }
        }
        for remark in &self.remarks {
            writeln!(f, "note       {remark}")?;
        }
        if self.exhausted {
            writeln!(
                f,
                "note       not everything was tried: the bound of {} MACs was reached",
                self.macs
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.findings.len() > 1;
        for (nth, finding) in (1_u32..).zip(&self.findings) {
            let label = if several { alloc::format!("cause {nth}") } else { "cause".into() };
            writeln!(f, "{label:<10} {} [{}]", finding.cause, finding.cause.code())?;
            writeln!(f, "  given    {}", finding.given)?;
            writeln!(f, "  signed   {}", finding.signed)?;
            writeln!(f, "  mend     {}", finding.cause.mend())?;
        }
        if let Some(difference) = &self.difference {
            writeln!(f, "strings")?;
            writeln!(f, "  given    {}", difference.given)?;
            writeln!(f, "  signed   {}", difference.signed)?;
            writeln!(f, "           {:>1$}", "^", difference.equal_chars().saturating_add(1))?;
        }
        Ok(())
    }
}

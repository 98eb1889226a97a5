//! What can be had from an explanation.

use super::{Difference, Evidence, Explanation, Finding};
use crate::diagnose::Cause;

impl Explanation {
    /// The causes and how they show, each cause once. Several only if no fewer explain it.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What the explanation rests on.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Where the canonical strings differ: URL, then `+ name=value` for each pair. (The signed
    /// string has no such separators.) `None` if they are equal, as they are if the key was wrong,
    /// or if the signed one is not known.
    #[must_use]
    pub const fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Where the URLs differ, without the values of their queries: fit for a log that must not
    /// hold what callers send. `None` if they are equal or one of them is not known.
    #[must_use]
    pub const fn url_difference(&self) -> Option<&Difference> {
        self.url_difference.as_ref()
    }
}

impl Finding {
    /// The cause.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// What to do about the cause in this request: [`Cause::fix`], unless it would not help here.
    #[must_use]
    pub const fn fix(&self) -> &'static str {
        self.fix
    }

    /// What was found in this request. The text may show the query of the URL with its values.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// What was expected in its place: what Twilio signed. The text may show the query of the URL with its
    /// values.
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

//! What an event tells of a refusal that was looked into.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use twilio_sig::{Cause, Diagnosis, Difference, Evidence, Explanation, Finding};

use crate::Refusal;
use crate::event::MAX_TEXT_LEN;

/// What explains a refusal, fit for a log. Causes and fixes are texts of this crate. The request adds only
/// the part of its URL that differs, without the values of its query, without user name and password, with
/// long runs of letters and digits cut, at most 256 characters of printable ASCII and `…`. There is no token,
/// no signature, no parameter's value and no body. `Debug` shows no URL.
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Explained {
    /// The causes, which [`Cause::code`] names. None if nothing that is known explains the refusal:
    /// a forged request, a key that is not configured, a mistake that is new.
    pub causes: Vec<Cause>,
    /// What to do about it: one for each cause, after the one for a setting that refused the request.
    pub fixes: Vec<&'static str>,
    /// What of the request a setting of the [`Origin`](twilio_sig::Origin) looked at when it refused: the
    /// peer's address, `Host`, the headers of a proxy.
    pub seen: Option<String>,
    /// The URL that was verified, around its first difference from the one that was signed.
    pub url_given: Option<String>,
    /// The URL that was signed, around the same place.
    pub url_signed: Option<String>,
    /// Whether the signature is right once the causes are undone: a holder of a key has made it, for
    /// this request or for one that was captured and changed. Otherwise the request's own looks say
    /// so, which any sender can choose.
    pub is_proven: bool,
    /// Whether something was left untried because the bound on MACs was reached.
    pub is_exhausted: bool,
    /// How many refused requests were not looked into since the last event of this kind: there were
    /// more than [`ExplainPolicy`](crate::ExplainPolicy) allows.
    pub skipped: u64,
    /// The refusal, if a setting of the gate made it and not the signature.
    pub(super) setting: Option<Refusal>,
}

impl Explained {
    /// What the diagnosis tells; of a head alone, what its header shows.
    pub(super) fn of(diagnosis: &Diagnosis, is_head: bool) -> Self {
        let all = diagnosis.explanations();
        let findings = || {
            let told = |finding: &&Finding| !is_head || is_of_header(finding.cause());
            all.iter().flat_map(Explanation::findings).filter(told)
        };
        let is_proof = all.iter().any(|own| own.evidence() == Evidence::Signature);
        let difference = all.iter().find_map(Explanation::url_difference).filter(|_| !is_head);
        let text = |text: &str| text.chars().take(MAX_TEXT_LEN).collect();
        let causes: Vec<Cause> = findings().map(Finding::cause).collect();
        Self {
            fixes: findings().map(Finding::fix).collect(),
            url_given: difference.map(Difference::given).map(text),
            url_signed: difference.map(Difference::signed).map(text),
            is_proven: is_proof && !causes.is_empty(),
            is_exhausted: !is_head && diagnosis.is_exhausted(),
            causes,
            ..Self::default()
        }
    }

    /// The names of the causes, with commas between them.
    #[cfg(feature = "tracing")]
    pub(crate) fn codes(&self) -> String {
        self.causes.iter().map(|cause| cause.code()).collect::<Vec<_>>().join(",")
    }
}

impl fmt::Debug for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explained")
            .field("causes", &self.causes)
            .field("setting", &self.setting)
            .field("is_proven", &self.is_proven)
            .field("is_exhausted", &self.is_exhausted)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}

/// What happened, in words.
impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refusal) = self.setting {
            return refusal.fmt(f);
        }
        if self.causes.is_empty() {
            return f.write_str("no known mistake explains the refusal");
        }
        let causes: Vec<String> = self.causes.iter().map(ToString::to_string).collect();
        f.write_str(&causes.join(" "))
    }
}

/// Whether the cause is one that the signature's header shows. Nothing can be told of a body that was not
/// read.
const fn is_of_header(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::SignatureMissing
            | Cause::SignatureTrimmed
            | Cause::SignaturePadded
            | Cause::SignatureJoined
            | Cause::SignatureReencoded
            | Cause::SignatureOfOtherProvider
    )
}

//! What is printed of a request that was sent, and of the answer.

use core::fmt::Write as _;

use crate::deliver::Delivered;
use crate::outgoing::Outgoing;
use crate::output::{BAD, GOOD, LABEL, printable, printable_url};
use crate::twiml::{self, Use};

/// Longest part of an answer that is printed, in characters.
const MAX_SHOWN: usize = 2_000;

/// What an answer should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Expected {
    /// What Twilio can use.
    Useful,
    /// The same, or 4xx: the service had these bytes before and may refuse a replay.
    UsefulOrRefused,
    /// 4xx: the signature is forged.
    Refused,
}

impl Expected {
    /// Whether the service did what it should.
    pub(crate) fn is_met(self, used: Use, answer: &Delivered) -> bool {
        match self {
            Self::Useful => twiml::judge(used, answer).is_good,
            Self::UsefulOrRefused => is_refusal(answer) || twiml::judge(used, answer).is_good,
            Self::Refused => is_refusal(answer),
        }
    }
}

const fn is_refusal(answer: &Delivered) -> bool {
    matches!(answer.status, 400..500)
}

/// The line that says what is sent. `name` is what it is, and how.
pub(crate) fn sent(name: &str, outgoing: &Outgoing) -> String {
    let (method, url) = (printable(&outgoing.method, 20), printable_url(&outgoing.url, MAX_SHOWN));
    format!("{LABEL}sent{LABEL:#}     {name}: {method} {url}\n")
}

/// The answer, and what Twilio would do with it.
pub(crate) fn answered(used: Use, answer: &Delivered, expected: Expected) -> String {
    let mut text = String::new();
    let content_type = answer.content_type.as_deref().unwrap_or("no Content-Type");
    let _ = writeln!(
        text,
        "{LABEL}answer{LABEL:#}   {} in {} ms, {}, {} bytes",
        answer.status,
        answer.elapsed.as_millis(),
        printable(content_type, MAX_SHOWN),
        answer.body.len()
    );
    for line in printable(&String::from_utf8_lossy(&answer.body), MAX_SHOWN).lines() {
        let _ = writeln!(text, "  {line}");
    }
    let (label, style, verdict) = match expected {
        Expected::Refused if is_refusal(answer) => {
            ("forged", GOOD, "refused, as it should be".to_owned())
        }
        Expected::Refused => {
            let verdict =
                "NOT REFUSED: the service does not check the signature, or failed before it did";
            ("forged", BAD, verdict.to_owned())
        }
        Expected::UsefulOrRefused if is_refusal(answer) => ("replay", GOOD, "refused".to_owned()),
        _ => {
            let judgement = twiml::judge(used, answer);
            let style = if judgement.is_good { GOOD } else { BAD };
            ("Twilio", style, judgement.text)
        }
    };
    let _ = writeln!(text, "{LABEL}{label}{LABEL:#}   {style}{verdict}{style:#}");
    text
}

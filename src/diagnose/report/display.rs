//! A diagnosis as text: `Display` is for a person, `Debug` shows no part of the request.

use core::fmt;

use super::{Diagnosis, Difference, Explanation, Finding};
use crate::diagnose::Cause;

/// Causes on one line.
const PER_LINE: usize = 4;

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
                writeln!(f, "\nalso")?;
            }
            write!(f, "{explanation}")?;
        }
        if self.verdict.is_err() && self.explanations.is_empty() {
            writeln!(f, "cause      none that is known explains this signature")?;
        }
        codes(f, "tried", &self.tried)?;
        codes(f, "ruled out", &self.ruled_out)?;
        if !self.ruled_out.is_empty() {
            writeln!(f, "           by themselves, that is: two at once may still explain it")?;
        }
        for remark in &self.remarks {
            writeln!(f, "note       {remark}")?;
        }
        if self.exhausted {
            let Self { macs, bytes, .. } = self;
            writeln!(
                f,
                "note       not everything was tried: the bound was reached at {macs} MACs and {bytes} bytes"
            )?;
        }
        Ok(())
    }
}

fn codes(f: &mut fmt::Formatter<'_>, mut label: &str, causes: &[Cause]) -> fmt::Result {
    for line in causes.chunks(PER_LINE) {
        write!(f, "{label:<10}")?;
        label = "";
        for (nth, cause) in line.iter().enumerate() {
            write!(f, "{} {}", if nth > 0 { "," } else { "" }, cause.code())?;
        }
        writeln!(f)?;
    }
    Ok(())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.findings.len() > 1;
        for (nth, finding) in (1_u32..).zip(&self.findings) {
            let label = if several { alloc::format!("cause {nth}") } else { "cause".into() };
            writeln!(f, "{label:<10} {} [{}]", finding.cause, finding.cause.code())?;
            writeln!(f, "  given    {}", finding.given)?;
            writeln!(f, "  signed   {}", finding.signed)?;
            writeln!(f, "  fix      {}", finding.fix)?;
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

impl fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnosis")
            .field("verdict", &self.verdict)
            .field("explanations", &self.explanations)
            .field("ruled_out", &self.ruled_out)
            .field("tried", &self.tried)
            .field("remarks", &self.remarks.len())
            .field("macs", &self.macs)
            .field("bytes", &self.bytes)
            .field("exhausted", &self.exhausted)
            .finish()
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("findings", &self.findings)
            .field("evidence", &self.evidence)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding").field("cause", &self.cause).finish_non_exhaustive()
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference")
            .field("equal_chars", &self.equal_chars())
            .finish_non_exhaustive()
    }
}

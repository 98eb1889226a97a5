//! Refusals by cause.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;

use std::io::Write as _;

use twilio_sig::Finding;

use crate::output::LABEL;
use crate::record::{Decided, causes};

/// The most groups; refusals of more are counted together.
const MAX_GROUPS: usize = 100;

/// Counts refusals, in memory that does not grow with the batch.
#[derive(Default)]
pub(super) struct Summary {
    lines: u64,
    refused: u64,
    groups: BTreeMap<String, Group>,
}

struct Group {
    count: u64,
    /// The number of the first line, from 1.
    first: u64,
    /// What to do about each cause.
    fixes: Vec<&'static str>,
}

impl Summary {
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn count(&mut self, line: u64, decided: &Decided) {
        self.lines = self.lines.saturating_add(1);
        let Some(error) = decided.verdict.error() else { return };
        self.refused = self.refused.saturating_add(1);
        let found = decided.diagnosis.as_ref().map(causes).unwrap_or_default();
        let mut name =
            if found.is_empty() { format!("{error}, no cause found") } else { found.join(" + ") };
        if decided.diagnosis.is_none() {
            error.clone_into(&mut name);
        }
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&name) {
            "others".clone_into(&mut name);
        }
        let explanation = decided.diagnosis.as_ref().and_then(|found| found.explanations().first());
        let group = self.groups.entry(name).or_insert_with(|| Group {
            count: 0,
            first: line,
            fixes: explanation
                .map(|explanation| explanation.findings().iter().map(Finding::fix).collect())
                .unwrap_or_default(),
        });
        group.count = group.count.saturating_add(1);
    }

    /// Prints a table on standard error, the largest group first.
    pub(super) fn print(&self) {
        // Nobody may be there to read it.
        let _ = anstream::stderr().write_all(self.table().as_bytes());
    }

    fn table(&self) -> String {
        let mut text = format!("{LABEL}{} lines, {} refused{LABEL:#}\n", self.lines, self.refused);
        if self.groups.is_empty() {
            return text;
        }
        let _ = writeln!(text, "{LABEL}{:>8}  {:>10}  CAUSE{LABEL:#}", "REFUSED", "FIRST LINE");
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, group)| core::cmp::Reverse(group.count));
        for (name, Group { count, first, fixes }) in groups {
            let _ = writeln!(text, "{count:>8}  {first:>10}  {name}");
            for fix in fixes {
                let _ = writeln!(text, "{:>20}  {fix}", "");
            }
        }
        text
    }
}

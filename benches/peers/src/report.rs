//! The tables, and the files that they go to.

use std::error::Error;
use std::fmt::Write;
use std::fs;

use crate::cases::Case;
use crate::chart;
use crate::sdk::root;

/// What was found of one verifier.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Whether it accepted each case.
    pub(crate) verdicts: Vec<bool>,
    /// How often a verdict asks for memory, if that can be counted.
    pub(crate) allocations: Option<usize>,
    /// The shortest verdict on the timed form, if it accepts that.
    pub(crate) nanoseconds: Option<f64>,
}

impl Peer {
    /// On how many cases it is right.
    pub(crate) fn right(&self, cases: &[Case]) -> usize {
        self.of(cases, |accepts, genuine| accepts == genuine)
    }

    /// How many of the forgeries it accepts.
    pub(crate) fn fooled(&self, cases: &[Case]) -> usize {
        self.of(cases, |accepts, genuine| accepts && !genuine)
    }

    /// How many of the genuine cases it refuses.
    pub(crate) fn refuses(&self, cases: &[Case]) -> usize {
        self.of(cases, |accepts, genuine| !accepts && genuine)
    }

    fn of(&self, cases: &[Case], counts: impl Fn(bool, bool) -> bool) -> usize {
        let verdicts = self.verdicts.iter().zip(cases);
        verdicts.filter(|(accepts, case)| counts(**accepts, case.genuine)).count()
    }
}

const BEGIN: &str = "<!-- made by benches/peers/run --update -->\n";
const END: &str = "<!-- end -->";

/// Time and allocations are those of a call's form of 25 parameters.
pub(crate) fn summary(peers: &[Peer], cases: &[Case]) -> String {
    let genuine = cases.iter().filter(|case| case.genuine).count();
    let mut table = format!(
        "| | Version | Right of {} | Refuses of {genuine} genuine | Accepts of {} forged \
         | Time | Allocations |\n|---|---|---|---|---|---|---|\n",
        cases.len(),
        cases.len() - genuine,
    );
    for peer in peers {
        let allocations = peer.allocations.filter(|_| peer.nanoseconds.is_some());
        let allocations = allocations.map_or_else(String::new, |count| count.to_string());
        // The names of crates are code.
        let name =
            if peer.name.contains(' ') { peer.name.clone() } else { format!("`{}`", peer.name) };
        let bold = |number: usize| {
            if number > 0 { format!("**{number}**") } else { number.to_string() }
        };
        let _ = writeln!(
            table,
            "| {name} | {} | {} | {} | {} | {} | {allocations} |",
            peer.version,
            peer.right(cases),
            peer.refuses(cases),
            bold(peer.fooled(cases)),
            times(peer, peers),
        );
    }
    table
}

/// Each case beside each verdict.
pub(crate) fn matrix(peers: &[Peer], cases: &[Case]) -> String {
    let names: Vec<_> = peers.iter().map(|peer| &*peer.name).collect();
    let mut table = format!("| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for (nth, case) in cases.iter().enumerate() {
        let _ = write!(table, "\n| {} |", case.name);
        for peer in peers {
            table.push_str(match (peer.verdicts[nth], case.genuine) {
                (true, true) | (false, false) => " right |",
                (false, true) => " refuses |",
                (true, false) => " **accepts** |",
            });
        }
    }
    table.push('\n');
    table
}

/// The time in times of the first peer's.
pub(crate) fn times(peer: &Peer, peers: &[Peer]) -> String {
    match (peer.nanoseconds, peers[0].nanoseconds) {
        (Some(time), Some(ours)) if time < 10.0 * ours => format!("{:.1}×", time / ours),
        (Some(time), Some(ours)) => format!("{:.0}×", time / ours),
        _ => "refuses it".to_owned(),
    }
}

pub(crate) fn write(peers: &[Peer], cases: &[Case]) -> Result<(), Box<dyn Error>> {
    let here = root().join("benches/peers");
    fs::write(here.join("chart.svg"), chart::svg(peers, cases))?;
    replace(&root().join("README.md"), &summary(peers, cases))?;
    replace(&here.join("README.md"), &matrix(peers, cases))
}

/// Puts `text` where it stood before, between two marks.
fn replace(file: &std::path::Path, text: &str) -> Result<(), Box<dyn Error>> {
    let before = fs::read_to_string(file)?;
    let marks =
        before.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let (head, tail) = marks.ok_or_else(|| format!("{}: no {BEGIN}", file.display()))?;
    Ok(fs::write(file, format!("{head}{BEGIN}{text}{END}{tail}"))?)
}

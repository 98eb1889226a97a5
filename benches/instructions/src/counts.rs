//! The committed counts, and whether what is counted agrees with them.

use std::error::Error;
use std::fs;
use std::process::Command;

use crate::callgrind::{self, Cost};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");

/// How far a count may change, in percent, under the compiler that the committed ones are of.
const TOLERANCE: u64 = 5;
/// And under another one, whose code is not the same: enough to see a blunder.
const TOLERANCE_OF_ANOTHER_COMPILER: u64 = 25;

const HEAD: &str = "\
# Instructions of a verdict under valgrind: the whole, and what is neither SHA-1 nor SHA-256.
# Made by `cargo run --release --manifest-path benches/instructions/Cargo.toml -- update`.
# What changes them changes this file, so that the cost is seen in review.
";

/// What each verdict takes, and the compiler of the code.
pub(crate) struct Counts {
    compiler: String,
    costs: Vec<(String, Cost)>,
}

impl Counts {
    pub(crate) fn counted() -> Result<Self, Box<dyn Error>> {
        let rustc = Command::new("rustc").arg("--version").output()?;
        let compiler = String::from_utf8(rustc.stdout)?.trim().to_owned();
        Ok(Self { compiler, costs: callgrind::costs()? })
    }

    pub(crate) fn committed() -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let compiler = lines.next().unwrap_or_default().to_owned();
        let cost = |line: &str| {
            let mut words = line.trim_end().rsplitn(3, ' ').map(str::trim);
            let mut number = || words.next()?.parse().ok();
            let (own, whole) = (number()?, number()?);
            Some((words.next()?.to_owned(), Cost { whole, own }))
        };
        let costs = lines.map(|line| cost(line).ok_or_else(|| format!("{FILE}: {line}")));
        Ok(Self { compiler, costs: costs.collect::<Result<_, _>>()? })
    }

    pub(crate) fn commit(&self) -> Result<(), Box<dyn Error>> {
        let mut text = format!("{HEAD}\n{}\n", self.compiler);
        for (name, Cost { whole, own }) in &self.costs {
            text.push_str(&format!("{name:<40} {whole} {own}\n"));
        }
        print!("{text}");
        Ok(fs::write(FILE, text)?)
    }

    /// Whether these agree with what was `counted` now; prints both.
    pub(crate) fn agree_with(&self, counted: &Self) -> bool {
        let same_compiler = self.compiler == counted.compiler;
        let tolerance = if same_compiler { TOLERANCE } else { TOLERANCE_OF_ANOTHER_COMPILER };
        println!("{:<40} {:>9} {:>7}   {:>9} {:>7}", "", "whole", "change", "own", "change");
        let mut changed = 0;
        for (name, now) in &counted.costs {
            let before = self.costs.iter().find(|(other, _)| other == name).map(|(_, cost)| *cost);
            let before = before.unwrap_or_default();
            let agree = |now, before| u64::abs_diff(now, before) * 100 <= before * tolerance;
            let agrees = agree(now.whole, before.whole) && agree(now.own, before.own);
            changed += usize::from(!agrees);
            println!(
                "{name:<40} {:>9} {:>7}   {:>9} {:>7}{}",
                now.whole,
                change(now.whole, before.whole),
                now.own,
                change(now.own, before.own),
                if agrees { "" } else { "  CHANGED" }
            );
        }
        let names = |counts: &Self| counts.costs.iter().map(|(name, _)| name.clone()).collect();
        let (here, there): (Vec<String>, Vec<String>) = (names(self), names(counted));
        if here != there {
            changed += 1;
            println!("the verdicts are not those of counts.txt");
        }
        if !same_compiler {
            println!(
                "counts.txt is of {}, this is {}: {tolerance} % may change.",
                self.compiler, counted.compiler
            );
        }
        if changed > 0 {
            println!(
                "Changed by more than {tolerance} %. If that is meant, or the compiler's doing:\n  \
                 cargo run --release --manifest-path benches/instructions/Cargo.toml -- update\n\
                 and commit benches/instructions/counts.txt."
            );
        }
        changed == 0
    }
}

fn change(now: u64, before: u64) -> String {
    let (now, before) = (now as f64, before as f64);
    if before > 0.0 { format!("{:+.1} %", (now / before - 1.0) * 100.0) } else { "new".to_owned() }
}

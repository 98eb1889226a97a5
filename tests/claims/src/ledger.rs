//! What a journal says, by event and by process.

use alloc::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::journal::Journal;

/// A journal that was read. A line's number stands for its time.
#[derive(Debug, Default)]
pub struct Ledger {
    lines: Vec<String>,
    runs: BTreeMap<String, Vec<Run>>,
    killed: BTreeMap<u32, usize>,
    told: BTreeSet<(String, u32)>,
}

/// A handler that was called.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run {
    /// The event, the process and a number: what is in its answer.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// When it began.
    pub started: usize,
    /// When it failed, if it did.
    pub failed_at: Option<usize>,
    /// Whether it came to its end, and did not fail.
    pub is_done: bool,
}

impl Ledger {
    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(journal: &Journal) -> io::Result<Self> {
        let mut ledger = Self::default();
        for (at, line) in journal.read()?.lines().enumerate() {
            ledger.lines.push(line.to_owned());
            let words: Vec<_> = line.split(' ').collect();
            let pid = |text: &str| text.parse().map_err(io::Error::other);
            match words[..] {
                ["start", event, process, run] => {
                    let name = format!("{event} {process} {run}");
                    let run = Run {
                        name,
                        pid: pid(process)?,
                        started: at,
                        failed_at: None,
                        is_done: false,
                    };
                    ledger.runs.entry(event.to_owned()).or_default().push(run);
                }
                ["end", event, process, run, status] => {
                    let name = format!("{event} {process} {run}");
                    let runs = ledger.runs.entry(event.to_owned()).or_default();
                    if let Some(run) = runs.iter_mut().find(|run| run.name == name) {
                        run.is_done = status == "200";
                        run.failed_at = Some(at).filter(|_| status != "200");
                    }
                }
                ["lease_lost" | "unsettled", event, process] => {
                    ledger.told.insert((event.to_owned(), pid(process)?));
                }
                ["killed", process] => {
                    ledger.killed.insert(pid(process)?, at);
                }
                _ => {}
            }
        }
        Ok(ledger)
    }

    /// The events of which a handler was called.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.runs.keys().map(|event| &**event)
    }

    /// The runs of an event, in the order in which they began.
    #[must_use]
    pub fn runs(&self, event: &str) -> &[Run] {
        self.runs.get(event).map(|runs| &**runs).unwrap_or_default()
    }

    /// When this process was killed.
    #[must_use]
    pub fn died(&self, pid: u32) -> Option<usize> {
        self.killed.get(&pid).copied()
    }

    /// Whether this process was told that the event may be handled again.
    #[must_use]
    pub fn is_told(&self, event: &str, pid: u32) -> bool {
        self.told.contains(&(event.to_owned(), pid))
    }

    /// The lines about an event, and those about the ends of processes.
    #[must_use]
    pub fn history(&self, event: &str) -> String {
        let lines = self.lines.iter().enumerate();
        let about = lines.filter(|(_, line)| line.contains(event) || line.starts_with("killed"));
        about.map(|(at, line)| format!("{at}: {line}")).collect::<Vec<_>>().join("\n")
    }
}

//! What the subscriber of a whole process is told.

use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use super::PATIENCE;
use super::recorder::Recorder;

/// Every event, as a line.
#[derive(Debug)]
pub(super) struct Record(Mutex<Vec<String>>);

static RECORD: Record = Record(Mutex::new(Vec::new()));

/// Records every event of the process from now on.
pub(super) fn global() -> &'static Record {
    static SET: OnceLock<()> = OnceLock::new();
    SET.get_or_init(|| {
        let recorder = Recorder(|line| RECORD.0.lock().unwrap().push(line));
        tracing::subscriber::set_global_default(recorder).unwrap();
    });
    &RECORD
}

impl Record {
    /// The line of this type that holds `marker`.
    pub(super) fn line(&self, marker: &str, event_type: &str) -> String {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let lines = self.0.lock().unwrap();
            let found = lines.iter().find(|line| {
                line.contains(&format!(" user_agent={marker} "))
                    && line.contains(&format!(" event_type={event_type} "))
            });
            if let Some(line) = found {
                return line.clone();
            }
            drop(lines);
            std::thread::yield_now();
        }
        panic!("no {event_type} of {marker}")
    }
}

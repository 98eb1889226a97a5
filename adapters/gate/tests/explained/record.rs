//! What the subscriber of a whole process is told.

use core::fmt::{Debug, Write as _};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};

use super::PATIENCE;

/// Every event as `level name=value name=value`.
#[derive(Debug)]
pub(super) struct Record(Mutex<Vec<String>>);

static RECORD: Record = Record(Mutex::new(Vec::new()));

/// Records every event of the process from now on.
pub(super) fn global() -> &'static Record {
    static SET: OnceLock<()> = OnceLock::new();
    SET.get_or_init(|| tracing::subscriber::set_global_default(&RECORD).unwrap());
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

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {}={value}", field.name()).unwrap();
    }
}

impl Subscriber for &'static Record {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

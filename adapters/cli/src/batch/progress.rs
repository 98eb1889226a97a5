//! How far a batch is: bytes of the file, lines, refusals.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::fs::File;
use std::io::{self, IsTerminal, Read};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// What is shown; it fits into 80 columns.
const TEMPLATE: &str = "{bar:20} {percent:>3} %  {lines} lines, {refused} refused  {eta} left";

/// A bar on standard error; hidden unless it is seen, on a terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    lines: AtomicU64,
    refused: AtomicU64,
}

impl Progress {
    pub(super) fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), counts: Arc::default() }
    }

    /// A bar over that many bytes.
    pub(super) fn of(bytes: u64) -> Self {
        if !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        let counts: Arc<Counts> = Arc::default();
        let key = |read: fn(&Counts) -> &AtomicU64| {
            let counts = Arc::clone(&counts);
            move |_: &ProgressState, out: &mut dyn fmt::Write| {
                let count = read(&counts).load(Ordering::Relaxed);
                // A bar that cannot be drawn is no reason to stop.
                let _ = write!(out, "{}", HumanCount(count));
            }
        };
        let bar = match ProgressStyle::with_template(TEMPLATE) {
            Ok(style) => bar.with_style(
                style
                    .with_key("lines", key(|counts| &counts.lines))
                    .with_key("refused", key(|counts| &counts.refused)),
            ),
            Err(_) => bar,
        };
        Self { bar, counts }
    }

    /// The file, whose reading moves the bar.
    pub(super) fn watch(&self, file: File) -> impl Read {
        Watched { file, bar: self.bar.clone() }
    }

    pub(super) fn count(&self, is_ok: bool) {
        self.counts.lines.fetch_add(1, Ordering::Relaxed);
        self.counts.refused.fetch_add(u64::from(!is_ok), Ordering::Relaxed);
    }

    /// Takes the bar away while something else is written to the terminal.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

struct Watched {
    file: File,
    bar: ProgressBar,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bar.inc(u64::try_from(read).unwrap_or_default());
        Ok(read)
    }
}

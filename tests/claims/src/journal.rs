//! What services have done, in a file that outlives them.

use core::fmt::Display;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Error, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, process, thread};

/// How long a line may take to appear.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file of lines, which several processes write. A line is one write, so a process that is killed
/// leaves none that is cut, and the lines stand in the order in which they were written.
///
/// | line | what it says |
/// |---|---|
/// | `start EVENT PID RUN` | a handler begins |
/// | `end EVENT PID RUN STATUS` | it is about to answer |
/// | `lost EVENT PID RUN` | it sees that its lease is lost |
/// | `lease_lost EVENT PID`, `unsettled EVENT PID`, `settled EVENT PID` | an event of the gate |
/// | `killed PID` | the test has killed it |
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    owned: bool,
}

impl Journal {
    /// A new one, which is deleted when it is dropped.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new() -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("twilio-sig-journal-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        // One that a killed test has left says nothing about this one.
        let _ = fs::remove_file(&path);
        let mut journal = Self::open(&path)?;
        journal.owned = true;
        Ok(journal)
    }

    /// The one of this name.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, owned: false })
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, line: impl Display) -> io::Result<()> {
        (&self.file).write_all(format!("{line}\n").as_bytes())
    }

    /// All lines so far.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn read(&self) -> io::Result<String> {
        fs::read_to_string(&self.path)
    }

    /// The lines that begin so.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn lines(&self, start: &str) -> io::Result<Vec<String>> {
        Ok(self.read()?.lines().filter(|line| line.starts_with(start)).map(Into::into).collect())
    }

    /// Waits for a line that begins so.
    ///
    /// # Errors
    /// If there is none for a minute.
    pub fn wait(&self, start: &str) -> io::Result<String> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(line) = self.lines(start)?.pop() {
                return Ok(line);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(Error::other(format!("there is no line {start:?} in:\n{}", self.read()?)))
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if self.owned {
            let _ = fs::remove_file(&self.path);
        }
    }
}

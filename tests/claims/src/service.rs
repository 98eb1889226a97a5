//! A service behind the layer, in a process of its own, so that it can be killed.

use core::time::Duration;
use std::io::{self, BufRead, BufReader, Error};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::journal::Journal;

/// How long a service may take to start: its store may be starting, too.
const START: Duration = Duration::from_secs(30);

/// A process of the program `webhook_service`. It is killed when it is dropped.
///
/// Its route is `/status`, behind the gate's guard and, unless it is told otherwise, its dedup. Its
/// handler writes into the journal, and answers with the number of its run. The header `x-do`, which
/// is not signed, says what the handler does:
///
/// | `x-do` | the handler |
/// |---|---|
/// | | answers at once |
/// | `work MILLIS` | takes so long |
/// | `fail` | answers 500 |
/// | `until lost` | works until its lease is lost |
#[derive(Debug)]
pub struct Service {
    program: PathBuf,
    settings: Settings,
    journal: PathBuf,
    port: u16,
    child: Option<Child>,
}

/// How a service is started.
#[derive(Clone, Debug)]
pub struct Settings {
    url: String,
    lease: Duration,
    steps: &'static str,
}

impl Settings {
    /// With this store, the default lease, a guard and a dedup.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), lease: Duration::from_secs(5), steps: "both" }
    }

    /// Sets the lease.
    #[must_use]
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// With a guard alone.
    #[must_use]
    pub const fn guard_alone(mut self) -> Self {
        self.steps = "guard";
        self
    }
}

impl Service {
    /// Starts `program` on a free port, and waits until it listens.
    ///
    /// # Errors
    /// If it does not within half a minute.
    pub fn start(
        program: impl AsRef<Path>,
        settings: Settings,
        journal: &Journal,
    ) -> io::Result<Self> {
        let (program, journal) = (program.as_ref().to_owned(), journal.path().to_owned());
        let mut service = Self { program, settings, journal, port: 0, child: None };
        service.restart()?;
        Ok(service)
    }

    /// Where it listens, from its first start to its last.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its process, if it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills it with SIGKILL, and says so in the journal.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
            Journal::open(&self.journal)?.write(format_args!("killed {}", child.id()))?;
        }
        Ok(())
    }

    /// Starts it anew, at the same port.
    ///
    /// # Errors
    /// If it does not listen within half a minute.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        let begun = Instant::now();
        loop {
            match self.attempt() {
                Err(error) if begun.elapsed() > START => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(100)),
                Ok(()) => return Ok(()),
            }
        }
    }

    fn attempt(&mut self) -> io::Result<()> {
        let Settings { url, lease, steps } = &self.settings;
        let mut child = Command::new(&self.program)
            .args([url, &self.port.to_string(), &lease.as_millis().to_string()])
            .arg(steps)
            .arg(&self.journal)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        self.child = Some(child);
        let port = line.trim().strip_prefix("port ").and_then(|port| port.parse().ok());
        let Some(port) = port else {
            self.kill()?;
            return Err(Error::other(format!("the service says: {line}")));
        };
        self.port = port;
        Ok(())
    }

    /// Sends it a signal, such as `STOP` or `CONT`.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let pid = self.pid().ok_or_else(|| Error::other("it does not run"))?;
        let command = format!("kill -{name} {pid}");
        let status = Command::new("sh").args(["-c", &command]).status()?;
        if status.success() { Ok(()) } else { Err(Error::other(command)) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

//! A process that claims what it is told to, so that it can be killed.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Error, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A process of the program `claim_worker`. It is killed when it is dropped.
///
/// It reads a command a line, and answers with a line:
///
/// | command | answer |
/// |---|---|
/// | `claim KEY COUNT MILLIS` | `acquired A, in progress B, done C, failed D` of so many claims at a time |
/// | `complete KEY MILLIS` | `ok`, `lost`, `full` or `unavailable`, for the last claim that was acquired |
/// | `release KEY` | the same |
/// | `storm NAME MILLIS` | `completed A, failed B` of the keys claimed and completed in that time |
/// | `recount` | as `claim`, for all keys that a storm has completed |
#[derive(Debug)]
pub struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts `program` with the store at `url`, and waits until it is connected.
    ///
    /// # Errors
    /// If it cannot be started, or cannot connect.
    pub fn start(program: impl AsRef<OsStr>, url: &str) -> io::Result<Self> {
        Self::spawn(Command::new(program).arg(url))
    }

    /// The same, in a process that trusts this certificate alone.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_trusting(
        program: impl AsRef<OsStr>,
        url: &str,
        certificate: &str,
    ) -> io::Result<Self> {
        Self::spawn(Command::new(program).arg(url).env("SSL_CERT_FILE", certificate))
    }

    fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| Error::other("no pipes"))?;
        let mut worker = Self { child, input, output: BufReader::new(output) };
        match worker.answer()?.as_str() {
            "connected" => Ok(worker),
            answer => Err(Error::other(format!("the worker says: {answer}"))),
        }
    }

    /// Sends a command.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn send(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.input, "{command}")?;
        self.input.flush()
    }

    /// Waits for an answer.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() {
            Err(Error::other("the worker is gone"))
        } else {
            Ok(line.trim().into())
        }
    }

    /// Sends a command, and waits for its answer.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn ask(&mut self, command: &str) -> io::Result<String> {
        self.send(command)?;
        self.answer()
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Sends it a signal, such as `STOP` or `CONT`.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let command = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &command]).status()?;
        if status.success() { Ok(()) } else { Err(Error::other(command)) }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

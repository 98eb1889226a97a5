//! Why a command could not do what was asked. It holds no secret: file names, and why.

use core::net::SocketAddr;
use std::io::{self, Write};
use std::path::Path;

/// A failure, by its exit status.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked makes no sense: status 2, as clap has it.
    Usage(String),
    /// A file, or standard input or output, failed: status 3.
    Io(String),
    /// The reader of the output went away: status 3, and nothing to say.
    Closed,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn read(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("cannot read {}: {error}", path.display()))
    }

    pub(crate) fn write(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("cannot write {}: {error}", path.display()))
    }

    /// The address cannot be listened on.
    pub(crate) fn listen(address: SocketAddr, error: &io::Error) -> Self {
        let next = match error.kind() {
            io::ErrorKind::AddrInUse => ": something else listens there; choose another --port",
            io::ErrorKind::PermissionDenied => ": choose a --port above 1023",
            _ => "",
        };
        Self::Io(format!("cannot listen on {address}: {error}{next}"))
    }

    /// What is said of it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Usage(text) | Self::Io(text) => text.clone(),
            Self::Closed => String::new(),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
    pub(crate) fn output(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Io(format!("cannot write: {error}")),
        }
    }

    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Io(_) | Self::Closed => 3,
        }
    }

    pub(crate) fn report(&self) {
        if let Self::Usage(message) | Self::Io(message) = self {
            // If standard error is gone, too, there is nobody to tell.
            let _ = writeln!(anstream::stderr(), "error: {message}");
        }
    }
}

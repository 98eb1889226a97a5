//! What ends the program, and the exit status that tells a supervisor which it was.

use std::process::ExitCode;

/// What ends the program: a sentence for the operator.
pub(crate) type Failure = Box<dyn core::error::Error + Send + Sync>;

/// Failures that have a status of their own, from `sysexits.h`. All others have 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exit {
    /// 65: a restart does not help.
    #[error("the tables of {url} cannot be brought up to date: {reason}")]
    Tables {
        /// The database's.
        url: String,
        /// Which migration, and what is wrong with it.
        reason: String,
    },
    /// 74: a restart helps once there is room.
    #[error("the disk is full or broken: {0}; what was answered with 2xx is kept")]
    Disk(String),
}

impl Exit {
    const fn status(&self) -> u8 {
        match self {
            Self::Tables { .. } => 65,
            Self::Disk(_) => 74,
        }
    }
}

/// Says on standard error what went wrong.
pub(crate) fn status(done: Result<(), Failure>) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("gateway: {error}");
    ExitCode::from(error.downcast_ref().map_or(1, Exit::status))
}

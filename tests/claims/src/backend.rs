//! A store and what it lives on: a server, or a file.

use core::sync::atomic::{AtomicU32, Ordering};
use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use crate::server::Server;

/// A store that keeps what it has answered, through a restart too.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are these")]
pub enum Backend {
    /// A Redis server that writes all to the disk before it answers.
    Redis(Server),
    /// A PostgreSQL server.
    Postgres(Server),
    /// An SQLite database in this folder.
    Sqlite(Folder),
}

impl Backend {
    /// Redis.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn redis() -> io::Result<Self> {
        let arguments = ["--appendonly", "yes", "--appendfsync", "always"];
        Server::redis(&arguments).map(Self::Redis)
    }

    /// PostgreSQL.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn postgres() -> io::Result<Self> {
        Server::postgres().map(Self::Postgres)
    }

    /// SQLite.
    ///
    /// # Errors
    /// If there is no room for it.
    pub fn sqlite() -> io::Result<Self> {
        Folder::new().map(Self::Sqlite)
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Redis(server) | Self::Postgres(server) => server.url(),
            Self::Sqlite(folder) => folder.url(),
        }
    }

    /// Its server, if it has one.
    #[must_use]
    pub const fn server(&self) -> Option<&Server> {
        match self {
            Self::Redis(server) | Self::Postgres(server) => Some(server),
            Self::Sqlite(_) => None,
        }
    }

    /// Its server, to be killed.
    #[must_use]
    pub const fn server_mut(&mut self) -> Option<&mut Server> {
        match self {
            Self::Redis(server) | Self::Postgres(server) => Some(server),
            Self::Sqlite(_) => None,
        }
    }
}

/// A folder that is deleted when it is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new() -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("twilio-sig-sqlite-{}-{number}", process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// An SQLite database in it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("sqlite:{}", self.0.join("claims.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

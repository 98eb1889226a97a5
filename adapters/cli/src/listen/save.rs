//! Requests as files.

use core::sync::atomic::{AtomicU32, Ordering};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::bounds::MAX_SAVED;
use crate::failure::Failure;

/// Where they are saved. Nothing in it is written over.
pub(super) struct Folder {
    path: PathBuf,
    next: AtomicU32,
}

impl Folder {
    /// Makes the folder unless it is there.
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::write(path, &error);
        fs::create_dir_all(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), next: AtomicU32::new(1) })
    }

    /// Saves a request under the next free number, and gives the name of the file.
    ///
    /// # Errors
    /// The file cannot be written, or [`MAX_SAVED`] numbers were tried.
    pub(super) fn save(&self, head: &[u8], body: &[u8]) -> io::Result<String> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number > MAX_SAVED {
                self.next.store(MAX_SAVED.saturating_add(1), Ordering::Relaxed);
                return Err(io::Error::other(format!("{MAX_SAVED} files are saved")));
            }
            let name = format!("{number:04}.http");
            match create(&self.path.join(&name)) {
                Ok(mut file) => {
                    file.write_all(head)?;
                    file.write_all(body)?;
                    return Ok(name);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A new file, for its owner alone: a signature stays valid for ever.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join("0001.http"), "mine").unwrap();
        let saved = Folder::new(folder.path()).unwrap();
        assert_eq!(saved.save(b"GET / HTTP/1.1\r\n\r\n", b"").unwrap(), "0002.http");
        assert_eq!(saved.save(b"a", b"b").unwrap(), "0003.http");
        assert_eq!(fs::read(folder.path().join("0001.http")).unwrap(), b"mine");
        assert_eq!(fs::read(folder.path().join("0003.http")).unwrap(), b"ab");
        saved.next.store(MAX_SAVED + 1, Ordering::Relaxed);
        assert!(saved.save(b"a", b"b").is_err());
    }
}

//! What a caller can take of this machine: with a few copies of each body, less than 400 MiB.

use core::time::Duration;

/// Longest body, in bytes: four times the longest form that a verifier takes by default.
pub(super) const MAX_BODY_LEN: usize = 1_024 * 1_024;
/// How much of a head is buffered, in bytes. The last read may go beyond it.
pub(super) const MAX_HEAD_LEN: usize = 64 * 1_024;
/// The most headers: as many as a saved request may have.
pub(super) const MAX_HEADERS: usize = 256;
/// The most connections at a time, sockets that are handed on among them. More are turned away.
pub(super) const MAX_CONNECTIONS: usize = 64;
/// How long a caller may take for a head, and how long a connection may be idle.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a caller may take for a body: as long as Twilio waits for an answer.
pub(super) const BODY_TIME: Duration = Duration::from_secs(15);
/// The most requests that wait to be printed; each holds its body.
pub(super) const MAX_WAITING: usize = 32;
/// The most files that one run saves.
pub(super) const MAX_SAVED: u32 = 10_000;

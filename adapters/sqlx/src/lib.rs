// Its code is that of both databases.
#![cfg_attr(
    any(not(doctest), all(feature = "postgres", feature = "sqlite")),
    doc = include_str!("../README.md")
)]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod error;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod reply;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use core::time::Duration;

/// How long a call may take, waiting for a connection and further attempts included. Twilio waits for
/// 15 seconds in all.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long it may wait for a connection of a pool that we made.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// Rows that one statement of a purge deletes, so that none is long.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const PURGE_ROWS: i64 = 10_000;
/// How often a claim asks again when another one has come between. Each time another owner has claimed
/// the key, so the second answer is all but certain.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const ATTEMPTS: usize = 3;
/// When to try again if it is known that the key is held, and not for how long.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const SOON: Duration = Duration::from_secs(1);

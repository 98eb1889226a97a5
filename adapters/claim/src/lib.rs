// Its code needs both features.
#![cfg_attr(
    any(not(doctest), all(feature = "std", feature = "getrandom")),
    doc = include_str!("../README.md")
)]
#![forbid(unsafe_code)]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod answer;
mod claim;
#[cfg(feature = "conformance")]
pub mod conformance;
mod duration;
mod error;
mod key;
#[cfg(feature = "std")]
mod memory;
mod outcome;
mod store;

pub use answer::{Answer, MAX_ANSWER_LEN};
pub use claim::Claim;
pub use duration::{MAX_DURATION, whole_millis};
pub use error::ClaimError;
pub use key::ClaimKey;
#[cfg(feature = "std")]
pub use memory::{
    DEFAULT_ANSWER_BYTES, DEFAULT_WATCHERS, MAX_ENTRIES, MemoryStore, MemoryStoreBuilder,
};
pub use outcome::ClaimOutcome;
pub use store::ClaimStore;

//! What is optional, a module for each feature.

extern crate alloc;

#[cfg(feature = "dedup")]
mod dedup;
#[cfg(feature = "diagnose")]
mod diagnose;
#[cfg(feature = "origin")]
mod origin;
#[cfg(feature = "origin")]
mod origin_paths;
#[cfg(feature = "origin")]
mod origin_proxy;
#[cfg(feature = "replay")]
mod replay;
#[cfg(feature = "testing")]
mod testing;

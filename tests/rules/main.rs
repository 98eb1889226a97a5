//! The rules of SPEC.md, a module for each of its chapters. A rule names its tests as `module::test`.

extern crate alloc;

mod body_hash;
mod bounds;
mod candidates;
mod errors;
mod forms;
mod keys;
mod limits;
#[path = "../oracle/mod.rs"]
mod oracle;
mod policies;
mod proofs;
mod queries;
#[path = "../records/mod.rs"]
mod records;
mod secrets;
mod signatures;
mod untrusted;
mod urls;
mod vectors;
mod websockets;

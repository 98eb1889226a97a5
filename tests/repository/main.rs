//! What the repository says of itself is true: its boundary, its dependencies, and its documents.

extern crate alloc;

mod audit;
mod boundary;
mod prose;
mod spec;
mod supply_chain;

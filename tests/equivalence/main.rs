//! The crate and the naive reference give one verdict, and the reference is right.

mod exhaustive;
mod generators;
mod random;
mod reference_self;
mod reference_urls;
mod reference_vectors;

#[path = "../reference/compare.rs"]
mod compare;
#[path = "../reference/generate.rs"]
mod generate;
#[path = "../reference/mod.rs"]
mod reference;

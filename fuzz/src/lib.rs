//! What the fuzz targets share: how bytes become a request, and the naive reference of the tests.

pub mod input;

#[path = "../../tests/reference/compare.rs"]
pub mod compare;
#[path = "../../tests/reference/mod.rs"]
pub mod reference;

//! A verdict takes no memory from the heap for up to 64 parameters, and asks for it at most twice
//! beyond, whether the request is accepted or refused.
//!
//! The allocator of this test counts what the thread asks for.

#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]
#![allow(clippy::unwrap_used, reason = "a request of the test that cannot be made must fail it")]

#[path = "../benches/verify/hostile.rs"]
#[allow(clippy::arithmetic_side_effects, reason = "the sizes are those of the test")]
mod hostile;
mod records;
#[path = "../benches/verify/requests.rs"]
mod requests;

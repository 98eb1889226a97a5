//! The running program: started, sent webhooks, killed, restarted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

extern crate alloc;

mod admin;
mod attempts;
mod crash;
mod database;
mod forward;
mod processes;
mod program;
mod routes;
mod sqlite;
mod start;
mod telemetry;
mod tenants;

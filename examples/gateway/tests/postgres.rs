//! The running program on PostgreSQL: what it does on SQLite, and what befalls a server. Debian's `postgresql` and
//! `pgbouncer` must be installed.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]
#![allow(dead_code, reason = "the support of the other tests has more than is needed here")]

extern crate alloc;

#[path = "gateway/admin.rs"]
mod admin;
#[path = "gateway/attempts.rs"]
mod attempts;
#[path = "gateway/crash.rs"]
mod crash;
#[path = "postgres/database.rs"]
mod database;
#[path = "gateway/forward.rs"]
mod forward;
#[path = "postgres/outages.rs"]
mod outages;
#[path = "gateway/processes.rs"]
mod processes;
#[path = "gateway/program.rs"]
mod program;
#[path = "gateway/routes.rs"]
mod routes;
#[path = "gateway/tenants.rs"]
mod tenants;

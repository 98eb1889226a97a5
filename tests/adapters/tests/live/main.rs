//! Twilio's own libraries against the adapters, through nginx.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../../../adapters/actix/tests/server/mod.rs"]
mod actix_server;
#[path = "../../../../adapters/tower/tests/server/mod.rs"]
mod axum_server;
mod nginx;
#[path = "../../../../adapters/gate/tests/table/mod.rs"]
mod table;

#[test]
fn axum_agrees_with_twilios_libraries() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    nginx::run("axum", |gate| axum_server::start(&runtime, gate).address);
}

#[test]
fn actix_web_agrees_with_twilios_libraries() {
    nginx::run("actix", |gate| actix_server::start(gate).address);
}

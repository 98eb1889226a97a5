//! Twilio's own libraries against axum, through nginx.
#![cfg(all(feature = "axum", feature = "live"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/live/mod.rs"]
mod live;
mod server;
#[path = "../../gate/tests/table/mod.rs"]
mod table;

#[test]
fn axum_agrees_with_twilios_libraries() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    live::run("axum", |gate| server::start(&runtime, gate).address);
}

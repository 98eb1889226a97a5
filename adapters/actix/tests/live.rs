//! Twilio's own libraries against actix-web, through nginx.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/live/mod.rs"]
mod live;
mod server;
#[path = "../../gate/tests/table/mod.rs"]
mod table;

#[test]
fn actix_web_agrees_with_twilios_libraries() {
    live::run("actix", |gate| server::start(gate).address);
}

//! The answers that every adapter must give, by axum on a real socket.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

mod server;
#[path = "../../gate/tests/table/mod.rs"]
mod table;

#[test]
fn axum_gives_the_answers_of_the_table() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    table::run(|gate| server::start(&runtime, gate));
}

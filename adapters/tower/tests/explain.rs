//! What a service says of the requests that it refuses, by axum on a real socket.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/explained/mod.rs"]
mod explained;
mod server;
#[path = "../../gate/tests/table/mod.rs"]
mod table;

#[test]
fn axum_explains_what_it_refuses() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    explained::check(&mut |gate| server::start(&runtime, gate));
}

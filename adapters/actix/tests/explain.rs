//! What a service says of the requests that it refuses, by actix-web on a real socket.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

#[path = "../../gate/tests/explained/mod.rs"]
mod explained;
mod server;
#[path = "../../gate/tests/table/mod.rs"]
mod table;

#[test]
fn actix_web_explains_what_it_refuses() {
    explained::check(&mut server::start);
}

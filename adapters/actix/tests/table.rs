//! The answers that every adapter must give, by actix-web on a real socket.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

extern crate alloc;

mod server;
#[path = "../../gate/tests/table/mod.rs"]
mod table;

#[test]
fn actix_web_gives_the_answers_of_the_table() {
    table::run(server::start);
}

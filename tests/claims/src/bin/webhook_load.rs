//! Thousands of callbacks at services whose processes and stores are killed, on each store in turn:
//! Redis, PostgreSQL, SQLite. It fails if an event is lost, or handled twice while its owner lives.
//!
//! ```sh
//! cargo build -p claims_live --features live && target/debug/webhook_load [MESSAGES] [SECONDS]
//! ```
//!
//! By default 1,200 messages in 120 seconds, with a kill every 8 seconds.

#![allow(clippy::print_stdout, reason = "this program says what happens")]

use core::error::Error;
use core::time::Duration;
use std::{env, io};

use claims_live::backend::Backend;
use claims_live::load::Load;

/// What makes a store.
type Start = fn() -> io::Result<Backend>;

fn main() -> Result<(), Box<dyn Error>> {
    let number = |position, default| {
        env::args().nth(position).map_or(Ok(default), |text| text.parse::<u32>())
    };
    let (messages, seconds) = (number(1, 1_200)?, number(2, 120)?);
    let load = Load {
        messages,
        time: Duration::from_secs(seconds.into()),
        kills: seconds / 8,
        patience: Duration::from_secs(60),
    };
    let service = env::current_exe()?.with_file_name("webhook_service");
    let stores: [(&str, Start); 3] =
        [("Redis", Backend::redis), ("PostgreSQL", Backend::postgres), ("SQLite", Backend::sqlite)];
    for (name, store) in stores {
        println!("{name}: {}", load.run(&service, &mut store()?)?);
    }
    Ok(())
}

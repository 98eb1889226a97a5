//! A service that receives Twilio webhooks: verified, handled once, kept, and handed on.
#![forbid(unsafe_code)]

extern crate alloc;

mod access;
mod admin;
mod alerts;
mod app;
mod attempts;
mod budget;
mod cleanup;
mod client;
mod client_ip;
mod clock;
mod connections;
mod demo;
mod events;
mod exit;
mod fault;
mod forward;
mod gates;
mod jobs;
mod limit;
mod logs;
mod meters;
mod reply;
mod routes;
mod secrets;
mod seen;
mod serve;
mod settings;
mod store;
mod tenants;
mod traces;
mod vault;

use std::process::ExitCode;

use clap::Parser as _;

use crate::settings::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { command, settings } = Cli::parse();
    exit::status(match command {
        None => serve::run(settings, serve::Tenants::OrDemo).await,
        Some(Command::Serve) => serve::run(settings, serve::Tenants::Required).await,
        Some(Command::Demo { count }) => demo::run(settings, count).await,
        Some(Command::Tenant(command)) => tenants::command::run(settings, command).await,
    })
}

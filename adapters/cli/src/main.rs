#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod args;
mod batch;
mod capture;
mod deliver;
mod diagnose;
mod failure;
mod http;
mod keys;
mod lines;
mod listen;
mod man;
mod outgoing;
mod output;
mod overrides;
mod record;
mod replay;
mod report;
mod request;
mod send;
mod sign;
mod signing_key;
mod twiml;
mod url_arg;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Args, Command};
use crate::failure::Failure;

/// What a command found, as the exit status says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    /// Verified, or done.
    Good,
    /// Refused.
    Refused,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.command {
        Command::Verify(args) => verify::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Listen(args) => listen::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Diagnose(args) => diagnose::run(&args),
        Command::Batch(args) => batch::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "twilio-sig", &mut script);
            let written = io::stdout().write_all(&script);
            written.map(|()| Ending::Good).map_err(Failure::output)
        }
        Command::Man { command } => man::run(command.as_deref()),
    };
    match outcome {
        Ok(Ending::Good) => ExitCode::SUCCESS,
        Ok(Ending::Refused) => ExitCode::from(1),
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.status())
        }
    }
}

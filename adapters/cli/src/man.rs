//! `twilio-sig man`

use std::io::{self, Write as _};

use clap::CommandFactory;
use clap_mangen::Man;

use crate::Ending;
use crate::args::Args;
use crate::failure::Failure;
use crate::output::printable;

pub(crate) fn run(command: Option<&str>) -> Result<Ending, Failure> {
    let mut program = Args::command();
    program.build();
    let page = match command {
        None => program,
        Some(name) => {
            let unknown = || {
                let name = printable(name, 40);
                Failure::usage(format!("no command is called {name}: see `twilio-sig --help`"))
            };
            let found = program.find_subcommand(name).cloned().ok_or_else(unknown)?;
            // A page is found by this name: `man twilio-sig-send`.
            let full = format!("twilio-sig-{}", found.get_name());
            found.display_name(full)
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text).map_err(Failure::output)?;
    io::stdout().write_all(&text).map_err(Failure::output)?;
    Ok(Ending::Good)
}

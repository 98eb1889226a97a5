//! `twilio-sig listen`

mod bounds;
mod forward;
mod save;
mod server;
mod socket;
mod table;

use core::net::SocketAddr;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use twilio_sig::{Hints, Verifier};

use crate::args::ListenArgs;
use crate::failure::Failure;
use crate::output;
use crate::url_arg::UrlArg;
use crate::verify::with_policy;
use crate::{Ending, keys};

use self::forward::Forward;
use self::save::Folder;
use self::server::Server;
use self::table::Table;

/// The most MACs of one diagnosis: a sixth of a second. `diagnose` computes more for a saved request.
pub(crate) const MAX_MACS: u32 = 100_000;

/// Runs until it is stopped, or nobody reads what it prints.
pub(crate) fn run(args: &ListenArgs) -> Result<Ending, Failure> {
    let (verifier, hints) = verifier(args)?;
    let public = args.url.as_deref().map(|url| UrlArg::new("--url", url)).transpose()?;
    let forward = Forward::new(args)?;
    let folder = args.save.as_deref().map(Folder::new).transpose()?;
    let address = SocketAddr::new(args.bind, args.port);
    let listener = TcpListener::bind(address).map_err(|error| Failure::listen(address, &error))?;
    let address = listener.local_addr().map_err(|error| Failure::listen(address, &error))?;

    output::print(&table::heading(args, address))?;
    // What does not fit is counted and not shown: a flood must not fill the memory.
    let (sender, receiver) = mpsc::sync_channel(bounds::MAX_WAITING);
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let table = Table::new(verifier.clone(), hints);
    thread::spawn(move || {
        // If the server has ended, so has the program.
        let _ = stop.send(table.print(&receiver));
    });
    let server = Server::new(verifier, public, forward, folder, sender);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Io(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            ended = server.serve(listener) => ended,
            // The sender is dropped if the thread panics.
            printed = stopped => printed.unwrap_or(Err(Failure::Closed)),
        }
    })?;
    Ok(Ending::Good)
}

/// The verifier, and what a diagnosis may know of its keys.
fn verifier(args: &ListenArgs) -> Result<(Verifier, Hints), Failure> {
    let tokens = keys::tokens(&args.keys)?;
    let shared_keys = keys::shared_keys(&args.keys)?;
    if tokens.is_empty() && shared_keys.is_empty() {
        return Err(keys::missing());
    }
    let mut builder = with_policy(Verifier::builder(), &args.policy);
    let mut hints = Hints::new().max_macs(args.max_macs);
    if let Some(url) = &args.url {
        hints = hints.configured_url(url);
    }
    for secret in tokens {
        builder = builder.auth_token(keys::token(&secret)?);
        hints = hints.raw_secret(secret.text.as_str());
    }
    for (key, secret) in shared_keys {
        builder = builder.shared_key(key);
        hints = hints.raw_secret(secret.text.as_str());
    }
    let verifier = builder.build().map_err(|error| Failure::usage(error.to_string()))?;
    Ok((verifier, hints))
}

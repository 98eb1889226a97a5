//! `listen`.

use core::net::IpAddr;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{KeyArgs, PolicyArgs};

#[derive(ClapArgs, Debug)]
pub(crate) struct ListenArgs {
    /// The port to listen on; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 4010)]
    pub(crate) port: u16,
    /// The address to listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1", value_parser = address)]
    pub(crate) bind: IpAddr,
    /// The public URL that Twilio calls. Without a path, that of each request is added
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Hand on what verifies, and answer as that service does. Without a path, that of each request
    /// is added
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Option<String>,
    /// Sign what is handed on for the URL of --forward-to
    #[arg(long, requires = "forward_to")]
    pub(crate) sign_anew: bool,
    /// Save each request as a file in this folder, which `replay`, `verify` and `diagnose` read
    #[arg(long, value_name = "FOLDER")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// The most MACs to compute for one diagnosis; the row of the next request waits for it
    #[arg(long, value_name = "N", default_value_t = crate::listen::MAX_MACS)]
    pub(crate) max_macs: u32,
}

/// Clap's own words for `127.0.0.1:8080` name no way to choose the port.
fn address(text: &str) -> Result<IpAddr, &'static str> {
    text.parse().map_err(|_| "it is an IP address alone; --port has the port")
}

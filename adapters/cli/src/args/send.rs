//! `send` and `replay`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::value_parser;

use super::KeyArgs;

/// The most events that are sent at once.
const MAX_PARALLEL: i64 = 64;

#[derive(ClapArgs, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct SendArgs {
    /// The kind of webhook
    #[arg(required_unless_present_any = ["list", "file"])]
    pub(crate) kind: Option<String>,
    /// Where the service listens. A fragment holds Twilio's connection overrides, such as
    /// #rc=2&rp=5xx,rt
    #[arg(long, value_name = "URL", required_unless_present = "list")]
    pub(crate) to: Option<String>,
    /// The public URL to sign for, if it is not that of --to. The Host header is then that of this
    /// one, as are X-Forwarded-Host and X-Forwarded-Proto, as behind a tunnel
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Sets a parameter; given twice with one name, it comes twice
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "file")]
    pub(crate) param: Vec<String>,
    /// Send what a saved request says, signed anew, instead of a fixture; every format of `verify
    /// --http` is read. KIND then says what the answer is for
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Which request of a file that holds several, from 1. Default: the one that is signed
    #[arg(long, value_name = "N", requires = "file")]
    pub(crate) entry: Option<usize>,
    /// Send the parameters in the query of a GET
    #[arg(long, conflicts_with = "file")]
    pub(crate) get: bool,
    /// Send each webhook twice with the same bytes, as a replay does
    #[arg(long)]
    pub(crate) twice: bool,
    /// Sign with a token that the service does not have
    #[arg(long)]
    pub(crate) forged: bool,
    /// Do as Twilio when an attempt fails: send the same bytes again as the connection overrides
    /// say (by default once, if there is no connection), then go to the fallback URL
    #[arg(long, conflicts_with = "twice")]
    pub(crate) retry: bool,
    /// The fallback URL, which gets ErrorCode and ErrorUrl
    #[arg(long, value_name = "URL", requires = "retry")]
    pub(crate) fallback: Option<String>,
    /// Send that many events at once, at most 64; with --number or --file the same bytes
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=MAX_PARALLEL))]
    pub(crate) parallel: Option<u8>,
    /// The number of the event, which its SID ends in. Default: the time
    #[arg(long, value_name = "N", conflicts_with = "file")]
    pub(crate) number: Option<u64>,
    /// Describe the kinds
    #[arg(long, exclusive = true)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct ReplayArgs {
    /// A saved request: raw HTTP, a curl command, HAR, mitmproxy or ngrok JSON, an AWS event, an
    /// HTTP/2 dump; `-` is standard input
    pub(crate) file: PathBuf,
    /// Where to send it. Without a path, the path of the saved request is added
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Which request of a file that holds several, from 1. Default: the one that is signed
    #[arg(long, value_name = "N")]
    pub(crate) entry: Option<usize>,
    /// Sign it for --to, or for --url, instead of sending the signature that was saved
    #[arg(long)]
    pub(crate) sign_anew: bool,
    /// The public URL to sign for. Without a path, the path of the saved request is added
    #[arg(long, value_name = "URL", requires = "sign_anew")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

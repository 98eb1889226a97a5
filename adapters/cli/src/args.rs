//! The command line. No option takes a secret: arguments are seen by every process.

#![expect(clippy::doc_markdown, reason = "these comments are the help, which has no markup")]

mod examples;
mod listen;
mod send;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::listen::ListenArgs;
pub(crate) use self::send::{ReplayArgs, SendArgs};

/// Verify, sign and diagnose the signatures of Twilio's webhooks.
///
/// Auth tokens come from the environment variable TWILIO_AUTH_TOKEN or from files, never from
/// arguments. Exit status: 0 verified, 1 refused, 2 wrong usage, 3 input or output failed.
#[derive(Debug, Parser)]
#[command(name = "twilio-sig", version, max_term_width = 80, after_help = examples::FIRST_STEPS)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify one request
    #[command(after_help = examples::VERIFY)]
    Verify(VerifyArgs),
    /// Sign a request as Twilio would, to test a service
    #[command(after_help = examples::SIGN)]
    Sign(SignArgs),
    /// Send a webhook to a service, as Twilio would, and judge its answer
    #[command(after_help = examples::SEND)]
    Send(SendArgs),
    /// Receive webhooks, verify them, and say at once why one is refused
    #[command(after_help = examples::LISTEN)]
    Listen(ListenArgs),
    /// Send a saved request again
    #[command(after_help = examples::REPLAY)]
    Replay(ReplayArgs),
    /// Say why a request is refused, and what to do about it
    #[command(after_help = examples::DIAGNOSE)]
    Diagnose(DiagnoseArgs),
    /// Verify many requests: JSON lines in, JSON lines out
    #[command(after_help = examples::BATCH)]
    Batch(BatchArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of this program, or of one command of it
    #[command(after_help = examples::MAN)]
    Man {
        /// The command
        command: Option<String>,
    },
}

/// What arrived.
#[derive(ClapArgs, Debug, Default)]
pub(crate) struct RequestArgs {
    /// The URL that is verified, whole
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Scheme and host (and path prefix) to put before the target of the --http request
    #[arg(long, conflicts_with = "url", requires = "http")]
    pub(crate) base: Option<String>,
    /// A saved request: raw HTTP, a curl command, HAR, mitmproxy or ngrok JSON, an AWS event, an
    /// HTTP/2 dump; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) http: Option<PathBuf>,
    /// Which request of a file that holds several, from 1. Default: the one that is signed
    #[arg(long, value_name = "N", requires = "http")]
    pub(crate) entry: Option<usize>,
    /// The raw body; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["http", "param"])]
    pub(crate) body_file: Option<PathBuf>,
    /// A decoded parameter of the body, instead of the raw body; may be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "http")]
    pub(crate) param: Vec<String>,
    /// The value of X-Twilio-Signature
    #[arg(long, value_name = "BASE64")]
    pub(crate) signature: Option<String>,
    /// The value of X-Twilio-Webhooks-Signature-Settings
    #[arg(long, value_name = "TEXT")]
    pub(crate) settings: Option<String>,
    /// It is a WebSocket handshake
    #[arg(long)]
    pub(crate) websocket: bool,
}

/// Where the keys are.
#[derive(ClapArgs, Debug, Default)]
pub(crate) struct KeyArgs {
    /// A file that holds an auth token; may be repeated. Default: TWILIO_AUTH_TOKEN
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Vec<PathBuf>,
    /// A shared key: its id, HMAC_SHA1 or HMAC_SHA256, and a file that holds its secret
    #[arg(long, value_name = "ID,ALGORITHM,FILE")]
    pub(crate) shared_key_file: Vec<String>,
}

/// How strictly to verify.
#[derive(ClapArgs, Debug, Default)]
pub(crate) struct PolicyArgs {
    /// Verify the URL as given and no other spelling of it
    #[arg(long)]
    pub(crate) exact: bool,
    /// Refuse parameters that Twilio would not send
    #[arg(long)]
    pub(crate) strict: bool,
    /// Refuse requests of other accounts than this one
    #[arg(long, value_name = "SID")]
    pub(crate) account_sid: Option<String>,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// Print the verdict as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct SignArgs {
    /// The URL to sign
    #[arg(long)]
    pub(crate) url: String,
    /// A parameter of the form; may be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "body_file")]
    pub(crate) param: Vec<String>,
    /// The raw body, a form unless --hash-body; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    /// Sign a body that is no form: its hash becomes bodySHA256 in the URL
    #[arg(long, requires = "body_file")]
    pub(crate) hash_body: bool,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// Print URL and signature as JSON
    #[arg(long, conflicts_with = "curl")]
    pub(crate) json: bool,
    /// Print the curl command that sends the request
    #[arg(long)]
    pub(crate) curl: bool,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct DiagnoseArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// The URL as it is configured in Twilio's console; what is no URL is taken as what it means
    #[arg(long, value_name = "URL")]
    pub(crate) configured_url: Option<String>,
    /// A header of the request, besides those of --http; may be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// A file that holds the secondary auth token, or an old one; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) secondary_token_file: Vec<PathBuf>,
    /// Another account or subaccount, and a file that holds its auth token; may be repeated
    #[arg(long, value_name = "SID,FILE")]
    pub(crate) account_token_file: Vec<String>,
    /// The most MACs to compute; 2 KiB of hashing and copying are allowed for each
    #[arg(long, value_name = "N", default_value_t = twilio_sig::DEFAULT_MAX_MACS)]
    pub(crate) max_macs: u32,
    /// Print the diagnosis as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct BatchArgs {
    /// The lines to read; `-` is standard input
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// Longest line that is read, in bytes; a longer one is bad input
    #[arg(long, value_name = "BYTES", default_value_t = crate::lines::MAX_LINE_LEN)]
    pub(crate) max_line: usize,
    /// Diagnose what is refused: `causes` in each verdict, and a summary by cause at the end, on
    /// standard error
    #[arg(long)]
    pub(crate) diagnose: bool,
    /// The most MACs to compute for one diagnosis
    #[arg(long, value_name = "N", requires = "diagnose", default_value_t = crate::record::MAX_MACS)]
    pub(crate) max_macs: u32,
}

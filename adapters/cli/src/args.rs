//! The command line. No option takes a secret: arguments are seen by every process.

#![expect(clippy::doc_markdown, reason = "these comments are the help, which has no markup")]

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;

/// Verify, sign and diagnose the signatures of Twilio's webhooks.
///
/// Auth tokens come from the environment variable TWILIO_AUTH_TOKEN or from files, never from
/// arguments. Exit status: 0 verified, 1 refused, 2 wrong usage, 3 input or output failed.
#[derive(Debug, Parser)]
#[command(name = "twilio-sig", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify one request
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
    /// Sign a request as Twilio would, to test a service
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(SignArgs),
    /// Send a webhook to a service, as Twilio would, and judge its answer
    #[command(after_help = SEND_EXAMPLES)]
    Send(SendArgs),
    /// Say why a request is refused, and what to do about it
    #[command(after_help = DIAGNOSE_EXAMPLES)]
    Diagnose(DiagnoseArgs),
    /// Verify many requests: JSON lines in, JSON lines out
    #[command(after_help = BATCH_EXAMPLES)]
    Batch(BatchArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  twilio-sig verify --http request.txt --base https://hooks.example.com
  twilio-sig verify --url https://hooks.example.com/sms --body-file body.bin --signature RSOY…8B8=
  pbpaste | twilio-sig verify --http - --base https://hooks.example.com --json";

const SIGN_EXAMPLES: &str = "\
Examples:
  twilio-sig sign --url https://hooks.example.com/sms --param Body=Ahoy --param From=+15005550006
  twilio-sig sign --url https://hooks.example.com/events --body-file event.json --hash-body";

const SEND_EXAMPLES: &str = "\
Examples:
  twilio-sig send --list
  twilio-sig send sms --to http://localhost:8080/sms --param Body=Ahoy
  twilio-sig send voice --to http://localhost:8080/voice --url https://hooks.example.com/voice
  twilio-sig send call-status --to http://localhost:8080/status --twice
  twilio-sig send sms --to http://localhost:8080/sms --forged

Exit status: 0 if Twilio could use every answer (with --forged: if all were refused), 1 otherwise,
3 if there was no answer.";

const DIAGNOSE_EXAMPLES: &str = "\
Examples:
  twilio-sig diagnose --http request.txt
  twilio-sig diagnose --http request.txt --configured-url https://hooks.example.com/sms
  twilio-sig diagnose --http request.txt --secondary-token-file old.txt --json

Without --url or --base, the URL is http:// with the Host header and the request target: what a
service behind a TLS terminator sees. A line `# @token-file NAME` at the top of the request file
names a file beside it that holds the auth token; `diagnose` alone reads it.";

const BATCH_EXAMPLES: &str = "\
Examples:
  twilio-sig batch requests.jsonl > verdicts.jsonl
  echo '{\"url\":\"https://e.com/\",\"signature\":\"…\",\"auth_tokens\":[\"…\"]}' | twilio-sig batch";

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
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct SendArgs {
    /// The kind of webhook
    #[arg(required_unless_present = "list")]
    pub(crate) kind: Option<String>,
    /// Where the service listens
    #[arg(long, value_name = "URL", required_unless_present = "list")]
    pub(crate) to: Option<String>,
    /// The public URL to sign for, if it is not that of --to. The Host header is then that of this
    /// one, and X-Forwarded-Proto its scheme, as behind a tunnel
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Sets a parameter; given twice with one name, it comes twice
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) param: Vec<String>,
    /// Send the parameters in the query of a GET
    #[arg(long)]
    pub(crate) get: bool,
    /// Send each webhook twice with the same bytes, as a replay does
    #[arg(long)]
    pub(crate) twice: bool,
    /// Sign with a token that the service does not have
    #[arg(long)]
    pub(crate) forged: bool,
    /// The number of the event, which its SID ends in. Default: the time
    #[arg(long, value_name = "N")]
    pub(crate) number: Option<u64>,
    /// Describe the kinds
    #[arg(long, exclusive = true)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
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
}

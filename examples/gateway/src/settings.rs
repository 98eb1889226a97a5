//! Settings, from flags or the environment. `gateway --help` lists them all.

use core::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Secrets are in no argument, because others see the arguments of a process.
const SECRETS: &str = "\
Secrets, from the environment alone:
  TWILIO_AUTH_TOKEN            The auth token of the default tenant, with TWILIO_ACCOUNT_SID. Default: no
                               default tenant.
  TWILIO_AUTH_TOKEN_SECONDARY  Its secondary token, during a rotation. Default: none.
  ADMIN_TOKEN                  Opens /admin, at least 16 characters. Default: /admin is 404.
  FORWARD_SECRET               Signs what goes to FORWARD_TO, whsec_ and base64. It must be set with
                               FORWARD_TO.";

/// Receives Twilio webhooks: verified, handled once, kept, and handed on.
///
/// Without a command it starts the service, and makes a demo tenant if there is no other.
#[derive(Debug, Parser)]
#[command(version, after_help = SECRETS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts the service. It needs a tenant or `TWILIO_AUTH_TOKEN`, and makes no demo tenant.
    Serve,
    /// Sends signed webhooks to the running service, as Twilio would.
    Demo {
        /// How many of each kind.
        #[arg(long, default_value_t = 1)]
        count: u64,
    },
    /// Adds, lists, rotates and disables tenants. Tokens are read from standard input.
    #[command(subcommand)]
    Tenant(TenantCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Adds a tenant, whose auth token is the first line of standard input.
    Add {
        /// Its id, also its path: `/t/ID/…`. Letters, digits, `-` and `_`, at most 64.
        id: String,
        /// The SID of its Twilio account. Webhooks of another account are refused.
        #[arg(long)]
        account_sid: Option<String>,
        /// A number of its own, as Twilio writes it in `To`. May be repeated.
        #[arg(long)]
        number: Vec<String>,
    },
    /// Lists the tenants, and when their keys were last used. It shows no token.
    List,
    /// Makes the first line of standard input the primary token, and the old one the secondary.
    Rotate {
        /// Its id.
        id: String,
        /// Removes the secondary token instead, and reads nothing.
        #[arg(long)]
        drop_secondary: bool,
    },
    /// Switches a tenant off: its webhooks are answered with 503.
    Disable {
        /// Its id.
        id: String,
    },
    /// Switches a tenant on again.
    Enable {
        /// Its id.
        id: String,
    },
}

/// What a byte-identical repetition gets on the WhatsApp route.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Replay {
    /// 409.
    Reject,
    /// The answer that the first one got.
    Answer,
}

/// What a status callback gets about a message that is not known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum UnknownMessages {
    /// 404.
    Reject,
    /// The message becomes known.
    Store,
}

/// What the webhook log keeps of a form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Payloads {
    /// Ids, states and times; of other values their length.
    Redacted,
    /// All of it.
    Full,
    /// Nothing.
    None,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    /// Where to listen.
    #[arg(long, env, default_value = "127.0.0.1:8080", global = true)]
    pub(crate) listen_addr: SocketAddr,
    /// The public base of all routes, as in Twilio's console: scheme, host, port, prefix. Default:
    /// `http://` and where it listens.
    #[arg(long, env, global = true)]
    pub(crate) public_url: Option<String>,
    /// The whole public URL of `/api/v1/whatsapp/webhook`, if it is not below `PUBLIC_URL`.
    #[arg(long, env, global = true)]
    pub(crate) webhook_url: Option<String>,
    /// The database: `sqlite:` and a file, made if there is none, or `postgres://user:password@host/name`.
    #[arg(long, env, hide_env_values = true, default_value = "sqlite:gateway.db", global = true)]
    pub(crate) database_url: String,
    /// The key that auth tokens are sealed with: a file of 64 hexadecimal digits. Made if there is
    /// none and no token is sealed yet.
    #[arg(long, env, default_value = "gateway.key", global = true)]
    pub(crate) key_file: PathBuf,
    /// Where processes share what they have seen. Default: each process remembers for itself, and
    /// events are claimed in the database all the same.
    #[arg(long, env, hide_env_values = true, global = true)]
    pub(crate) redis_url: Option<String>,

    /// The account of the default tenant, which has every number of it.
    #[arg(long, env, global = true)]
    pub(crate) twilio_account_sid: Option<String>,
    /// How far ahead of the clock a signed timestamp may be, in milliseconds. Beyond: 400.
    #[arg(long, env, default_value_t = 30_000, global = true)]
    pub(crate) twilio_clock_skew_ms: u64,
    /// How old a signed timestamp may be, in milliseconds. Beyond: 400.
    #[arg(long, env, default_value_t = 300_000, global = true)]
    pub(crate) twilio_max_age_ms: u64,
    /// For how long Redis knows a request by its signature, in milliseconds. The database knows it for
    /// `KEEP_DAYS`.
    #[arg(long, env, default_value_t = 86_400_000, global = true)]
    pub(crate) twilio_nonce_window_ms: u64,
    /// What a byte-identical repetition gets on `/api/v1/whatsapp/webhook`. Elsewhere it gets the
    /// first answer.
    #[arg(long, env, value_enum, default_value_t = Replay::Reject, global = true)]
    pub(crate) replay: Replay,
    /// What a status callback gets about a message that is not known.
    #[arg(long, env, value_enum, default_value_t = UnknownMessages::Reject, global = true)]
    pub(crate) unknown_messages: UnknownMessages,

    /// How many refused requests an address may send in a minute. Beyond, what is refused gets 429 and
    /// is not logged. What Twilio signed passes, from any address.
    #[arg(long, env, default_value_t = 60, global = true)]
    pub(crate) rate_limit_per_minute: u32,
    /// Addresses of proxies, separated by commas, whose `X-Forwarded-For` is believed.
    #[arg(long, env, value_delimiter = ',', global = true)]
    pub(crate) trusted_proxies: Vec<core::net::IpAddr>,
    /// The longest body, in bytes. Beyond: 413.
    #[arg(long, env, default_value_t = 262_144, global = true)]
    pub(crate) body_limit: usize,
    /// How long a request may take, in seconds. Twilio waits for 15.
    #[arg(long, env, default_value_t = 14, global = true)]
    pub(crate) request_timeout_s: u64,
    /// How long a stop waits for requests and jobs that are at work, in seconds.
    #[arg(long, env, default_value_t = 10, global = true)]
    pub(crate) drain_s: u64,
    /// For how long the database may be without room on the disk until the program ends with status 74, in
    /// seconds. Until then webhooks are answered 503.
    #[arg(long, env, default_value_t = 30, global = true)]
    pub(crate) disk_full_s: u64,

    /// An app that gets every verified webhook, such as `http://127.0.0.1:3000`; `https` too. Then it handles
    /// them, and not the gateway's own routes.
    #[arg(long, env, global = true)]
    pub(crate) forward_to: Option<String>,

    /// What the webhook log shows of a form. The inbox has the whole body of an event.
    #[arg(long, env, value_enum, default_value_t = Payloads::Redacted, global = true)]
    pub(crate) log_payloads: Payloads,
    /// For how many days the log, handled events and their claims are kept.
    #[arg(long, env, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365), global = true)]
    pub(crate) keep_days: u32,
    /// How often a job is tried before it is dead.
    #[arg(long, env, default_value_t = 10, global = true)]
    pub(crate) job_attempts: u32,
    /// Where alerts go, as Sentry gives it: refusals and errors, 30 a minute at most. Default: none are
    /// sent.
    #[arg(long, env, hide_env_values = true, global = true)]
    pub(crate) sentry_dsn: Option<String>,
    /// Where traces go, by OTLP over HTTP: the base URL of a collector, such as `http://127.0.0.1:4318`.
    /// Default: there are none.
    #[arg(long, env, global = true)]
    pub(crate) otel_exporter_otlp_endpoint: Option<String>,
    /// The filter of logs, as `tracing-subscriber` reads it.
    #[arg(long, env = "RUST_LOG", default_value = "info", global = true)]
    pub(crate) log: String,
}

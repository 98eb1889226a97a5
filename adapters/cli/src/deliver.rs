//! Delivers a signed webhook as Twilio does, and takes the answer.

use core::time::Duration;
use std::io::{self, Read as _};
use std::time::Instant;

use twilio_sig::testing::SignedWebhook;
use ureq::http::{Request, Response, header};
use ureq::{Agent, Body, Error};

use crate::failure::Failure;

/// How long Twilio waits for an answer, all in all.
/// Source: <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);
/// How long it waits for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes: one more than Twilio takes.
const MAX_ANSWER_LEN: u64 = 64 * 1_024 + 1;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) elapsed: Duration,
}

/// Where it is sent, and the Host that it says.
pub(crate) struct Destination {
    /// Scheme, authority and path of `--to`.
    base: String,
    /// The public host, if it is not that of `--to`: a tunnel hands it on.
    public: bool,
}

impl Destination {
    /// `to` is an http or https URL (or the ws form of one); `public` says that the webhook is signed
    /// for another.
    pub(crate) fn new(to: &str, public: bool) -> Result<Self, Failure> {
        let to = to.split('#').next().unwrap_or_default();
        let to = to.split('?').next().unwrap_or_default();
        let base = match to.split_once("://") {
            Some(("http" | "ws", rest)) => format!("http://{rest}"),
            Some(("https" | "wss", rest)) => format!("https://{rest}"),
            _ => return Err(Failure::usage("--to takes an http: or https: URL")),
        };
        Ok(Self { base, public })
    }

    /// Sends it and waits, at most as long as Twilio does. Redirects are not followed.
    ///
    /// # Errors
    /// [`Failure::Usage`] for what is no URL, [`Failure::Io`] if there is no answer.
    pub(crate) fn deliver(&self, agent: &Agent, signed: &SignedWebhook) -> Result<Answer, Failure> {
        let query = signed.target().split_once('?').map_or("", |(_, query)| query);
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request =
            Request::builder().method(signed.method()).uri(format!("{}{mark}{query}", self.base));
        // The client counts the body, and knows the host that it calls.
        let own = |name: &str| name == "Content-Length" || (name == "Host" && !self.public);
        for (name, value) in signed.headers().filter(|(name, _)| !own(name)) {
            request = request.header(name, value);
        }
        if self.public {
            let scheme = signed.url().split(':').next().unwrap_or_default();
            let scheme = if matches!(scheme, "https" | "wss") { "https" } else { "http" };
            request = request.header("X-Forwarded-Proto", scheme);
        }
        let started = Instant::now();
        let response = if signed.method() == "GET" {
            agent.run(request.body(()).map_err(|error| Failure::usage(error.to_string()))?)
        } else {
            let request = request.body(signed.body());
            agent.run(request.map_err(|error| Failure::usage(error.to_string()))?)
        };
        let answer = response.and_then(|response| answer(response, started));
        answer.map_err(|error| Failure::Io(self.explain(&error)))
    }

    fn explain(&self, error: &Error) -> String {
        let (what, code) = match error {
            Error::HostNotFound => ("the host is not known", "11210"),
            Error::Timeout(_) => ("no answer in 15 s, or no connection in 5 s", "11200"),
            Error::ConnectionFailed => ("no connection", "11205"),
            Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                ("nothing listens there; is the service running?", "11205")
            }
            other => return format!("{}: {other}; Twilio would log 11200", self.base),
        };
        format!("{}: {what}; Twilio would log {code}", self.base)
    }
}

/// The client, with Twilio's timeouts.
pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .build();
    config.new_agent()
}

fn answer(response: Response<Body>, started: Instant) -> Result<Answer, Error> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    // Behind a 101 is the socket, and not a body.
    if status != 101 {
        response.into_body().into_reader().take(MAX_ANSWER_LEN).read_to_end(&mut body)?;
    }
    Ok(Answer { status, content_type, body, elapsed: started.elapsed() })
}

//! Delivers a request as Twilio does, and takes the answer.

use core::time::Duration;
use std::io::{self, Read as _};
use std::time::Instant;

use ureq::http::{Method, Request, Response, header};
use ureq::{Agent, Body, Error};

use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::output::printable_url;
use crate::overrides::{Failed, Overrides};
use crate::url_arg::UrlArg;

/// Longest answer that is read, in bytes: one more than Twilio takes.
const MAX_ANSWER_LEN: u64 = 64 * 1_024 + 1;

/// Longest address that is told, in characters.
const MAX_ADDRESS_LEN: usize = 500;

/// What came back.
pub(crate) struct Delivered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) elapsed: Duration,
}

/// Why nothing came back.
#[derive(Debug)]
pub(crate) struct Undelivered {
    pub(crate) failed: Failed,
    /// The error that Twilio would log.
    pub(crate) code: u32,
    /// The address, and why.
    pub(crate) text: String,
}

impl From<Undelivered> for Failure {
    fn from(undelivered: Undelivered) -> Self {
        let Undelivered { code, text, .. } = undelivered;
        Self::Io(format!("{text}; Twilio would log {code}"))
    }
}

/// Sends the request to its place and waits, at most as long as Twilio does. Redirects are not
/// followed.
///
/// # Errors
/// [`Undelivered`] if there is no answer.
pub(crate) fn deliver(
    agent: &Agent,
    place: &UrlArg,
    outgoing: &Outgoing,
) -> Result<Delivered, Undelivered> {
    let url = place.clone().without_query().into_http().url(outgoing.target());
    let refused = |text: String| Undelivered { failed: Failed::NoConnection, code: 11_200, text };
    let method = Method::from_bytes(outgoing.method.as_bytes());
    let method = method.map_err(|error| refused(error.to_string()))?;
    let has_body = !outgoing.body.is_empty() || method == Method::POST;
    let mut request = Request::builder().method(method).uri(&url);
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    if outgoing.is_handshake {
        request = request.header("Connection", "Upgrade").header("Upgrade", "websocket");
    }
    let started = Instant::now();
    let response = if has_body {
        let request = request.body(outgoing.body.as_slice());
        agent.run(request.map_err(|error| refused(error.to_string()))?)
    } else {
        agent.run(request.body(()).map_err(|error| refused(error.to_string()))?)
    };
    let answer = response.and_then(|response| answer(response, started));
    answer.map_err(|error| explain(&url, &error))
}

fn explain(url: &str, error: &Error) -> Undelivered {
    let (failed, why, code) = match error {
        Error::HostNotFound => (Failed::NoConnection, "the host is not known", 11_210),
        Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            (Failed::NoConnection, "no connection in time", 11_205)
        }
        Error::Timeout(_) => (Failed::NoAnswer, "no answer in time (Twilio waits 15 s)", 11_200),
        Error::ConnectionFailed => (Failed::NoConnection, "no connection", 11_205),
        Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            (Failed::NoConnection, "nothing listens there; is the service running?", 11_205)
        }
        other => {
            let text = format!("{}: {other}", address(url));
            return Undelivered { failed: Failed::NoAnswer, code: 11_200, text };
        }
    };
    Undelivered { failed, code, text: format!("{}: {why}", address(url)) }
}

/// The address, without what only the caller should know.
fn address(url: &str) -> String {
    printable_url(url.split('?').next().unwrap_or(url), MAX_ADDRESS_LEN)
}

/// A client with these times, of which at most `total` are left for all.
pub(crate) fn agent(overrides: &Overrides, total: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(total))
        .timeout_connect(Some(overrides.connect))
        .timeout_recv_response(Some(overrides.read))
        .build();
    config.new_agent()
}

fn answer(response: Response<Body>, started: Instant) -> Result<Delivered, Error> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let headers = headers.collect();
    let mut body = Vec::new();
    // Behind a 101 is the socket, and not a body.
    if status != 101 {
        response.into_body().into_reader().take(MAX_ANSWER_LEN).read_to_end(&mut body)?;
    }
    Ok(Delivered { status, headers, content_type, body, elapsed: started.elapsed() })
}

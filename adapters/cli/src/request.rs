//! What arrived, from options, files and saved requests.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use twilio_sig::Webhook;

use crate::args::RequestArgs;
use crate::capture;
use crate::failure::Failure;
use crate::http::HttpRequest;

/// Longest body or raw request that is read, in bytes.
pub(crate) const MAX_REQUEST_LEN: usize = 64 * 1_024 * 1_024;

/// A request to verify.
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) body: Body,
    pub(crate) signature: Option<String>,
    pub(crate) settings: String,
    pub(crate) websocket: bool,
    pub(crate) http: Option<HttpRequest>,
}

pub(crate) enum Body {
    Raw(Vec<u8>),
    Params(Vec<(String, String)>),
}

impl Request {
    /// Reads what the options name.
    pub(crate) fn read(args: &RequestArgs) -> Result<Self, Failure> {
        let request = Self::read_as_it_is(args)?;
        match request.http.as_ref().and_then(|http| http.fault.as_ref()) {
            Some(fault) => {
                Err(Failure::usage(format!("{fault}; `twilio-sig diagnose` takes it as it is")))
            }
            None if args.url.is_none() && !request.url.contains("://") => {
                Err(Failure::usage("the request has no Host header: give --url or --base"))
            }
            None => Ok(request),
        }
    }

    /// Reads what the options name, with what there is of a body that is cut off, and without the
    /// host that is missing: to diagnose it.
    pub(crate) fn read_as_it_is(args: &RequestArgs) -> Result<Self, Failure> {
        let http = match &args.http {
            Some(path) => Some(capture::read(&read(path, MAX_REQUEST_LEN)?, args.entry)?),
            None => None,
        };
        let url = match (&args.url, &http) {
            (Some(url), _) => url.clone(),
            (None, Some(http)) => url_of(http, args.base.as_deref()),
            (None, None) => return Err(Failure::usage("give --url or --http")),
        };
        let header = |name| http.as_ref().and_then(|http| http.header(name));
        let signature = args.signature.clone().or_else(|| header("x-twilio-signature"));
        let settings = args.settings.clone();
        let settings = settings.or_else(|| header("x-twilio-webhooks-signature-settings"));
        let upgrade = http.as_ref().is_some_and(HttpRequest::is_handshake);
        let body = match (&http, &args.body_file) {
            (Some(http), _) => Body::Raw(http.body.clone()),
            (None, Some(path)) => Body::Raw(read(path, MAX_REQUEST_LEN)?),
            (None, None) if !args.param.is_empty() => Body::Params(params(&args.param)?),
            (None, None) => Body::Raw(Vec::new()),
        };
        Ok(Self {
            url,
            body,
            signature,
            settings: settings.unwrap_or_default(),
            websocket: args.websocket || upgrade,
            http,
        })
    }

    /// One that has arrived, for the public URL; without one, for that of its Host header.
    pub(crate) fn of(http: HttpRequest, url: Option<String>) -> Self {
        Self {
            url: url.unwrap_or_else(|| url_of(&http, None)),
            body: Body::Raw(http.body.clone()),
            signature: http.header("x-twilio-signature"),
            settings: http.header("x-twilio-webhooks-signature-settings").unwrap_or_default(),
            websocket: http.is_handshake(),
            http: Some(http),
        }
    }

    /// Calls `then` with the request as the library takes it.
    pub(crate) fn with_webhook<T>(&self, then: impl FnOnce(&Webhook<'_>) -> T) -> T {
        let params: Vec<(&str, &str)> = match &self.body {
            Body::Raw(_) => Vec::new(),
            Body::Params(params) => {
                params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
            }
        };
        let webhook = match &self.body {
            _ if self.websocket => Webhook::websocket(&self.url),
            Body::Raw(body) => Webhook::post(&self.url, body),
            Body::Params(_) => Webhook::post_params(&self.url, &params),
        };
        let webhook = webhook.signature_settings(&self.settings);
        match &self.signature {
            Some(signature) => then(&webhook.signature(signature)),
            None => then(&webhook),
        }
    }
}

/// The URL of a saved request: `base`, or what a service without TLS sees, before path and query of
/// the target. An absolute target is the URL unless there is a base.
fn url_of(http: &HttpRequest, base: Option<&str>) -> String {
    let path_start = absolute(&http.target);
    let path = http.target.get(path_start.unwrap_or_default()..).unwrap_or_default();
    match (base, http.header("host")) {
        (Some(base), _) => format!("{}{path}", base.trim_end_matches('/')),
        (None, Some(host)) if path_start.is_none() => format!("http://{host}{path}"),
        (None, _) => http.target.clone(),
    }
}

/// Where the path of an absolute target begins. One that has `://` in its query alone is none.
fn absolute(target: &str) -> Option<usize> {
    let (scheme, rest) = target.split_once("://")?;
    if scheme.contains(['/', '?']) {
        return None;
    }
    Some(
        target
            .len()
            .saturating_sub(rest.find(['/', '?']).map_or(0, |at| rest.len().saturating_sub(at))),
    )
}

/// Parameters of the command line: `NAME=VALUE`.
pub(crate) fn params(arguments: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let split = |argument: &String| {
        let pair = argument.split_once('=');
        pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
            .ok_or_else(|| Failure::usage("--param takes NAME=VALUE"))
    };
    arguments.iter().map(split).collect()
}

/// Reads a file, or standard input if it is `-`, of at most `max` bytes.
pub(crate) fn read(path: &Path, max: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    read_into(&mut bytes, path, max).map(|()| bytes)
}

/// As [`read`], into a buffer of the caller's.
pub(crate) fn read_into(bytes: &mut Vec<u8>, path: &Path, max: usize) -> Result<(), Failure> {
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(bytes))
    };
    read.map_err(|error| Failure::read(path, &error))?;
    if bytes.len() > max {
        return Err(Failure::Io(format!("{} is longer than {max} bytes", path.display())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_takes_the_place_of_all_before_the_path() {
        let url = |target: &str, base| {
            let headers = vec![("Host".to_owned(), "h".to_owned())];
            let method = "GET".to_owned();
            url_of(&HttpRequest::new(method, target.to_owned(), headers, Vec::new()), base)
        };
        let base = Some("https://e.com/");
        assert_eq!(url("/a?b", base), "https://e.com/a?b");
        assert_eq!(url("http://10.0.0.1:80/a?b", base), "https://e.com/a?b");
        assert_eq!(url("http://10.0.0.1?b", base), "https://e.com?b");
        assert_eq!(url("http://10.0.0.1", base), "https://e.com");
        assert_eq!(url("http://10.0.0.1/a", None), "http://10.0.0.1/a");
        assert_eq!(url("/a?next=https://x/", None), "http://h/a?next=https://x/");
        assert_eq!(url("/a?next=https://x/", base), "https://e.com/a?next=https://x/");
    }
}

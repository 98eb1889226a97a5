//! A request to send: a fixture, or a saved request as it was or signed anew.

use twilio_sig::testing::SignedWebhook;

use crate::failure::Failure;
use crate::http::HttpRequest;
use crate::signing_key::SigningKey;
use crate::url_arg::{self, UrlArg};

/// Headers that concern one connection, or that the client writes.
const OF_CONNECTION: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that say by which way a request came. Signed anew, it comes by another.
const OF_WAY: &[&str] = &[
    "forwarded",
    "host",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-original-url",
    "x-real-ip",
];

/// A request as it is sent.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: String,
    /// What is signed, as far as it is known.
    pub(crate) url: String,
    /// All but those of the connection. A Host among them is sent in place of that of the address.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) is_handshake: bool,
    /// What tells it from others of its series.
    pub(crate) status: Option<String>,
}

impl Outgoing {
    /// A fixture. If it is signed for another URL than it is sent to, the public host and scheme are
    /// handed on, as a tunnel does.
    pub(crate) fn fixture(signed: &SignedWebhook, is_public: bool) -> Self {
        let is_status = |name: &str| name == "MessageStatus" || name == "CallStatus";
        let status = signed.params().iter().find(|(name, _)| is_status(name));
        let headers = signed.headers().map(|(name, value)| -> (&str, &str) { (name, value) });
        let headers = headers.filter(|(name, _)| is_public || *name != "Host");
        let mut outgoing = Self {
            method: signed.method().to_owned(),
            url: signed.url().to_owned(),
            headers: kept(headers, &[]),
            body: signed.body().to_vec(),
            is_handshake: signed.is_handshake(),
            status: status.map(|(_, value)| value.clone()),
        };
        if let Some(host) = signed.header("host").filter(|_| is_public) {
            outgoing.say_public(host);
        }
        outgoing
    }

    /// A saved request, the same bytes. Its public host and scheme are handed on where it names them.
    pub(crate) fn as_it_was(saved: &HttpRequest) -> Self {
        let headers = saved.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut outgoing = Self {
            method: saved.method.clone(),
            url: saved.target.clone(),
            headers: kept(headers, &[]),
            body: saved.body.clone(),
            is_handshake: saved.is_handshake(),
            status: None,
        };
        if let Ok(place) = UrlArg::new("", &saved.target) {
            let host = saved.header("host");
            outgoing.say_public(host.as_deref().unwrap_or_else(|| place.host()));
        }
        outgoing
    }

    /// A saved request, signed for `url` as Twilio would sign it. `is_public` says that it is sent to
    /// another address.
    ///
    /// Which parts are signed follows from the request: of a handshake the URL, of a form the
    /// parameters, of any other body its hash.
    ///
    /// # Errors
    /// [`Failure::Usage`] for more parameters than can be signed.
    pub(crate) fn anew(
        saved: &HttpRequest,
        key: &SigningKey,
        url: &str,
        is_public: bool,
    ) -> Result<Self, Failure> {
        let had_hash = saved.target.contains("bodySHA256=");
        let url = without_hash(url.split('#').next().unwrap_or_default());
        let is_form = !had_hash && saved.is_form();
        let is_handshake = saved.is_handshake();
        let (url, signature) = if is_handshake {
            let url = match url.strip_prefix("http") {
                Some(rest) => format!("ws{rest}"),
                None => url,
            };
            let signature = key.signer().sign_url(&url);
            (url, signature)
        } else if saved.body.is_empty() || is_form {
            let signature = key.signer().sign_form(&url, &saved.body);
            let signature = signature.map_err(|error| Failure::usage(error.to_string()))?;
            (url, signature)
        } else {
            key.signer().sign_body_hash(&url, &saved.body)
        };
        let headers = saved.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut headers = kept(headers, OF_WAY);
        let is_signature = |name: &str| name.to_ascii_lowercase().starts_with("x-twilio-signature");
        let is_settings =
            |name: &str| name.eq_ignore_ascii_case("x-twilio-webhooks-signature-settings");
        headers.retain(|(name, _)| !is_signature(name) && !is_settings(name));
        headers.push(("X-Twilio-Signature".to_owned(), signature.header_value()));
        if let Some(settings) = key.settings() {
            headers.push(("X-Twilio-Webhooks-Signature-Settings".to_owned(), settings));
        }
        let (method, body) = (saved.method.clone(), saved.body.clone());
        let mut outgoing = Self { method, url, headers, body, is_handshake, status: None };
        if is_public {
            let host = UrlArg::new("--url", &outgoing.url)?.host().to_owned();
            outgoing.say_public(&host);
        }
        Ok(outgoing)
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        url_arg::path_and_query(&self.url)
    }

    /// Hands on this public host, and the scheme of the URL, as a tunnel does: each unless it is there.
    fn say_public(&mut self, host: &str) {
        let is_secure = self.url.starts_with("https:") || self.url.starts_with("wss:");
        let scheme = if is_secure { "https" } else { "http" };
        for (name, value) in
            [("Host", host), ("X-Forwarded-Host", host), ("X-Forwarded-Proto", scheme)]
        {
            if !self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

/// Whether a header concerns the connection alone.
pub(crate) fn is_of_connection(name: &str) -> bool {
    OF_CONNECTION.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// The headers but for those of the connection and `others`.
fn kept<'a>(
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    others: &[&str],
) -> Vec<(String, String)> {
    let is_left_out = |name: &str| {
        is_of_connection(name) || others.iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    headers
        .filter(|(name, _)| !is_left_out(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The URL without the hash of a body, which the signer adds.
fn without_hash(url: &str) -> String {
    let Some((start, query)) = url.split_once('?') else { return url.to_owned() };
    let is_hash = |segment: &&str| segment.starts_with("bodySHA256=");
    if !query.split('&').any(|segment| is_hash(&segment)) {
        return url.to_owned();
    }
    let others: Vec<&str> = query.split('&').filter(|segment| !is_hash(segment)).collect();
    let query = others.join("&");
    if query.is_empty() { start.to_owned() } else { format!("{start}?{query}") }
}

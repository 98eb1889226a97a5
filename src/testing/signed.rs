//! A webhook as it arrives.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::mac::Signature;
use crate::webhook::Webhook;

/// The headers of every request but handshakes, beside Host and those of the signature.
/// Source: <https://www.twilio.com/docs/usage/webhooks/webhooks-security>
const HEADERS: [(&str, &str); 3] =
    [("User-Agent", "TwilioProxy/1.1"), ("Accept", "*/*"), ("X-Home-Region", "us1")];
/// The key of a handshake is the example of RFC 6455, section 1.2.
const HANDSHAKE_HEADERS: [(&str, &str); 5] = [
    ("User-Agent", "Twilio.TmeWs/1.0"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// A webhook that is signed, in the parts in which a server gets it.
///
/// `Debug` shows lengths only.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, testing};
///
/// let token = AuthToken::new("a token of this test")?;
/// let signed = testing::media_stream().sign(&token, "wss://hooks.example.com/media")?;
/// assert_eq!((signed.method(), signed.target()), ("GET", "/media"));
/// assert_eq!(signed.header("host"), Some("hooks.example.com"));
/// assert_eq!(signed.header("Upgrade"), Some("websocket"));
/// assert_eq!(signed.header("X-Twilio-Signature"), Some(signed.signature()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct SignedWebhook {
    unsigned: Unsigned,
    target: String,
    signature: String,
    settings: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// The request without its signature, and what follows from the URL.
#[derive(Clone)]
pub(super) struct Unsigned {
    url: String,
    params: Vec<(String, String)>,
    body: String,
    content_type: Option<&'static str>,
    handshake: bool,
}

impl Unsigned {
    pub(super) fn form(url: &str, params: Vec<(String, String)>, body: String) -> Self {
        let content_type = Some("application/x-www-form-urlencoded; charset=UTF-8");
        Self { url: url.to_owned(), params, body, content_type, handshake: false }
    }

    pub(super) const fn query(url: String, params: Vec<(String, String)>) -> Self {
        Self { url, params, body: String::new(), content_type: None, handshake: false }
    }

    pub(super) const fn json(url: String, body: String) -> Self {
        let content_type = Some("application/json");
        Self { url, params: Vec::new(), body, content_type, handshake: false }
    }

    pub(super) const fn handshake(url: String) -> Self {
        Self { url, params: Vec::new(), body: String::new(), content_type: None, handshake: true }
    }
}

impl SignedWebhook {
    /// `None` if the URL has no scheme or no host.
    pub(super) fn new(
        unsigned: Unsigned,
        signature: &Signature,
        settings: Option<String>,
    ) -> Option<Self> {
        let (scheme, rest) = unsigned.url.split_once("://")?;
        let host_len = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(host_len)?;
        // User information is sent in an Authorization header, and not before a server asks for it.
        let host = authority.rsplit('@').next().unwrap_or(authority).to_owned();
        if scheme.is_empty() || host.is_empty() || unsigned.url.contains(char::is_whitespace) {
            return None;
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        let target = alloc::format!("{slash}{target}");
        let signature = signature.header_value();

        let mut headers = Vec::from([("Host", host)]);
        let fixed: &[_] = if unsigned.handshake { &HANDSHAKE_HEADERS } else { &HEADERS };
        headers.extend(fixed.iter().map(|(name, value)| (*name, (*value).to_owned())));
        if let Some(content_type) = unsigned.content_type {
            headers.push(("Content-Type", content_type.to_owned()));
            headers.push(("Content-Length", unsigned.body.len().to_string()));
        }
        headers.push(("X-Twilio-Signature", signature.clone()));
        if let Some(settings) = &settings {
            headers.push(("X-Twilio-Webhooks-Signature-Settings", settings.clone()));
        }
        Some(Self { unsigned, target, signature, settings, headers })
    }

    /// The URL as it is signed: with `bodySHA256`, with the query of a GET, `wss:` for a handshake.
    pub fn url(&self) -> &str {
        &self.unsigned.url
    }

    /// Path and query, as the request line has them.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// `POST`, or `GET` without a body.
    pub const fn method(&self) -> &'static str {
        if self.unsigned.content_type.is_some() { "POST" } else { "GET" }
    }

    /// All headers, in the order of sending.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The raw body; empty for a GET.
    pub const fn body(&self) -> &[u8] {
        self.unsigned.body.as_bytes()
    }

    /// The decoded parameters of the form, or of what a GET adds to the query, in the order of
    /// sending. A JSON body and a handshake have none.
    pub fn params(&self) -> &[(String, String)] {
        &self.unsigned.params
    }

    /// The value of `X-Twilio-Signature`.
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// Whether this request opens a WebSocket.
    pub const fn is_handshake(&self) -> bool {
        self.unsigned.handshake
    }

    /// The request as a verifier takes it, for tests that need no server.
    pub fn webhook(&self) -> Webhook<'_> {
        let url = self.url();
        let webhook = if self.unsigned.handshake {
            Webhook::websocket(url)
        } else {
            Webhook::post(url, self.body())
        };
        let webhook = webhook.signature(&self.signature);
        match &self.settings {
            Some(settings) => webhook.signature_settings(settings),
            None => webhook,
        }
    }
}

impl fmt::Debug for SignedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedWebhook")
            .field("method", &self.method())
            .field("url_len", &self.url().len())
            .field("body_len", &self.body().len())
            .finish_non_exhaustive()
    }
}

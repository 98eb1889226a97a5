//! What arrived, as it arrived. Nothing here is proven.

use alloc::borrow::Cow;
use core::fmt;

use crate::form::{self, Text};
use crate::url;

/// A request to verify: URL, body and signature headers, untrusted.
///
/// What Twilio does not sign is not asked for: method, Host, Content-Type and the other headers
/// cannot change a verdict.
///
/// `Debug` shows lengths only: the URL may hold a password, the body is somebody's message, and
/// the signature lets whoever reads it send the request again.
///
/// # Examples
/// ```
/// use twilio_sig::Webhook;
///
/// let webhook = Webhook::new("https://example.com/sms")
///     .body(b"Body=Ahoy&From=%2B15005550006")
///     .signature("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
/// assert_eq!(webhook.untrusted_param("Body").as_deref(), Some("Ahoy"));
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Webhook<'a> {
    pub(crate) url: &'a str,
    pub(crate) payload: Payload<'a>,
    pub(crate) signature: Option<&'a [u8]>,
    pub(crate) settings: &'a [u8],
    pub(crate) websocket: bool,
}

/// What came besides the URL.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    Body(&'a [u8]),
    Params(&'a [(&'a str, &'a str)]),
}

impl<'a> Webhook<'a> {
    /// A request for `url`: the public URL as Twilio was given it, with scheme, host and query,
    /// byte for byte. The query is not decoded, not sorted, not encoded again.
    ///
    /// Without [`body`](Self::body) or [`params`](Self::params) it is a request with an empty
    /// body, such as a `GET`.
    pub const fn new(url: &'a str) -> Self {
        Self { url, payload: Payload::Body(&[]), signature: None, settings: &[], websocket: false }
    }

    /// A WebSocket handshake (Media Streams, ConversationRelay) for `url`, which may say https or
    /// wss: Twilio signs the wss form.
    ///
    /// Source: <https://www.twilio.com/docs/usage/security#validating-requests>
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let signature = Signer::auth_token(&token).sign_url("wss://example.com/media").header_value();
    ///
    /// let handshake = Webhook::websocket("https://example.com/media").signature(&signature);
    /// assert!(Verifier::new(token).verify(&handshake).is_ok());
    /// # Ok::<(), twilio_sig::KeyError>(())
    /// ```
    pub const fn websocket(url: &'a str) -> Self {
        Self { websocket: true, ..Self::new(url) }
    }

    /// Adds the body, byte for byte as it was received. A body that was parsed and printed again,
    /// or trimmed, does not verify.
    pub const fn body(mut self, body: &'a [u8]) -> Self {
        self.payload = Payload::Body(body);
        self
    }

    /// Gives the decoded parameters of a form instead of the raw body, for a caller whose
    /// framework has already parsed it. Prefer [`body`](Self::body). What this loses:
    ///
    /// - Values that are not UTF-8, trimmed, emptied or merged by the framework do not verify.
    /// - A body under `bodySHA256` cannot be hashed, so it is refused.
    /// - The proof is for these pairs. That the handler reads the same ones, and that the body was
    ///   a form at all, is the caller's word. No pair means an empty body.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let params = [("Body", "Ahoy"), ("From", "+15005550006")];
    /// let url = "https://example.com/sms";
    /// let signature = Signer::auth_token(&token).sign_params(url, &params)?.header_value();
    ///
    /// let webhook = Webhook::new(url).params(&params).signature(&signature);
    /// assert!(Verifier::new(token).verify(&webhook).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn params(mut self, params: &'a [(&'a str, &'a str)]) -> Self {
        self.payload = Payload::Params(params);
        self
    }

    /// Adds the value of the one `X-Twilio-Signature` header. A request with several of them must
    /// be refused by the caller: whichever was chosen, a proxy may have chosen another.
    pub fn signature(mut self, header: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.signature = Some(header.as_ref());
        self
    }

    /// Adds the value of the `X-Twilio-Webhooks-Signature-Settings` header, which names the shared
    /// key that Twilio signed with: `key=ID,algorithm=ALG`. Absent, blank or without a key, every
    /// configured key of the fitting algorithm is tried.
    ///
    /// Source: <https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys>
    pub fn signature_settings(mut self, header: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.settings = header.as_ref();
        self
    }

    /// The first parameter called `name` of the body, or else of the URL's query, if it is UTF-8.
    ///
    /// **It is not proven.** Use it for one thing: to find the verifier of the tenant that the
    /// request claims to come from, by `AccountSid` or `To`, and verify with that.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::Webhook;
    ///
    /// let claims = Webhook::new("https://example.com/sms").body(b"AccountSid=AC1&Body=Ahoy");
    /// assert_eq!(claims.untrusted_param("AccountSid").as_deref(), Some("AC1"));
    /// ```
    #[must_use]
    pub fn untrusted_param(&self, name: &str) -> Option<Cow<'a, str>> {
        let named = |text: Text<'_>| text.bytes().eq(name.bytes());
        let in_payload = match self.payload {
            Payload::Body(body) => form::split(body).find(|&(name, _)| named(name)),
            Payload::Params(params) => params
                .iter()
                .map(|(name, value)| (Text::decoded(name), Text::decoded(value)))
                .find(|&(name, _)| named(name)),
        };
        let in_query = || form::split(url::query_of(self.url)).find(|&(name, _)| named(name));
        in_payload.or_else(in_query).and_then(|(_, value)| form::utf8(value.to_cow()))
    }

    /// Bytes that came besides the URL.
    pub(crate) fn payload_len(&self) -> usize {
        match self.payload {
            Payload::Body(body) => body.len(),
            Payload::Params(params) => params
                .iter()
                .map(|(name, value)| name.len().saturating_add(value.len()))
                .fold(0, usize::saturating_add),
        }
    }
}

impl fmt::Debug for Webhook<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("url_len", &self.url.len())
            .field("payload_len", &self.payload_len())
            .field("signed", &self.signature.is_some())
            .field("websocket", &self.websocket)
            .finish_non_exhaustive()
    }
}

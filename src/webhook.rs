//! What arrived, as it arrived. Nothing here is proven.

use core::fmt;

use crate::error::{Result, VerifyError};
use crate::form::Params;

/// A request to verify: URL, body and signature headers, untrusted.
///
/// A webhook holds only what Twilio signs: method, Host, Content-Type and the other headers cannot change
/// a verdict.
///
/// `Debug` shows lengths only: the URL may hold a password, the body is a private message, and the
/// signature is enough to send the request again.
///
/// # Examples
/// ```
/// use twilio_sig::Webhook;
///
/// let webhook = Webhook::post("https://example.com/sms", b"Body=Ahoy&From=%2B15005550006")
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

impl<'a> Webhook<'a> {
    /// A request without a body. `url` is the public URL as Twilio was given it, with scheme, host and
    /// query, byte for byte.
    pub const fn get(url: &'a str) -> Self {
        Self::with(url, Payload::Body(&[]), false)
    }

    /// A request with a body, byte for byte as it was received. A body that was parsed and printed
    /// again, or trimmed, does not verify. An empty body equals [`get`](Self::get), because the method is
    /// not signed.
    pub const fn post(url: &'a str, body: &'a [u8]) -> Self {
        Self::with(url, Payload::Body(body), false)
    }

    /// A request whose form the caller's framework has already decoded. Prefer
    /// [`post`](Self::post), because decoding loses something:
    ///
    /// - Values that are not UTF-8, trimmed, emptied or merged by the framework do not verify.
    /// - A body under `bodySHA256` cannot be hashed, so it is refused.
    /// - The proof is for these parameters. The caller vouches that the body was a form, and that the
    ///   handler reads the same parameters. An empty list proves nothing about a body, so it is refused.
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
    /// let webhook = Webhook::post_params(url, &params).signature(&signature);
    /// assert!(Verifier::new(token).verify(&webhook).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn post_params(url: &'a str, params: &'a [(&'a str, &'a str)]) -> Self {
        Self::with(url, Payload::Params(params), false)
    }

    /// A WebSocket handshake (Media Streams, ConversationRelay) for `url`, which may say https or
    /// wss: Twilio signs the wss form. A handshake has no body; refuse one that has.
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
        Self::with(url, Payload::Body(&[]), true)
    }

    const fn with(url: &'a str, payload: Payload<'a>, websocket: bool) -> Self {
        Self { url, payload, signature: None, settings: &[], websocket }
    }

    /// Adds the value of the one `X-Twilio-Signature` header. A request with several of them must
    /// be refused by the caller, because a proxy may have chosen another value.
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
}

/// What came beside the URL.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    Body(&'a [u8]),
    Params(&'a [(&'a str, &'a str)]),
}

impl<'a> Payload<'a> {
    /// The number of its bytes.
    pub(crate) fn len(&self) -> usize {
        let bytes = |(name, value): &(&str, &str)| name.len().saturating_add(value.len());
        match self {
            Self::Body(body) => body.len(),
            Self::Params(params) => params.iter().map(bytes).fold(0, usize::saturating_add),
        }
    }

    /// The body, empty if decoded parameters were given instead.
    pub(crate) const fn body(&self) -> &'a [u8] {
        if let Self::Body(body) = *self { body } else { &[] }
    }

    /// Reads the parameters of a form of at most `max_len` bytes, in its order.
    ///
    /// # Errors
    /// [`VerifyError::BodyTooLong`], [`VerifyError::TooManyParams`].
    pub(crate) fn read(&self, params: &mut Params, max_len: usize, max: usize) -> Result {
        if self.len() > max_len {
            return Err(VerifyError::BodyTooLong);
        }
        match *self {
            Self::Body(body) => params.read(body, max),
            Self::Params(decoded) => params.read_decoded(decoded, max),
        }
    }
}

impl fmt::Debug for Webhook<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, payload) = (self.url.len(), self.payload.len());
        write!(f, "Webhook {{ url_len: {url}, payload_len: {payload}, .. }}")
    }
}

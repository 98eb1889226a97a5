//! What is read of a request before its body.

use core::fmt;
use core::net::IpAddr;
use std::time::Instant;

use twilio_sig::RequestHead;

use crate::Refusal;
#[cfg(feature = "explain")]
use crate::explain::Clues;

/// The header that carries the signature.
const SIGNATURE: &str = "x-twilio-signature";
/// The header that names the shared key.
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
/// The header that Twilio keeps the same when it sends again. It is not signed.
const IDEMPOTENCY_TOKEN: &str = "i-twilio-idempotency-token";

/// The head of a request, borrowed from any framework and untrusted.
///
/// # Examples
/// ```
/// use twilio_sig_gate::Head;
///
/// let lines: &[(&str, &[u8])] = &[("x-twilio-signature", b"RSOYDt4T1cUTdK1PDd93/VVr8B8=")];
/// let head = Head::new("POST", "/sms?x=1", lines.iter().copied());
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Head<'a> {
    pub(crate) request: RequestHead<'a>,
    pub(crate) target: &'a str,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) signature: SingleLine<'a>,
    pub(crate) settings: SingleLine<'a>,
    pub(crate) user_agent: Option<&'a [u8]>,
    pub(crate) idempotency_token: Option<&'a [u8]>,
    /// When it was read.
    pub(crate) started: Instant,
    /// The body's length in bytes, if the head states it.
    pub(crate) content_length: Option<u64>,
    /// Whether it asks for a WebSocket.
    pub(crate) websocket: bool,
    /// What may explain a refusal, if the gate explains.
    #[cfg(feature = "explain")]
    pub(crate) clues: Option<Clues<'a>>,
}

/// A header that may come in one line only.
#[derive(Clone, Copy)]
pub(crate) struct SingleLine<'a> {
    name: &'static str,
    value: Option<&'a [u8]>,
    repeated: bool,
}

impl<'a> Head<'a> {
    /// The head of a request with this method, this target (path and query exactly as they were
    /// received, before any router cut a prefix off), and these header lines: one pair for each
    /// line, none joined.
    ///
    /// A `GET` with `Upgrade: websocket` and without a body is a WebSocket handshake, whose signature
    /// is that of the `wss` URL. A sender that adds the header to another request gains nothing,
    /// because that request has the signature of another URL.
    ///
    /// [`Gate::head`](crate::Gate::head) leaves out what a gate does not look at.
    pub fn new(
        method: &str,
        target: &'a str,
        lines: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        Self::read(method, target, lines, true)
    }

    /// The head, with what may explain a refusal if the gate explains.
    #[cfg_attr(not(feature = "explain"), expect(unused_variables, reason = "no gate explains"))]
    pub(crate) fn read(
        method: &str,
        target: &'a str,
        lines: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        explains: bool,
    ) -> Self {
        let mut signature = SingleLine { name: SIGNATURE, value: None, repeated: false };
        let mut settings = SingleLine { name: SETTINGS, value: None, repeated: false };
        let (mut user_agent, mut content_length, mut idempotency_token) = (None, None, None);
        let (mut upgrade, mut has_body) = (false, false);
        #[cfg(feature = "explain")]
        let mut clues = explains.then(Clues::new);
        let lines = lines.into_iter().inspect(|&(name, value)| {
            let is = |known: &str| known.len() == name.len() && name.eq_ignore_ascii_case(known);
            #[cfg(feature = "explain")]
            if let Some(clues) = &mut clues {
                clues.add(name, value);
            }
            if is(SIGNATURE) {
                signature.add(value);
            } else if is(SETTINGS) {
                settings.add(value);
            } else if is("user-agent") {
                user_agent = Some(value);
            } else if is(IDEMPOTENCY_TOKEN) {
                idempotency_token = Some(value);
            } else if is("content-length") {
                content_length = str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                has_body |= value != b"0";
            } else if is("transfer-encoding") {
                has_body = true;
            } else if is("upgrade") {
                upgrade |= value.trim_ascii().eq_ignore_ascii_case(b"websocket");
            }
        });
        let request = RequestHead::new(target).headers(lines);
        Self {
            request,
            target,
            peer: None,
            signature,
            settings,
            user_agent,
            idempotency_token,
            started: Instant::now(),
            content_length,
            websocket: upgrade && !has_body && method == "GET",
            #[cfg(feature = "explain")]
            clues,
        }
    }

    /// Sets the `:authority` of HTTP/2, or the authority of a target in absolute form.
    #[inline]
    pub const fn authority(mut self, authority: Option<&'a str>) -> Self {
        self.request = self.request.authority(authority);
        #[cfg(feature = "explain")]
        if let Some(clues) = self.clues {
            self.clues = Some(clues.authority(authority));
        }
        self
    }

    /// Sets the address at the other end of the connection: from the socket, never from a header.
    #[inline]
    pub const fn peer(mut self, peer: Option<IpAddr>) -> Self {
        self.request = self.request.peer(peer);
        self.peer = peer;
        self
    }
}

impl<'a> SingleLine<'a> {
    const fn add(&mut self, value: &'a [u8]) {
        self.repeated |= self.value.replace(value).is_some();
    }

    /// The value that came last, or nothing.
    #[cfg(feature = "explain")]
    pub(crate) fn value(&self) -> &'a [u8] {
        self.value.unwrap_or_default()
    }

    /// The value, if there is no other.
    pub(crate) const fn single(&self) -> Result<Option<&'a [u8]>, Refusal> {
        if self.repeated { Err(Refusal::RepeatedHeader(self.name)) } else { Ok(self.value) }
    }
}

/// Shows no byte of the request: a signature is enough to send the request again, and a target may hold
/// what must stay out of a log.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("peer", &self.peer)
            .field("content_length", &self.content_length)
            .field("websocket", &self.websocket)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_websocket(method: &str, lines: &[(&str, &str)]) -> bool {
        let lines = lines.iter().map(|(name, value)| (*name, value.as_bytes()));
        Head::new(method, "/", lines).websocket
    }

    #[test]
    fn a_handshake_is_a_get_without_a_body() {
        assert!(is_websocket("GET", &[("upgrade", "websocket")]));
        assert!(is_websocket("GET", &[("Upgrade", " WebSocket "), ("Content-Length", "0")]));
        assert!(!is_websocket("POST", &[("upgrade", "websocket")]));
        assert!(!is_websocket("GET", &[("upgrade", "h2c")]));
        assert!(!is_websocket("GET", &[]));
        for body in [("content-length", "1"), ("content-length", "x"), ("Transfer-Encoding", "x")] {
            assert!(!is_websocket("GET", &[("upgrade", "websocket"), body]), "{body:?}");
        }
    }
}

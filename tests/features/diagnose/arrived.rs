//! Requests as a service hands them to the verifier.

use twilio_sig::Webhook;

/// A request without a body.
pub(crate) fn get(url: &str) -> Webhook<'_> {
    Webhook::get(url)
}

/// A request with a raw body.
pub(crate) fn post<'a>(url: &'a str, body: &'a [u8]) -> Webhook<'a> {
    Webhook::post(url, body)
}

/// A request whose parameters a framework has parsed.
pub(crate) fn post_params<'a>(url: &'a str, params: &'a [(&'a str, &'a str)]) -> Webhook<'a> {
    Webhook::post_params(url, params)
}

/// A WebSocket handshake.
pub(crate) fn websocket(url: &str) -> Webhook<'_> {
    Webhook::websocket(url)
}

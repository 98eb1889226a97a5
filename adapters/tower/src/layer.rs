//! The layer: configuration, handed to each service.

use tower_layer::Layer;
use twilio_sig_gate::Gate;

use crate::VerifyWebhook;

/// Lets only those requests through that Twilio signed.
///
/// # Put it last
/// axum's `Router::layer` covers the routes that were added before it. A route that is added behind it is
/// **open**: a handler with `Proven` answers 500 there, and one with a plain
/// `Form` answers every client. Add all routes, then the layer; or give the webhooks a router of their own, and
/// `merge` or `nest` it. A layer around a whole service, as with hyper, has no such gap.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Origin, Verifier};
/// use twilio_sig_tower::{Gate, WebhookLayer};
///
/// let verifier = Verifier::new(AuthToken::new("12345")?);
/// let layer = WebhookLayer::new(Gate::new(verifier, Origin::fixed("https://example.com")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct WebhookLayer {
    gate: Gate,
}

impl WebhookLayer {
    /// A layer that asks `gate`.
    pub const fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

impl<S> Layer<S> for WebhookLayer {
    type Service = VerifyWebhook<S>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifyWebhook::new(inner, self.gate.clone())
    }
}

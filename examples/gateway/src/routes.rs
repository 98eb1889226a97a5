//! The routes: a file for each group.

mod call;
mod forward;
mod health;
mod id;
mod message;
mod metrics;
mod status;
mod whatsapp;

use axum::Router;
use twilio_sig_tower::WebhookLayer;

use crate::app::App;
use crate::forward::Forwarder;
use crate::gates::Gates;

/// Every webhook route, behind its gate, for tenants by number or account; and below `/t/ID` again, for
/// tenants by path. With an app behind, every path is its own.
pub(crate) fn webhooks(gates: &Gates, forwarder: Option<Forwarder>) -> Router<App> {
    if let Some(forwarder) = forwarder {
        return forward::routes(forwarder).layer(WebhookLayer::new(gates.forward.clone()));
    }
    let routes = Router::new()
        .merge(message::twiml().layer(WebhookLayer::new(gates.twiml.clone())))
        .merge(message::json().layer(WebhookLayer::new(gates.json.clone())))
        .merge(whatsapp::routes().layer(WebhookLayer::new(gates.whatsapp.clone())))
        .merge(call::twiml().layer(WebhookLayer::new(gates.twiml.clone())))
        .merge(call::json().layer(WebhookLayer::new(gates.json.clone())));
    Router::new().merge(routes.clone()).nest("/t/{tenant}", routes)
}

pub(crate) use self::health::routes as health;
pub(crate) use self::metrics::routes as metrics;
pub(crate) use self::whatsapp::PATH as WHATSAPP;

//! What the routes share, and how they are put together.

use alloc::sync::Arc;
use core::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::access::AdminToken;
use crate::admin;
use crate::attempts::{self, Attempts};
use crate::events::Events;
use crate::forward::Forwarder;
use crate::gates::Gates;
use crate::limit::Limit;
use crate::routes;
use crate::settings::Settings;
use crate::store::Store;
use crate::tenants::Directory;

/// What a route needs.
pub(crate) type App = Arc<Parts>;

/// What all routes share.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) tenants: Directory,
    pub(crate) events: Events,
    pub(crate) admin: Option<AdminToken>,
    pub(crate) meters: PrometheusHandle,
    pub(crate) limit: Arc<Limit>,
}

/// The service. The first of several layers that are added together is outside.
pub(crate) fn router(
    app: App,
    gates: &Gates,
    forwarder: Option<Forwarder>,
    attempts: Attempts,
) -> Router {
    let timeout = Duration::from_secs(app.settings.request_timeout_s);
    let timeout = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout);
    let attempts = from_fn_with_state(Arc::new(attempts), attempts::layer);
    let webhooks =
        routes::webhooks(gates, forwarder).layer((attempts, timeout, CatchPanicLayer::new()));
    let pages =
        Router::new().merge(routes::health()).merge(routes::metrics()).merge(admin::routes(&app));
    Router::new().merge(webhooks).merge(pages.layer(timeout)).with_state(app)
}

//! What the routes share, and how they are put together.

use alloc::sync::Arc;
use core::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::events::Events;
use crate::gates::Gates;
use crate::routes;
use crate::settings::Settings;
use crate::store::Store;

/// What a route needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) events: Events,
}

/// The service. A layer that is added later is outside of those before it.
pub(crate) fn router(app: App, gates: &Gates) -> Router {
    let timeout = Duration::from_secs(app.settings.request_timeout_s);
    Router::new()
        .merge(routes::webhooks(gates))
        .merge(routes::health())
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .with_state(app)
}

//! Whether the service is up, for the program that starts and stops it.

use axum::extract::State;
use axum::{Router, routing::get};

use crate::app::App;
use crate::fault::Fault;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/healthz", get(healthz))
}

/// 200 if the database answers, 503 otherwise.
async fn healthz(State(app): State<App>) -> Result<&'static str, Fault> {
    app.store.read(|sql| sql.query("SELECT 1", &[])).await?;
    Ok("ok\n")
}

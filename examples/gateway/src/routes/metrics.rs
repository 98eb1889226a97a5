//! `/metrics`, for Prometheus: with the admin token, or from this machine itself.

use core::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::{Router, routing::get};

use crate::app::App;
use crate::fault::Fault;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<String, Fault> {
    // What a proxy hands on comes from this machine too, and from any sender.
    let is_local = peer.ip().is_loopback() && !headers.contains_key("x-forwarded-for");
    let has_token = app.admin.as_ref().is_some_and(|token| token.is_in(&headers));
    if !is_local && !has_token {
        return Err(Fault::Unknown("no such page"));
    }
    let dead = "SELECT count(*) FROM jobs WHERE state = 'dead'";
    let rows = app.store.read(move |sql| sql.query(dead, &[])).await?;
    let dead = rows.first().map_or(Ok(0), |row| row.get::<i64>(0))?;
    let dead = i32::try_from(dead).unwrap_or(i32::MAX);
    metrics::gauge!("gateway_jobs_dead").set(f64::from(dead));
    Ok(app.meters.render())
}

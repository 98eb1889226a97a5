//! What `/metrics` counts.

use core::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::exit::Failure;

/// In seconds: a verdict takes microseconds, the database milliseconds, and Twilio waits for 15.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0];

/// Counts from now on.
pub(crate) fn install() -> Result<PrometheusHandle, Failure> {
    let name = Matcher::Full("gateway_request_seconds".into());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(name, &BUCKETS)?;
    let handle = builder.install_recorder()?;
    metrics::describe_counter!("gateway_attempts_total", "Requests, by route, status and reason");
    metrics::describe_histogram!("gateway_request_seconds", "How long requests took, by route");
    metrics::describe_counter!("gateway_rate_limited_total", "Requests answered with 429");
    metrics::describe_counter!("gateway_log_lost_total", "Attempts that the log had no room for");
    metrics::describe_counter!("gateway_alerts_lost_total", "Alerts that Sentry was not told");
    metrics::describe_counter!("gateway_jobs_total", "Attempts at jobs, by kind and outcome");
    metrics::describe_gauge!("gateway_jobs_dead", "Jobs that were given up");
    Ok(handle)
}

/// Keeps the memory bounded of what is never scraped.
pub(crate) async fn keep_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        handle.run_upkeep();
    }
}

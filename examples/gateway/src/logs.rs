//! Logs, as JSON lines on standard output.

use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, dynamic_filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::alerts::{self, Alerts};
use crate::attempts;
use crate::exit::Failure;
use crate::traces::Traces;

/// Writes what passes the filter. Further refusals of an address that was refused too often are
/// counted and not written: their sender must not choose how full the disk gets.
///
/// Alerts and traces are made of the same, where there are settings for them.
pub(crate) fn start(
    filter: &str,
    alerts: Option<&Alerts>,
    traces: Option<&Traces>,
) -> Result<(), Failure> {
    let is_wanted = dynamic_filter_fn(|event, _| {
        let is_refusal =
            *event.level() == Level::WARN && event.target().starts_with("twilio_sig_gate");
        !(is_refusal && attempts::is_limited())
    });
    let filter = EnvFilter::try_new(filter)?.and(is_wanted);
    // A list, because a layer that is `None` has the others asked for every event of every library.
    let mut layers = vec![
        fmt::layer().json().flatten_event(true).with_span_list(false).with_filter(filter).boxed(),
    ];
    layers.extend(alerts.map(|_| alerts::layer().boxed()));
    layers.extend(traces.map(|traces| traces.layer().boxed()));
    registry().with(layers).init();
    Ok(())
}

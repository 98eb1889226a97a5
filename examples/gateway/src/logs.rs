//! Logs, as JSON lines on standard output.

use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, dynamic_filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::Failure;
use crate::attempts;

/// Writes what passes the filter. Further refusals of an address that was refused too often are counted and
/// not written: their sender must not choose how full the disk gets.
pub(crate) fn start(filter: &str) -> Result<(), Failure> {
    let is_wanted = dynamic_filter_fn(|event, _| {
        let is_refusal =
            *event.level() == Level::WARN && event.target().starts_with("twilio_sig_gate");
        !(is_refusal && attempts::is_limited())
    });
    let filter = EnvFilter::try_new(filter)?.and(is_wanted);
    registry().with(fmt::layer().json().flatten_event(true).with_filter(filter)).init();
    Ok(())
}

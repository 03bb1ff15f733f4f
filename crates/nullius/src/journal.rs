//! What a program that serves tells the journal of its machine: lines on standard error, warnings and worse.

use nullius_controller::Spans;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// From here on, and to a collector where there is one. A second call changes nothing.
pub(crate) fn begin(spans: Option<Spans>) {
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    let lines = lines.with_filter(LevelFilter::WARN);
    let spans = spans.map(|spans| spans.with_filter(LevelFilter::INFO));
    let _ = tracing_subscriber::registry().with(lines).with(spans).try_init();
}

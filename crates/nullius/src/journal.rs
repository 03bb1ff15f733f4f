//! What a program that serves tells the journal of its machine: lines on standard error, warnings and worse.

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// From here on. A second call changes nothing.
pub(crate) fn begin() {
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    let _ = tracing_subscriber::registry().with(LevelFilter::WARN).with(lines).try_init();
}

//! What leaves the controller: the log as security events, to whoever collects them.
//!
//! The audit log is the one stream, and a leaf's index is its sequence number, so that a receiver sees a gap. The log
//! is also the spool: a sink reads it from where it stopped, however long that is ago. Nothing is ever sent before it
//! is durable, nothing is dropped because a receiver is slow, and no receiver is waited for by anybody but its sink.

mod backoff;
mod desk;
mod destination;
pub(crate) mod metrics;
pub(crate) mod ocsf;
pub(crate) mod sink;
pub(crate) mod telemetry;
#[cfg(test)]
mod tests;
pub(crate) mod trust;
pub(crate) mod witness;

use crate::App;
use crate::http::Problem;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use desk::Desk;
use nullius_store::sinks::Kind;
use std::sync::Arc;
use tokio::task::JoinSet;

pub(crate) use destination::check;
pub use destination::{Destination, Receiver};
pub use telemetry::{Exporter, Spans, Telemetry, telemetry};

/// Feeds everybody that the configuration names, until the set is dropped.
///
/// # Errors
/// Where the machine has no random numbers to tell this controller from others.
pub(crate) fn start(app: &App, sinks: &[Receiver], witnesses: &[Receiver]) -> Result<JoinSet<()>, String> {
    let holder = crate::secret::ulid(app.now()).map_err(|problem| problem.detail().to_owned())?;
    let holder: Arc<str> = holder.into();
    let mut tasks = JoinSet::new();
    for receiver in sinks {
        let desk = Desk::new(app.clone(), Kind::Sink, &receiver.name, Arc::clone(&holder));
        tasks.spawn(sink::run(desk, receiver.clone()));
    }
    for receiver in witnesses {
        let desk = Desk::new(app.clone(), Kind::Witness, &receiver.name, Arc::clone(&holder));
        tasks.spawn(witness::run(desk, receiver.clone()));
    }
    Ok(tasks)
}

/// The numbers alone, for a collector on the same machine that has no account: nothing is asked, so nothing else is
/// served.
pub(crate) fn metrics_router(app: &App) -> Router {
    let numbers = |app: App| async move {
        let text = metrics::text(&app).await.map_err(Problem::from)?;
        Ok::<_, Problem>(([(CONTENT_TYPE, metrics::CONTENT)], text))
    };
    let app = app.clone();
    Router::new().route("/metrics", get(move || numbers(app.clone())))
}

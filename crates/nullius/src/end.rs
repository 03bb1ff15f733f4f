//! When a program that serves is told to end.

use tokio::signal::unix::{SignalKind, signal};

/// Is over once somebody asked for the end: SIGTERM or SIGINT.
pub(crate) async fn asked() {
    let (Ok(mut end), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // the system's own way of ending a program is left
        return std::future::pending().await;
    };
    tokio::select! {
        _ = end.recv() => {}
        _ = interrupt.recv() => {}
    }
}

//! Proposals that nobody agreed to in time are closed.

use crate::App;
use crate::http::Problem;
use crate::record::{Actor, proposals};
use std::time::Duration;

/// How often somebody looks: a proposal that is overdue is refused before already.
const PERIOD: Duration = Duration::from_secs(60);

/// Closes what is overdue, for as long as the controller runs.
pub(crate) async fn run(app: App) {
    loop {
        if let Err(problem) = sweep(&app).await {
            tracing::error!(code = problem.code(), "overdue proposals were not closed");
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Closes what is overdue now; how many.
///
/// # Errors
/// What the store fails with.
pub(crate) async fn sweep(app: &App) -> Result<usize, Problem> {
    let actor = Actor::system(app.now());
    app.write(move |tx| proposals::expire(tx, &actor)).await
}

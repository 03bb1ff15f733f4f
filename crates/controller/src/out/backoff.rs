//! How long to wait before something is tried again: longer each time, up to a minute.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// The next wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self(FIRST)
    }

    /// Waits, and longer the next time.
    pub(crate) async fn wait(&mut self) {
        let wait = self.0;
        self.0 = (wait * 2).min(LONGEST);
        tokio::time::sleep(wait).await;
    }
}

//! A controller with a log, for the tests of what leaves it.

use crate::{App, Clock, Config};
use nullius_audit::{Entry, Phase};
use nullius_model::Timestamp;
use nullius_store::{Kek, Location, Store, StoreError, audit};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that tests set, in seconds.
#[derive(Debug, Default)]
pub(super) struct Hand(pub(super) AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_795_366_874 + self.0.load(Ordering::Relaxed))
    }
}

/// A controller with a log, gone with the test.
pub(super) struct Site {
    pub(super) app: App,
    pub(super) hand: Arc<Hand>,
    pub(super) folder: PathBuf,
}

impl Site {
    pub(super) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("nullius-sink-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).expect("a folder");
        let store =
            Store::open(&Location::Sqlite(folder.join("store.db")), Kek::for_tests()).expect("a store");
        let hand = Arc::new(Hand::default());
        Self { app: App::new(store, hand.clone(), Config::default()), hand, folder }
    }

    /// Appends so many leaves in one transaction.
    pub(super) async fn happen(&self, count: usize) {
        let at = self.app.now();
        let entries: Vec<_> = (0..count)
            .map(|number| {
                let mut entry = Entry::new(Phase::Observed, at, "gateway:gw1", "denied", "device/plc1");
                entry.why = format!("no policy permits it\n{number}\0é");
                entry
            })
            .collect();
        let appended: Result<u64, StoreError> =
            self.app.write(move |tx| audit::append_all(tx, &entries)).await;
        appended.expect("appended");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

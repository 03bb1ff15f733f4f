//! What tests share: a folder that goes with its owner.

use std::path::{Path, PathBuf};
use crate::time::Clock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A folder for one test, for its owner alone.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("nullius-agent-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let made = crate::file::make_directory(&path);
        assert!(made.is_ok(), "{made:?}");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A clock that says what it is told.
#[derive(Debug, Default)]
pub(crate) struct SetClock(AtomicU64);

impl SetClock {
    pub(crate) fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

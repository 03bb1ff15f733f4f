//! Watches what the kernel holds: a thread that notices when somebody else changed it.
//!
//! Every second it asks for the number of the ruleset. Where that grew by more than our own changes, and every
//! [`WHOLE_EVERY`] in any case, all rules are read back and compared; so tampering is found within four seconds and
//! repaired in the next transaction (attack 14).
//!
//! Changes of our own that come while the rules are read make what was read worthless. It is read again, [`TRIES`]
//! times; where ours never cease, whoever makes them is asked to hold them back and read for himself.

use nullius_enforce::{Error, Generation, Installed, Kernel, Layout};
use nullius_model::Uptime;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// How often the number is asked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks without a difference after which everything is read anyhow: a lead past the rules (a `tc` filter) changes no
/// number.
const WHOLE_EVERY: u32 = 3;

/// How often the rules are read before whoever changes them is asked to.
const TRIES: u32 = 3;

/// What was found.
#[derive(Debug)]
pub(crate) enum Found {
    /// All that the kernel holds.
    Rules {
        installed: Installed,
        /// How many changes of ours lay before it.
        changes: u64,
    },
    /// Our own changes never ceased while the rules were read.
    Restless,
    /// The kernel cannot be read, and why.
    Blind(String),
}

/// Watches from here on, in a thread of this one's network namespace, until nobody listens.
pub(crate) fn watch(
    layout: Layout,
    changes: Arc<AtomicU64>,
    uptime: impl Fn() -> Uptime + Send + 'static,
    to: Sender<Found>,
) -> io::Result<()> {
    let watch = move || {
        let mut watcher = None;
        while !to.is_closed() {
            thread::sleep(LOOK_EVERY);
            // a socket that failed is opened anew
            watcher = watcher.or_else(|| Watcher::open(layout.clone()).ok());
            let Some(open) = watcher.as_mut() else { continue };
            match open.look(&changes, uptime()) {
                Ok(Some(found)) => drop(to.blocking_send(found)),
                Ok(None) => {}
                Err(error) => {
                    watcher = None;
                    drop(to.blocking_send(Found::Blind(error.to_string())));
                }
            }
        }
    };
    thread::Builder::new().name("drift".to_owned()).spawn(watch).map(drop)
}

struct Watcher {
    kernel: Kernel,
    generation: Generation,
    /// The number and our changes when everything was found in order.
    seen: Option<(u32, u64)>,
    looks: u32,
}

impl Watcher {
    fn open(layout: Layout) -> Result<Self, Error> {
        Ok(Self { kernel: Kernel::open(layout)?, generation: Generation::open()?, seen: None, looks: 0 })
    }

    /// Reads everything where there is a reason to.
    fn look(&mut self, changes: &AtomicU64, now: Uptime) -> Result<Option<Found>, Error> {
        let ours = changes.load(Ordering::Acquire);
        let generation = self.generation.read()?;
        self.looks += 1;
        if self.looks < WHOLE_EVERY && self.seen.is_some_and(|seen| is_explained(seen, (generation, ours))) {
            self.seen = Some((generation, ours));
            return Ok(None);
        }
        self.looks = 0;
        for _ in 0..TRIES {
            let ours = changes.load(Ordering::Acquire);
            let generation = self.generation.read()?;
            let read = self.kernel.read_back(now);
            if changes.load(Ordering::Acquire) == ours {
                self.seen = Some((generation, ours));
                return Ok(Some(Found::Rules { installed: read?, changes: ours }));
            }
        }
        // what the number was meanwhile says nothing
        self.seen = None;
        Ok(Some(Found::Restless))
    }
}

/// The number grew by our own changes and no other.
fn is_explained(before: (u32, u64), now: (u32, u64)) -> bool {
    let grown = now.0.wrapping_sub(before.0);
    let ours = now.1.saturating_sub(before.1);
    u64::from(grown) == ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_somebody_else_is_one_that_ours_do_not_explain() {
        assert!(is_explained((7, 3), (7, 3)));
        assert!(is_explained((7, 3), (9, 5)));
        assert!(is_explained((u32::MAX, 3), (1, 5)));
        assert!(!is_explained((7, 3), (8, 3)));
        assert!(!is_explained((7, 3), (7, 4)));
    }
}

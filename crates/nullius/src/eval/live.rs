//! What only a live capture needs: a clock, the user's Ctrl-C, and a seed nobody can guess.

use indicatif::{ProgressBar, ProgressStyle};
use nullius_eval::Progress;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a shell gives for a program ended by SIGINT.
const INTERRUPTED: i32 = 130;

/// Goes on until the time is over or somebody ends it.
#[derive(Debug)]
pub(super) struct Countdown {
    started: Instant,
    lasts: Duration,
    ended: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
}

impl Countdown {
    /// From now on, SIGINT and SIGTERM end the capture; the second one ends the program.
    pub(super) fn start(interface: &str, lasts: Duration) -> io::Result<Self> {
        let ended = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&ended))?;
            flag::register(signal, Arc::clone(&ended))?;
        }
        let bar = io::stderr().is_terminal().then(|| begin(interface, lasts));
        Ok(Self { started: now(), lasts, ended, bar })
    }
}

impl Progress for Countdown {
    fn at(&mut self, frames: u64, _: Option<u64>) {
        if let Some(bar) = &self.bar {
            bar.set_message(frames.to_string());
            bar.set_position(now().duration_since(self.started).as_secs());
        }
    }

    fn go_on(&mut self) -> bool {
        !self.ended.load(Ordering::Relaxed) && now().duration_since(self.started) < self.lasts
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// 64 bits from the operating system: the standard library keys its hash tables with them.
pub(super) fn seed() -> u64 {
    RandomState::new().hash_one(0_u8)
}

#[expect(clippy::disallowed_methods, reason = "the program is where the clock is read")]
fn now() -> Instant {
    Instant::now()
}

fn begin(interface: &str, lasts: Duration) -> ProgressBar {
    let bar = ProgressBar::new(lasts.as_secs()).with_prefix(interface.to_owned());
    let template = "listening on {prefix} {bar:30} {pos} of {len} s, {msg} frames; Ctrl-C ends it";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

//! What time it is, on a device whose clock may know nothing.
//!
//! A device without a battery begins in 1970, and certificates are judged by dates. Three sources, of which the latest
//! counts: the machine's clock; the floor, which is the newest beginning of a certificate that a trusted authority
//! signed; and what went by since the floor was learned, by a clock that nobody sets. A trusted authority does not sign
//! into the future, so the floor is proved; it is kept over a restart, and the machine's clock never becomes part of
//! it: a clock that is wrong once must not be wrong for ever.

use nullius_identity::renewal::TimeFloor;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The machine's clock.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Seconds since 1970, as the machine believes.
    fn now(&self) -> u64;
}

/// The real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place of the agent that reads the clock")]
    fn now(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }
}

/// What time it is at least, and probably.
#[derive(Debug)]
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    started: Instant,
    floor: Mutex<TimeFloor>,
}

impl Time {
    pub(crate) fn new(clock: Arc<dyn Clock>, floor: u64) -> Arc<Self> {
        Arc::new(Self { clock, started: Instant::now(), floor: Mutex::new(TimeFloor::new(floor, 0)) })
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.with(|floor, uptime| floor.now(self.clock.now(), uptime))
    }

    /// What it is at least, in seconds since 1970: proved, or counted since.
    pub(crate) fn floor(&self) -> u64 {
        self.with(|floor, uptime| floor.kept(uptime))
    }

    /// A trusted authority signed something that begins then.
    pub(crate) fn proved(&self, from: u64) {
        self.with(|floor, uptime| floor.raise(from, uptime));
    }

    fn with<T>(&self, work: impl FnOnce(&mut TimeFloor, u64) -> T) -> T {
        let uptime = self.started.elapsed().as_secs();
        work(&mut self.floor.lock().unwrap_or_else(PoisonError::into_inner), uptime)
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.now())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, SetClock};

    #[tokio::test(start_paused = true)]
    async fn a_clock_in_1970_is_behind_what_was_proved_and_goes_on_from_there() {
        let clock = Arc::new(SetClock::default());
        let time = Time::new(Arc::<SetClock>::clone(&clock), NOW);
        assert_eq!(time.now(), NOW);
        tokio::time::advance(Duration::from_secs(50)).await;
        assert_eq!(time.now(), NOW + 50);
        time.proved(NOW + 20);
        assert_eq!(time.now(), NOW + 50, "nothing new");
        time.proved(NOW + 5_000);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(time.now(), NOW + 5_007);
        clock.set(NOW + 9_000);
        assert_eq!(
            (time.now(), time.floor()),
            (NOW + 9_000, NOW + 5_007),
            "the machine's clock proves nothing"
        );
    }
}

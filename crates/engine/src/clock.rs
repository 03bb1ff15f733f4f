//! The site's time: uptime carries it, the wall clock only says where the seconds begin.
//!
//! INVARIANT: nothing that ends does so by the wall clock. It moves no lease; it moves what policies call the time of day.

use crate::{Now, ZoneMode};
use nullius_model::{Timestamp, Uptime};
use nullius_policy::{ModeChange, Moment};
use std::time::Duration;

/// A wall clock that runs this far from the uptime was set by somebody; below, it is being slewed (domain §3.7).
const STEP: Duration = Duration::from_secs(2);

/// Where the wall clock stood when the machine started, as far as the two clocks tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    start: Duration,
}

impl Clock {
    pub(crate) fn new(now: Now) -> Self {
        Self { start: wall(now).saturating_sub(now.uptime.since_boot()) }
    }

    /// Takes over the wall clock where it was set, and says by how many seconds.
    pub(crate) fn correct(&mut self, now: Now) -> Option<i64> {
        let anew = Self::new(now);
        if anew.start.abs_diff(self.start) <= STEP {
            return None;
        }
        let seconds = |start: Duration| i64::try_from(start.as_secs()).unwrap_or(i64::MAX);
        let step = seconds(anew.start).saturating_sub(seconds(self.start));
        *self = anew;
        Some(step)
    }

    /// The last whole second of the wall clock, as an uptime. What is asked and answered as of then comes out the same
    /// whenever in the second it is asked.
    pub(crate) fn whole_second(self, uptime: Uptime) -> Uptime {
        let into = self.start.saturating_add(uptime.since_boot()).subsec_nanos();
        Uptime::new(uptime.since_boot().saturating_sub(Duration::from_nanos(u64::from(into))))
    }

    /// The wall clock at `uptime`.
    pub(crate) fn wall(self, uptime: Uptime) -> Timestamp {
        let nanos = self.start.saturating_add(uptime.since_boot()).as_nanos();
        Timestamp::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// When the wall clock shows `wall`, or showed it.
    pub(crate) const fn uptime(self, wall: Timestamp) -> Uptime {
        Uptime::new(Duration::from_nanos(wall.as_nanos()).saturating_sub(self.start))
    }

    /// What policies call the time at `uptime`.
    pub(crate) fn moment(self, uptime: Uptime, zone: &ZoneMode) -> Moment {
        let seconds = self.start.saturating_add(uptime.since_boot()).as_secs();
        let (days, minute, second) = (seconds / 86_400, seconds / 60 % 1_440, seconds % 60);
        // 1970-01-01 was a Thursday
        let weekday = (days + 3) % 7 + 1;
        Moment {
            mode: zone.mode,
            mode_change: zone.next.map(|(at, mode)| ModeChange { after: whole_seconds(uptime, at), mode }),
            minute: u16::try_from(minute).unwrap_or_default(),
            weekday: u8::try_from(weekday).unwrap_or_default(),
            second: u8::try_from(second).unwrap_or_default(),
        }
    }
}

/// Whole seconds from one time to a later one, at least one.
fn whole_seconds(from: Uptime, to: Uptime) -> u32 {
    u32::try_from(to.since(from).as_secs()).unwrap_or(u32::MAX).max(1)
}

fn wall(now: Now) -> Duration {
    Duration::from_nanos(now.wall.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::Timestamp;

    fn now(uptime: u64, wall: u64) -> Now {
        Now { uptime: Uptime::from_millis(uptime * 1000), wall: Timestamp::from_secs(wall) }
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        // 2026-11-22T17:01:14Z, a Sunday
        let clock = Clock::new(now(100, 1_795_366_874));
        let moment = clock.moment(Uptime::from_millis(100_000), &ZoneMode::default());
        assert_eq!((moment.weekday, moment.minute, moment.second), (7, 17 * 60 + 1, 14));
        assert_eq!(clock.whole_second(Uptime::from_millis(100_999)), Uptime::from_millis(100_000));
        let later = clock.moment(Uptime::new(Duration::from_secs(100 + 7 * 3600)), &ZoneMode::default());
        assert_eq!((later.weekday, later.minute), (1, 1));
    }

    #[test]
    fn a_step_is_told_from_a_slew() {
        let mut clock = Clock::new(now(100, 10_000));
        assert_eq!(clock.correct(now(200, 10_101)), None);
        assert_eq!(clock.correct(now(200, 6_500)), Some(-3_600));
        assert_eq!(clock.correct(now(201, 6_501)), None);
    }
}

//! When a credential is renewed, how often it is tried again, and what time it is where the clock does not know.
//!
//! A credential is renewed between one half and two thirds of its life, at a moment that is another one for every device
//! and every credential, so that a fleet that was enrolled on one morning does not come back on one. A failure is followed
//! by a pause of random length that grows (decorrelated jitter); after an outage, or a morning on which everybody starts,
//! who is late spreads over a window instead of coming at once.
//!
//! It reads no clock and draws no numbers: a seed, different for every device, makes the moments.

use crate::{Validity, key::sha256};

/// First pause after a failure, in seconds.
const PAUSE_SHORTEST: u64 = 30;

/// Longest pause, in seconds: an hour after the controller is back, everybody has been there.
const PAUSE_LONGEST: u64 = 3600;

/// Over how long those spread who are late when they start, in seconds.
const SPREAD: u64 = 1800;

/// The same for those whose credential ran out: they miss something every minute.
const SPREAD_EXPIRED: u64 = 600;

/// When to renew one credential. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    life: Validity,
    seed: [u8; 32],
    /// How many moments were drawn from the seed.
    drawn: u64,
    due: u64,
    /// The last pause; none before a failure.
    pause: Option<u64>,
}

impl Schedule {
    /// For a credential with this life, of the device with this seed (the hash of its key will do).
    pub fn new(life: Validity, seed: [u8; 32]) -> Self {
        let mut schedule = Self { life, seed, drawn: 0, due: 0, pause: None };
        let length = life.until.saturating_sub(life.from);
        schedule.due = life.from + length / 2 + schedule.draw(length / 6);
        schedule
    }

    /// When to try next. It is past where it is time.
    pub const fn due(&self) -> u64 {
        self.due
    }

    /// Whether the credential no longer counts: then it is not renewed but recovered ([`crate::recovery`]).
    pub const fn is_expired(&self, now: u64) -> bool {
        now > self.life.until
    }

    /// Whether it should have been renewed long ago: past three quarters of its life.
    pub const fn is_late(&self, now: u64) -> bool {
        now > self.life.from + self.life.until.saturating_sub(self.life.from) / 4 * 3
    }

    /// The device started, or woke up. Who is late already waits a moment that is its own.
    pub fn handle_start(&mut self, now: u64) {
        if self.due > now {
            return;
        }
        let left = self.life.until.saturating_sub(now);
        let window = if left == 0 { SPREAD_EXPIRED } else { SPREAD.min(left / 4) };
        self.due = now + self.draw(window);
    }

    /// An attempt failed.
    pub fn handle_failure(&mut self, now: u64) {
        // a short-lived credential has no hour to wait
        let length = self.life.until.saturating_sub(self.life.from);
        let longest = PAUSE_LONGEST.min(length / 24).max(PAUSE_SHORTEST);
        let last = self.pause.unwrap_or(PAUSE_SHORTEST);
        let more = self.draw(last.saturating_mul(3).saturating_sub(PAUSE_SHORTEST));
        let grown = PAUSE_SHORTEST + more;
        // at the ceiling everybody would wait equally long, and come together again
        let pause = if grown > longest { longest / 2 + self.draw(longest / 2) } else { grown };
        self.pause = Some(pause);
        self.due = now + pause;
    }

    /// The controller asked to be left alone for so long, in seconds: it is busy.
    pub fn handle_busy(&mut self, now: u64, seconds: u64) {
        let seconds = seconds.min(PAUSE_LONGEST);
        self.due = now + seconds + self.draw(seconds.max(PAUSE_SHORTEST));
    }

    /// It is to be renewed within so many seconds, whatever its life: its authority is trusted no more.
    pub fn handle_order(&mut self, now: u64, within: u64) {
        self.due = self.due.min(now + self.draw(within));
    }

    /// A number below `bound`; zero where there is none.
    fn draw(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        let parts = [&self.seed[..], &self.life.from.to_be_bytes(), &self.drawn.to_be_bytes()];
        let hash = sha256(&parts.concat());
        let number = hash.first_chunk().copied().map_or(0, u64::from_be_bytes);
        number.checked_rem(bound).unwrap_or(0)
    }
}

/// What time it is at least: the latest that was ever believed. A device without a battery begins in 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeFloor {
    floor: u64,
    /// The uptime at which it was believed.
    at: u64,
}

impl TimeFloor {
    /// As it was kept, in seconds since 1970, at this uptime in seconds.
    pub const fn new(floor: u64, uptime: u64) -> Self {
        Self { floor, at: uptime }
    }

    /// Now, by a clock in seconds since 1970 that may be behind, and an uptime that is right.
    pub fn now(&self, clock: u64, uptime: u64) -> u64 {
        clock.max(self.floor.saturating_add(uptime.saturating_sub(self.at)))
    }

    /// Whether the clock is behind what was once believed, and so not to be believed for what is not valid yet
    /// ([`SiteGateway::behind`](crate::SiteGateway::behind)).
    pub fn is_behind(&self, clock: u64, uptime: u64) -> bool {
        clock < self.now(clock, uptime)
    }

    /// Somebody who is trusted said what time it is. It never goes back.
    pub fn raise(&mut self, seconds: u64, uptime: u64) {
        *self = Self { floor: seconds.max(self.now(0, uptime)), at: uptime };
    }

    /// What to keep, in seconds since 1970.
    pub fn kept(&self, uptime: u64) -> u64 {
        self.now(0, uptime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const LIFE: Validity = Validity { from: 1_800_000_000, until: 1_800_000_000 + 30 * DAY };

    fn seed(number: u64) -> [u8; 32] {
        sha256(&number.to_be_bytes())
    }

    #[test]
    fn a_credential_is_renewed_between_a_half_and_two_thirds_of_its_life() {
        let mut days = [0; 30];
        for number in 0..5_000 {
            let schedule = Schedule::new(LIFE, seed(number));
            let day = (schedule.due() - LIFE.from) / DAY;
            assert!((15..20).contains(&day), "{day}");
            days[usize::try_from(day).unwrap()] += 1;
        }
        assert!(days[15..20].iter().all(|count| (900..1_100).contains(count)), "{days:?}");
        assert_eq!(Schedule::new(LIFE, seed(1)), Schedule::new(LIFE, seed(1)));
    }

    #[test]
    fn pauses_grow_to_a_ceiling_and_stay_apart() {
        let mut schedule = Schedule::new(LIFE, seed(1));
        let (mut now, mut pauses) = (schedule.due(), Vec::new());
        for _ in 0..200 {
            schedule.handle_failure(now);
            pauses.push(schedule.due() - now);
            now = schedule.due();
        }
        assert!(pauses.iter().all(|pause| (PAUSE_SHORTEST..=PAUSE_LONGEST).contains(pause)), "{pauses:?}");
        let late = &pauses[20..];
        assert!(late.iter().sum::<u64>() / 180 > 300, "{late:?}");
        let apart: std::collections::BTreeSet<_> = late.iter().collect();
        assert!(apart.len() > 150, "{}", apart.len());
    }

    #[test]
    fn a_short_life_leaves_time_for_many_attempts() {
        let hour = Validity { from: LIFE.from, until: LIFE.from + 3600 };
        let mut schedule = Schedule::new(hour, seed(3));
        let mut attempts = 0;
        while schedule.due() <= hour.until {
            schedule.handle_failure(schedule.due());
            attempts += 1;
        }
        assert!(attempts > 10, "{attempts}");
    }

    #[test]
    fn who_starts_late_comes_at_a_moment_of_its_own() {
        for (now, window) in
            [(LIFE.from + 25 * DAY, SPREAD), (LIFE.until - 400, 100), (LIFE.until + 90 * DAY, SPREAD_EXPIRED)]
        {
            let mut slots = std::collections::BTreeSet::new();
            for number in 0..1_000 {
                let mut schedule = Schedule::new(LIFE, seed(number));
                schedule.handle_start(now);
                assert!((now..now + window).contains(&schedule.due()));
                slots.insert((schedule.due() - now) * 10 / window);
            }
            assert_eq!(slots.len(), 10);
        }
        let mut early = Schedule::new(LIFE, seed(1));
        let due = early.due();
        early.handle_start(LIFE.from);
        assert_eq!(early.due(), due);
    }

    #[test]
    fn an_order_brings_it_forward_and_a_busy_controller_puts_it_off() {
        let mut schedule = Schedule::new(LIFE, seed(1));
        schedule.handle_order(LIFE.from, 600);
        assert!(schedule.due() < LIFE.from + 600);
        schedule.handle_busy(LIFE.from, 60);
        assert!((LIFE.from + 60..LIFE.from + 120).contains(&schedule.due()));
        schedule.handle_busy(LIFE.from, u64::MAX);
        assert!(schedule.due() <= LIFE.from + 2 * PAUSE_LONGEST);
        assert!(!schedule.is_late(LIFE.from + 22 * DAY) && schedule.is_late(LIFE.from + 23 * DAY));
        assert!(!schedule.is_expired(LIFE.until) && schedule.is_expired(LIFE.until + 1));
    }

    #[test]
    fn time_never_goes_back() {
        let mut floor = TimeFloor::new(1_800_000_000, 5);
        // 1970, a minute after the start
        assert_eq!(floor.now(65, 65), 1_800_000_060);
        assert!(floor.is_behind(65, 65) && !floor.is_behind(1_900_000_000, 65));
        assert_eq!(floor.now(1_900_000_000, 65), 1_900_000_000);
        floor.raise(1_850_000_000, 100);
        assert_eq!((floor.now(0, 110), floor.kept(110)), (1_850_000_010, 1_850_000_010));
        floor.raise(1_700_000_000, 120);
        assert_eq!(floor.now(0, 120), 1_850_000_020);
    }
}

//! How regularly something happens: robust against the odd late or lost poll.

use std::time::Duration;

/// Gaps kept of one symbol. Enough for a median and a deviation within a few per cent; four bytes each.
const SAMPLES: usize = 32;
/// Fewer gaps than this say nothing.
const MIN_SAMPLES: usize = 4;

/// A bounded sample of the gaps between messages, in microseconds (at most 71 minutes each).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    samples: Vec<u32>,
    seen: u64,
}

/// What the gaps say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The median gap.
    pub median: Duration,
    /// Median absolute deviation from it.
    pub deviation: Duration,
    /// Smallest gap sampled.
    pub shortest: Duration,
    /// Largest gap sampled.
    pub longest: Duration,
}

impl Gaps {
    /// None yet.
    pub const EMPTY: Self = Self { samples: Vec::new(), seen: 0 };

    /// Adds one gap. Beyond the bound each gap so far is kept with the same probability (Vitter's algorithm R), drawn
    /// from the count itself so that two runs agree.
    pub fn add(&mut self, gap: Duration) {
        let micros = u32::try_from(gap.as_micros()).unwrap_or(u32::MAX);
        self.seen += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(micros);
        } else if let Ok(index) = usize::try_from(mix(self.seen) % self.seen)
            && let Some(place) = self.samples.get_mut(index)
        {
            *place = micros;
        }
    }

    /// Adds the samples of another record of the same symbol.
    pub fn join(&mut self, other: &Self) {
        for micros in &other.samples {
            self.add(Duration::from_micros(u64::from(*micros)));
        }
    }

    /// The period, once there are enough gaps.
    pub fn period(&self) -> Option<Period> {
        if self.samples.len() < MIN_SAMPLES {
            return None;
        }
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        let median = middle(&sorted);
        let mut deviations: Vec<u32> = sorted.iter().map(|gap| gap.abs_diff(median)).collect();
        deviations.sort_unstable();
        let micros = |micros: Option<&u32>| Duration::from_micros(u64::from(micros.copied().unwrap_or(0)));
        Some(Period {
            median: micros(Some(&median)),
            deviation: micros(Some(&middle(&deviations))),
            shortest: micros(sorted.first()),
            longest: micros(sorted.last()),
        })
    }
}

impl Period {
    /// The gaps stray less than 5 % from their median: a poll. Measured on a real plant 97 % of reads do, and 18 % of
    /// writes (dynamics §5.2).
    pub fn is_regular(&self) -> bool {
        self.median > Duration::ZERO && self.deviation * 20 < self.median
    }
}

fn middle(sorted: &[u32]) -> u32 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// SplitMix64 finaliser (Steele, Lea, Flood 2014): spreads a counter over all bits.
const fn mix(counter: u64) -> u64 {
    let mut mixed = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(gaps_ms: impl IntoIterator<Item = u64>) -> Option<Period> {
        let mut gaps = Gaps::default();
        gaps_ms.into_iter().for_each(|ms| gaps.add(Duration::from_millis(ms)));
        gaps.period()
    }

    #[test]
    fn a_poll_with_one_late_answer_is_regular_and_events_are_not() {
        let poll = period([100, 100, 101, 99, 100, 900, 100]).unwrap();
        assert_eq!(poll.median, Duration::from_millis(100));
        assert!(poll.is_regular());
        assert!(!period([5, 3_000, 70, 900, 12_000, 40]).unwrap().is_regular());
        assert_eq!(period([100, 100, 100]), None);
    }

    #[test]
    fn a_long_record_keeps_a_bounded_fair_sample() {
        let drifting = period((0..100_000).map(|step| 100 + step / 1_000)).unwrap();
        assert!(drifting.median > Duration::from_millis(120) && drifting.median < Duration::from_millis(180));
    }
}

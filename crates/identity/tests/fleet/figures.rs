//! What is counted, and how it is told.

use std::collections::BTreeMap;
use std::fmt;

/// A lease of the continuity connection, in seconds.
const LEASE: u64 = 300;

#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) enrolments: u64,
    pub(crate) renewals: u64,
    pub(crate) recoveries: u64,
    /// Answers that got lost and were given again.
    pub(crate) again: u64,
    pub(crate) failures: u64,
    pub(crate) verified: u64,
    /// Gateways that a device knew by the cross-certificate alone.
    pub(crate) by_cross: u64,
    /// Starts in 1970.
    pub(crate) without_clock: u64,
    /// Seconds for which devices were proven, and for which they were on and were not.
    pub(crate) proven: u64,
    pub(crate) lapsed: u64,
    /// Lapses that nothing explains.
    pub(crate) unexplained: u64,
    pub(crate) gaps: Vec<String>,
    pub(crate) refused: Vec<String>,
    /// The longest that somebody waited for a certificate: after the outage, and after a start with an old one.
    pub(crate) after_outage: u64,
    pub(crate) after_start: u64,
    /// Most certificates signed in a minute after the first morning, and after the outage.
    pub(crate) peak: u64,
    pub(crate) peak_after_outage: u64,
    pub(crate) rollover_days: u64,
    minutes: BTreeMap<u64, u64>,
}

impl Figures {
    /// A certificate was signed.
    pub(crate) fn signed(&mut self, now: u64) {
        *self.minutes.entry(now / 60).or_default() += 1;
    }

    pub(crate) fn sum_up(&mut self, morning: u64, outage_end: u64) {
        let most = |from: u64, until: u64| {
            self.minutes.range(from / 60..until / 60).map(|(_, count)| *count).max().unwrap_or(0)
        };
        (self.peak, self.peak_after_outage) = (most(morning, u64::MAX), most(outage_end, outage_end + 7200));
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.proven as f64 * 100.0 / (self.proven + self.lapsed) as f64;
        writeln!(
            f,
            "certificates: {} enrolled, {} renewed in time, {} recovered, {} given again after a lost answer",
            self.enrolments, self.renewals, self.recoveries, self.again
        )?;
        writeln!(f, "attempts that failed: {}", self.failures)?;
        writeln!(f, "chains verified: {}, for {} leases of {LEASE} s", self.verified, self.proven / LEASE)?;
        writeln!(f, "time proven: {share:.3} %, lapses that nothing explains: {}", self.unexplained)?;
        writeln!(f, "essential gaps: {}", self.gaps.len())?;
        writeln!(
            f,
            "most enrolments in a minute: {} in three years, {} after the outage",
            self.peak, self.peak_after_outage
        )?;
        writeln!(f, "the last had a certificate {} s after the outage", self.after_outage)?;
        writeln!(f, "the longest from a start with an old certificate to a new one: {} s", self.after_start)?;
        writeln!(
            f,
            "gateways known by the cross-certificate alone: {}, starts in 1970: {}",
            self.by_cross, self.without_clock
        )?;
        write!(f, "rollover of root and issuing authority: {} days", self.rollover_days)
    }
}

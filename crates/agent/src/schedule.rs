//! When the certificate is renewed next, as a pause from now.

use crate::credential;
use crate::state::State;
use std::time::Duration;

pub(crate) fn pause(state: &State, now: u64) -> Duration {
    let (from, until) = credential::life(&state.chain);
    let due = from + until.saturating_sub(from) / 2;
    Duration::from_secs(due.saturating_sub(now))
}

/// Somewhere within it.
pub(crate) fn part_of(within: Duration) -> Duration {
    let mut bytes = [0; 2];
    // without randomness it is at once
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    within / (1 << 16) * u32::from(u16::from_be_bytes(bytes))
}

//! Token buckets: how often somebody may ask.
//!
//! INVARIANT: the table never holds more than [`MOST`] buckets; who comes when it is full shares one.

use nullius_model::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Buckets kept: about 6 MB. An attacker with many addresses fills the table and nothing more.
const MOST: usize = 65_536;

/// So many at once, and so many a second after that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// At once.
    pub burst: f64,
    /// A second.
    pub refill: f64,
}

/// One bucket for each key.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    rate: Rate,
    buckets: Mutex<BTreeMap<Option<K>, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl<K: Ord> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Whether there is one; or says in how many seconds there is. Takes none.
    pub(crate) fn look(&self, key: K, now: Timestamp) -> Result<(), u64> {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = buckets.get(&Some(key)).map(|bucket| bucket.filled(self.rate, now));
        match filled.filter(|tokens| *tokens < 1.0) {
            Some(tokens) => Err(seconds((1.0 - tokens) / self.rate.refill)),
            None => Ok(()),
        }
    }

    /// Takes one; or says in how many seconds there is one.
    pub(crate) fn take(&self, key: K, now: Timestamp) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Some(key);
        if buckets.len() >= MOST && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| bucket.filled(self.rate, now) < self.rate.burst);
            if buckets.len() >= MOST {
                key = None;
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: self.rate.burst, at: now });
        *bucket = Bucket { tokens: bucket.filled(self.rate, now), at: now };
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(seconds((1.0 - bucket.tokens) / self.rate.refill))
    }
}

impl Bucket {
    fn filled(self, rate: Rate, now: Timestamp) -> f64 {
        (self.tokens + now.since(self.at).as_secs_f64() * rate.refill).min(rate.burst)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1 to 3600 before")]
fn seconds(wait: f64) -> u64 {
    wait.ceil().clamp(1.0, 3_600.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3.0, refill: 0.5 };

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let buckets = Buckets::new(RATE);
        let at = Timestamp::from_secs;
        for _ in 0..3 {
            assert_eq!(buckets.take("a", at(10)), Ok(()));
        }
        assert_eq!((buckets.take("a", at(10)), buckets.look("a", at(10))), (Err(2), Err(2)));
        assert_eq!((buckets.look("b", at(10)), buckets.take("b", at(10))), (Ok(()), Ok(())));
        assert_eq!(buckets.take("a", at(12)), Ok(()));
        assert_eq!(buckets.take("a", at(12)), Err(2));
        // A clock that goes back fills nothing and empties nothing.
        assert_eq!(buckets.take("b", at(5)), Ok(()));
    }

    #[test]
    fn a_full_table_drops_who_was_quiet_and_then_shares_one_bucket() {
        let buckets = Buckets::new(RATE);
        for key in 0..MOST {
            assert_eq!(buckets.take(key, Timestamp::from_secs(1)), Ok(()));
        }
        for key in MOST..MOST + 3 {
            assert_eq!(buckets.take(key, Timestamp::from_secs(1)), Ok(()));
        }
        assert!(buckets.take(MOST + 4, Timestamp::from_secs(1)).is_err());
        assert_eq!(buckets.take(MOST + 4, Timestamp::from_secs(100)), Ok(()));
        assert_eq!(buckets.buckets.lock().unwrap().len(), 1);
    }
}

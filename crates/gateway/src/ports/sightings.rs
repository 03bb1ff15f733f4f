//! Which sightings are news: a station that was told of lately is not told of again.
//!
//! INVARIANT: a flood of invented addresses on one port costs that port's news, a bounded table and a bounded number of
//! messages a second; nothing of any other port (attack 13).

use nullius_model::{KeyedSet, Mac, Seed, Timestamp};
use std::net::IpAddr;
use std::time::Duration;

/// Senders remembered on a port.
const MAX_REMEMBERED: usize = 4096;

/// How long until a station that goes on speaking is told of again, so that nobody takes it for gone.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// News told of in a second, on one port.
const MAX_NEWS: u32 = 500;

/// The senders of one port that were told of lately.
#[derive(Debug)]
pub(super) struct Sightings {
    told: KeyedSet<(Mac, Option<IpAddr>)>,
    since: Timestamp,
    second: u64,
    news: u32,
}

impl Sightings {
    pub(super) fn new(seed: Seed) -> Self {
        Self { told: seed.set(), since: Timestamp::ZERO, second: 0, news: 0 }
    }

    /// This sender was not told of lately, and there is room to tell of it.
    pub(super) fn is_news(&mut self, mac: Mac, address: Option<IpAddr>, at: Timestamp) -> bool {
        if at.since(self.since) > AGAIN_AFTER || self.told.len() >= MAX_REMEMBERED {
            self.told.clear();
            self.since = at;
        }
        if self.told.contains(&(mac, address)) || !self.has_room(at.as_secs()) {
            return false;
        }
        self.told.insert((mac, address));
        true
    }

    /// Everybody is news again: a link was pulled.
    pub(super) fn forget(&mut self) {
        self.told.clear();
    }

    fn has_room(&mut self, second: u64) -> bool {
        if self.second != second {
            (self.second, self.news) = (second, 0);
        }
        self.news = self.news.saturating_add(1);
        self.news <= MAX_NEWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(number: u32) -> Mac {
        let [a, b, c, d] = number.to_be_bytes();
        Mac::new([2, 0, a, b, c, d])
    }

    #[test]
    fn a_station_is_news_once_and_again_after_a_while() {
        let mut sightings = Sightings::new(Seed::new(1));
        let at = Timestamp::from_secs;
        assert!(sightings.is_news(mac(1), None, at(100)));
        assert!(!sightings.is_news(mac(1), None, at(101)));
        assert!(sightings.is_news(mac(1), Some(IpAddr::from([10, 0, 0, 1])), at(101)));
        assert!(sightings.is_news(mac(1), None, at(140)));
        sightings.forget();
        assert!(sightings.is_news(mac(1), None, at(141)));
    }

    #[test]
    fn a_flood_is_a_bounded_number_of_messages_from_a_bounded_table() {
        let mut sightings = Sightings::new(Seed::new(1));
        let news = (0..1_000_000).filter(|&number| {
            sightings.is_news(mac(number), None, Timestamp::from_secs(u64::from(number / 100_000)))
        });
        assert_eq!(news.count(), 10 * 500);
        assert!(sightings.told.len() <= MAX_REMEMBERED);
    }
}

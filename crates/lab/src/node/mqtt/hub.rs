//! Who listens to what, and what is kept for those who come later.

use super::codec::Publish;
use super::topic::takes;
use std::collections::BTreeMap;
use tokio::sync::mpsc::Sender;

/// Filters a client may have: a matching pass must stay short.
const MAX_FILTERS: usize = 64;
/// Topics whose last message is kept: a publisher must not fill the memory with new topics.
const MAX_RETAINED: usize = 1024;

/// The broker's memory.
#[derive(Debug, Default)]
pub(super) struct Hub {
    listeners: BTreeMap<u64, Listener>,
    retained: BTreeMap<String, Publish>,
    next: u64,
}

#[derive(Debug)]
struct Listener {
    outbox: Sender<Vec<u8>>,
    filters: Vec<String>,
}

impl Hub {
    /// A new connection, named by a number.
    pub(super) fn join(&mut self, outbox: Sender<Vec<u8>>) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.listeners.insert(self.next, Listener { outbox, filters: Vec::new() });
        self.next
    }

    /// The connection ended.
    pub(super) fn leave(&mut self, number: u64) {
        self.listeners.remove(&number);
    }

    /// Subscribes and hands over what is kept; false where the client has too many already.
    pub(super) fn subscribe(&mut self, number: u64, filter: &str) -> bool {
        let Some(listener) = self.listeners.get_mut(&number) else { return false };
        if listener.filters.len() >= MAX_FILTERS {
            return false;
        }
        listener.filters.push(filter.to_owned());
        for publish in self.retained.values().filter(|publish| takes(filter, &publish.topic)) {
            hand(listener, publish);
        }
        true
    }

    /// Ends a subscription.
    pub(super) fn unsubscribe(&mut self, number: u64, filter: &str) {
        if let Some(listener) = self.listeners.get_mut(&number) {
            listener.filters.retain(|own| own != filter);
        }
    }

    /// To everybody who listens, and into the memory where it is to be kept.
    pub(super) fn publish(&mut self, publish: &Publish) {
        if publish.retain {
            self.keep(publish);
        }
        let fresh = Publish { retain: false, ..publish.clone() };
        let hears =
            |listener: &&Listener| listener.filters.iter().any(|filter| takes(filter, &publish.topic));
        self.listeners.values().filter(hears).for_each(|listener| hand(listener, &fresh));
    }

    /// An empty message takes the kept one away (3.3.1.3).
    fn keep(&mut self, publish: &Publish) {
        if publish.payload.is_empty() {
            self.retained.remove(&publish.topic);
        } else if self.retained.len() < MAX_RETAINED || self.retained.contains_key(&publish.topic) {
            self.retained.insert(publish.topic.clone(), publish.clone());
        }
    }
}

/// A listener that does not keep up misses messages, and nobody waits for it.
fn hand(listener: &Listener, publish: &Publish) {
    let _ = listener.outbox.try_send(publish.packet().encoded());
}

//! Requests waiting for their answers.

use nullius_model::{Symbol, Timestamp};
use std::collections::VecDeque;

/// Most requests that may be open at once on one flow. Protocols pipeline a few; an attacker who never lets a request
/// be answered would otherwise fill memory. The oldest is forgotten first.
const MAX_OPEN: usize = 64;

/// What the name of an object costs that is too long to lie in its symbol: some more than most have.
const NAME: usize = 64;

/// Requests of one flow that have not been answered, by the protocol's own transaction key.
#[derive(Debug)]
pub struct OpenRequests<K> {
    open: VecDeque<(K, OpenRequest)>,
}

/// What is kept of a request until its answer comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// What it asked.
    pub symbol: Symbol,
    /// When it was complete.
    pub asked: Timestamp,
}

impl<K> Default for OpenRequests<K> {
    fn default() -> Self {
        Self { open: VecDeque::new() }
    }
}

impl<K: PartialEq> OpenRequests<K> {
    /// Bytes kept, where what is asked is named at length.
    pub fn held_bytes(&self) -> usize {
        self.open.capacity() * size_of::<(K, OpenRequest)>() + self.open.len() * NAME
    }

    /// Remembers a request.
    pub fn push(&mut self, key: K, symbol: Symbol, asked: Timestamp) {
        if self.open.len() == MAX_OPEN {
            self.open.pop_front();
        }
        self.open.push_back((key, OpenRequest { symbol, asked }));
    }

    /// Remembers a request under a key that is in use once at a time: what was open under it is asked again, or was
    /// given up, and must not be taken for what this answer is to.
    pub fn renew(&mut self, key: K, symbol: Symbol, asked: Timestamp) {
        self.open.retain(|(open, _)| *open != key);
        self.push(key, symbol, asked);
    }

    /// Takes out the oldest request under `key`.
    pub fn answer(&mut self, key: &K) -> Option<OpenRequest> {
        let position = self.open.iter().position(|(open, _)| open == key)?;
        self.open.remove(position).map(|(_, request)| request)
    }

    /// Forgets all: what comes after a gap answers nothing that is known here.
    pub fn clear(&mut self) {
        self.open.clear();
    }
}

/// Most requests of several parts that may be open at once on one flow; each may hold as many symbols as its protocol's
/// parser lets a request have.
const MAX_OPEN_PARTS: usize = 4;

/// The parts of requests that ask several things at once, until the one answer to them all.
#[derive(Debug)]
pub struct OpenParts<K> {
    open: VecDeque<(K, Vec<Symbol>)>,
}

impl<K> Default for OpenParts<K> {
    fn default() -> Self {
        Self { open: VecDeque::new() }
    }
}

impl<K: PartialEq> OpenParts<K> {
    /// Remembers what the request under `key` asks, in order.
    pub fn push(&mut self, key: K, parts: Vec<Symbol>) {
        if self.open.len() == MAX_OPEN_PARTS {
            self.open.pop_front();
        }
        self.open.push_back((key, parts));
    }

    /// Takes out the parts of the oldest request under `key`; none where it was not seen or had none.
    pub fn answer(&mut self, key: &K) -> Vec<Symbol> {
        let position = self.open.iter().position(|(open, _)| open == key);
        position.and_then(|position| self.open.remove(position)).map(|(_, parts)| parts).unwrap_or_default()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::VerbClass;

    #[test]
    fn a_flood_of_unanswered_requests_keeps_only_the_newest() {
        let mut requests = OpenRequests::default();
        for key in 0..1000_u32 {
            requests.push(key, Symbol::new(VerbClass::Read, "read"), Timestamp::from_secs(u64::from(key)));
        }
        assert_eq!(requests.answer(&0), None);
        assert_eq!(requests.answer(&999).map(|open| open.asked), Some(Timestamp::from_secs(999)));
        assert_eq!(requests.answer(&999), None, "a request is answered once");
    }

    #[test]
    fn a_renewed_key_answers_what_was_asked_last() {
        let mut requests = OpenRequests::default();
        requests.renew(7, Symbol::new(VerbClass::Read, "read"), Timestamp::from_secs(1));
        requests.renew(7, Symbol::new(VerbClass::Write, "write"), Timestamp::from_secs(2));
        assert_eq!(requests.answer(&7).map(|open| open.symbol.verb), Some("write"));
        assert_eq!(requests.answer(&7), None);
    }

    #[test]
    fn parts_are_answered_once_and_only_the_newest_are_kept() {
        let mut parts = OpenParts::default();
        for key in 0..10_u32 {
            parts.push(key, vec![Symbol::new(VerbClass::Read, "read"); 2]);
        }
        assert_eq!(parts.answer(&0), []);
        assert_eq!(parts.answer(&9).len(), 2);
        assert_eq!(parts.answer(&9), []);
    }
}

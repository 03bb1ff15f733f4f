//! Requests waiting for their answers.

use nullius_model::{Symbol, Timestamp};
use std::collections::VecDeque;

/// Most requests that may be open at once on one flow. Protocols pipeline a few; an attacker who never lets a request
/// be answered would otherwise fill memory. The oldest is forgotten first.
const MAX_OPEN: usize = 64;

/// Most of them that may be remembered with parts: each may have as many as its protocol's parser lets a request have.
/// Of the oldest beyond, only the request itself is still answered.
const MAX_OPEN_WITH_PARTS: usize = 4;
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
    /// What it asked besides, in order, and has the one answer to as well.
    pub parts: Vec<Symbol>,
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

    /// Remembers a request. Those under the same key are answered in the order in which they were asked: the protocol
    /// answers in turn, or is spoken by clients that never change the key.
    pub fn push(&mut self, key: K, symbol: Symbol, asked: Timestamp) {
        if self.open.len() == MAX_OPEN {
            self.open.pop_front();
        }
        self.open.push_back((key, OpenRequest { symbol, parts: Vec::new(), asked }));
    }

    /// Remembers a request under a key that is in use once at a time: what was open under it is asked again, or was
    /// given up, and must not be taken for what this answer is to. Tells whether there was any.
    pub fn renew(&mut self, key: K, symbol: Symbol, asked: Timestamp) -> bool {
        let was_open = self.forget(&key);
        self.push(key, symbol, asked);
        was_open
    }

    /// Adds to the request remembered last what it asks besides, if anything.
    pub fn add_parts(&mut self, parts: Vec<Symbol>) {
        if parts.is_empty() {
            return;
        }
        let mut with_parts = self.open.iter_mut().filter(|(_, request)| !request.parts.is_empty());
        if let Some((_, oldest)) = with_parts.next()
            && with_parts.count() + 1 == MAX_OPEN_WITH_PARTS
        {
            oldest.parts = Vec::new();
        }
        if let Some((_, newest)) = self.open.back_mut() {
            newest.parts = parts;
        }
    }

    /// Takes out the oldest request under `key`.
    pub fn answer(&mut self, key: &K) -> Option<OpenRequest> {
        let position = self.open.iter().position(|(open, _)| open == key)?;
        self.open.remove(position).map(|(_, request)| request)
    }

    /// Forgets every request under `key`, and tells whether there was any.
    pub fn forget(&mut self, key: &K) -> bool {
        let before = self.open.len();
        self.open.retain(|(open, _)| open != key);
        self.open.len() < before
    }

    /// Forgets all: what comes after a gap answers nothing that is known here.
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
        assert!(!requests.renew(7, Symbol::new(VerbClass::Read, "read"), Timestamp::from_secs(1)));
        assert!(requests.renew(7, Symbol::new(VerbClass::Write, "write"), Timestamp::from_secs(2)));
        assert_eq!(requests.answer(&7).map(|open| open.symbol.verb), Some("write"));
        assert_eq!(requests.answer(&7), None);
    }

    #[test]
    fn parts_are_answered_with_their_request_and_only_the_newest_are_kept() {
        let read = || Symbol::new(VerbClass::Read, "read");
        let mut requests = OpenRequests::default();
        for key in 0..10_u32 {
            requests.push(key, read(), Timestamp::from_secs(1));
            requests.add_parts(vec![read(); 2]);
        }
        requests.push(9, read(), Timestamp::from_secs(2));
        let mut parts = |key| requests.answer(&key).map(|open| open.parts.len());
        assert_eq!([0, 5, 6, 9, 9].map(&mut parts), [0, 0, 2, 2, 0].map(Some));
        assert_eq!(parts(9), None);
    }
}

//! Messages seen lately, so that one sent again is told once (RFC 7252 §4.2, §4.5).

use super::parser::{Kind, Message, Token};
use nullius_model::{Direction, Timestamp};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Messages remembered of one flow. A sender has one exchange open at a time (NSTART); one that floods makes us forget,
/// and then its repetitions are told.
const MAX_RECENT: usize = 64;
/// How long a message identifier names one message (EXCHANGE_LIFETIME, §4.8.2).
const LIFETIME: Duration = Duration::from_secs(247);

/// The memory of one flow.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seen: VecDeque<Entry>,
}

/// What a message was to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    /// Not seen before.
    New,
    /// Sent again, byte for byte.
    Repeated,
    /// Another message under an identifier still in use. A receiver should pass it over, but not every one does.
    Reused,
}

#[derive(Debug)]
struct Entry {
    sender: Direction,
    is_answer: bool,
    id: u16,
    token: Token,
    at: Timestamp,
    /// Tells repetition from reuse. Who forges a collision hides a message only from receivers that take it for
    /// repeated, too.
    digest: u64,
}

impl Recent {
    /// Bytes kept.
    pub(super) fn held_bytes(&self) -> usize {
        self.seen.capacity() * size_of::<Entry>()
    }

    /// Remembers a message that is not empty.
    pub(super) fn note(
        &mut self,
        message: &Message<'_>,
        bytes: &[u8],
        sender: Direction,
        at: Timestamp,
    ) -> Novelty {
        let is_answer = message.kind == Kind::Acknowledgement;
        let digest = digest(bytes);
        let Message { id, token, .. } = *message;
        let entry = Entry { sender, is_answer, id, token, at, digest };
        let is_known = |known: &&mut Entry| {
            known.sender == sender
                && known.is_answer == is_answer
                && known.id == id
                && at.since(known.at) <= LIFETIME
        };
        match self.seen.iter_mut().find(is_known) {
            Some(known) if known.digest == digest => return Novelty::Repeated,
            Some(known) => {
                *known = entry;
                return Novelty::Reused;
            }
            None => {}
        }
        if self.seen.len() == MAX_RECENT {
            self.seen.pop_front();
        }
        self.seen.push_back(entry);
        Novelty::New
    }

    /// The token of the newest message `sender` sent under `id`: what an acknowledgement or reset refers to.
    pub(super) fn token(&self, sender: Direction, id: u16) -> Option<Token> {
        let refers = |entry: &&Entry| entry.sender == sender && !entry.is_answer && entry.id == id;
        self.seen.iter().rev().find(refers).map(|entry| entry.token)
    }
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

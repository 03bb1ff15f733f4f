//! What is kept of one symbol of a conversation.

use super::period::Gaps;
use nullius_model::{Outcome, Seen, Symbol, Values};
use std::time::Duration;

/// Items of one message whose values are followed; a Modbus message carries at most 125 words, of bits more.
const MAX_ENVELOPES: usize = 128;

/// Counts, gaps and values of one symbol.
#[derive(Clone, Debug)]
pub struct SymbolRecord {
    /// Messages.
    pub count: u64,
    /// Of these, messages before the end of learning.
    pub learned: u64,
    /// First message.
    pub first: Seen,
    /// Last message.
    pub last: Seen,
    /// Answers that did it.
    pub done: u64,
    /// Answers that refused.
    pub refused: u64,
    /// Longest wait for an answer.
    pub slowest: Duration,
    /// Gaps between messages.
    pub gaps: Gaps,
    /// Smallest and largest value of each item in thousandths, where values were asked for.
    pub envelopes: Vec<(i64, i64)>,
}

impl SymbolRecord {
    pub(super) const fn new(seen: Seen) -> Self {
        Self {
            count: 0,
            learned: 0,
            first: seen,
            last: seen,
            done: 0,
            refused: 0,
            slowest: Duration::ZERO,
            gaps: Gaps::EMPTY,
            envelopes: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, seen: Seen, learning: bool) {
        if self.count > 0 {
            self.gaps.add(seen.at.since(self.last.at));
        }
        self.count += 1;
        self.learned += u64::from(learning);
        self.last = seen;
    }

    pub(super) fn answer(&mut self, outcome: Outcome, latency: Duration) {
        match outcome {
            Outcome::Done => self.done += 1,
            Outcome::Refused(_) => self.refused += 1,
        }
        self.slowest = self.slowest.max(latency);
    }

    /// Widens the envelope of each item by the values of one message.
    pub(super) fn widen(&mut self, symbol: &Symbol, values: Values<'_>) {
        match values {
            Values::None => {}
            Values::Milli(value) => self.widen_item(0, value),
            Values::Words(bytes) => {
                let (words, _) = bytes.as_chunks::<2>();
                for (item, word) in words.iter().take(MAX_ENVELOPES).enumerate() {
                    self.widen_item(item, 1_000 * i64::from(u16::from_be_bytes(*word)));
                }
            }
            Values::Bits(bytes) => {
                let items = items(symbol).min(MAX_ENVELOPES).min(bytes.len() * 8);
                for (item, byte) in (0..items).map(|item| (item, bytes.get(item / 8).copied().unwrap_or(0))) {
                    self.widen_item(item, 1_000 * i64::from(byte >> (item % 8) & 1));
                }
            }
        }
    }

    fn widen_item(&mut self, item: usize, value: i64) {
        match self.envelopes.get_mut(item) {
            Some((least, most)) => {
                *least = (*least).min(value);
                *most = (*most).max(value);
            }
            None => self.envelopes.push((value, value)),
        }
    }

    /// Adds another record of the same symbol, as of one device under two addresses.
    pub fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.learned += other.learned;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.done += other.done;
        self.refused += other.refused;
        self.slowest = self.slowest.max(other.slowest);
        self.gaps.join(&other.gaps);
        for (item, (least, most)) in other.envelopes.iter().enumerate() {
            self.widen_item(item, *least);
            self.widen_item(item, *most);
        }
    }
}

/// How many items the symbol is about.
fn items(symbol: &Symbol) -> usize {
    match symbol.object {
        nullius_model::Object::Range { count, .. } => usize::try_from(count).unwrap_or(usize::MAX),
        nullius_model::Object::Peer | nullius_model::Object::Name(_) | nullius_model::Object::Code(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::{Object, VerbClass};

    #[test]
    fn an_envelope_holds_the_extremes_of_each_item() {
        let words = Symbol::new(VerbClass::Write, "write").about(Object::range("register", 0, 2));
        let mut record = SymbolRecord::new(Seen::default());
        record.widen(&words, Values::Words(&[0, 5, 0, 9]));
        record.widen(&words, Values::Words(&[0, 7, 0, 1]));
        assert_eq!(record.envelopes, [(5_000, 7_000), (1_000, 9_000)]);
        let bits = Symbol::new(VerbClass::Write, "write").about(Object::range("coil", 0, 3));
        let mut record = SymbolRecord::new(Seen::default());
        record.widen(&bits, Values::Bits(&[0b0000_0101]));
        record.widen(&bits, Values::Bits(&[0b1111_1001]));
        assert_eq!(record.envelopes, [(1_000, 1_000), (0, 0), (0, 1_000)], "padding bits are no items");
    }
}

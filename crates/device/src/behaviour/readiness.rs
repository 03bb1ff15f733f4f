//! May the alphabet learned so far be enforced? (dynamics §5.2, point 5)
//!
//! Counting alone under-estimates at a change of phase: on a real plant Good and Turing's estimate said 0.10 % unseen
//! after 21 s, and 0.72 % came. So the alphabet must also have stood still for as long as it took to grow, every
//! declared cycle must have been seen twice, and a person must have sealed every symbol that changes something.

use super::table::{Channel, Conversation};
use nullius_model::{Direction, Symbol, Timestamp};
use std::fmt;
use std::time::Duration;

use super::symbol::SymbolRecord;

/// Unseen mass that may be left: 0.1 %, in millionths.
const MAX_UNSEEN_PPM: u64 = 1_000;
/// Messages before which an alphabet does not show itself. On real channels 11 of 13 had no new symbol after their first
/// hundred (dynamics §5.2), and Goldenberg and Wool learn from as many; the estimate below means nothing for fewer.
const MIN_MESSAGES: u64 = 100;
/// Times a cycle must have been seen.
const CYCLES: u32 = 2;

/// Whether an alphabet may be enforced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Everything that speaks against it; ready if nothing does.
    pub doubts: Vec<Doubt>,
    /// Good and Turing's estimate of the share of messages whose symbol was never seen, in millionths.
    pub unseen_ppm: u64,
}

/// Why an alphabet may not be enforced yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No message was seen while learning.
    NothingLearned,
    /// Too few messages to know an alphabet by.
    TooFew {
        /// How many were learned from.
        messages: u64,
    },
    /// Too many symbols were seen only once.
    UnseenMass {
        /// Estimated share of messages never seen, in millionths.
        ppm: u64,
        /// Symbols seen once.
        once: u64,
    },
    /// The alphabet grew late: no cycle as long as that was seen twice.
    StillGrowing {
        /// From the first message to the newest symbol.
        grew_for: Duration,
        /// From the first message to the end of learning.
        learned_for: Duration,
    },
    /// A declared cycle was not seen twice.
    CycleNotCovered {
        /// The cycle.
        cycle: Duration,
        /// From the first message to the end of learning.
        learned_for: Duration,
    },
    /// The capture lacks bytes of this conversation.
    Incomplete {
        /// How many.
        missing: u64,
    },
    /// Bytes broke the protocol.
    Malformed {
        /// How often.
        times: u64,
    },
    /// More symbols than are kept.
    TooManySymbols,
    /// Symbols that change something need a person's seal.
    Unsealed {
        /// How many.
        symbols: u64,
    },
}

impl Readiness {
    /// Nothing speaks against it.
    pub const fn is_ready(&self) -> bool {
        self.doubts.is_empty()
    }

    /// Judges what was learned until `until`. `cycles` are those the plant is declared to have.
    pub fn judge(
        conversation: &Conversation,
        channel: Option<&Channel>,
        until: Timestamp,
        cycles: &[Duration],
    ) -> Self {
        if conversation.tally.learned == 0 {
            return Self { doubts: vec![Doubt::NothingLearned], unseen_ppm: 1_000_000 };
        }
        let learned = || conversation.symbols.iter().filter(|(_, record)| record.learned > 0);
        let once = learned().filter(|(_, record)| record.learned == 1).count() as u64;
        let unseen_ppm = once * 1_000_000 / conversation.tally.learned;
        let learned_for = until.since(conversation.tally.began);
        let mut doubts = Vec::new();
        doubts.extend(too_few(conversation.tally.learned));
        doubts.extend(unseen_mass(unseen_ppm, once));
        doubts.extend(still_growing(conversation, learned_for));
        doubts.extend(uncovered(cycles, learned_for));
        doubts.extend(blemishes(channel));
        if conversation.tally.unkept > 0 {
            doubts.push(Doubt::TooManySymbols);
        }
        doubts.extend(unsealed(learned()));
        Self { doubts, unseen_ppm }
    }
}

fn too_few(messages: u64) -> Option<Doubt> {
    (messages < MIN_MESSAGES).then_some(Doubt::TooFew { messages })
}

fn unseen_mass(ppm: u64, once: u64) -> Option<Doubt> {
    (ppm >= MAX_UNSEEN_PPM).then_some(Doubt::UnseenMass { ppm, once })
}

fn still_growing(conversation: &Conversation, learned_for: Duration) -> Option<Doubt> {
    let grew_for = conversation.tally.newest.since(conversation.tally.began);
    (grew_for.saturating_mul(CYCLES) > learned_for).then_some(Doubt::StillGrowing { grew_for, learned_for })
}

fn uncovered(cycles: &[Duration], learned_for: Duration) -> impl Iterator<Item = Doubt> {
    let uncovered = cycles.iter().filter(move |cycle| cycle.saturating_mul(CYCLES) > learned_for);
    uncovered.map(move |cycle| Doubt::CycleNotCovered { cycle: *cycle, learned_for })
}

fn blemishes(channel: Option<&Channel>) -> impl Iterator<Item = Doubt> {
    let missing = channel.map_or(0, |channel| channel.missing);
    let times = channel.map_or(0, |channel| channel.malformed);
    let incomplete = (missing > 0).then_some(Doubt::Incomplete { missing });
    incomplete.into_iter().chain((times > 0).then_some(Doubt::Malformed { times }))
}

fn unsealed<'a>(learned: impl Iterator<Item = (&'a (Direction, Symbol), &'a SymbolRecord)>) -> Option<Doubt> {
    let symbols = learned.filter(|((_, symbol), _)| symbol.class.needs_seal()).count() as u64;
    (symbols > 0).then_some(Doubt::Unsealed { symbols })
}

/// As a person reads it: `3 symbols seen only once (0.42 % of messages unseen)`.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |duration: &Duration| duration.as_secs_f64();
        match self {
            Self::NothingLearned => write!(f, "nothing seen while learning"),
            Self::TooFew { messages } => {
                write!(f, "learned from {messages} message{}, {MIN_MESSAGES} needed", plural(*messages))
            }
            Self::UnseenMass { ppm, once } => write!(
                f,
                "{once} symbol{} seen only once: about {}.{:02} % of messages still unseen, 0.10 % allowed",
                plural(*once),
                ppm / 10_000,
                ppm / 100 % 100
            ),
            Self::StillGrowing { grew_for, learned_for } => write!(
                f,
                "new symbols until {:.1} s of {:.1} s: no phase that long was seen twice",
                seconds(grew_for),
                seconds(learned_for)
            ),
            Self::CycleNotCovered { cycle, learned_for } => write!(
                f,
                "declared cycle of {:.0} s: seen {:.1} of 2 times",
                seconds(cycle),
                seconds(learned_for) / seconds(cycle).max(1e-9)
            ),
            Self::Incomplete { missing } => {
                write!(f, "the capture lacks {missing} byte{} of it", plural(*missing))
            }
            Self::Malformed { times } => write!(f, "{times} malformed message{}", plural(*times)),
            Self::TooManySymbols => write!(f, "more symbols than are kept: not an alphabet"),
            Self::Unsealed { symbols: 1 } => {
                write!(f, "1 symbol that changes something needs a person's seal")
            }
            Self::Unsealed { symbols } => {
                write!(f, "{symbols} symbols that change something need a person's seal")
            }
        }
    }
}

const fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests;

//! One rule of a kernel table, written as what it matches and what happens then.
//!
//! The expressions are written as the kernel lists them, attribute by attribute, so that a table read back is compared
//! byte by byte. Every match starts over with the first register.

use crate::field::{Field, Load};
use crate::netlink::Attributes;

/// Bytes of a packet that a log message carries: every header a denial is told by.
const LOGGED_BYTES: u32 = 128;

/// Log messages a port may cause a second; more are counted only, so that a flood on one port leaves room for the
/// denials of another.
const LOGS_PER_SECOND: u64 = 50;
/// How many of them may come at once.
const LOG_BURST: u32 = 100;

const LIST_ITEM: u16 = 1;
const NAME: u16 = 1;
const DATA: u16 = 2;
const VALUE: u16 = 1;
const VERDICT: u16 = 2;
const VERDICT_REGISTER: u32 = 0;
const OBJECT_COUNTER: u32 = 1;

/// What ends the judgement of a frame, or moves it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Drop = 0,
    Accept = 1,
    Goto = -4,
}

/// The expressions of one rule, in order.
#[derive(Debug, Default)]
pub(crate) struct Line {
    expressions: Attributes,
    comment: &'static str,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn expressions(&self) -> &Attributes {
        &self.expressions
    }

    /// What `nft` prints beside the rule; empty where the rule speaks for itself.
    pub(crate) fn note(&self) -> &'static str {
        self.comment
    }

    /// Says what the rule means where its fields print as offsets.
    pub(crate) fn comment(self, comment: &'static str) -> Self {
        Self { comment, ..self }
    }

    /// The field has this value.
    pub(crate) fn has(self, field: Field, value: &[u8]) -> Self {
        self.load(field, 0).compare(EQUAL, value)
    }

    /// The field has another value.
    pub(crate) fn lacks(self, field: Field, value: &[u8]) -> Self {
        self.load(field, 0).compare(NOT_EQUAL, value)
    }

    /// The field's bits under `mask` have this value.
    pub(crate) fn bits(self, field: Field, mask: &[u8], value: &[u8]) -> Self {
        self.load(field, 0).mask(mask).compare(EQUAL, value)
    }

    /// The field's bits under `mask` have another value.
    pub(crate) fn bits_not(self, field: Field, mask: &[u8], value: &[u8]) -> Self {
        self.load(field, 0).mask(mask).compare(NOT_EQUAL, value)
    }

    /// The fields together are in the set.
    pub(crate) fn among(self, fields: &[Field], set: &str) -> Self {
        self.load_all(fields).lookup(set, 0)
    }

    /// The fields together are not in the set.
    pub(crate) fn not_among(self, fields: &[Field], set: &str) -> Self {
        self.load_all(fields).lookup(set, 1)
    }

    /// Puts the fields together into the set, or makes them stay longer.
    pub(crate) fn learn(self, fields: &[Field], set: &str, milliseconds: u64) -> Self {
        self.load_all(fields).expression("dynset", |data| {
            data.put_u32(4, register(0)).put_u32(3, UPDATE).put_text(1, set);
            data.put_u64(6, milliseconds).put_u32(9, 0);
        })
    }

    /// The value of the field has not matched too often lately. Each value has its own budget, kept in the set.
    pub(crate) fn within_log_budget(self, field: Field, set: &str, milliseconds: u64) -> Self {
        self.load_all(&[field]).expression("dynset", |data| {
            data.put_u32(4, register(0)).put_u32(3, UPDATE).put_text(1, set).put_u64(6, milliseconds);
            data.nest(7, limit).put_u32(9, 0);
        })
    }

    pub(crate) fn count(self, counter: &str) -> Self {
        self.expression("objref", |data| {
            data.put_text(2, counter).put_u32(1, OBJECT_COUNTER);
        })
    }

    pub(crate) fn log(self, prefix: &str, group: u16) -> Self {
        self.expression("log", |data| {
            data.put_text(2, prefix).put(1, &group.to_be_bytes());
            data.put_u32(3, LOGGED_BYTES).put(4, &1_u16.to_be_bytes());
        })
    }

    pub(crate) fn set_mark(self, mark: u32) -> Self {
        self.immediate(register(0), |data| {
            data.put(VALUE, &mark.to_ne_bytes());
        })
        .expression("meta", |data| {
            data.put_u32(2, 3).put_u32(3, register(0));
        })
    }

    pub(crate) fn accept(self) -> Self {
        self.verdict(Code::Accept, None)
    }

    pub(crate) fn drop(self) -> Self {
        self.verdict(Code::Drop, None)
    }

    pub(crate) fn goto(self, chain: &str) -> Self {
        self.verdict(Code::Goto, Some(chain))
    }

    #[expect(clippy::as_conversions, reason = "the discriminants are the kernel's numbers")]
    fn verdict(self, code: Code, chain: Option<&str>) -> Self {
        self.immediate(VERDICT_REGISTER, |data| {
            data.nest(VERDICT, |verdict| {
                verdict.put(1, &(code as i32).to_be_bytes());
                if let Some(chain) = chain {
                    verdict.put_text(2, chain);
                }
            });
        })
    }

    fn immediate(self, register: u32, write: impl FnOnce(&mut Attributes)) -> Self {
        self.expression("immediate", |data| {
            data.put_u32(1, register).nest(2, write);
        })
    }

    fn load_all(mut self, fields: &[Field]) -> Self {
        let mut word = 0;
        for &field in fields {
            self = self.load(field, word);
            word = word.saturating_add(field.registers());
        }
        self
    }

    fn load(self, field: Field, word: u32) -> Self {
        match field.load() {
            Load::Meta(key) => self.expression("meta", |data| {
                data.put_u32(2, key).put_u32(1, register(word));
            }),
            Load::Payload { base, offset, length } => self.expression("payload", |data| {
                data.put_u32(1, register(word)).put_u32(2, base).put_u32(3, offset).put_u32(4, length);
            }),
        }
    }

    fn mask(self, mask: &[u8]) -> Self {
        self.expression("bitwise", |data| {
            data.put_u32(1, register(0)).put_u32(2, register(0));
            data.put_u32(3, u32::try_from(mask.len()).unwrap_or_default()).put_u32(6, 0);
            data.nest(4, |value| {
                value.put(VALUE, mask);
            });
            data.nest(5, |value| {
                value.put(VALUE, &vec![0; mask.len()]);
            });
        })
    }

    fn compare(self, operator: u32, value: &[u8]) -> Self {
        self.expression("cmp", |data| {
            data.put_u32(1, register(0)).put_u32(2, operator).nest(3, |inner| {
                inner.put(VALUE, value);
            });
        })
    }

    fn lookup(self, set: &str, flags: u32) -> Self {
        self.expression("lookup", |data| {
            data.put_text(1, set).put_u32(2, register(0)).put_u32(5, flags);
        })
    }

    fn expression(mut self, name: &str, write: impl FnOnce(&mut Attributes)) -> Self {
        self.expressions.nest(LIST_ITEM, |item| {
            item.put_text(NAME, name).nest(DATA, write);
        });
        self
    }
}

const EQUAL: u32 = 0;
const NOT_EQUAL: u32 = 1;
const UPDATE: u32 = 1;

fn limit(expression: &mut Attributes) {
    expression.put_text(NAME, "limit").nest(DATA, |data| {
        data.put_u64(1, LOGS_PER_SECOND).put_u64(2, 1).put_u32(3, LOG_BURST);
        data.put_u32(4, 0).put_u32(5, 0);
    });
}

/// The kernel counts registers of 128 bits from 1, and those of 32 bits from 8, over the same bytes; it lists the
/// first form where it fits.
const fn register(word: u32) -> u32 {
    if word.is_multiple_of(4) { 1 + word / 4 } else { 8 + word }
}

//! Topic aliases (MQTT 5 §3.3.2.3.4): numbers that stand for topics, in one direction of one connection.
//!
//! INVARIANT: an alias stands for the topic its sender last gave it, or the object is the alias's number: never a topic
//! it might have been.

use crate::reader::{Parse, ParseError, ensure};
use nullius_model::Object;
use std::collections::BTreeMap;

/// Topic aliases kept for one direction. A peer may be allowed 65,535; one that uses more than these fills memory
/// rather than saving bytes, and its topics are told by alias number.
const MAX_ALIASES: usize = 256;
/// The aliases one end has set.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    topics: BTreeMap<u16, Object>,
    /// The highest the receiver takes, where it was heard to say so.
    maximum: Option<u16>,
    /// Some may have been set unseen.
    incomplete: bool,
}

impl Aliases {
    /// The receiver takes aliases up to `maximum`.
    pub(super) const fn limit(&mut self, maximum: u16) {
        self.maximum = Some(maximum);
    }

    /// Bytes kept, a topic of some length with each.
    pub(super) fn held_bytes(&self) -> usize {
        const ALIAS: usize = size_of::<(u16, Object)>() + 96;
        self.topics.len() * ALIAS
    }

    /// Bytes are missing, in which any alias may have been set anew.
    pub(super) fn handle_gap(&mut self) {
        self.topics.clear();
        self.incomplete = true;
    }

    /// What a PUBLISH with this topic and alias is about; a topic with an alias sets it.
    pub(super) fn resolve(&mut self, topic: &str, alias: Option<u16>) -> Parse<Object> {
        let Some(alias) = alias else { return Ok(Object::name(topic)) };
        ensure(
            self.maximum.is_none_or(|maximum| alias <= maximum),
            "topic alias above the receiver's maximum",
        )?;
        if topic.is_empty() {
            return self.known(alias);
        }
        let object = Object::name(topic);
        if self.topics.len() < MAX_ALIASES || self.topics.contains_key(&alias) {
            self.topics.insert(alias, object.clone());
        }
        Ok(object)
    }

    fn known(&self, alias: u16) -> Parse<Object> {
        match self.topics.get(&alias) {
            Some(object) => Ok(object.clone()),
            None if self.incomplete || self.topics.len() == MAX_ALIASES => Ok(Object::Code(u64::from(alias))),
            None => Err(ParseError::Invalid("topic alias that was never set")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_beyond_the_table_is_told_by_its_number() {
        let mut aliases = Aliases::default();
        assert_eq!(aliases.resolve("", Some(1)), Err(ParseError::Invalid("topic alias that was never set")));
        for alias in 1..=1000 {
            assert_eq!(aliases.resolve("a/b", Some(alias)), Ok(Object::name("a/b")));
        }
        assert_eq!(aliases.topics.len(), MAX_ALIASES);
        assert_eq!(aliases.resolve("", Some(256)), Ok(Object::name("a/b")));
        assert_eq!(aliases.resolve("", Some(257)), Ok(Object::Code(257)));
        assert_eq!(aliases.resolve("c", Some(7)), Ok(Object::name("c")), "a known alias may be set anew");
        assert_eq!(aliases.resolve("", Some(7)), Ok(Object::name("c")));
    }
}

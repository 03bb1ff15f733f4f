//! Conversations and channels, counted as messages come.
//!
//! A *channel* is client, server and protocol with what flowed between them; conversations (one a unit) carry the
//! alphabets. Both tables are bounded: what has the fewest messages goes first.

use super::symbol::SymbolRecord;
use crate::discovery::stations::StationKey;
use nullius_model::{
    Direction, FlowInfo, FlowUsage, KeyedMap, Message, MessageKind, Protocol, Seed, Seen, Symbol, Timestamp,
    Transport, Unit, Usage,
};

/// Who speaks with whom, in what, with which part of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationKey {
    /// Who asks.
    pub client: StationKey,
    /// Who is asked.
    pub server: StationKey,
    /// In what protocol.
    pub protocol: Protocol,
    /// Which part of the server; the port of a TCP or UDP service nobody reads.
    pub unit: Unit,
}

/// Client, server and protocol, whatever the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelKey {
    /// Who asks.
    pub client: StationKey,
    /// Who is asked.
    pub server: StationKey,
    /// In what protocol.
    pub protocol: Protocol,
    /// On which port.
    pub port: u16,
    /// Over what.
    pub transport: Transport,
}

/// What is kept of a conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Each symbol, by who sends it.
    pub symbols: KeyedMap<(Direction, Symbol), SymbolRecord>,
    /// What is counted over all symbols.
    pub tally: Tally,
}

/// What is counted of a conversation, whatever the symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Requests, or messages nobody asked for.
    pub messages: u64,
    /// Of these, before the end of learning.
    pub learned: u64,
    /// Answers whose request was not seen.
    pub orphans: u64,
    /// First message.
    pub first: Seen,
    /// Last message.
    pub last: Seen,
    /// The earliest time of a message: that of the first, unless the capture's clock was set back.
    pub began: Timestamp,
    /// When, while learning, a symbol was new for the last time.
    pub newest: Timestamp,
    /// Messages whose symbol found no room.
    pub unkept: u64,
}

/// What flowed between two stations in one protocol.
#[derive(Clone, Debug)]
pub struct Channel {
    /// From client to server.
    pub from_client: Usage,
    /// From server to client.
    pub from_server: Usage,
    /// Flows opened.
    pub flows: u64,
    /// Flows that were answered.
    pub answered: u64,
    /// Flows that were refused.
    pub refused: u64,
    /// First frame.
    pub first: Seen,
    /// Last frame.
    pub last: Seen,
    /// Bytes of its streams the capture never showed, while learning and after.
    pub missing: u64,
    /// Times its bytes broke the protocol.
    pub malformed: u64,
}

/// Both tables.
#[derive(Debug)]
pub struct Behaviour {
    conversations: KeyedMap<ConversationKey, Conversation>,
    channels: KeyedMap<ChannelKey, Channel>,
    learn_until: Option<Timestamp>,
    follow_values: bool,
    seed: Seed,
    limits: crate::Limits,
    symbols: usize,
    evicted: u64,
    unkept_symbols: u64,
}

impl Behaviour {
    pub(crate) fn new(
        limits: crate::Limits,
        seed: Seed,
        learn_until: Option<Timestamp>,
        follow_values: bool,
    ) -> Self {
        Self {
            conversations: seed.map(),
            channels: seed.map(),
            learn_until,
            follow_values,
            seed,
            limits,
            symbols: 0,
            evicted: 0,
            unkept_symbols: 0,
        }
    }

    pub(crate) const fn learn_until(&mut self, instant: Timestamp) {
        self.learn_until = Some(instant);
    }

    /// One message.
    pub(crate) fn count(&mut self, flow: &FlowInfo, message: Message<'_>, seen: Seen) {
        let learning = self.learn_until.is_none_or(|until| seen.at < until);
        let (client, server) = stations(flow);
        let key = ConversationKey { client, server, protocol: message.protocol, unit: message.unit };
        if self.conversations.len() >= self.limits.conversations && !self.conversations.contains_key(&key) {
            self.evict_conversations();
        }
        let room = self.limits.symbols.saturating_sub(self.symbols);
        let most = crate::limits::share(self.limits.symbols_per_conversation, room);
        let seed = self.seed;
        let conversation = self.conversations.entry(key).or_insert_with(|| Conversation::new(seed, seen));
        conversation.tally.last = conversation.tally.last.max(seen);
        conversation.tally.began = conversation.tally.began.min(seen.at);
        let asker = match message.kind {
            MessageKind::Request => message.direction,
            MessageKind::Response { .. } | MessageKind::Orphan { .. } => message.direction.reversed(),
        };
        match message.kind {
            MessageKind::Request => {
                conversation.tally.messages += 1;
                conversation.tally.learned += u64::from(learning);
            }
            MessageKind::Response { .. } => {}
            MessageKind::Orphan { .. } => {
                conversation.tally.orphans += 1;
                return;
            }
        }
        let room = conversation.symbols.len() < most;
        let Some(record) =
            conversation.record((asker, message.symbol.clone()), room, seen, learning, &mut self.symbols)
        else {
            conversation.tally.unkept += 1;
            self.unkept_symbols += 1;
            return;
        };
        match message.kind {
            MessageKind::Request => record.count(seen, learning),
            MessageKind::Response { outcome, latency } => record.answer(outcome, latency),
            MessageKind::Orphan { .. } => {}
        }
        if self.follow_values {
            record.widen(&message.symbol, message.values);
        }
    }

    /// What a flow carried.
    pub(crate) fn carry(&mut self, flow: &FlowInfo, usage: &FlowUsage) {
        let channel = self.channel(flow, usage.protocol, usage.first);
        add(&mut channel.from_client, usage.from_client);
        add(&mut channel.from_server, usage.from_server);
        channel.first = channel.first.min(usage.first);
        channel.last = channel.last.max(usage.last);
        if usage.ended {
            channel.flows += 1;
            channel.answered += u64::from(usage.answered);
            channel.refused += u64::from(usage.refused);
        }
    }

    /// A flow's bytes are missing, or broke the protocol. What it speaks may not be known yet: filed under TCP then.
    pub(crate) fn blemish(
        &mut self,
        flow: &FlowInfo,
        protocol: Protocol,
        missing: u64,
        malformed: bool,
        seen: Seen,
    ) {
        let channel = self.channel(flow, protocol, seen);
        channel.missing = channel.missing.saturating_add(missing);
        channel.malformed += u64::from(malformed);
    }

    /// Every conversation, in the order of their keys.
    pub fn conversations(&self) -> Vec<(&ConversationKey, &Conversation)> {
        let mut all: Vec<_> = self.conversations.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        all
    }

    /// Every channel, in the order of their keys.
    pub fn channels(&self) -> Vec<(&ChannelKey, &Channel)> {
        let mut all: Vec<_> = self.channels.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        all
    }

    /// Conversations and channels let go because a table was full.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Messages whose symbol found no room.
    pub const fn unkept_symbols(&self) -> u64 {
        self.unkept_symbols
    }

    fn channel(&mut self, flow: &FlowInfo, protocol: Protocol, seen: Seen) -> &mut Channel {
        let (client, server) = stations(flow);
        let key = ChannelKey { client, server, protocol, port: flow.server.port, transport: flow.transport };
        if self.channels.len() >= self.limits.conversations && !self.channels.contains_key(&key) {
            self.evict_channels();
        }
        self.channels.entry(key).or_insert_with(|| Channel::new(seen))
    }

    /// Lets an eighth go: the fewest messages first, of equals the oldest.
    fn evict_conversations(&mut self) {
        let weigh =
            self.conversations.iter().map(|(key, one)| (one.tally.messages, one.tally.last, *key)).collect();
        for key in lightest(weigh, self.limits.conversations / 8 + 1) {
            if let Some(gone) = self.conversations.remove(&key) {
                self.symbols -= gone.symbols.len();
                self.evicted += 1;
            }
        }
    }

    fn evict_channels(&mut self) {
        let weigh = self
            .channels
            .iter()
            .map(|(key, one)| (one.answered.saturating_add(one.from_client.frames), one.last, *key))
            .collect();
        for key in lightest(weigh, self.limits.conversations / 8 + 1) {
            self.channels.remove(&key);
            self.evicted += 1;
        }
    }
}

fn lightest<K: Ord>(mut weights: Vec<(u64, Seen, K)>, count: usize) -> impl Iterator<Item = K> {
    let last = weights.len().saturating_sub(1);
    weights.select_nth_unstable(count.min(last));
    weights.into_iter().take(count).map(|(.., key)| key)
}

impl Conversation {
    fn new(seed: Seed, seen: Seen) -> Self {
        Self { symbols: seed.map(), tally: Tally::new(seen) }
    }

    fn record(
        &mut self,
        key: (Direction, Symbol),
        room: bool,
        seen: Seen,
        learning: bool,
        symbols: &mut usize,
    ) -> Option<&mut SymbolRecord> {
        if !room && !self.symbols.contains_key(&key) {
            return None;
        }
        let newest = &mut self.tally.newest;
        Some(self.symbols.entry(key).or_insert_with(|| {
            *symbols += 1;
            if learning {
                *newest = seen.at.max(*newest);
            }
            SymbolRecord::new(seen)
        }))
    }

    /// Adds another record of the same conversation, as of one device under two addresses.
    pub fn join(&mut self, other: &Self) {
        self.tally.join(&other.tally);
        for (symbol, record) in &other.symbols {
            match self.symbols.get_mut(symbol) {
                Some(known) => known.join(record),
                None => {
                    self.symbols.insert(symbol.clone(), record.clone());
                }
            }
        }
    }

    /// The alphabet in the order of its symbols.
    pub fn into_alphabet(self) -> Vec<(Direction, Symbol, SymbolRecord)> {
        let symbols = self.symbols.into_iter();
        let mut all: Vec<_> = symbols.map(|((sender, symbol), record)| (sender, symbol, record)).collect();
        all.sort_unstable_by(|(a, b, _), (c, d, _)| (a, b).cmp(&(c, d)));
        all
    }
}

impl Tally {
    const fn new(seen: Seen) -> Self {
        Self {
            messages: 0,
            learned: 0,
            orphans: 0,
            first: seen,
            last: seen,
            began: seen.at,
            newest: seen.at,
            unkept: 0,
        }
    }

    fn join(&mut self, other: &Self) {
        self.messages += other.messages;
        self.learned += other.learned;
        self.orphans += other.orphans;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.began = self.began.min(other.began);
        self.newest = self.newest.max(other.newest);
        self.unkept += other.unkept;
    }
}

impl Channel {
    const fn new(seen: Seen) -> Self {
        let none = Usage { frames: 0, bytes: 0, payload: 0 };
        Self {
            from_client: none,
            from_server: none,
            flows: 0,
            answered: 0,
            refused: 0,
            first: seen,
            last: seen,
            missing: 0,
            malformed: 0,
        }
    }

    /// Adds another channel of the same two devices.
    pub fn join(&mut self, other: &Self) {
        add(&mut self.from_client, other.from_client);
        add(&mut self.from_server, other.from_server);
        self.flows += other.flows;
        self.answered += other.answered;
        self.refused += other.refused;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.missing = self.missing.saturating_add(other.missing);
        self.malformed += other.malformed;
    }
}

const fn add(total: &mut Usage, more: Usage) {
    total.frames += more.frames;
    total.bytes += more.bytes;
    total.payload += more.payload;
}

/// The stations at both ends of a flow, client first.
pub(crate) const fn stations(flow: &FlowInfo) -> (StationKey, StationKey) {
    let client = StationKey::new(flow.client.mac, flow.client.ip);
    let server = StationKey::new(flow.server.mac, flow.server.ip);
    (client, server)
}

#[cfg(test)]
mod tests;

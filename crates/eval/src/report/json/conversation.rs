//! Conversations: alphabets with every symbol in structured form, and whether they may be enforced.

use super::device::Names;
use super::{Moment, micros, text};
use nullius_device::ConversationView;
use nullius_device::behaviour::period;
use nullius_device::behaviour::readiness::{self, Readiness};
use nullius_device::behaviour::symbol::SymbolRecord;
use nullius_device::behaviour::table::Channel;
use nullius_model::{Direction, Object, SizeClass, Symbol, Usage};
use serde::Serialize;

/// Client, server, protocol and unit; the client's port is no part of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Conversation<'a> {
    /// Who asks: the `id` of a device or internet host, or `group:` or `silent:` with an address.
    client: String,
    /// Who is asked.
    server: String,
    /// `modbus`, `mqtt`, `tcp`, `ip/132` …
    protocol: String,
    /// Part of the server; for `tcp` and `udp` the port.
    unit: Option<u32>,
    /// Requests, and messages nobody asked for.
    messages: u64,
    /// Of these, messages before the end of learning.
    learned: u64,
    /// Answers whose request was not captured.
    orphans: u64,
    /// Messages not kept because the table of symbols was full.
    unkept: u64,
    /// When, while learning, a symbol was new for the last time; RFC 3339.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    newest_symbol_at: Option<String>,
    first: Moment,
    last: Moment,
    readiness: ReadinessOf,
    outside: Outside,
    symbols: Vec<SymbolOf<'a>>,
    /// What flowed between both in this protocol, over all units.
    traffic: Option<Traffic>,
}

/// What default deny would have blocked of this conversation.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Outside {
    messages: u64,
    symbols: u64,
    /// Of these, symbols that change something.
    writing_symbols: u64,
}

/// Whether the alphabet may be enforced as learned.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Readiness"))]
struct ReadinessOf {
    ready: bool,
    /// Good and Turing's estimate of the share of messages whose symbol was never seen, in millionths.
    unseen_ppm: u64,
    /// Everything that speaks against it.
    doubts: Vec<Doubt>,
}

/// One thing that speaks against it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Doubt {
    #[serde(flatten)]
    what: DoubtKind,
    /// The same as a person reads it.
    text: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum DoubtKind {
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
        grew_for_us: u64,
        /// From the first message to the end of learning.
        learned_for_us: u64,
    },
    /// A declared cycle was not seen twice.
    CycleNotCovered {
        /// The cycle.
        cycle_us: u64,
        /// From the first message to the end of learning.
        learned_for_us: u64,
    },
    /// The capture lacks bytes of this conversation.
    Incomplete {
        /// How many.
        missing_bytes: u64,
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

/// One kind of message.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Symbol"))]
struct SymbolOf<'a> {
    sender: Sender,
    /// What it does, across protocols: `read`, `write`, `command`, `configure` …
    class: &'static str,
    /// The protocol's own verb.
    verb: &'static str,
    object: ObjectOf<'a>,
    /// Payload size: at most so many bytes; null where verb or object fix it.
    size_up_to_bytes: Option<u64>,
    /// Requests, or messages nobody asked for.
    count: u64,
    /// Of these, before the end of learning; with 0, default deny would have blocked it.
    learned: u64,
    first: Moment,
    last: Moment,
    answers: Answers,
    /// How regularly it comes; null where too few came to say.
    period: Option<Period>,
    /// Smallest and largest value of each item, where values were followed. Numbers of protocols with fractions are in
    /// thousandths.
    envelope_milli: Vec<Envelope>,
}

/// Which end sends it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum Sender {
    Client,
    Server,
}

/// What a message is about.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Object"))]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum ObjectOf<'a> {
    /// The peer itself.
    Peer,
    /// A run of numbered items.
    Range {
        /// The protocol's name of the address space.
        space: &'static str,
        /// Its number, where there are many of that name.
        number: Option<u32>,
        /// The first item as the protocol transmits it.
        first: u32,
        /// How many items.
        count: u32,
    },
    /// A thing with a name a device chose: a topic, a path, a node.
    Name {
        /// The name.
        name: &'a str,
    },
    /// A number without a known name.
    Code {
        /// The number; may be beyond 2⁵³.
        code: u64,
    },
}

/// How it was answered.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Answers {
    /// Answers that did it.
    done: u64,
    /// Answers that refused: exceptions, errors.
    refused: u64,
    /// Longest wait for an answer, microseconds.
    slowest_us: u64,
}

/// Gaps between messages, microseconds.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Period {
    median_us: u64,
    /// Median absolute deviation from the median.
    deviation_us: u64,
    shortest_us: u64,
    longest_us: u64,
    /// The gaps stray less than 5 % from their median.
    regular: bool,
}

/// Values of one item.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Envelope {
    least: i64,
    most: i64,
}

/// What flowed between client and server.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Traffic {
    from_client: Sent,
    from_server: Sent,
    /// Flows opened.
    flows: u64,
    /// Flows that were answered.
    answered: u64,
    /// Flows that were refused.
    refused: u64,
    /// Bytes of its streams that the capture never showed.
    missing_bytes: u64,
    /// Times its bytes broke the protocol.
    malformed: u64,
}

/// What one end sent.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Sent {
    frames: u64,
    /// Bytes on the wire, link headers included.
    bytes: u64,
    /// Bytes of transport payload.
    payload: u64,
}

impl<'a> Conversation<'a> {
    pub(super) fn of(view: &'a ConversationView, names: &Names) -> Self {
        let said = view.tally.as_ref();
        let learned = said.map_or(0, |said| said.learned);
        Self {
            client: names.party(view.client),
            server: names.party(view.server),
            protocol: view.protocol.to_string(),
            unit: view.unit.0,
            messages: view.messages(),
            learned,
            orphans: said.map_or(0, |said| said.orphans),
            unkept: said.map_or(0, |said| said.unkept),
            newest_symbol_at: said.filter(|_| learned > 0).map(|said| said.newest.to_string()),
            first: Moment::of(view.first),
            last: Moment::of(view.last),
            readiness: ReadinessOf::of(&view.readiness),
            outside: Outside::of(view),
            symbols: view.alphabet.iter().map(SymbolOf::of).collect(),
            traffic: view.channel.as_ref().map(Traffic::of),
        }
    }
}

impl Outside {
    fn of(view: &ConversationView) -> Self {
        Self {
            messages: view.outside_messages(),
            symbols: view.outside().count() as u64,
            writing_symbols: view.outside().filter(|(_, symbol, _)| symbol.class.needs_seal()).count() as u64,
        }
    }
}

impl ReadinessOf {
    fn of(readiness: &Readiness) -> Self {
        let doubt = |doubt: &readiness::Doubt| Doubt { what: DoubtKind::of(doubt), text: doubt.to_string() };
        Self {
            ready: readiness.is_ready(),
            unseen_ppm: readiness.unseen_ppm,
            doubts: readiness.doubts.iter().map(doubt).collect(),
        }
    }
}

impl DoubtKind {
    fn of(doubt: &readiness::Doubt) -> Self {
        use readiness::Doubt;
        match *doubt {
            Doubt::NothingLearned => Self::NothingLearned,
            Doubt::TooFew { messages } => Self::TooFew { messages },
            Doubt::UnseenMass { ppm, once } => Self::UnseenMass { ppm, once },
            Doubt::StillGrowing { grew_for, learned_for } => {
                Self::StillGrowing { grew_for_us: micros(grew_for), learned_for_us: micros(learned_for) }
            }
            Doubt::CycleNotCovered { cycle, learned_for } => {
                Self::CycleNotCovered { cycle_us: micros(cycle), learned_for_us: micros(learned_for) }
            }
            Doubt::Incomplete { missing } => Self::Incomplete { missing_bytes: missing },
            Doubt::Malformed { times } => Self::Malformed { times },
            Doubt::TooManySymbols => Self::TooManySymbols,
            Doubt::Unsealed { symbols } => Self::Unsealed { symbols },
        }
    }
}

impl<'a> SymbolOf<'a> {
    fn of((sender, symbol, record): &'a (Direction, Symbol, SymbolRecord)) -> Self {
        Self {
            sender: match sender {
                Direction::FromClient => Sender::Client,
                Direction::FromServer => Sender::Server,
            },
            class: symbol.class.name(),
            verb: symbol.verb,
            object: ObjectOf::of(&symbol.object),
            size_up_to_bytes: match symbol.size {
                SizeClass::Fixed => None,
                SizeClass::UpTo(exponent) => Some(1_u64 << (2 * exponent.min(31))),
            },
            count: record.count,
            learned: record.learned,
            first: Moment::of(record.first),
            last: Moment::of(record.last),
            answers: Answers {
                done: record.done,
                refused: record.refused,
                slowest_us: micros(record.slowest),
            },
            period: record.gaps.period().map(Period::of),
            envelope_milli: record.envelopes.iter().map(|&(least, most)| Envelope { least, most }).collect(),
        }
    }
}

impl<'a> ObjectOf<'a> {
    fn of(object: &'a Object) -> Self {
        match object {
            Object::Peer => Self::Peer,
            Object::Range { space, first, count } => {
                Self::Range { space: space.name, number: space.number, first: *first, count: *count }
            }
            Object::Name(name) => Self::Name { name: text(name) },
            Object::Code(code) => Self::Code { code: *code },
        }
    }
}

impl Period {
    fn of(period: period::Period) -> Self {
        Self {
            median_us: micros(period.median),
            deviation_us: micros(period.deviation),
            shortest_us: micros(period.shortest),
            longest_us: micros(period.longest),
            regular: period.is_regular(),
        }
    }
}

impl Traffic {
    const fn of(channel: &Channel) -> Self {
        Self {
            from_client: Sent::of(channel.from_client),
            from_server: Sent::of(channel.from_server),
            flows: channel.flows,
            answered: channel.answered,
            refused: channel.refused,
            missing_bytes: channel.missing,
            malformed: channel.malformed,
        }
    }
}

impl Sent {
    const fn of(usage: Usage) -> Self {
        Self { frames: usage.frames, bytes: usage.bytes, payload: usage.payload }
    }
}

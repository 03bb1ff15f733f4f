//! What would break: recorded conversations through the evaluator that decides for real.
//!
//! INVARIANT: a clean result over a history that is too short is no clean result: it is called insufficient.

mod history;
#[cfg(test)]
mod tests;

pub(crate) use history::Known;
pub use history::{Heard, History, Recorded, Station};

use crate::explain::Because;
use crate::inventory::ZoneClass;
use crate::{Directory, Effect, Inputs, Moment, Policies, Repository, Request, ServiceId};
use nullius_model::{DeviceName, SmolStr, Timestamp, VerbClass};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// What would have happened to a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// What would have been refused: essential zones first, then the most frequent.
    pub blocked: Vec<Blocked>,
    /// Conversations with an end that the inventory does not know; default deny refuses them.
    pub strangers: Vec<Stranger>,
    /// All that was judged.
    pub total: Count,
    /// What the history says anything about.
    pub coverage: Coverage,
    /// The answer in one word.
    pub verdict: Outcome,
}

/// How much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Who with whom, by which service.
    pub conversations: u64,
    /// Kinds of message.
    pub symbols: u64,
    /// Messages.
    pub messages: u64,
}

/// Kinds of message of one conversation that would have been refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Who asks.
    pub client: DeviceName,
    /// What is asked.
    pub object: ServiceId,
    /// What the zone of the object is for: what would suffer.
    pub class: ZoneClass,
    /// The kinds of message, most frequent first.
    pub symbols: Vec<BlockedSymbol>,
}

impl Blocked {
    /// Messages of all kinds.
    pub fn messages(&self) -> u64 {
        self.symbols.iter().map(|symbol| symbol.count).sum()
    }
}

/// One kind of message that would have been refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedSymbol {
    /// The protocol's verb.
    pub verb: SmolStr,
    /// Its class.
    pub class: VerbClass,
    /// What it was about, as recorded.
    pub about: SmolStr,
    /// How often it was seen.
    pub count: u64,
    /// When first and last.
    pub seen: (Timestamp, Timestamp),
    /// Which policy, or which missing input.
    pub because: String,
}

/// A conversation whose ends are not both in the inventory, or that uses a service nobody declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Who asks, as recorded.
    pub client: String,
    /// Who is asked, as recorded.
    pub server: String,
    /// By which protocol.
    pub service: String,
    /// Messages.
    pub messages: u64,
}

/// What a history holds and what it cannot show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// From its first to its last message.
    pub span: Duration,
    /// Days of the week it holds something of, 1 (Monday) to 7, UTC.
    pub weekdays: BTreeSet<u8>,
    /// Devices and conduits whose declared cycle is longer than that, each with its cycle.
    pub too_short_for: Vec<(String, Duration)>,
    /// Messages sent by servers of their own accord: not judged here.
    pub unasked: u64,
}

/// The answer in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// History is shorter than a cycle that was declared: nothing found says nothing.
    #[default]
    Insufficient,
    /// Something that happened would be refused.
    Blocks,
    /// All that happened would be allowed.
    Clean,
}

/// Judges every kind of message of `history` as if it came from its subject under `inputs`, in the mode of `moment`, at
/// the times it was first and last seen. Refused at either is refused.
pub fn simulate(
    repository: &Repository,
    policies: &Policies,
    history: &History,
    inputs: impl Fn(&DeviceName) -> Inputs,
    moment: &Moment,
) -> Simulation {
    let directory = Directory::from_inventory(repository.inventory());
    let known = Known::of(repository.inventory());
    let mut judge = Judge {
        repository,
        policies,
        directory: &directory,
        inputs: &inputs,
        mode: *moment,
        blocked: BTreeMap::new(),
        total: Count::default(),
        unasked: 0,
    };
    let mut strangers = Vec::new();
    for recorded in &history.conversations {
        match known.ends(recorded) {
            Some((client, object)) => judge.conversation(recorded, &client, &object),
            None => strangers.push(Stranger::of(recorded)),
        }
    }
    let coverage = coverage(repository, history, judge.unasked);
    let total = judge.total;
    let blocked = judge.into_blocked();
    let verdict = match coverage.too_short_for.is_empty() {
        false => Outcome::Insufficient,
        true if blocked.is_empty() && strangers.is_empty() => Outcome::Clean,
        true => Outcome::Blocks,
    };
    Simulation { blocked, strangers, total, coverage, verdict }
}

impl Simulation {
    /// What would be refused between devices that are known.
    pub fn refused(&self) -> Count {
        Count {
            conversations: self.blocked.len().try_into().unwrap_or(u64::MAX),
            symbols: self
                .blocked
                .iter()
                .map(|blocked| blocked.symbols.len())
                .sum::<usize>()
                .try_into()
                .unwrap_or(u64::MAX),
            messages: self.blocked.iter().map(Blocked::messages).sum(),
        }
    }
}

struct Judge<'a, I> {
    repository: &'a Repository,
    policies: &'a Policies,
    directory: &'a Directory,
    inputs: &'a I,
    mode: Moment,
    blocked: BTreeMap<(DeviceName, ServiceId), Vec<BlockedSymbol>>,
    total: Count,
    unasked: u64,
}

impl<I: Fn(&DeviceName) -> Inputs> Judge<'_, I> {
    fn conversation(&mut self, recorded: &Recorded, client: &DeviceName, object: &ServiceId) {
        self.total.conversations += 1;
        for heard in &recorded.heard {
            if heard.unasked {
                self.unasked += heard.count;
                continue;
            }
            self.total.symbols += 1;
            self.total.messages += heard.count;
            if let Some(because) = self.refusal(heard, client, object) {
                let symbol = BlockedSymbol {
                    verb: heard.verb.clone(),
                    class: heard.class,
                    about: heard.about.clone(),
                    count: heard.count,
                    seen: (heard.first, heard.last),
                    because,
                };
                self.blocked.entry((client.clone(), object.clone())).or_default().push(symbol);
            }
        }
    }

    fn refusal(&self, heard: &Heard, client: &DeviceName, object: &ServiceId) -> Option<String> {
        let request = Request {
            subject: client.clone(),
            object: object.clone(),
            verb: heard.verb.clone(),
            class: heard.class,
            message: Some(heard.message.clone()),
        };
        let inputs = (self.inputs)(client);
        [heard.first, heard.last].into_iter().find_map(|at| {
            let moment = Moment { mode: self.mode.mode, ..moment_of(at) };
            let decision = self.policies.decide(self.directory, &request, &inputs, &moment, &[]);
            let refused = decision.effect == Effect::Deny;
            refused.then(|| Because { repository: self.repository, decision: &decision }.to_string())
        })
    }

    fn into_blocked(self) -> Vec<Blocked> {
        let inventory = self.repository.inventory();
        let class = |object: &ServiceId| {
            let zone =
                inventory.devices.get(&object.device).and_then(|device| inventory.zones.get(&device.zone));
            zone.map_or_else(ZoneClass::default, |zone| zone.class)
        };
        let one = |((client, object), mut symbols): ((DeviceName, ServiceId), Vec<BlockedSymbol>)| {
            symbols
                .sort_by(|left, right| right.count.cmp(&left.count).then_with(|| left.verb.cmp(&right.verb)));
            Blocked { client, class: class(&object), object, symbols }
        };
        let mut all: Vec<Blocked> = self.blocked.into_iter().map(one).collect();
        all.sort_by_key(|blocked| (blocked.class, std::cmp::Reverse(blocked.messages())));
        all
    }
}

impl Stranger {
    fn of(recorded: &Recorded) -> Self {
        let service = match recorded.channel {
            Some(channel) => format!("{} {channel}", recorded.protocol),
            None => recorded.protocol.to_string(),
        };
        Self {
            client: recorded.client.to_string(),
            server: recorded.server.to_string(),
            service,
            messages: recorded.heard.iter().map(|heard| heard.count).sum(),
        }
    }
}

fn coverage(repository: &Repository, history: &History, unasked: u64) -> Coverage {
    let span = history.last.since(history.first);
    let cycles = &repository.written.cycles;
    let devices = cycles.devices.iter().map(|(name, cycle)| (name.to_string(), *cycle));
    let conduits = cycles.conduits.iter().map(|((from, to), cycle)| (format!("{from} -> {to}"), *cycle));
    let heard = history.conversations.iter().flat_map(|recorded| &recorded.heard);
    Coverage {
        span,
        weekdays: heard.flat_map(|heard| [heard.first, heard.last]).map(|at| moment_of(at).weekday).collect(),
        too_short_for: devices.chain(conduits).filter(|(_, cycle)| *cycle > span).collect(),
        unasked,
    }
}

/// When that was, UTC. 1970 began on a Thursday.
fn moment_of(at: Timestamp) -> Moment {
    let minutes = at.as_secs() / 60;
    let weekday = (minutes / 1_440 + 3) % 7 + 1;
    Moment {
        minute: u16::try_from(minutes % 1_440).unwrap_or(0),
        weekday: u8::try_from(weekday).unwrap_or(1),
        ..Moment::default()
    }
}

/// Most conversations, and kinds of message of each, that are printed.
const SHOWN: usize = 20;

/// A page for a terminal.
impl fmt::Display for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count { conversations, symbols, messages } = self.refused();
        let Count { conversations: of_conversations, symbols: of_symbols, messages: of_messages } =
            self.total;
        writeln!(
            f,
            "would block {messages} of {of_messages} messages, {symbols} of {of_symbols} kinds, in {conversations} of {of_conversations} conversations"
        )?;
        for blocked in self.blocked.iter().take(SHOWN) {
            writeln!(
                f,
                "  {} -> {} ({}): {} messages",
                blocked.client,
                blocked.object,
                blocked.class,
                blocked.messages()
            )?;
            for symbol in blocked.symbols.iter().take(SHOWN) {
                let BlockedSymbol { verb, class, about, count, because, .. } = symbol;
                writeln!(
                    f,
                    "    {count} × {} {} ({class}): {because}",
                    verb.escape_debug(),
                    about.escape_debug()
                )?;
            }
        }
        for stranger in self.strangers.iter().take(SHOWN) {
            writeln!(
                f,
                "  {} -> {} {}: not in the inventory, {} messages",
                stranger.client, stranger.server, stranger.service, stranger.messages
            )?;
        }
        writeln!(
            f,
            "history: {} s, days of the week {:?}",
            self.coverage.span.as_secs(),
            self.coverage.weekdays
        )?;
        for (what, cycle) in &self.coverage.too_short_for {
            writeln!(f, "  too short for {what}, whose cycle is {} s", cycle.as_secs())?;
        }
        f.write_str(match self.verdict {
            Outcome::Insufficient => "verdict: insufficient, the history is shorter than a declared cycle\n",
            Outcome::Blocks => "verdict: blocks what happened\n",
            Outcome::Clean => "verdict: clean\n",
        })
    }
}

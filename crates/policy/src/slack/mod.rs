//! Privilege slack: what is granted and was not used over a window, by peer, verb and range.
//!
//! What is granted is asked of the evaluator, item by item where the items are numbered; between the numbers that its
//! policies name, an evaluator cannot change its mind, so only those are asked.
//!
//! INVARIANT: what is due less often than the window is long is never called unused.

mod ranges;
#[cfg(test)]
mod tests;

pub use ranges::Ranges;

use crate::simulate::{Heard, History, Known};
use crate::world::{Pair, World};
use crate::{Connection, Effect, Inputs, MessageFields, Moment, PolicyId, Request, Verb, verbs};
use nullius_model::{DeviceName, Protocol, VerbClass};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// Numbered items of Modbus: 0 to 65,535.
const ITEMS: u32 = 1 << 16;
/// Most numbers taken from policies to ask at: a policy of nothing but numbers must not stall the report.
const MAX_NUMBERS: usize = 4_096;
/// Most values tried to be written where a policy limits them.
const MAX_VALUES: usize = 16;

/// What is granted and unused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slack {
    /// How long was looked at.
    pub window: Duration,
    /// By subject: conversations with something unused.
    pub devices: BTreeMap<DeviceName, Vec<PairSlack>>,
}

/// One conversation with something unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairSlack {
    /// Who may, and to which service.
    pub pair: Pair,
    /// Verbs that were not used on all they are granted for.
    pub verbs: Vec<VerbSlack>,
    /// Its declared cycle, where that is not shorter than the window: nothing is to be taken away.
    pub kept: Option<Duration>,
}

/// One verb that was not used on all it is granted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerbSlack {
    /// The verb.
    pub verb: Verb,
    /// Items it may be used on; empty where they are not numbered.
    pub granted: Ranges,
    /// Items it was used on.
    pub used: Ranges,
}

impl VerbSlack {
    /// The unused part in percent, rounded down; all of it where the verb was never used.
    pub fn percent(&self) -> u64 {
        let unused = self.granted.without(&self.used).len();
        (unused * 100).checked_div(self.granted.len()).unwrap_or(100)
    }

    /// A condition for Cedar that leaves what was used; nothing where all of the verb is unused.
    pub fn proposal(&self) -> Option<String> {
        let run = |(first, count): (u32, u32)| {
            let end = u64::from(first) + u64::from(count);
            format!(
                "(context.message.address >= {first} && context.message.address + context.message.quantity <= {end})"
            )
        };
        let runs: Vec<String> = self.used.runs().map(run).collect();
        (!runs.is_empty()).then(|| {
            format!("context.message has address && context.message has quantity && ({})", runs.join(" || "))
        })
    }
}

/// What `world` grants under `inputs` and `history` did not use.
pub fn slack(
    world: World<'_>,
    history: &History,
    inputs: impl Fn(&DeviceName) -> Inputs,
    moment: &Moment,
) -> Slack {
    let window = history.last.since(history.first);
    let used = used(world, history);
    let forbids = numbers_of_forbids(world);
    let mut devices: BTreeMap<DeviceName, Vec<PairSlack>> = BTreeMap::new();
    for (pair, connection) in world.conversations(&inputs, moment) {
        let probe = Probe {
            world,
            pair: &pair,
            inputs: inputs(&pair.0),
            moment,
            numbers: numbers(world, &connection, &forbids),
            heard: used.get(&pair).map_or(&[], Vec::as_slice),
        };
        let verbs = probe.unused();
        if !verbs.is_empty() {
            let kept = cycle(world, &pair).filter(|cycle| *cycle >= window);
            devices.entry(pair.0.clone()).or_default().push(PairSlack { pair, verbs, kept });
        }
    }
    Slack { window, devices }
}

fn used<'h>(world: World<'_>, history: &'h History) -> BTreeMap<Pair, Vec<&'h Heard>> {
    let known = Known::of(world.repository.inventory());
    let mut used: BTreeMap<Pair, Vec<&Heard>> = BTreeMap::new();
    for recorded in &history.conversations {
        if let Some(pair) = known.ends(recorded) {
            used.entry(pair).or_default().extend(recorded.heard.iter().filter(|heard| !heard.unasked));
        }
    }
    used
}

/// The longest that somebody declared for an end or for the conduit between the two.
fn cycle(world: World<'_>, (client, object): &Pair) -> Option<Duration> {
    let cycles = &world.repository.written.cycles;
    let zone = |name: &DeviceName| Some(world.repository.inventory().devices.get(name)?.zone.clone());
    let conduit = zone(client).zip(zone(&object.device)).and_then(|zones| cycles.conduits.get(&zones));
    [cycles.devices.get(client), cycles.devices.get(&object.device), conduit]
        .into_iter()
        .flatten()
        .max()
        .copied()
}

fn numbers(world: World<'_>, connection: &Connection, forbids: &BTreeSet<u32>) -> BTreeSet<u32> {
    let texts = connection.reasons.iter().filter_map(|id: &PolicyId| world.repository.policy_text(id));
    texts.flat_map(numbers_in).chain(forbids.iter().copied()).take(MAX_NUMBERS).collect()
}

fn numbers_of_forbids(world: World<'_>) -> BTreeSet<u32> {
    let forbids = world.repository.written.policies.values().filter(|policy| policy.effect == Effect::Deny);
    forbids.filter_map(|policy| world.repository.policy_text(&policy.id)).flat_map(numbers_in).collect()
}

fn numbers_in(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.split(|character: char| !character.is_ascii_digit()).filter_map(|digits| digits.parse().ok())
}

/// A message of this verb is about numbered items.
fn is_numbered(protocol: Protocol, verb: Verb) -> bool {
    protocol == Protocol::Modbus && matches!(verb.class, VerbClass::Read | VerbClass::Write)
}

struct Probe<'a> {
    world: World<'a>,
    pair: &'a Pair,
    inputs: Inputs,
    moment: &'a Moment,
    /// Numbers its policies name.
    numbers: BTreeSet<u32>,
    heard: &'a [&'a Heard],
}

impl Probe<'_> {
    fn unused(&self) -> Vec<VerbSlack> {
        let Some(service) = self.world.directory.service(&self.pair.1) else { return Vec::new() };
        let protocol = service.protocol;
        verbs(protocol).iter().filter_map(|verb| self.verb(*verb, protocol)).collect()
    }

    fn verb(&self, verb: Verb, protocol: Protocol) -> Option<VerbSlack> {
        let heard = || self.heard.iter().filter(|heard| heard.verb == verb.name && heard.class == verb.class);
        let runs = heard().filter_map(|heard| heard.message.address.zip(heard.message.quantity));
        let used = Ranges::of(runs);
        if !is_numbered(protocol, verb) {
            let unused = heard().next().is_none() && self.allows_unnumbered(verb);
            return unused.then_some(VerbSlack { verb, granted: Ranges::default(), used });
        }
        let granted = self.granted(verb, &self.units());
        let unused = !granted.without(&used).is_empty();
        unused.then_some(VerbSlack { verb, granted, used })
    }

    fn allows_unnumbered(&self, verb: Verb) -> bool {
        let unit = |unit| MessageFields { unit: Some(unit), ..MessageFields::default() };
        self.units().into_iter().any(|number| self.allows(verb, unit(number)))
    }

    /// Units that were spoken to; 1 where none was.
    fn units(&self) -> BTreeSet<u32> {
        let units: BTreeSet<u32> = self.heard.iter().filter_map(|heard| heard.message.unit).collect();
        if units.is_empty() { BTreeSet::from([1]) } else { units }
    }

    /// Items that one message about one item may be about.
    fn granted(&self, verb: Verb, units: &BTreeSet<u32>) -> Ranges {
        let near = |number: &u32| number.saturating_sub(2)..=number.saturating_add(2);
        let edges: BTreeSet<u32> =
            self.numbers.iter().flat_map(near).chain([0]).filter(|edge| *edge < ITEMS).collect();
        let ends = edges.iter().skip(1).copied().chain([ITEMS]);
        let runs = edges.iter().copied().zip(ends).filter(|(first, _)| self.allows_item(verb, *first, units));
        Ranges::of(runs.map(|(first, end)| (first, end - first)))
    }

    fn allows_item(&self, verb: Verb, address: u32, units: &BTreeSet<u32>) -> bool {
        units.iter().any(|unit| {
            let message = MessageFields {
                unit: Some(*unit),
                address: Some(address),
                quantity: Some(1),
                ..MessageFields::default()
            };
            self.allows(verb, message.clone())
                || (verb.class.needs_seal() && self.allows_a_value(verb, &message))
        })
    }

    fn allows_a_value(&self, verb: Verb, message: &MessageFields) -> bool {
        self.numbers.iter().take(MAX_VALUES).chain(&[0]).any(|value| {
            let value = Some(i64::from(*value));
            self.allows(verb, MessageFields { value_min: value, value_max: value, ..message.clone() })
        })
    }

    fn allows(&self, verb: Verb, message: MessageFields) -> bool {
        let (subject, object) = self.pair.clone();
        let request =
            Request { subject, object, verb: verb.name.into(), class: verb.class, message: Some(message) };
        let World { policies, directory, .. } = self.world;
        policies.decide(directory, &request, &self.inputs, self.moment, &[]).effect == Effect::Allow
    }
}

/// Most conversations that are printed.
const SHOWN: usize = 100;

/// A page for a terminal.
impl fmt::Display for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.devices.values().flatten();
        writeln!(
            f,
            "granted and unused in {} s, in {} conversations",
            self.window.as_secs(),
            all.clone().count()
        )?;
        for PairSlack { pair: (client, object), verbs, kept } in all.take(SHOWN) {
            writeln!(f, "  {client} -> {object}")?;
            if let Some(cycle) = kept {
                writeln!(
                    f,
                    "    kept: its cycle is {} s, so that this window shows nothing",
                    cycle.as_secs()
                )?;
            }
            for slack in verbs {
                write!(f, "    {} ({}): {} % unused", slack.verb.name, slack.verb.class, slack.percent())?;
                match slack.used.is_empty() {
                    true => writeln!(f, ", never used")?,
                    false => writeln!(f, ", used on {}", slack.used)?,
                }
            }
        }
        Ok(())
    }
}

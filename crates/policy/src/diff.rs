//! What a change of policy changes, in devices and conversations rather than in lines.

use crate::world::{Pair, World};
use crate::{Connection, Inputs, Moment, PolicyId};
use nullius_model::{DeviceName, SmolStr, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What becomes of one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was denied.
    Gained(Verdict),
    /// It will be denied.
    Lost(Verdict),
    /// From accept to divert, or back.
    Verdict(Verdict, Verdict),
    /// Still judged message by message, by policies that say something else.
    Conditions,
}

/// What changes between two devices, by service of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairChange {
    /// Who asks.
    pub client: DeviceName,
    /// Who is asked.
    pub server: DeviceName,
    /// By the names of its services.
    pub services: BTreeMap<SmolStr, Change>,
}

/// From one policy to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Devices that only the old inventory declares.
    pub gone: BTreeSet<DeviceName>,
    /// Devices that only the new inventory declares.
    pub new: BTreeSet<DeviceName>,
    /// Pairs of devices whose conversations change, in order.
    pub pairs: Vec<PairChange>,
}

/// What leads from `old` to `new`, under the same inputs and at the same moment.
pub fn diff(old: World<'_>, new: World<'_>, inputs: impl Fn(&DeviceName) -> Inputs, moment: &Moment) -> Diff {
    let devices = |world: World<'_>| world.directory.devices().cloned().collect::<BTreeSet<DeviceName>>();
    let (old_devices, new_devices) = (devices(old), devices(new));
    let before = old.conversations(&inputs, moment);
    let after = new.conversations(&inputs, moment);
    let pairs: BTreeSet<&Pair> = before.keys().chain(after.keys()).collect();
    let mut changes: BTreeMap<(DeviceName, DeviceName), BTreeMap<SmolStr, Change>> = BTreeMap::new();
    for pair in pairs {
        if let Some(change) = change((old, before.get(pair)), (new, after.get(pair))) {
            let (client, object) = pair;
            let services = changes.entry((client.clone(), object.device.clone())).or_default();
            services.insert(object.service.clone(), change);
        }
    }
    Diff {
        gone: old_devices.difference(&new_devices).cloned().collect(),
        new: new_devices.difference(&old_devices).cloned().collect(),
        pairs: changes
            .into_iter()
            .map(|((client, server), services)| PairChange { client, server, services })
            .collect(),
    }
}

type Side<'a> = (World<'a>, Option<&'a Connection>);

fn change((old, before): Side<'_>, (new, after): Side<'_>) -> Option<Change> {
    match (before, after) {
        (None, None) => None,
        (None, Some(after)) => Some(Change::Gained(after.verdict)),
        (Some(before), None) => Some(Change::Lost(before.verdict)),
        (Some(before), Some(after)) if before.verdict != after.verdict => {
            Some(Change::Verdict(before.verdict, after.verdict))
        }
        (Some(before), Some(after)) => {
            let judged = before.verdict == Verdict::Divert;
            (judged && texts(old, before) != texts(new, after)).then_some(Change::Conditions)
        }
    }
}

/// What the policies that decide say.
fn texts<'a>(world: World<'a>, connection: &Connection) -> BTreeMap<PolicyId, Option<&'a str>> {
    let text = |id: &PolicyId| (id.clone(), world.repository.policy_text(id));
    connection.reasons.iter().map(text).collect()
}

impl Diff {
    /// Nothing changes for anybody.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty() && self.pairs.is_empty()
    }

    /// How many conversations are gained, lost, changed.
    pub fn counts(&self) -> (usize, usize, usize) {
        let changes = || self.pairs.iter().flat_map(|pair| pair.services.values());
        let gained = changes().filter(|change| matches!(change, Change::Gained(_))).count();
        let lost = changes().filter(|change| matches!(change, Change::Lost(_))).count();
        (gained, lost, changes().count() - gained - lost)
    }
}

/// Most pairs that are printed, and devices that are named.
const SHOWN: usize = 40;

/// A page for a terminal.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "no conversation changes");
        }
        let (gained, lost, changed) = self.counts();
        let pairs = self.pairs.len();
        writeln!(
            f,
            "{gained} conversations gained, {lost} lost, {changed} changed, between {pairs} pairs of devices"
        )?;
        fmt_devices(f, "new devices", &self.new)?;
        fmt_devices(f, "devices gone", &self.gone)?;
        for PairChange { client, server, services } in self.pairs.iter().take(SHOWN) {
            for (service, change) in services {
                writeln!(f, "  {change} {client} -> {server}/{service}")?;
            }
        }
        match pairs.checked_sub(SHOWN) {
            Some(more) if more > 0 => writeln!(f, "  and {more} more pairs"),
            Some(_) | None => Ok(()),
        }
    }
}

fn fmt_devices(f: &mut fmt::Formatter<'_>, what: &str, devices: &BTreeSet<DeviceName>) -> fmt::Result {
    if devices.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = devices.iter().take(SHOWN).map(DeviceName::as_str).collect();
    let more = devices.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    writeln!(f, "{what}: {}{rest}", named.join(", "))
}

/// `+ accept`, `- divert`, `~ accept to divert`, `~ conditions`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gained(verdict) => write!(f, "+ {}", word(*verdict)),
            Self::Lost(verdict) => write!(f, "- {}", word(*verdict)),
            Self::Verdict(from, to) => write!(f, "~ {} to {}", word(*from), word(*to)),
            Self::Conditions => f.write_str("~ conditions"),
        }
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Deny => "deny",
        Verdict::Divert => "divert",
        Verdict::Accept => "accept",
    }
}

//! Why a request is allowed or denied, and what would change that (design §11.4: every denial names the policy or the
//! missing input that caused it).
//!
//! INVARIANT: nothing here decides. What is explained is what [`Policies`] answered.

use crate::{
    Connection, Decision, Directory, Effect, Inputs, Moment, Permit, Policies, PolicyId, Repository, Request,
    Unknown,
};
use nullius_model::{SmolStr, Verdict};
use std::fmt;

/// An answer, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked.
    pub request: Request,
    /// What was known of who asked.
    pub inputs: Inputs,
    /// What was true of the site.
    pub moment: Moment,
    /// What was answered to this message.
    pub decision: Decision,
    /// What the packet path does with the whole conversation.
    pub connection: Connection,
    /// The policies and grants that decided.
    pub decided_by: Vec<Source>,
    /// How to get access, where asking can help.
    pub remedy: Remedy,
}

/// A policy or grant that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: PolicyId,
    /// What it says: grants allow.
    pub effect: Effect,
    /// `policies/cell.cedar:3:1`; nothing for a grant.
    pub place: Option<String>,
    /// Who answers for it, where it says so.
    pub owner: Option<SmolStr>,
    /// What it is for, where it says so.
    pub reason: Option<SmolStr>,
}

/// What a person can do about a denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// It is allowed.
    None,
    /// A grant with an end would allow it; this command asks for it, and this owner decides.
    Grant {
        /// Ready to type.
        command: String,
        /// Who answers for the object's zone; empty where nobody does.
        owner: SmolStr,
    },
    /// A forbid stands in the way, or a policy fails: no grant helps, only its owner.
    Policy {
        /// Who answers for it, else for the object's zone; empty where nobody does.
        owner: SmolStr,
    },
    /// The inventory does not know what was asked for.
    Inventory,
}

/// Asks the policies and takes the answer apart.
pub fn explain(
    repository: &Repository,
    policies: &Policies,
    directory: &Directory,
    request: &Request,
    inputs: &Inputs,
    moment: &Moment,
    permits: &[Permit],
) -> Explanation {
    let decision = policies.decide(directory, request, inputs, moment, permits);
    let connection =
        policies.connection(directory, &request.subject, &request.object, inputs, moment, permits);
    let decided_by: Vec<Source> = decision.reasons.iter().map(|id| source(repository, id)).collect();
    let remedy = remedy(repository, request, &decision, &decided_by);
    let (request, inputs, moment) = (request.clone(), *inputs, *moment);
    Explanation { request, inputs, moment, decision, connection, decided_by, remedy }
}

fn source(repository: &Repository, id: &PolicyId) -> Source {
    let policy = repository.written.policies.get(id);
    Source {
        id: id.clone(),
        effect: policy.map_or(Effect::Allow, |policy| policy.effect),
        place: place(repository, id),
        owner: policy.and_then(|policy| policy.owner.clone()),
        reason: policy.and_then(|policy| policy.reason.clone()),
    }
}

fn place(repository: &Repository, id: &PolicyId) -> Option<String> {
    let policy = repository.written.policies.get(id)?;
    Some(format!("{}:{}:{}", policy.file, policy.line, policy.column))
}

fn remedy(repository: &Repository, request: &Request, decision: &Decision, decided_by: &[Source]) -> Remedy {
    if decision.effect == Effect::Allow {
        return Remedy::None;
    }
    if decision.unknown.is_some() {
        return Remedy::Inventory;
    }
    let zone_owner = zone_owner(repository, request);
    let in_the_way = decided_by.iter().find(|source| source.effect == Effect::Deny);
    if in_the_way.is_some() || !decision.errors.is_empty() {
        let owner = in_the_way.and_then(|source| source.owner.clone());
        return Remedy::Policy { owner: owner.unwrap_or(zone_owner) };
    }
    let command = format!(
        "nullius grant {} {} --verbs {} --for 1h --reason '…'",
        request.subject, request.object, request.class
    );
    Remedy::Grant { command, owner: zone_owner }
}

fn zone_owner(repository: &Repository, request: &Request) -> SmolStr {
    let inventory = repository.inventory();
    let zone = inventory.devices.get(&request.object.device).map(|device| &device.zone);
    zone.and_then(|zone| inventory.zones.get(zone)).map(|zone| zone.owner.clone()).unwrap_or_default()
}

/// Several lines for a terminal.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { subject, object, verb, class, .. } = &self.request;
        let answer = match self.decision.effect {
            Effect::Allow => "allowed",
            Effect::Deny => "denied",
        };
        writeln!(f, "{subject} -> {object} {} ({class}): {answer}", verb.escape_debug())?;
        for source in &self.decided_by {
            writeln!(f, "  {source}")?;
        }
        fmt_doubts(f, &self.decision)?;
        if self.decided_by.is_empty() && self.decision.errors.is_empty() && self.decision.unknown.is_none() {
            writeln!(f, "  no policy allows it")?;
        }
        self.fmt_inputs(f)?;
        self.fmt_packet_path(f)?;
        self.fmt_remedy(f)
    }
}

impl Explanation {
    fn fmt_inputs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  with {}", self.inputs.assurance)?;
        match self.inputs.posture {
            Some(posture) => {
                let state = if posture.good { "good" } else { "bad" };
                write!(f, ", posture {state} {} s ago", posture.age)?;
            }
            None => f.write_str(", posture unknown")?,
        }
        match self.inputs.risk {
            Some(band) => write!(f, ", risk band {band}")?,
            None => f.write_str(", risk unknown")?,
        }
        match self.inputs.conforms {
            Some(true) => f.write_str(", inside its baseline")?,
            Some(false) => f.write_str(", outside its baseline")?,
            None => f.write_str(", no baseline")?,
        }
        let Moment { mode, minute, weekday, .. } = self.moment;
        writeln!(f, "; mode {mode}, {:02}:{:02} UTC, day {weekday} of the week", minute / 60, minute % 60)
    }

    fn fmt_packet_path(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.connection.verdict {
            Verdict::Accept => "  packet path: accepts every message of this service",
            Verdict::Divert => "  packet path: diverts to the message filter, which judges each message",
            Verdict::Deny => "  packet path: no entry, every packet is dropped",
        })?;
        match self.connection.holds_for {
            Some(span) => writeln!(f, ", for {} s", span.as_secs()),
            None => writeln!(f),
        }
    }

    fn fmt_remedy(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.remedy {
            Remedy::None => Ok(()),
            Remedy::Grant { command, owner } => {
                writeln!(f, "  to ask for it: {command}\n  {} decides", somebody(owner))
            }
            Remedy::Policy { owner } => writeln!(f, "  no grant overrules this: ask {}", somebody(owner)),
            Remedy::Inventory => writeln!(f, "  declare it in inventory.toml first"),
        }
    }
}

fn somebody(owner: &SmolStr) -> impl fmt::Display {
    if owner.is_empty() {
        "the owner of the zone (none is declared)".to_owned()
    } else {
        owner.escape_debug().to_string()
    }
}

/// `allowed by "hmi-reads" (policies/cell.cedar:3:1): the HMI shows the line; owner maintenance`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match self.effect {
            Effect::Allow => "allowed",
            Effect::Deny => "forbidden",
        };
        write!(f, "{said} by `{}`", self.id)?;
        match &self.place {
            Some(place) => write!(f, " ({place})")?,
            None => f.write_str(" (a grant)")?,
        }
        if let Some(reason) = &self.reason {
            write!(f, ": {}", reason.escape_debug())?;
        }
        match &self.owner {
            Some(owner) => write!(f, "; owner {}", owner.escape_debug()),
            None => Ok(()),
        }
    }
}

/// The same in one line, for the failure of a test.
#[derive(Debug)]
pub(crate) struct Because<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) decision: &'a Decision,
}

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decision { reasons, errors, missing, unknown, .. } = self.decision;
        let mut parts: Vec<String> =
            reasons.iter().map(|id| source(self.repository, id).to_string()).collect();
        parts.extend(errors.iter().map(|(id, why)| format!("`{id}` fails: {why}")));
        parts.extend(missing.iter().map(|input| format!("the input {input} is missing")));
        parts.extend(unknown.iter().map(unknown_text));
        if parts.is_empty() {
            parts.push("no policy allows it".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

fn fmt_doubts(f: &mut fmt::Formatter<'_>, decision: &Decision) -> fmt::Result {
    for (id, why) in &decision.errors {
        writeln!(f, "  `{id}` fails, which denies: {why}")?;
    }
    for input in &decision.missing {
        writeln!(f, "  a policy asked for {input}, which nobody has told: missing is never good")?;
    }
    match &decision.unknown {
        Some(unknown) => writeln!(f, "  {}", unknown_text(unknown)),
        None => Ok(()),
    }
}

fn unknown_text(unknown: &Unknown) -> String {
    match unknown {
        Unknown::Subject(device) => format!("no device is called `{device}`"),
        Unknown::Object(service) => format!("no device offers `{service}`"),
        Unknown::Verb(class, verb) => format!("the service has no {class} verb `{}`", verb.escape_debug()),
    }
}

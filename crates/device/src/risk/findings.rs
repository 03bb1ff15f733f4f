//! Findings: evidence about devices, with what only the whole picture shows.

use super::evidence::{Evidence, Kind, Occurrence};
use crate::discovery::resolve::Roster;
use crate::picture::{ConversationView, DeviceView, Party, party};
use nullius_model::{Protocol, Seen};
use std::collections::{BTreeMap, BTreeSet};

/// Peers or ports tried without an answer that make a scan. A device that lost its server tries one or two.
const SCAN: usize = 10;
/// Clients of one industrial server that are more than a master and its stand-by.
const MANY_CLIENTS: usize = 3;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Act on it.
    High,
    /// Plan for it.
    Medium,
    /// Know of it.
    Low,
}

impl Severity {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Something that should worry somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Whom it is about.
    pub subject: Party,
    /// The other party, where there is one.
    pub peer: Option<Party>,
    /// In what protocol.
    pub protocol: Protocol,
    /// What exactly, in words.
    pub detail: String,
    /// Times seen.
    pub count: u64,
    /// First frame.
    pub first: Seen,
    /// Last frame.
    pub last: Seen,
}

/// All findings, the worst first.
pub(crate) fn findings(
    evidence: &Evidence,
    roster: &Roster,
    devices: &[DeviceView],
    conversations: &[ConversationView],
) -> Vec<Finding> {
    let mut all = observed(evidence, roster);
    all.extend(conflicts(devices));
    all.extend(conversations.iter().filter_map(internet));
    all.extend(exposures(conversations));
    all.extend(second_writers(conversations));
    all.extend(scans(conversations));
    all.sort_by(|a, b| {
        (a.severity, a.kind, a.subject, a.peer, &a.detail)
            .cmp(&(b.severity, b.kind, b.subject, b.peer, &b.detail))
    });
    all
}

/// What was seen as it happened, joined over the addresses of each device.
fn observed(evidence: &Evidence, roster: &Roster) -> Vec<Finding> {
    let mut joined: BTreeMap<_, Occurrence> = BTreeMap::new();
    for (key, occurrence) in evidence.entries() {
        let key = (
            key.kind,
            party(roster, key.client),
            party(roster, key.server),
            key.protocol,
            key.detail.clone(),
        );
        joined.entry(key).and_modify(|known| known.join(occurrence)).or_insert(*occurrence);
    }
    joined
        .into_iter()
        .map(|((kind, client, server, protocol, detail), Occurrence { count, first, last })| {
            let (subject, peer) = subject(kind, client, server);
            let detail = detail.to_string();
            Finding {
                kind,
                severity: severity(kind),
                subject,
                peer: Some(peer),
                protocol,
                detail,
                count,
                first,
                last,
            }
        })
        .collect()
}

/// Weak certificates and ciphers are the server's; everything else is the client's doing.
const fn subject(kind: Kind, client: Party, server: Party) -> (Party, Party) {
    match kind {
        Kind::WeakCertificate | Kind::WeakCrypto => (server, client),
        Kind::AddressConflict
        | Kind::CleartextLogin
        | Kind::Exposure
        | Kind::FromInternet
        | Kind::Malformed
        | Kind::Scan
        | Kind::SecondWriter
        | Kind::ToInternet
        | Kind::UnexpectedVerb => (client, server),
    }
}

const fn severity(kind: Kind) -> Severity {
    match kind {
        Kind::AddressConflict | Kind::Exposure | Kind::FromInternet | Kind::UnexpectedVerb => Severity::High,
        Kind::CleartextLogin | Kind::Scan | Kind::SecondWriter | Kind::WeakCrypto | Kind::WeakCertificate => {
            Severity::Medium
        }
        Kind::Malformed | Kind::ToInternet => Severity::Low,
    }
}

fn conflicts(devices: &[DeviceView]) -> impl Iterator<Item = Finding> {
    devices.iter().enumerate().flat_map(|(index, view)| {
        view.device.contested.iter().map(move |(ip, seen)| Finding {
            kind: Kind::AddressConflict,
            severity: severity(Kind::AddressConflict),
            subject: Party::Device(index),
            peer: None,
            protocol: Protocol::Ip(0),
            detail: format!("{ip} is used by another hardware address at the same time"),
            count: 1,
            first: *seen,
            last: *seen,
        })
    })
}

/// Traffic across the site's border.
fn internet(view: &ConversationView) -> Option<Finding> {
    let (kind, subject, peer) = match (view.client, view.server) {
        (Party::Device(_), Party::Internet(_)) => (Kind::ToInternet, view.client, view.server),
        // An ICMP error that comes back opens nothing.
        (Party::Internet(_), Party::Device(_)) if view.protocol != Protocol::Icmp => {
            (Kind::FromInternet, view.server, view.client)
        }
        _ => return None,
    };
    let severity = if view.protocol.is_industrial() { Severity::High } else { severity(kind) };
    let service = service_name(view);
    let detail = if kind == Kind::FromInternet {
        format!("a host of the internet opened {service}")
    } else {
        format!("speaks {service} to the internet")
    };
    Some(of_view(view, kind, severity, subject, Some(peer), detail))
}

/// Industrial services asked by many, and clear administration services.
fn exposures(conversations: &[ConversationView]) -> Vec<Finding> {
    let mut clients: BTreeMap<(Party, Protocol), Vec<&ConversationView>> = BTreeMap::new();
    for view in conversations.iter().filter(|view| view.protocol.is_industrial() && is_answered(view)) {
        if matches!(view.server, Party::Device(_)) {
            clients.entry((view.server, view.protocol)).or_default().push(view);
        }
    }
    let many = clients.into_iter().filter_map(|((server, protocol), views)| {
        let askers: BTreeSet<Party> = views.iter().map(|view| view.client).collect();
        let first = views.iter().min_by_key(|view| view.first)?;
        let detail =
            format!("{} clients ask its {protocol} service, which asks nobody who they are", askers.len());
        (askers.len() >= MANY_CLIENTS)
            .then(|| of_view(first, Kind::Exposure, Severity::Medium, server, None, detail))
    });
    let clear = conversations
        .iter()
        .filter(|view| is_answered(view) && is_clear_administration(view.protocol))
        .map(|view| {
            let detail = format!("administered over {}, which encrypts nothing", view.protocol);
            of_view(view, Kind::Exposure, Severity::Medium, view.server, Some(view.client), detail)
        });
    many.chain(clear).collect()
}

const fn is_clear_administration(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Telnet | Protocol::Ftp)
}

/// Servers that more than one client writes to: the one that writes less is the one to ask about.
fn second_writers(conversations: &[ConversationView]) -> Vec<Finding> {
    let mut writers: BTreeMap<(Party, Protocol), Writers<'_>> = BTreeMap::new();
    for view in conversations.iter().filter(|view| view.protocol.is_industrial()) {
        let writes: u64 = view
            .alphabet
            .iter()
            .filter(|(_, symbol, _)| symbol.class.needs_seal())
            .map(|(_, _, record)| record.count)
            .sum();
        if writes > 0 && matches!(view.server, Party::Device(_)) {
            let writer = writers
                .entry((view.server, view.protocol))
                .or_default()
                .entry(view.client)
                .or_insert((0, view));
            writer.0 += writes;
        }
    }
    let mut found = Vec::new();
    for ((server, protocol), writers) in writers.into_iter().filter(|(_, writers)| writers.len() > 1) {
        let main = writers.values().map(|(writes, _)| *writes).max().unwrap_or(0);
        for (client, (writes, view)) in writers.into_iter().filter(|(_, (writes, _))| *writes < main) {
            let detail =
                format!("also writes over {protocol}: {writes} messages, the main writer sent {main}");
            found.push(of_view(
                view,
                Kind::SecondWriter,
                severity(Kind::SecondWriter),
                client,
                Some(server),
                detail,
            ));
        }
    }
    found
}

/// Who writes how much, and in which conversation.
type Writers<'a> = BTreeMap<Party, (u64, &'a ConversationView)>;

/// One party, many doors, no answer.
fn scans(conversations: &[ConversationView]) -> Vec<Finding> {
    let mut tried: BTreeMap<Party, Vec<&ConversationView>> = BTreeMap::new();
    for view in conversations.iter().filter(|view| is_knock(view)) {
        tried.entry(view.client).or_default().push(view);
    }
    let scan = |(client, views): (Party, Vec<&ConversationView>)| {
        let first = views.iter().min_by_key(|view| view.first)?;
        let peers: BTreeSet<Party> = views.iter().map(|view| view.server).collect();
        let detail = format!("tried {} services on {} peers without an answer", views.len(), peers.len());
        let mut finding = of_view(first, Kind::Scan, severity(Kind::Scan), client, None, detail);
        finding.count = views.len() as u64;
        finding.last = views.iter().map(|view| view.last).max().unwrap_or(first.last);
        Some(finding)
    };
    tried.into_iter().filter(|(_, views)| views.len() >= SCAN).filter_map(scan).collect()
}

/// A connection attempt to one peer that nobody answered.
fn is_knock(view: &ConversationView) -> bool {
    !is_answered(view)
        && matches!(view.server, Party::Device(_) | Party::Silent(_))
        && matches!(view.protocol, Protocol::Tcp | Protocol::Udp)
}

fn is_answered(view: &ConversationView) -> bool {
    view.channel.as_ref().is_some_and(|channel| channel.answered > 0 || channel.from_server.payload > 0)
}

fn service_name(view: &ConversationView) -> String {
    match (view.protocol, view.unit.0) {
        (Protocol::Tcp | Protocol::Udp, Some(port)) => format!("{}/{port}", view.protocol),
        _ => view.protocol.to_string(),
    }
}

fn of_view(
    view: &ConversationView,
    kind: Kind,
    severity: Severity,
    subject: Party,
    peer: Option<Party>,
    detail: String,
) -> Finding {
    let count = view.channel.as_ref().map_or(1, |channel| channel.flows.max(1));
    Finding {
        kind,
        severity,
        subject,
        peer,
        protocol: view.protocol,
        detail,
        count,
        first: view.first,
        last: view.last,
    }
}

impl Occurrence {
    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

#[cfg(test)]
mod tests;

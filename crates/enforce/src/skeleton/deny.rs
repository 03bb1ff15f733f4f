//! The end of a denied frame: its stage, its count, its log message.
//!
//! A chain `denied_<reason>_<network>` asks for the stage of sender and receiver: *observe* lets pass, *shadow* counts,
//! logs and lets pass; of two stages the stricter counts. A chain `deny_<reason>` counts, logs and drops.

use super::network::Network;
use super::{Chain, FOUR};
use crate::field::Field;
use crate::line::Line;
use crate::set::{BUDGET_MILLISECONDS, Set};
use nullius_model::DenialReason;

/// Counts what policy allowed; and the chain that does so.
pub(crate) const ALLOWED: &str = "allowed";

/// Begins the log prefix of what passed because its stage is shadow.
pub(crate) const WOULD: &str = "would ";

/// Whom a frame is from and for, as the stages know them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    source: Field,
    destination: Field,
}

/// Reasons that never depend on a stage: a stranger and a double are nobody whose stage could be known.
const STAGELESS: [DenialReason; 2] = [DenialReason::Spoof, DenialReason::Stranger];

pub(crate) fn denied_counter(reason: DenialReason) -> String {
    format!("deny_{}", reason.name())
}

pub(crate) fn would_counter(reason: DenialReason) -> String {
    format!("would_{}", reason.name())
}

/// Every counter of a table.
pub(crate) fn counter_names() -> Vec<String> {
    let each = DenialReason::ALL.iter().flat_map(|&reason| [denied_counter(reason), would_counter(reason)]);
    each.chain([ALLOWED.to_owned()]).collect()
}

/// The chain that denies for a reason, whatever the stage.
pub(crate) fn deny(reason: DenialReason) -> String {
    denied_counter(reason)
}

/// The chain that denies a packet for a reason, unless its stage says otherwise.
pub(crate) fn denied(reason: DenialReason, network: &Network) -> String {
    format!("denied_{}{}", reason.name(), network.suffix)
}

/// The chain that denies an ARP question or answer between two that have no business, unless its stage says otherwise.
/// What claims another's address does not get as far.
pub(crate) const DENIED_ARP: &str = "denied_policy_arp";

/// All chains that end a judgement.
pub(crate) fn endings(log_group: u16, networks: [Network; 2]) -> Vec<Chain> {
    let mut chains = vec![allowed()];
    for &reason in DenialReason::ALL {
        chains.push(Chain::new(
            deny(reason),
            tail(&denied_counter(reason), reason.name(), log_group, Line::drop),
        ));
        let prefix = format!("{WOULD}{}", reason.name());
        chains.push(Chain::new(
            would_counter(reason),
            tail(&would_counter(reason), &prefix, log_group, Line::accept),
        ));
    }
    let staged = DenialReason::ALL.iter().filter(|reason| !STAGELESS.contains(reason));
    for &reason in staged {
        chains.extend(networks.map(|network| staged_chain(reason, &network)));
    }
    chains
}

/// ARP names sender and receiver elsewhere.
pub(crate) fn denied_arp() -> Chain {
    Chain::new(DENIED_ARP, stages(DenialReason::Policy, &FOUR, ARP_ENDS, arp_line))
}

fn allowed() -> Chain {
    Chain::new(ALLOWED, [Line::new().count(ALLOWED).accept()])
}

fn tail(counter: &str, prefix: &str, log_group: u16, end: fn(Line) -> Line) -> Vec<Line> {
    vec![
        Line::new().count(counter),
        Line::new()
            .within_log_budget(Field::InPort, Set::LogBudget.name(), BUDGET_MILLISECONDS)
            .log(prefix, log_group),
        end(Line::new()),
    ]
}

fn staged_chain(reason: DenialReason, network: &Network) -> Chain {
    let ends = Ends { source: network.source, destination: network.destination };
    Chain::new(denied(reason, network), stages(reason, network, ends, Network::line))
}

const ARP_ENDS: Ends = Ends { source: Field::ArpSender, destination: Field::ArpTarget };

fn arp_line(_: &Network) -> Line {
    Line::new().has(Field::EtherType, super::ETHER_ARP)
}

fn stages(reason: DenialReason, network: &Network, ends: Ends, line: fn(&Network) -> Line) -> Vec<Line> {
    let Ends { source, destination } = ends;
    let would = would_counter(reason);
    let both =
        |from: Set, to: Set| line(network).among(&[source], from.name()).among(&[destination], to.name());
    let (observe, shadow) = (network.observe, network.shadow);
    vec![
        both(observe, observe).accept(),
        line(network).among(&[source, destination], network.observe_pair.name()).accept(),
        both(shadow, shadow).goto(&would),
        both(shadow, observe).goto(&would),
        both(observe, shadow).goto(&would),
        line(network).among(&[source, destination], network.shadow_pair.name()).goto(&would),
        Line::new().goto(&deny(reason)),
    ]
}

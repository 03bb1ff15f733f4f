//! The table of the bridge: `source`, then `forward` or `local`.

use super::deny::{denied, denied_arp, deny, endings};
use super::forward::{echo, forward, services};
use super::network::Network;
use super::resolution::resolution;
use super::source::source;
use super::strangers::strangers;
use super::{Chain, ETHER_ARP, FOUR, Hook, INPUT, SIX, Site, mark};
use crate::field::{Field, padded};
use crate::line::Line;
use crate::set::Set;
use nullius_model::{DenialReason, PortName};

/// Every chain, entries first.
pub(crate) fn bridge(site: &Site) -> Vec<Chain> {
    let mut chains = source(site);
    chains.extend(forward(site));
    chains.extend([FOUR, SIX].iter().flat_map(strangers));
    chains.extend(resolution());
    chains.push(local(site));
    chains.extend([FOUR, SIX].map(|network| local_packets(&network, site)));
    chains.push(denied_arp());
    chains.extend(endings(site.log_group, [FOUR, SIX]));
    chains
}

/// Group addresses that no bridge passes on (IEEE 802.1Q table 8-1). They are handed up before `prerouting` is asked.
const NEAREST: [&[u8]; 2] = [&[0xff, 0xff, 0xff, 0xff, 0xff, 0xf0], &[0x01, 0x80, 0xc2, 0, 0, 0]];
/// The bit of an address that makes it a group.
const GROUP: &[u8] = &[1, 0, 0, 0, 0, 0];

/// What is for the gateway itself.
fn local(site: &Site) -> Chain {
    let [mask, nearest] = NEAREST;
    let to_nearest = || Line::new().bits(Field::EtherDestination, mask, nearest);
    let mut lines = foreign(site);
    lines.extend([
        to_nearest().among(&[Field::InPort, Field::EtherSource], Set::Station.name()).drop(),
        to_nearest().goto(&deny(DenialReason::Ethertype)),
        Line::new().has(Field::Mark, &mark::WATCHED.to_ne_bytes()).accept(),
        // `forward` judges and counts what a group gets
        Line::new()
            .has(Field::Mark, &mark::STRANGER.to_ne_bytes())
            .bits(Field::EtherDestination, GROUP, GROUP)
            .drop(),
        Line::new().has(Field::Mark, &mark::STRANGER.to_ne_bytes()).goto(&deny(DenialReason::Stranger)),
        Line::new().has(Field::EtherType, ETHER_ARP).accept(),
        FOUR.frame().goto("local4"),
        SIX.frame().goto("local6"),
        Line::new().drop(),
    ]);
    Chain { hook: Some(Hook { number: INPUT, priority: 0 }), ..Chain::new("input", lines) }
}

/// Other bridges of the machine are none of the gateway's business.
pub(super) fn foreign(site: &Site) -> Vec<Line> {
    if site.bridges.is_empty() || !site.confined {
        return Vec::new();
    }
    let none = |line: Line, bridge: &PortName| line.lacks(Field::InBridge, &padded(bridge.as_str()));
    vec![site.bridges.iter().fold(Line::new(), none).accept()]
}

/// Packets to the gateway: its neighbours may resolve it; a router's table judges what it routes; anything else is a
/// service like any other.
fn local_packets(network: &Network, site: &Site) -> Chain {
    let mut lines = discovery(network);
    match site.routed.is_empty() {
        true => lines.extend(own_services(network)),
        false => lines.push(Line::new().set_mark(mark::ROUTED).accept()),
    }
    Chain::new(network.chain("local"), lines)
}

fn discovery(network: &Network) -> Vec<Line> {
    let kinds: &[[u8; 1]] = match network.generation {
        super::network::Generation::Four => &[],
        super::network::Generation::Six => &[[135], [136]],
    };
    let line = |kind: &[u8; 1]| network.over(network.icmp).has(network.icmp_type, kind).accept();
    kinds.iter().map(line).collect()
}

fn own_services(network: &Network) -> Vec<Line> {
    let mut lines = vec![Line::new().bits(Field::EtherDestination, GROUP, GROUP).drop()];
    let [request, reply, _] = echo(network);
    lines.extend([request, reply]);
    lines.push(network.over(network.icmp).goto(&denied(DenialReason::Policy, network)));
    lines.extend(services(network));
    lines
}

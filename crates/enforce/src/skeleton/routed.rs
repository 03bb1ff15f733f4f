//! The table of a gateway that is a router: the same judgement where packets go from one network to another.

use super::deny::{denied, deny, endings};
use super::forward::{echo, plain, services, transports};
use super::network::Network;
use super::{Chain, FORWARD, FOUR, PREROUTING, SIX, Site};
use crate::field::{Field, NAME_BYTES};
use crate::line::Line;
use crate::set::Set;
use nullius_model::{DenialReason, PortName};

/// Ahead of connection tracking (-200), so that forged packets fill no table of it.
const PRIORITY: i32 = -310;

/// Every chain, entries first.
pub(crate) fn routed(site: &Site) -> Vec<Chain> {
    let mut chains = vec![source(site), forward()];
    for network in [FOUR, SIX].map(Network::routed) {
        chains.extend([bound(&network), packets(&network)]);
        chains.extend(transports(&network));
    }
    chains.extend(endings(site.log_group, [FOUR, SIX].map(Network::routed)));
    chains
}

/// What comes in by a bridge was bound to its port there; the gateway itself is nobody's double.
fn source(site: &Site) -> Chain {
    let bound = site.bridges.iter().map(PortName::as_str).chain(["lo"]);
    let mut lines: Vec<_> = bound.map(|name| Line::new().is(Field::InPort, &padded(name)).accept()).collect();
    lines.extend([
        FOUR.routed().line().goto("source4"),
        SIX.routed().line().goto("source6"),
        Line::new().drop(),
    ]);
    Chain::hooked("prerouting", PREROUTING, PRIORITY, lines)
}

fn bound(network: &Network) -> Chain {
    let lines = [
        network.line().among(&[Field::InPort, Field::EtherSource, network.source], network.address.name()).accept(),
        Line::new().among(&[Field::InPort], Set::WatchedPort.name()).accept(),
        network.line().among(&[network.source], network.known.name()).goto(&deny(DenialReason::Spoof)),
        Line::new().among(&[Field::EtherSource], Set::KnownMac.name()).goto(&deny(DenialReason::Spoof)),
        Line::new().goto(&deny(DenialReason::Stranger)),
    ];
    Chain::new(network.chain("source"), lines)
}

fn forward() -> Chain {
    let lines = [
        FOUR.routed().line().goto("packets4"),
        SIX.routed().line().goto("packets6"),
        Line::new().drop(),
    ];
    Chain::hooked("forward", FORWARD, 0, lines)
}

fn packets(network: &Network) -> Chain {
    let mut lines = plain(network, |reason| denied(reason, network));
    let [request, reply, _] = echo(network);
    lines.extend([request, reply]);
    lines.push(network.over(network.icmp).goto(&denied(DenialReason::Policy, network)));
    lines.extend(services(network));
    Chain::new(network.chain("packets"), lines)
}

fn padded(name: &str) -> [u8; NAME_BYTES] {
    let mut bytes = [0; NAME_BYTES];
    for (byte, letter) in bytes.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    bytes
}

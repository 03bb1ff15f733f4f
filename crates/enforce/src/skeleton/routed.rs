//! The table of a gateway that is a router: the same judgement where packets go from one network to another.

use super::deny::{ALLOWED, denied, deny, endings};
use super::forward::{echo, plain, services, transports};
use super::network::Network;
use super::{Chain, FORWARD, FOUR, SIX, Site};
use crate::field::{Field, NAME_BYTES};
use crate::line::Line;
use crate::set::Set;
use nullius_model::DenialReason;

/// Every chain, entries first.
pub(crate) fn routed(site: &Site) -> Vec<Chain> {
    let networks = [FOUR, SIX].map(Network::routed);
    let mut chains = vec![forward()];
    for network in networks {
        chains.extend([sources(&network, site), receivers(&network, site), packets(&network)]);
        chains.extend(transports(&network));
    }
    chains.extend(endings(site.log_group, networks));
    chains
}

/// What is for the gateway itself does not come here.
fn forward() -> Chain {
    let [four, six] = [FOUR, SIX].map(Network::routed);
    let lines = [four.line().goto("source4"), six.line().goto("source6"), Line::new().drop()];
    Chain::hooked("forward", FORWARD, 0, lines)
}

/// What comes in by a bridge was bound to its port there.
fn sources(network: &Network, site: &Site) -> Chain {
    let next = network.chain("receiver");
    let mut lines = bridges(site, Field::InPort, &next);
    lines.extend([
        network
            .line()
            .among(&[Field::InPort, Field::EtherSource, network.source], network.address.name())
            .goto(&next),
        Line::new().among(&[Field::InPort], Set::WatchedPort.name()).goto(ALLOWED),
        network.line().among(&[network.source], network.known.name()).goto(&deny(DenialReason::Spoof)),
        Line::new().among(&[Field::EtherSource], Set::KnownMac.name()).goto(&deny(DenialReason::Spoof)),
        Line::new().goto(&deny(DenialReason::Stranger)),
    ]);
    Chain::new(network.chain("source"), lines)
}

/// A receiver on a bridge is resolved there; any other is bound to the port the packet leaves by.
fn receivers(network: &Network, site: &Site) -> Chain {
    let next = network.chain("packets");
    let mut lines = bridges(site, Field::OutPort, &next);
    lines.extend([
        network.line().among(&[Field::OutPort, network.destination], network.located.name()).goto(&next),
        Line::new().goto(&denied(DenialReason::Receiver, network)),
    ]);
    Chain::new(network.chain("receiver"), lines)
}

fn bridges(site: &Site, port: Field, next: &str) -> Vec<Line> {
    site.bridges.iter().map(|name| Line::new().has(port, &padded(name.as_str())).goto(next)).collect()
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

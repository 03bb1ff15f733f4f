//! The table of a gateway that is a router: the same judgement where packets go from one network to another.

use super::deny::{denied, deny, endings};
use super::forward::{echo, plain, services, transports};
use super::network::Network;
use super::strangers::{to_strangers, watched};
use super::{Chain, FORWARD, FOUR, SIX, Site, mark};
use crate::field::{Field, padded};
use crate::line::Line;
use crate::set::Set;
use nullius_model::{DenialReason, PortName};

/// Every chain, entries first.
pub(crate) fn routed(site: &Site) -> Vec<Chain> {
    let networks = [FOUR, SIX].map(Network::routed);
    let mut chains = vec![forward(site)];
    for network in networks {
        chains.extend([
            sources(&network, site),
            watched(&network),
            receivers(&network, site),
            packets(&network),
        ]);
        chains.extend(transports(&network));
    }
    chains.extend(endings(site.log_group, networks));
    chains
}

/// What is for the gateway itself does not come here. Where the system hands bridged packets to this hook as well
/// (`bridge-nf-call-iptables`), they seem to enter and leave by the bridge, and the bridge's table judges them; what is
/// routed back to the bridge it came from was marked there.
fn forward(site: &Site) -> Chain {
    let [four, six] = [FOUR, SIX].map(Network::routed);
    let bridged = |name: &PortName| {
        let name = padded(name.as_str());
        let within = Line::new().has(Field::InPort, &name).has(Field::OutPort, &name);
        within.lacks(Field::Mark, &mark::ROUTED.to_ne_bytes()).accept()
    };
    let neither = |line: Line, port: &PortName| {
        let name = padded(port.as_str());
        line.lacks(Field::InPort, &name).lacks(Field::OutPort, &name)
    };
    // other networks that the machine joins are none of the gateway's business
    let mut lines = vec![site.bridges.iter().chain(&site.routed).fold(Line::new(), neither).accept()];
    lines.extend(site.bridges.iter().map(bridged));
    lines.extend([four.line().goto("source4"), six.line().goto("source6"), Line::new().drop()]);
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
        Line::new().among(&[Field::InPort], Set::WatchedPort.name()).goto(&network.chain("watched")),
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
    lines.push(
        network.line().among(&[Field::OutPort, network.destination], network.located.name()).goto(&next),
    );
    lines.extend(to_strangers(network));
    lines.extend([Line::new().goto(&denied(DenialReason::Receiver, network))]);
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

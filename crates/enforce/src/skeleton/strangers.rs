//! Senders and receivers that are bound nowhere: onboarding, and ports that are only watched.

use super::deny::{ALLOWED, denied, deny, would_counter};
use super::forward::{SYN, TCP_ROLES, dhcp_answer, plain};
use super::network::{Network, TCP, UDP};
use super::{Chain, mark};
use crate::field::Field;
use crate::line::Line;
use crate::set::Set;
use nullius_model::DenialReason;

/// The chains of one generation of IP.
pub(super) fn strangers(network: &Network) -> [Chain; 3] {
    [senders(network), watched(network), receivers(network)]
}

fn senders(network: &Network) -> Chain {
    let receiver = [Field::OutPort, Field::EtherDestination, network.destination];
    let service = [network.destination, network.protocol, Field::DestinationPort];
    let is_watched = Line::new().has(Field::Mark, &mark::WATCHED.to_ne_bytes());
    let mut lines = vec![is_watched.goto(&network.chain("watched"))];
    lines.extend(plain(network, deny));
    lines.push(dhcp_request(network).goto(ALLOWED));
    lines.extend([TCP, UDP].map(|protocol| {
        network
            .over(protocol)
            .among(&receiver, network.address.name())
            .among(&service, network.onboarding.name())
            .goto(ALLOWED)
    }));
    lines.push(Line::new().goto(&deny(DenialReason::Stranger)));
    Chain::new(network.chain("strangers"), lines)
}

/// A sender that is only watched reaches what is not enforced: devices in an earlier stage, and others like itself.
pub(super) fn watched(network: &Network) -> Chain {
    let lines = [
        network.bound_receiver().among(&[network.destination], network.observe.name()).goto(ALLOWED),
        network
            .bound_receiver()
            .among(&[network.destination], network.shadow.name())
            .goto(&would_counter(DenialReason::Stranger)),
        to_watched(network).goto(ALLOWED),
        Line::new().goto(&deny(DenialReason::Stranger)),
    ];
    Chain::new(network.chain("watched"), lines)
}

/// The receiver's addresses are bound nowhere, and the port it would leave by is only watched.
fn to_watched(network: &Network) -> Line {
    nobodys(network.line(), network).among(&[Field::OutPort], Set::WatchedPort.name())
}

/// What a bound device sends to a watched stranger passes in its early stages.
pub(super) fn to_strangers(network: &Network) -> [Line; 2] {
    [
        to_watched(network).among(&[network.source], network.observe.name()).goto(ALLOWED),
        to_watched(network)
            .among(&[network.source], network.shadow.name())
            .goto(&would_counter(DenialReason::Receiver)),
    ]
}

/// A request for configuration goes out by the port of a server that onboards, and by no other.
fn dhcp_request(network: &Network) -> Line {
    network
        .over(UDP)
        .has(Field::SourcePort, network.dhcp_client)
        .has(Field::DestinationPort, network.dhcp_server)
        .among(&[Field::OutPort], Set::DhcpPort.name())
}

/// A bound sender, and a receiver whose addresses are not bound to the port.
fn receivers(network: &Network) -> Chain {
    let service = [network.source, network.protocol, Field::SourcePort];
    let onboarded = |protocol| {
        let line = network.over(protocol).among(&service, network.onboarding.name());
        nobodys(line, network).among(&[Field::OutPort], Set::OnboardingPort.name())
    };
    let [shown, counted] = to_strangers(network);
    let lines = [
        dhcp_answer(network).goto(ALLOWED),
        dhcp_request(network).goto(ALLOWED),
        onboarded(UDP).goto(ALLOWED),
        onboarded(TCP).bits_not(Field::TcpFlags, TCP_ROLES, SYN).goto(ALLOWED),
        shown,
        counted,
        Line::new().goto(&denied(DenialReason::Receiver, network)),
    ];
    Chain::new(network.chain("elsewhere"), lines)
}

/// The receiver's addresses are bound nowhere.
fn nobodys(line: Line, network: &Network) -> Line {
    line.not_among(&[network.destination], network.known.name())
        .not_among(&[Field::EtherDestination], Set::KnownMac.name())
}

//! Who sends: every frame is bound to port, hardware address and network address before anything is learned of it.
//!
//! In `prerouting`, ahead of the bridge's own learning of addresses, so that a forged frame moves nobody's traffic.
//! What is not bound is a double (an address that belongs to somebody), or a stranger.

use super::bridge::foreign;
use super::deny::{deny, would_counter};
use super::door::heard;
use super::network::{Network, UDP};
use super::{Chain, ETHER_ARP, FOUR, PREROUTING, SIX, Site, mark};
use crate::field::Field;
use crate::line::Line;
use crate::set::Set;
use nullius_model::DenialReason;

/// Ahead of whatever else hooks a bridge (`NF_BR_PRI_NAT_DST_BRIDGED` is -300).
const PRIORITY: i32 = -310;

/// Ethernet, IPv4, six and four bytes.
const ARP_FORM: &[u8] = &[0, 1, 8, 0, 6, 4];

const STATION: &[Field] = &[Field::InPort, Field::EtherSource];
const DOUBLE: &str = "double";

pub(super) fn source(site: &Site) -> Vec<Chain> {
    let mut chains = vec![entry(site), double()];
    for network in [FOUR, SIX] {
        chains.extend([nameless(&network), unbound(&network)]);
    }
    chains.extend([arp(), other()]);
    chains
}

fn entry(site: &Site) -> Chain {
    let mut lines = vec![
        bound(Line::new(), &FOUR).accept().comment("bound: port, hardware address, ethertype, IPv4 address"),
    ];
    lines.extend(heard(site));
    lines.push(bound(SIX.line(), &SIX).set_mark(mark::SIX).accept());
    lines.extend(foreign(site));
    lines.extend([
        FOUR.frame().goto("source4"),
        SIX.frame().goto("source6"),
        arp_line().has(Field::ArpForm, ARP_FORM).goto("source_arp"),
        arp_line().goto(&deny(DenialReason::Resolution)),
        Line::new().goto("source_other"),
    ]);
    Chain::hooked("prerouting", PREROUTING, PRIORITY, lines)
}

/// The ethertype that stands in the frame is part of the key: what is behind a tag is not bound.
fn bound(line: Line, network: &Network) -> Line {
    line.among(&[Field::InPort, Field::EtherSourceAndType, network.source], network.sender.name())
}

fn nameless(network: &Network) -> Chain {
    let nameless = || network.line().has(network.source, network.unspecified);
    let lines = [
        // a device may ask for an address before it has one; `forward` sees where that goes
        network
            .over(UDP)
            .has(network.source, network.unspecified)
            .has(Field::SourcePort, network.dhcp_client)
            .has(Field::DestinationPort, network.dhcp_server)
            .among(STATION, Set::Station.name())
            .set_mark(mark::STRANGER)
            .accept(),
        nameless().among(STATION, Set::Station.name()).goto(&deny(DenialReason::Policy)),
        Line::new().goto(&network.chain("unbound")),
    ];
    Chain::new(network.chain("source"), lines)
}

/// A device at its own place with an address that is nobody's is a stranger by that address, not a double.
fn unbound(network: &Network) -> Chain {
    let mut lines = vec![
        network.line().among(&[network.source], network.known.name()).goto(DOUBLE),
        Line::new()
            .among(STATION, Set::Station.name())
            .not_among(&[Field::InPort], Set::WatchedPort.name())
            .goto(&deny(DenialReason::Stranger)),
    ];
    lines.extend(strangers(DenialReason::Stranger));
    Chain::new(network.chain("unbound"), lines)
}

/// What becomes of a sender whose addresses are bound nowhere: it depends on the port alone.
fn strangers(reason: DenialReason) -> [Line; 4] {
    [
        Line::new().among(&[Field::InPort], Set::WatchedPort.name()).set_mark(mark::WATCHED).accept(),
        Line::new().among(&[Field::EtherSource], Set::KnownMac.name()).goto(DOUBLE),
        Line::new().among(&[Field::InPort], Set::OnboardingPort.name()).set_mark(mark::STRANGER).accept(),
        Line::new().goto(&deny(reason)),
    ]
}

/// On a port that is only watched nothing is dropped, doubles neither.
fn double() -> Chain {
    let watched = || Line::new().among(&[Field::InPort], Set::WatchedPort.name());
    let lines = [
        watched().set_mark(mark::WATCHED).goto(&would_counter(DenialReason::Spoof)),
        Line::new().goto(&deny(DenialReason::Spoof)),
    ];
    Chain::new(DOUBLE, lines)
}

fn arp() -> Chain {
    let mut lines = vec![
        // both hardware addresses are the bound one, that of the frame and that of the claim
        arp_line()
            .among(&[Field::InPort, Field::EtherSource, Field::ArpSender], Set::Address4.name())
            .among(&[Field::InPort, Field::ArpSenderMac, Field::ArpSender], Set::Address4.name())
            .set_mark(mark::OTHER)
            .accept(),
        // it asks whether an address is free before it takes it (RFC 5227): nobody needs to hear that
        arp_line()
            .has(Field::ArpSender, FOUR.unspecified)
            .among(STATION, Set::Station.name())
            .goto(&deny(DenialReason::Policy)),
        arp_line().among(&[Field::ArpSender], Set::Known4.name()).goto(DOUBLE),
        Line::new()
            .among(STATION, Set::Station.name())
            .not_among(&[Field::InPort], Set::WatchedPort.name())
            .goto(&deny(DenialReason::Resolution)),
        arp_line().among(&[Field::ArpSenderMac], Set::KnownMac.name()).goto(DOUBLE),
    ];
    lines.extend(strangers(DenialReason::Stranger));
    Chain::new("source_arp", lines)
}

fn arp_line() -> Line {
    Line::new().has(Field::EtherType, ETHER_ARP)
}

fn other() -> Chain {
    let mut lines = vec![Line::new().among(STATION, Set::Station.name()).set_mark(mark::OTHER).accept()];
    lines.extend(strangers(DenialReason::Stranger));
    Chain::new("source_other", lines)
}

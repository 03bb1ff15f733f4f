//! Who may learn whose hardware address: ARP (RFC 826) and neighbour discovery (RFC 4861).
//!
//! That the sender speaks for itself, `source` has seen to for ARP; for neighbour discovery the claim is in an option,
//! which is compared here. A question to all goes out by one port only, that of the device it asks for.

use super::deny::{ALLOWED, DENIED_ARP, denied, deny};
use super::{Chain, ETHER_ARP, SIX, mark};
use crate::field::Field;
use crate::line::Line;
use crate::set::Set;
use nullius_model::DenialReason;

const SOLICITATION: &[u8] = &[135];
const ADVERTISEMENT: &[u8] = &[136];
/// One that no router has passed on.
const FULL_HOP_LIMIT: &[u8] = &[255];
/// A message without options, and with one link-layer address: lengths of the IPv6 payload.
const BARE: &[u8] = &[0, 24];
const WITH_OPTION: &[u8] = &[0, 32];
/// Type and length of the options that carry the sender's and the target's link-layer address.
const SOURCE_OPTION: &[u8] = &[1, 1];
const TARGET_OPTION: &[u8] = &[2, 1];

pub(super) fn resolution() -> [Chain; 3] {
    [arp(), arp_pair(), discovery()]
}

fn arp() -> Chain {
    let operation =
        |code: u8| Line::new().has(Field::EtherType, ETHER_ARP).has(Field::ArpOperation, &[0, code]);
    let lines = [
        watched(Set::Observe4).goto(ALLOWED),
        watched(Set::Shadow4).goto(ALLOWED),
        operation(1).goto("arp_pair"),
        operation(2).goto("arp_pair"),
        Line::new().goto(DENIED_ARP),
    ];
    Chain::new("arp", lines)
}

/// From a sender that is only watched to one in an early stage.
fn watched(stage: Set) -> Line {
    Line::new()
        .has(Field::Mark, &mark::WATCHED.to_ne_bytes())
        .has(Field::EtherType, ETHER_ARP)
        .among(&[Field::ArpTarget], stage.name())
        .among(&[Field::OutPort, Field::ArpTarget], Set::Located4.name())
}

fn arp_pair() -> Chain {
    let line = || Line::new().has(Field::EtherType, ETHER_ARP);
    let there = [Field::OutPort, Field::ArpTarget];
    let stranger = || Line::new().has(Field::Mark, &mark::STRANGER.to_ne_bytes());
    let to_nobody = |port: Set| {
        line().not_among(&[Field::ArpTarget], Set::Known4.name()).among(&[Field::OutPort], port.name())
    };
    let lines = [
        line()
            .among(&[Field::ArpSender, Field::ArpTarget], Set::Neighbours4.name())
            .among(&there, Set::Located4.name())
            .goto(ALLOWED),
        stranger()
            .has(Field::EtherType, ETHER_ARP)
            .among(&there, Set::Located4.name())
            .among(&[Field::ArpTarget], Set::OnboardingHost4.name())
            .goto(ALLOWED),
        to_nobody(Set::OnboardingPort).among(&[Field::ArpSender], Set::OnboardingHost4.name()).goto(ALLOWED),
        to_nobody(Set::WatchedPort).goto(ALLOWED),
        // a copy for another port of what is judged at the port of the device it asks for
        line().among(&[Field::ArpTarget], Set::Known4.name()).not_among(&there, Set::Located4.name()).drop(),
        stranger().goto(&deny(DenialReason::Stranger)),
        Line::new().goto(DENIED_ARP),
    ];
    Chain::new("arp_pair", lines)
}

fn discovery() -> Chain {
    let [denied, unanswered] =
        [DenialReason::Resolution, DenialReason::Policy].map(|reason| denied(reason, &SIX));
    let mut lines = vec![SIX.over(SIX.icmp).lacks(Field::Ip6HopLimit, FULL_HOP_LIMIT).goto(&denied)];
    lines.extend([bare(solicitation()).goto(ALLOWED), bare(advertisement()).goto(ALLOWED)]);
    let asks = || SIX.over(SIX.icmp).has(Field::Icmp6Type, SOLICITATION);
    lines.extend([
        claimed(solicitation(), SOURCE_OPTION, Field::Ip6Source).goto(ALLOWED),
        claimed(advertisement(), TARGET_OPTION, Field::NdTarget).goto(ALLOWED),
        asks()
            .among(&[Field::NdTarget], Set::Known6.name())
            .not_among(&[Field::OutPort, Field::NdTarget], Set::Located6.name())
            .drop(),
        // asks for nobody it may talk to, and claims nothing that is not its own
        bare(asks()).goto(&unanswered),
        claimed(asks(), SOURCE_OPTION, Field::Ip6Source).goto(&unanswered),
        Line::new().goto(&denied),
    ]);
    Chain::new("discovery", lines)
}

/// From one neighbour to the port of the other.
fn solicitation() -> Line {
    SIX.over(SIX.icmp)
        .has(Field::Icmp6Type, SOLICITATION)
        .among(&[Field::Ip6Source, Field::NdTarget], Set::Neighbours6.name())
        .among(&[Field::OutPort, Field::NdTarget], Set::Located6.name())
}

/// From its target itself to one neighbour: what is advertised to everybody at once passes nowhere.
fn advertisement() -> Line {
    SIX.over(SIX.icmp)
        .has(Field::Icmp6Type, ADVERTISEMENT)
        .among(&[Field::InPort, Field::EtherSource, Field::NdTarget], Set::Address6.name())
        .among(&[Field::NdTarget, Field::Ip6Destination], Set::Neighbours6.name())
        .among(&[Field::OutPort, Field::EtherDestination, Field::Ip6Destination], Set::Address6.name())
}

fn bare(line: Line) -> Line {
    line.has(Field::Ip6Length, BARE)
}

/// With one option, whose hardware address is bound to the address it is claimed for.
fn claimed(line: Line, option: &[u8], owner: Field) -> Line {
    line.has(Field::Ip6Length, WITH_OPTION)
        .has(Field::NdOption, option)
        .among(&[Field::InPort, Field::NdOptionMac, owner], Set::Address6.name())
}

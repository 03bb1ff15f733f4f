//! Who may learn whose hardware address, and what strangers may do.

use crate::frames::{SYN, address, arp, datagram, ether_type, ethernet, ip, mac, packet, tcp};
use crate::lab::{Lab, STRANGER, port, service};
use nullius_model::{Channel, DenialReason, Mac, Rule, Terms};
use std::net::Ipv4Addr;

const REQUEST: u8 = 1;
const REPLY: u8 = 2;

fn neighbours(version: u8) -> Rule {
    Rule::Neighbours(address(version, 1), address(version, 2))
}

/// Device `from` asks all for device `to`.
fn question(from: u8, to: u8) -> Vec<u8> {
    arp(REQUEST, [Mac::BROADCAST, mac(from)], (mac(from), address(4, from)), address(4, to))
}

fn answer(from: u8, to: u8) -> Vec<u8> {
    arp(REPLY, [mac(to), mac(from)], (mac(from), address(4, from)), address(4, to))
}

#[test]
fn only_neighbours_resolve_each_other() {
    let mut lab = Lab::new();
    lab.denies(1, DenialReason::Policy, &question(1, 2));
    lab.allow(neighbours(4));
    lab.passes(1, 2, &question(1, 2));
    lab.passes(2, 1, &answer(2, 1));
    lab.passes(2, 1, &question(2, 1));
    lab.denies(1, DenialReason::Policy, &question(1, 3));
    lab.denies(3, DenialReason::Policy, &question(3, 2));
    lab.denies(3, DenialReason::Policy, &answer(3, 2));
}

#[test]
fn nobody_claims_anothers_address_over_arp() {
    let mut lab = Lab::new();
    lab.allow(neighbours(4));
    let claim = |frame: Mac, claimed: Mac, of: u8, operation| {
        arp(operation, [mac(1), frame], (claimed, address(4, of)), address(4, 1))
    };
    for operation in [REQUEST, REPLY] {
        lab.denies(3, DenialReason::Spoof, &claim(mac(3), mac(3), 2, operation));
        lab.denies(3, DenialReason::Spoof, &claim(mac(3), mac(2), 2, operation));
        lab.denies(3, DenialReason::Spoof, &claim(mac(2), mac(2), 2, operation));
        lab.denies(2, DenialReason::Spoof, &claim(mac(2), mac(3), 2, operation));
        lab.denies(3, DenialReason::Resolution, &claim(mac(3), mac(3), 9, operation));
    }
    lab.denies(2, DenialReason::Policy, &claim(mac(2), mac(2), 2, 3));
    let mut odd = answer(2, 1);
    odd[14] = 9;
    lab.denies(2, DenialReason::Resolution, &odd);
}

/// A neighbour solicitation (135) or advertisement (136) with one link-layer option.
fn discovery(from: u8, to: u8, kind: u8, target: u8, option: Mac) -> Vec<u8> {
    let octets = |number| match address(6, number) {
        std::net::IpAddr::V6(ip) => ip.octets(),
        std::net::IpAddr::V4(_) => [0; 16],
    };
    let mut body = vec![kind, 0, 0, 0, 0x60, 0, 0, 0];
    body.extend(octets(target));
    body.extend([kind - 134, 1]);
    body.extend(option.octets());
    packet(6, from, to, 58, &body)
}

#[test]
fn only_neighbours_discover_each_other_and_only_by_their_own_address() {
    let mut lab = Lab::new();
    lab.denies(1, DenialReason::Policy, &discovery(1, 2, 135, 2, mac(1)));
    lab.allow(neighbours(6));
    lab.passes(1, 2, &discovery(1, 2, 135, 2, mac(1)));
    lab.passes(2, 1, &discovery(2, 1, 136, 2, mac(2)));
    lab.denies(2, DenialReason::Resolution, &discovery(2, 1, 136, 2, mac(3)));
    lab.denies(2, DenialReason::Resolution, &discovery(2, 1, 136, 3, mac(2)));
    lab.denies(1, DenialReason::Resolution, &discovery(1, 2, 135, 2, mac(3)));
    lab.denies(3, DenialReason::Resolution, &discovery(3, 1, 136, 2, mac(3)));
    lab.denies(3, DenialReason::Policy, &discovery(3, 2, 135, 2, mac(3)));
}

#[test]
fn nobody_says_where_the_way_out_is() {
    let mut lab = Lab::new();
    lab.allow(neighbours(6));
    for kind in [134, 137] {
        lab.denies(1, DenialReason::Resolution, &packet(6, 1, 2, 58, &[kind, 0, 0, 0, 0, 0, 0, 0]));
    }
    for kind in [1, 2, 3, 4, 130, 133, 143] {
        lab.denies(1, DenialReason::Policy, &packet(6, 1, 2, 58, &[kind, 0, 0, 0, 0, 0, 0, 0]));
    }
    let nameless = ip("::".parse().unwrap(), address(6, 2), 58, &[135; 24]);
    lab.denies(1, DenialReason::Policy, &ethernet(mac(2), mac(1), 0x86dd, &nameless));
}

fn dhcp_request(source: Mac) -> Vec<u8> {
    let payload = ip(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into(), 17, &datagram([68, 67]));
    ethernet(Mac::BROADCAST, source, 0x0800, &payload)
}

/// From a stranger at address 9 to a device.
fn from_stranger(to: u8, ports: [u16; 2]) -> Vec<u8> {
    ethernet(mac(to), STRANGER, ether_type(4), &ip(address(4, 9), address(4, to), 17, &datagram(ports)))
}

#[test]
fn a_stranger_reaches_what_onboards_and_nothing_else() {
    let mut lab = Lab::new();
    lab.denies(3, DenialReason::Stranger, &dhcp_request(STRANGER));
    lab.allow(Rule::Onboarding { server: address(4, 2), channel: Channel::Udp(67) });
    lab.allow(Rule::Onboarding { server: address(4, 2), channel: Channel::Udp(53) });
    lab.denies(3, DenialReason::Stranger, &dhcp_request(STRANGER));
    lab.allow(Rule::OnboardingPort(port(3)));
    lab.passes(3, 2, &dhcp_request(STRANGER));
    lab.passes(3, 2, &from_stranger(2, [40_000, 53]));
    lab.denies(3, DenialReason::Stranger, &from_stranger(2, [40_000, 54]));
    lab.denies(3, DenialReason::Stranger, &from_stranger(1, [40_000, 53]));
    let asks = |to| arp(REQUEST, [Mac::BROADCAST, STRANGER], (STRANGER, address(4, 9)), address(4, to));
    lab.passes(3, 2, &asks(2));
    lab.denies(3, DenialReason::Stranger, &asks(1));
    let answer = ip(address(4, 2), address(4, 9), 17, &datagram([53, 40_000]));
    lab.passes(2, 3, &ethernet(STRANGER, mac(2), 0x0800, &answer));
    let answers = arp(REPLY, [STRANGER, mac(2)], (mac(2), address(4, 2)), address(4, 9));
    lab.passes(2, 3, &answers);
    lab.denies(3, DenialReason::Spoof, &dhcp_request(mac(1)));
    lab.denies(
        3,
        DenialReason::Spoof,
        &ethernet(mac(2), STRANGER, 0x0800, &ip(address(4, 1), address(4, 2), 17, &datagram([1, 53]))),
    );
}

#[test]
fn a_bound_device_asks_for_its_address_where_onboarding_is() {
    let mut lab = Lab::new();
    lab.denies(1, DenialReason::Stranger, &dhcp_request(mac(1)));
    lab.allow(Rule::Onboarding { server: address(4, 2), channel: Channel::Udp(67) });
    lab.passes(1, 2, &dhcp_request(mac(1)));
    let offer = ip(address(4, 2), address(4, 1), 17, &datagram([67, 68]));
    lab.passes(2, 1, &ethernet(mac(1), mac(2), 0x0800, &offer));
    lab.take_away(Rule::Address { port: port(2), mac: mac(2), address: address(4, 2) });
    lab.denies(1, DenialReason::Stranger, &dhcp_request(mac(1)));
}

#[test]
fn on_a_port_that_is_only_watched_what_is_not_enforced_is_reached_and_doubles_are_counted() {
    let mut lab = Lab::new();
    lab.meet();
    lab.add([
        (Rule::WatchedPort(port(3)), Terms::default()),
        (Rule::Observe(address(4, 2)), Terms::default()),
    ]);
    lab.passes(3, 2, &from_stranger(2, [40_000, 54]));
    let question = |to| arp(1, [Mac::BROADCAST, STRANGER], (STRANGER, address(4, 9)), address(4, to));
    lab.passes(3, 2, &question(2));
    let double =
        |to| ethernet(mac(to), mac(1), 0x0800, &ip(address(4, 1), address(4, to), 17, &datagram([1, 2])));
    lab.passes(3, 2, &double(2));
    assert_eq!(lab.would_deny(DenialReason::Spoof), 1);
    let answer = ip(address(4, 2), address(4, 9), 17, &datagram([54, 40_000]));
    lab.passes(2, 3, &ethernet(STRANGER, mac(2), 0x0800, &answer));
}

#[test]
fn nobody_on_a_port_that_is_only_watched_reaches_what_is_enforced() {
    let mut lab = Lab::new();
    lab.meet();
    lab.add([(Rule::WatchedPort(port(3)), Terms::default())]);
    lab.denies(3, DenialReason::Stranger, &from_stranger(2, [40_000, 54]));
    let double = ip(address(4, 1), address(4, 2), 17, &datagram([1, 2]));
    lab.denies(3, DenialReason::Stranger, &ethernet(mac(2), mac(1), 0x0800, &double));
    lab.allow(service(4, Channel::Tcp(502)));
    lab.denies(1, DenialReason::Policy, &tcp(4, 1, 2, [40_000, 503], SYN));
}

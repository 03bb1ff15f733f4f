//! Who may be sent to: every packet between two ports is judged on its own, answers too.
//!
//! The hook itself holds the way of an IPv4 packet from one bound device to another, so that it takes no jump. Its rules
//! do not ask again what they know, though `nft` then prints fields as offsets: what asks costs more than what compares.
//!
//! There is no state that says "established": an element taken away cuts what is under way with the next packet.

use super::bridge::foreign;
use super::deny::{ALLOWED, denied, deny};
use super::network::{Generation, Network, TCP, UDP};
use super::{Chain, ETHER_ARP, FORWARD, FOUR, SIX, Site, mark};
use crate::field::Field;
use crate::line::Line;
use crate::set::{REPLY_MILLISECONDS, Set};
use nullius_model::DenialReason;

const PRIORITY: i32 = 0;

/// More fragments, or an offset.
const FRAGMENT_BITS: &[u8] = &[0x3f, 0xff];
/// Version 4, and a header of five words: no options.
const PLAIN_FORM: &[u8] = &[0x45];

/// FIN, SYN, RST and ACK.
pub(super) const TCP_ROLES: &[u8] = &[0x17];
pub(super) const SYN: &[u8] = &[0x02];

/// Next header of an IPv6 fragment.
const FRAGMENT_HEADER: &[u8] = &[44];

pub(super) fn forward(site: &Site) -> Vec<Chain> {
    let mut chains = vec![entry(site), marked(), Chain::new("packets6", packets(&SIX)), others()];
    for network in [FOUR, SIX] {
        chains.push(icmp(&network));
        chains.extend(transports(&network));
    }
    chains
}

/// The judgement of TCP and UDP, which is the same for packets to another port, to another network and to the gateway.
pub(super) fn transports(network: &Network) -> [Chain; 3] {
    [tcp(network), udp(network), allowed_udp(network)]
}

fn entry(site: &Site) -> Chain {
    let mut lines = foreign(site);
    lines.push(Line::new().lacks(Field::Mark, &mark::NONE.to_ne_bytes()).goto("marked"));
    lines.extend(packets(&FOUR));
    Chain::hooked("forward", FORWARD, PRIORITY, lines)
}

/// What is no IPv4 packet, or comes from nobody who is bound.
fn marked() -> Chain {
    let lines = [
        Line::new().has(Field::Mark, &mark::SIX.to_ne_bytes()).goto("packets6"),
        FOUR.frame().goto("strangers4"),
        SIX.frame().goto("strangers6"),
        Line::new().has(Field::EtherType, ETHER_ARP).goto("arp"),
        Line::new().goto("others"),
    ];
    Chain::new("marked", lines)
}

/// Frames that are not IP. A tag or a label in front makes a frame one of these: whatever hides behind it is not read.
fn others() -> Chain {
    let named =
        [Field::InPort, Field::EtherSource, Field::EtherDestination, Field::EtherType, Field::Application];
    let watched = Set::WatchedPort.name();
    let lines = [
        Line::new().among(&named, Set::Frame.name()).goto(ALLOWED),
        // these name no device whose stage could be known: it goes by the ports
        Line::new().among(&[Field::InPort], watched).among(&[Field::OutPort], watched).goto(ALLOWED),
        Line::new().goto(&deny(DenialReason::Ethertype)),
    ];
    Chain::new("others", lines)
}

fn packets(network: &Network) -> Vec<Line> {
    let receiver = [Field::OutPort, Field::EtherDestination, network.destination];
    let mut lines = plain(network, |reason| denied(reason, network));
    let icmp = network.over(network.icmp).goto(&network.chain("icmp"));
    let bound = Line::new().not_among(&receiver, network.address.name()).goto(&network.chain("elsewhere"));
    match network.generation {
        Generation::Four => {
            lines.push(bound);
            lines.extend(transport_lines(network));
            lines.push(icmp);
        }
        // neighbours are asked for by way of groups, which nobody is bound to
        Generation::Six => {
            lines.extend([icmp, bound]);
            lines.extend(transport_lines(network));
        }
    }
    lines.extend(otherwise(network));
    lines
}

/// An IPv4 packet that hides its ports, or has options that others act on, is judged by nothing else. In IPv6 both show
/// as a next header that is no transport, and fall through the chains to the end of [`services`].
pub(super) fn plain(network: &Network, denied: impl Fn(DenialReason) -> String) -> Vec<Line> {
    match network.generation {
        Generation::Six => Vec::new(),
        Generation::Four => vec![
            Line::new()
                .bits_not(Field::Ip4Fragment, FRAGMENT_BITS, &[0, 0])
                .goto(&denied(DenialReason::Fragment)),
            Line::new().lacks(Field::Ip4Form, PLAIN_FORM).goto(&denied(DenialReason::Options)),
        ],
    }
}

/// The end of a chain of packets: TCP, UDP, and nothing else.
pub(super) fn services(network: &Network) -> Vec<Line> {
    let mut lines = transport_lines(network);
    lines.extend(otherwise(network));
    lines
}

/// Requests to services without an end, which most packets are or answer, and the chains for all others.
fn transport_lines(network: &Network) -> Vec<Line> {
    let over = |protocol: &[u8]| Line::new().has(network.protocol, protocol);
    let request = |protocol: &[u8]| over(protocol).among(&asked(network), network.service.name());
    vec![
        request(TCP).count(ALLOWED).accept().comment("TCP: client, server, protocol, service"),
        over(TCP).goto(&network.chain("tcp")),
        awaiting(request(UDP), network)
            .count(ALLOWED)
            .accept()
            .comment("UDP: client, server, protocol, service; then who may answer"),
        over(UDP).goto(&network.chain("udp")),
    ]
}

fn otherwise(network: &Network) -> Vec<Line> {
    match network.generation {
        Generation::Four => vec![Line::new().goto(&denied(DenialReason::Policy, network))],
        Generation::Six => vec![
            network.over(FRAGMENT_HEADER).goto(&denied(DenialReason::Fragment, network)),
            Line::new().goto(&denied(DenialReason::Options, network)),
        ],
    }
}

/// Client, server and service, as a request shows them.
fn asked(network: &Network) -> [Field; 4] {
    [network.source, network.destination, network.protocol, Field::DestinationPort]
}

/// Client, server and service, as an answer shows them.
fn answered(network: &Network) -> [Field; 4] {
    [network.destination, network.source, network.protocol, Field::SourcePort]
}

/// An answer is never the opening segment: a server may not turn round and open connections from its service's port.
fn tcp(network: &Network) -> Chain {
    let request = |set: Set| network.over(TCP).among(&asked(network), set.name());
    let answer = |set: Set| {
        network.over(TCP).bits_not(Field::TcpFlags, TCP_ROLES, SYN).among(&answered(network), set.name())
    };
    let diverted = denied(DenialReason::Divert, network);
    let lines = [
        Line::new()
            .bits_not(Field::TcpFlags, TCP_ROLES, SYN)
            .among(&answered(network), network.service.name())
            .count(ALLOWED)
            .accept()
            .comment("an answer: server, client, protocol, service"),
        request(network.lease).goto(ALLOWED),
        answer(network.lease).goto(ALLOWED),
        request(network.divert).goto(&diverted),
        answer(network.divert).goto(&diverted),
        Line::new().goto(&denied(DenialReason::Policy, network)),
    ];
    Chain::new(network.chain("tcp"), lines)
}

/// An answer needs both: that it was asked for shortly before, and that the service is still allowed.
fn udp(network: &Network) -> Chain {
    let request = |set: Set| network.over(UDP).among(&asked(network), set.name());
    let conversation = [network.source, network.destination, Field::SourcePort, Field::DestinationPort];
    let answer = |set: Set| {
        network.over(UDP).among(&conversation, network.reply.name()).among(&answered(network), set.name())
    };
    let [asked, diverted] = [network.chain("asked"), denied(DenialReason::Divert, network)];
    let lines = [
        // there is no room to remember the question: it passes, its answer will not
        request(network.service).goto(ALLOWED),
        answer(network.service).goto(ALLOWED),
        request(network.lease).goto(&asked),
        answer(network.lease).goto(ALLOWED),
        request(network.divert).goto(&diverted),
        answer(network.divert).goto(&diverted),
        dhcp_answer(network).goto(ALLOWED),
        Line::new().goto(&denied(DenialReason::Policy, network)),
    ];
    Chain::new(network.chain("udp"), lines)
}

/// A server that onboards configures bound devices as well as strangers.
pub(super) fn dhcp_answer(network: &Network) -> Line {
    network
        .over(UDP)
        .has(Field::SourcePort, network.dhcp_server)
        .has(Field::DestinationPort, network.dhcp_client)
        .among(&[network.source, network.protocol, Field::SourcePort], network.onboarding.name())
}

/// What a lease allowed is remembered, and passes.
fn allowed_udp(network: &Network) -> Chain {
    let lines = [awaiting(network.over(UDP), network), Line::new().goto(ALLOWED)];
    Chain::new(network.chain("asked"), lines)
}

/// Remembers that an answer may come. Where there is no room the rule ends here.
fn awaiting(line: Line, network: &Network) -> Line {
    let awaited = [network.destination, network.source, Field::DestinationPort, Field::SourcePort];
    line.learn(&awaited, network.reply.name(), REPLY_MILLISECONDS)
}

/// Echo requests one way and replies the other. Errors are denied: what they quote would have to be judged too.
fn icmp(network: &Network) -> Chain {
    let mut lines = Vec::new();
    if network.generation == Generation::Six {
        lines.extend(
            [[135], [136]]
                .map(|kind| network.over(network.icmp).has(network.icmp_type, &kind).goto("discovery")),
        );
        // advertisement of a router, redirect: nobody behind a gateway says where the way out is
        lines.extend([[134], [137]].map(|kind| {
            let chain = denied(DenialReason::Resolution, network);
            network.over(network.icmp).has(network.icmp_type, &kind).goto(&chain)
        }));
        let receiver = [Field::OutPort, Field::EtherDestination, network.destination];
        let elsewhere = network.chain("elsewhere");
        lines.push(network.line().not_among(&receiver, network.address.name()).goto(&elsewhere));
    }
    lines.extend(echo(network));
    Chain::new(network.chain("icmp"), lines)
}

pub(super) fn echo(network: &Network) -> [Line; 3] {
    let of = |kind: &[u8]| network.over(network.icmp).has(network.icmp_type, kind);
    [
        of(network.echo_request)
            .among(&[network.source, network.destination], network.echo.name())
            .goto(ALLOWED),
        of(network.echo_reply)
            .among(&[network.destination, network.source], network.echo.name())
            .goto(ALLOWED),
        Line::new().goto(&denied(DenialReason::Policy, network)),
    ]
}

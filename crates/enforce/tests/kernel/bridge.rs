//! Who may talk to whom, on one segment.

use crate::frames::{
    ACK, SYN, address, datagram, echo, ether_type, ethernet, ip, mac, packet, sign, tcp, udp,
};
use crate::lab::{Lab, STRANGER, between, port, service};
use nullius_model::{Channel, DenialReason, Mac, Rule, Terms, Uptime};
use std::net::Ipv4Addr;

const VERSIONS: [u8; 2] = [4, 6];

#[test]
fn nothing_passes_between_bound_devices_until_a_rule_says_so() {
    let mut lab = Lab::new();
    for version in VERSIONS {
        lab.denies(1, DenialReason::Policy, &tcp(version, 1, 2, [40_000, 502], SYN));
        lab.denies(1, DenialReason::Policy, &udp(version, 1, 2, [40_000, 5683]));
        lab.denies(1, DenialReason::Policy, &echo(version, 1, 2, false));
        lab.allow(service(version, Channel::Tcp(502)));
        lab.passes(1, 2, &tcp(version, 1, 2, [40_000, 502], SYN));
        lab.denies(1, DenialReason::Policy, &tcp(version, 1, 2, [40_000, 503], SYN));
        lab.denies(1, DenialReason::Policy, &tcp(version, 1, 3, [40_000, 502], SYN));
        lab.denies(3, DenialReason::Policy, &tcp(version, 3, 2, [40_000, 502], SYN));
        lab.denies(1, DenialReason::Policy, &udp(version, 1, 2, [40_000, 502]));
    }
}

#[test]
fn a_server_answers_but_opens_nothing_from_its_port() {
    let mut lab = Lab::new();
    for version in VERSIONS {
        lab.allow(service(version, Channel::Tcp(502)));
        lab.passes(2, 1, &tcp(version, 2, 1, [502, 40_000], SYN | ACK));
        lab.passes(2, 1, &tcp(version, 2, 1, [502, 40_000], ACK));
        lab.denies(2, DenialReason::Policy, &tcp(version, 2, 1, [502, 40_000], SYN));
        // with ECN bits and PSH and URG, too
        lab.denies(2, DenialReason::Policy, &tcp(version, 2, 1, [502, 40_000], SYN | 0xe8));
        lab.denies(2, DenialReason::Policy, &tcp(version, 2, 1, [503, 40_000], ACK));
    }
}

#[test]
fn an_answer_over_udp_comes_after_the_question() {
    let mut lab = Lab::new();
    for version in VERSIONS {
        lab.allow(service(version, Channel::Udp(5683)));
        lab.denies(2, DenialReason::Policy, &udp(version, 2, 1, [5683, 40_000]));
        lab.passes(1, 2, &udp(version, 1, 2, [40_000, 5683]));
        lab.passes(2, 1, &udp(version, 2, 1, [5683, 40_000]));
        lab.denies(2, DenialReason::Policy, &udp(version, 2, 1, [5683, 40_001]));
        lab.take_away(service(version, Channel::Udp(5683)));
        lab.denies(2, DenialReason::Policy, &udp(version, 2, 1, [5683, 40_000]));
    }
}

#[test]
fn where_no_more_answers_fit_questions_pass_and_their_answers_do_not() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Udp(5683)));
    let full: Vec<_> = (0..1_u32 << 17)
        .map(|number| format!("{} . 10.0.0.2 . 1 . 1", Ipv4Addr::from_bits(0x0a09_0000 + number)))
        .collect();
    let text = std::env::temp_dir().join(format!("nullius-full-{}.nft", std::process::id()));
    let list = format!("add element bridge nullius udp_reply4 {{ {} }}\n", full.join(", "));
    std::fs::write(&text, list).unwrap();
    lab.gateway.shell(&format!("nft -f {}", text.display()));
    std::fs::remove_file(&text).unwrap();
    lab.passes(1, 2, &udp(4, 1, 2, [40_000, 5683]));
    lab.denies(2, DenialReason::Policy, &udp(4, 2, 1, [5683, 40_000]));
    lab.gateway.shell("nft flush set bridge nullius udp_reply4");
    lab.passes(1, 2, &udp(4, 1, 2, [40_000, 5683]));
    lab.passes(2, 1, &udp(4, 2, 1, [5683, 40_000]));
}

#[test]
fn echoes_go_one_way_and_their_replies_the_other() {
    let mut lab = Lab::new();
    for version in VERSIONS {
        lab.allow(service(version, Channel::Echo));
        lab.passes(1, 2, &echo(version, 1, 2, false));
        lab.passes(2, 1, &echo(version, 2, 1, true));
        lab.denies(2, DenialReason::Policy, &echo(version, 2, 1, false));
        lab.denies(1, DenialReason::Policy, &echo(version, 1, 2, true));
    }
}

#[test]
fn what_needs_a_message_filter_does_not_pass_without_one() {
    let mut lab = Lab::new();
    lab.add([(service(4, Channel::Tcp(502)), Terms::DIVERT)]);
    lab.denies(1, DenialReason::Divert, &tcp(4, 1, 2, [40_000, 502], SYN));
    lab.denies(2, DenialReason::Divert, &tcp(4, 2, 1, [502, 40_000], ACK));
    lab.denies(1, DenialReason::Policy, &tcp(4, 1, 2, [40_000, 503], SYN));
}

#[test]
fn nobody_sends_in_anothers_name() {
    let mut lab = Lab::new();
    for version in VERSIONS {
        lab.allow(service(version, Channel::Udp(5683)));
        let payload = |from| ip(address(version, from), address(version, 2), 17, &datagram([40_000, 5683]));
        let frame = |source: Mac, from| ethernet(mac(2), source, ether_type(version), &payload(from));
        lab.denies(3, DenialReason::Spoof, &frame(mac(1), 1));
        lab.denies(3, DenialReason::Spoof, &frame(mac(3), 1));
        lab.denies(3, DenialReason::Spoof, &frame(mac(1), 3));
        lab.denies(3, DenialReason::Spoof, &frame(STRANGER, 1));
        lab.denies(3, DenialReason::Stranger, &frame(STRANGER, 9));
        lab.denies(3, DenialReason::Stranger, &frame(mac(3), 9));
        lab.passes(1, 2, &frame(mac(1), 1));
    }
}

#[test]
fn a_forged_sender_does_not_move_anothers_traffic() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Tcp(502)));
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], SYN));
    for _ in 0..20 {
        lab.denies(3, DenialReason::Spoof, &ethernet(mac(1), mac(2), 0x0800, &[0x45]));
    }
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], ACK));
    let learned = lab.gateway.shell("bridge fdb show br br0 dynamic");
    assert!(!learned.contains("02:00:00:00:00:02 dev p3"), "{learned}");
}

#[test]
fn a_frame_leaves_only_by_the_port_of_its_receiver() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Tcp(502)));
    // the bridge has not seen device 2 yet and sends to all ports
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], SYN));
    let payload = ip(address(4, 1), address(4, 2), 17, &datagram([40_000, 502]));
    lab.denies(1, DenialReason::Receiver, &ethernet(mac(3), mac(1), 0x0800, &payload));
    lab.denies(1, DenialReason::Receiver, &ethernet(Mac::BROADCAST, mac(1), 0x0800, &payload));
}

#[test]
fn a_device_whose_address_is_taken_away_is_cut_off_both_ways_at_once() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Tcp(502)));
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], SYN));
    lab.passes(2, 1, &tcp(4, 2, 1, [502, 40_000], ACK));
    lab.take_away(Rule::Address { port: port(2), mac: mac(2), address: address(4, 2) });
    lab.denies(1, DenialReason::Receiver, &tcp(4, 1, 2, [40_000, 502], ACK));
    lab.denies(2, DenialReason::Stranger, &tcp(4, 2, 1, [502, 40_000], ACK));
    lab.take_away(Rule::Address { port: port(2), mac: mac(2), address: address(6, 2) });
    lab.denies(2, DenialReason::Spoof, &tcp(4, 2, 1, [502, 40_000], ACK));
}

#[test]
fn what_hides_its_ports_is_denied() {
    let mut lab = Lab::new();
    lab.allow(service(4, Channel::Udp(5683)));
    lab.allow(service(6, Channel::Udp(5683)));
    for bits in [[0x20, 0x00], [0x00, 0x01], [0x1f, 0xff]] {
        let mut frame = udp(4, 1, 2, [40_000, 5683]);
        frame[20..22].copy_from_slice(&bits);
        sign(&mut frame[14..34]);
        lab.denies(1, DenialReason::Fragment, &frame);
    }
    let header = [&[17, 0, 0, 1, 0, 0, 0, 1], &datagram([40_000, 5683])[..]].concat();
    lab.denies(1, DenialReason::Fragment, &packet(6, 1, 2, 44, &header));
    for extension in [0, 43, 60, 135, 139, 140, 59, 50, 51, 41, 4, 132] {
        lab.denies(1, DenialReason::Options, &packet(6, 1, 2, extension, &header));
    }
    let mut options = udp(4, 1, 2, [40_000, 5683]);
    options[14] = 0x46;
    options.splice(34..34, [1, 1, 1, 0]);
    options[17] += 4;
    sign(&mut options[14..38]);
    lab.denies(1, DenialReason::Options, &options);
    let mut other_version = udp(4, 1, 2, [40_000, 5683]);
    other_version[14] = 0x65;
    lab.denies(1, DenialReason::Options, &other_version);
    for tunnel in [4, 41, 47, 132, 2] {
        lab.denies(1, DenialReason::Policy, &packet(4, 1, 2, tunnel, &datagram([40_000, 5683])));
    }
}

#[test]
fn a_tag_in_front_of_an_allowed_packet_does_not_carry_it_through() {
    let mut lab = Lab::new();
    for version in VERSIONS {
        lab.allow(service(version, Channel::Tcp(502)));
        let allowed = tcp(version, 1, 2, [40_000, 502], SYN);
        lab.passes(1, 2, &allowed);
        for tags in [
            &[0x81, 0, 0, 1][..],
            &[0x81, 0, 0, 0],
            &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2],
            &[0x88, 0x47, 0, 0, 1, 64],
        ] {
            let mut tagged = allowed.clone();
            tagged.splice(12..12, tags.iter().copied());
            lab.denies(1, DenialReason::Ethertype, &tagged);
        }
    }
}

#[test]
fn a_frame_that_is_not_ip_passes_as_it_was_named_and_not_otherwise() {
    let mut lab = Lab::new();
    let group = Mac::new([0x01, 0x0c, 0xcd, 1, 0, 1]);
    let goose = |source: u8, application: u8| {
        ethernet(group, mac(source), 0x88b8, &[0, application, 0, 8, 0, 0, 0, 0])
    };
    lab.denies(1, DenialReason::Ethertype, &goose(1, 3));
    lab.allow(Rule::Frame {
        port: port(1),
        source: mac(1),
        destination: group,
        ethertype: 0x88b8,
        application: 3,
    });
    assert_eq!(lab.send(1, &goose(1, 3)), [2, 3]);
    lab.denies(1, DenialReason::Ethertype, &goose(1, 4));
    lab.denies(3, DenialReason::Ethertype, &goose(3, 3));
    lab.denies(3, DenialReason::Spoof, &goose(1, 3));
    for ether_type in [0x88b9, 0x88cc, 0x8892, 0x8100, 0x0026] {
        let payload = [0, 3, 0, 8, 0, 0, 0, 0];
        lab.denies(1, DenialReason::Ethertype, &ethernet(group, mac(1), ether_type, &payload));
    }
}

#[test]
fn a_lease_ends_by_itself() {
    let mut lab = Lab::new();
    let end = Uptime::from_millis(700);
    lab.add([
        (service(4, Channel::Tcp(502)), Terms::ACCEPT.until(end)),
        (service(4, Channel::Tcp(503)), Terms::ACCEPT.until(Uptime::default())),
    ]);
    lab.denies(1, DenialReason::Policy, &tcp(4, 1, 2, [40_000, 503], SYN));
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], SYN));
    std::thread::sleep(end.since_boot() * 2);
    lab.denies(1, DenialReason::Policy, &tcp(4, 1, 2, [40_000, 502], ACK));
    // what has ended may still be taken away, and given again
    lab.take_away(service(4, Channel::Tcp(502)));
    lab.add([(service(4, Channel::Tcp(502)), Terms::ACCEPT.until(end))]);
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], SYN));
    lab.add([(service(4, Channel::Tcp(502)), Terms::ACCEPT)]);
    std::thread::sleep(end.since_boot() * 2);
    lab.passes(1, 2, &tcp(4, 1, 2, [40_000, 502], ACK));
}

#[test]
fn the_matrix_of_what_passes_is_the_matrix_of_the_rules() {
    let mut lab = Lab::new();
    let allowed = [(1, 2), (3, 1)];
    for version in VERSIONS {
        for (client, server) in allowed {
            lab.allow(between(address(version, client), address(version, server), Channel::Udp(5683)));
        }
        for from in 1..=3 {
            for to in (1..=3).filter(|to| *to != from) {
                let probe = udp(version, from, to, [40_000, 5683]);
                match allowed.contains(&(from, to)) {
                    true => lab.passes(from, to, &probe),
                    false => lab.denies(from, DenialReason::Policy, &probe),
                }
            }
        }
    }
}

//! Messages counted in captures of others, against what tshark 4.0 counts in the same files.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

use nullius_capture::CaptureFile;
use nullius_model::{FlowInfo, MessageKind, Observation, Protocol, Seed, Seen, Sink};
use nullius_wire::{Dissector, Limits};
use std::collections::BTreeMap;
use std::path::Path;

/// How often each verb of a protocol was asked, how often answered, and how often its bytes were malformed.
#[derive(Default)]
struct Counts {
    asked: BTreeMap<(Protocol, &'static str), u32>,
    answered: BTreeMap<(Protocol, &'static str), u32>,
    malformed: BTreeMap<Protocol, u32>,
    duplicates: u32,
}

impl Sink for Counts {
    fn observe(&mut self, _seen: Seen, _flow: Option<&FlowInfo>, observation: Observation<'_>) {
        if let Observation::Message(message) = &observation {
            let counted = match message.kind {
                MessageKind::Request => &mut self.asked,
                MessageKind::Response { .. } | MessageKind::Orphan { .. } => &mut self.answered,
            };
            *counted.entry((message.protocol, message.symbol.verb)).or_default() += 1;
        } else if let Observation::Malformed { protocol, .. } = observation {
            *self.malformed.entry(protocol).or_default() += 1;
        } else if let Observation::Damage(damage) = observation {
            self.duplicates += u32::from(damage.name() == "duplicate");
        }
    }
}

fn counts(capture: &str) -> Counts {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(capture);
    let mut file = CaptureFile::open(&path).unwrap();
    let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
    let mut counts = Counts::default();
    while let Some(frame) = file.next_frame().unwrap() {
        dissector.handle_frame(&frame, &mut counts);
    }
    dissector.finish(&mut counts);
    counts
}

fn of(counted: &BTreeMap<(Protocol, &'static str), u32>, protocol: Protocol) -> Vec<(&'static str, u32)> {
    counted.iter().filter(|((of, _), _)| *of == protocol).map(|((_, verb), count)| (*verb, *count)).collect()
}

#[test]
fn dhcp_messages_are_as_many_as_tshark_counts() {
    for (capture, asked, answered) in [
        (
            "dhcp/dhcp.pcap",
            &[("DECLINE", 1), ("DISCOVER", 1), ("INFORM", 1), ("RELEASE", 1), ("REQUEST", 2)][..],
            &[("DISCOVER", 1), ("REQUEST", 2)][..],
        ),
        // Two frames came twice, and tshark counts two replies that ICMP errors quote.
        (
            "dhcp/onboarding.pcap",
            &[("DISCOVER", 35 - 1), ("REQUEST", 30 - 1)],
            &[("DISCOVER", 17 - 1), ("REQUEST", 15 - 1)],
        ),
        ("dhcp/profinet_mixed_1.pcap", &[("DISCOVER", 62 / 2)], &[]),
    ] {
        let counts = counts(capture);
        assert_eq!(of(&counts.asked, Protocol::Dhcp), asked, "{capture}");
        assert_eq!(of(&counts.answered, Protocol::Dhcp), answered, "{capture}");
        assert_eq!(counts.malformed, BTreeMap::new(), "{capture}");
    }
    assert_eq!(counts("dhcp/dhcp_bad_cookie_option_retention.pcap").malformed, [(Protocol::Dhcp, 3)].into());
}

#[test]
fn dhcpv6_messages_are_as_many_as_tshark_counts() {
    let alone = counts("dhcpv6/profinet_mixed_1.pcap");
    assert_eq!(of(&alone.asked, Protocol::Dhcpv6), [("SOLICIT", 28 / 2)]);
    let exchange = counts("dhcpv6/exchange.pcap");
    let asked = ["CONFIRM", "INFORMATION_REQUEST", "RELEASE", "REQUEST", "SOLICIT"].map(|verb| (verb, 1));
    assert_eq!(of(&exchange.asked, Protocol::Dhcpv6), asked);
    assert_eq!(of(&exchange.answered, Protocol::Dhcpv6), [("REPLY", 4), ("SOLICIT", 1)]);
}

#[test]
fn dns_messages_are_as_many_as_tshark_counts() {
    let home = counts("dns/onboarding.pcap");
    assert_eq!(of(&home.asked, Protocol::Dns), [("query_a", 92), ("query_aaaa", 11)]);
    assert_eq!(of(&home.answered, Protocol::Dns), [("query_a", 91), ("query_aaaa", 11)]);
    // 77 queries with 184 questions between them, and no announcement that answers a question.
    assert_eq!(of(&home.asked, Protocol::Mdns).last(), Some(&("query", 184)));
    assert_eq!(of(&home.answered, Protocol::Mdns), []);

    let long = counts("dns/long-connection.pcap");
    for counted in [&long.asked, &long.answered] {
        let verbs = ["query_a", "query_aaaa", "query_any", "query_mx", "query_other", "query_ptr"];
        let expected: Vec<_> = verbs.into_iter().zip([1, 6, 1, 1, 1, 1]).collect();
        assert_eq!(of(counted, Protocol::Dns), expected);
    }

    let plant = counts("dns/profinet_mixed_1_llmnr.pcap");
    assert_eq!(of(&plant.asked, Protocol::Llmnr), [("query", (84 + 52) / 2)]);
    assert_eq!(plant.duplicates, 136 / 2);
    let pair = counts("dns/llmnr.pcap");
    assert_eq!(of(&pair.asked, Protocol::Llmnr), [("query", 16)]);
    assert_eq!(of(&pair.answered, Protocol::Llmnr), [("query", 1)]);
}

#[test]
fn link_discovery_units_are_as_many_as_tshark_counts() {
    for (capture, units) in [
        ("lldp/lldp.pcap", 1),
        ("lldp/mb2.pcap", 5),
        ("lldp/enip_cip_example.pcap", 2),
        ("lldp/profinet_mixed_1.pcap", 201),
    ] {
        let counts = counts(capture);
        assert_eq!(of(&counts.asked, Protocol::Lldp), [("lldpdu", units)], "{capture}");
        assert_eq!(counts.malformed, BTreeMap::new(), "{capture}");
    }
}

/// A request of several objects is as many messages.
#[test]
fn snmp_requests_are_as_many_as_tshark_counts() {
    for (capture, asked) in [
        ("snmp/snmpv1_get.pcap", &[("get_request", 25 + 3), ("set_request", 5 + 8)][..]),
        ("snmp/snmpwalk-short.pcap", &[("get_next_request", 200)]),
        ("snmp/snmpv1_trap.pcap", &[("trap", 1)]),
        ("snmp/snmpv2_get_bulk.pcap", &[("get_bulk_request", 1)]),
        ("snmp/snmpv3_get_next.pcap", &[("get_next_request", 1), ("get_request", 1)]),
        (
            "snmp/leak_test.pcapng",
            &[
                ("get_bulk_request", 1),
                ("get_next_request", 2),
                ("get_request", 31 + 4),
                ("set_request", 6 + 8),
                ("trap", 1),
            ],
        ),
    ] {
        let counts = counts(capture);
        assert_eq!(of(&counts.asked, Protocol::Snmp), asked, "{capture}");
        assert_eq!(counts.malformed, BTreeMap::new(), "{capture}");
    }
}

#[test]
fn ntp_packets_are_as_many_as_tshark_counts() {
    for (capture, asked, answered) in [
        ("ntp/NTP_sync.pcap", &[("symmetric_active", 15)][..], &[("symmetric_active", 15)][..]),
        ("ntp/NTP-digest.pcap", &[("client", 40)], &[]),
        ("ntp/ntp.pcap", &[("client", 16)], &[("client", 16)]),
        ("ntp/ntpmode67.pcap", &[("private", 3), ("read_status", 2), ("read_variables", 4)], &[]),
    ] {
        let counts = counts(capture);
        assert_eq!(of(&counts.asked, Protocol::Ntp), asked, "{capture}");
        assert_eq!(of(&counts.answered, Protocol::Ntp), answered, "{capture}");
        assert_eq!(counts.malformed, BTreeMap::new(), "{capture}");
    }
}

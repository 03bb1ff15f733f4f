//! Protocols by which hosts get addresses and names, find and watch each other.

use crate::counts::{Counts, check_told};
use nullius_model::Protocol;

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
        let counts = Counts::of(capture);
        assert_eq!(counts.asked(Protocol::Dhcp), asked, "{capture}");
        assert_eq!(counts.answered(Protocol::Dhcp), answered, "{capture}");
        assert_eq!(counts.told("malformed"), 0, "{capture}");
    }
    check_told(
        "dhcp/dhcp_bad_cookie_option_retention.pcap",
        &[("malformed", 3), (&format!("malformed {}", Protocol::Dhcp), 3)],
    );
}

#[test]
fn dhcpv6_messages_are_as_many_as_tshark_counts() {
    let alone = Counts::of("dhcpv6/profinet_mixed_1.pcap");
    assert_eq!(alone.asked(Protocol::Dhcpv6), [("SOLICIT", 28 / 2)]);
    let exchange = Counts::of("dhcpv6/exchange.pcap");
    let asked = ["CONFIRM", "INFORMATION_REQUEST", "RELEASE", "REQUEST", "SOLICIT"].map(|verb| (verb, 1));
    assert_eq!(exchange.asked(Protocol::Dhcpv6), asked);
    assert_eq!(exchange.answered(Protocol::Dhcpv6), [("REPLY", 4), ("SOLICIT", 1)]);
}

#[test]
fn dns_messages_are_as_many_as_tshark_counts() {
    let home = Counts::of("dns/onboarding.pcap");
    assert_eq!(home.asked(Protocol::Dns), [("query_a", 92), ("query_aaaa", 11)]);
    assert_eq!(home.answered(Protocol::Dns), [("query_a", 91), ("query_aaaa", 11)]);
    // 77 queries with 184 questions between them, and no announcement that answers a question.
    assert_eq!(home.asked(Protocol::Mdns).last(), Some(&("query", 184)));
    assert_eq!(home.answered(Protocol::Mdns), []);

    let long = Counts::of("dns/long-connection.pcap");
    for counted in [long.asked(Protocol::Dns), long.answered(Protocol::Dns)] {
        let verbs = ["query_a", "query_aaaa", "query_any", "query_mx", "query_other", "query_ptr"];
        let expected: Vec<_> = verbs.into_iter().zip([1, 6, 1, 1, 1, 1]).collect();
        assert_eq!(counted, expected);
    }

    let plant = Counts::of("dns/profinet_mixed_1_llmnr.pcap");
    assert_eq!(plant.asked(Protocol::Llmnr), [("query", (84 + 52) / 2)]);
    assert_eq!(plant.told("damage duplicate"), 136 / 2);
    let pair = Counts::of("dns/llmnr.pcap");
    assert_eq!(pair.asked(Protocol::Llmnr), [("query", 16)]);
    assert_eq!(pair.answered(Protocol::Llmnr), [("query", 1)]);
}

#[test]
fn link_discovery_units_are_as_many_as_tshark_counts() {
    for (capture, units) in [
        ("lldp/lldp.pcap", 1),
        ("lldp/mb2.pcap", 5),
        ("lldp/enip_cip_example.pcap", 2),
        ("lldp/profinet_mixed_1.pcap", 201),
    ] {
        let counts = Counts::of(capture);
        assert_eq!(counts.asked(Protocol::Lldp), [("lldpdu", units)], "{capture}");
        assert_eq!(counts.told("malformed"), 0, "{capture}");
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
        let counts = Counts::of(capture);
        assert_eq!(counts.asked(Protocol::Snmp), asked, "{capture}");
        assert_eq!(counts.told("malformed"), 0, "{capture}");
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
        let counts = Counts::of(capture);
        assert_eq!(counts.asked(Protocol::Ntp), asked, "{capture}");
        assert_eq!(counts.answered(Protocol::Ntp), answered, "{capture}");
        assert_eq!(counts.told("malformed"), 0, "{capture}");
    }
}

/// tshark's `http.request.method` counts 20 + 84, 8 + 18, 18 and 40. What came twice is a duplicate here.
#[test]
fn ssdp_messages_and_duplicates_are_as_many_as_the_referee_counts() {
    for (capture, searches, notifications, duplicates, referee) in [
        ("ssdp/d-link-cam.pcap", 10, 36, 58, 104),
        ("ssdp/edimax-cam.pcap", 8, 18, 0, 26),
        ("ssdp/hue-bridge.pcap", 0, 18, 0, 18),
        ("ssdp/wemo-switch.pcap", 0, 40, 0, 40),
    ] {
        assert_eq!(searches + notifications + duplicates, referee, "{capture}");
        check_told(
            capture,
            &[
                ("request M-SEARCH", searches),
                ("request NOTIFY", notifications),
                ("damage duplicate", duplicates),
                ("malformed", 0),
            ],
        );
    }
}

/// tshark counts 3 searches, 7 answers and 36 notifications. Answers to a group come in flows of their own.
#[test]
fn ssdp_answers_tell_what_a_server_is() {
    check_told(
        "ssdp/minidlna.pcap",
        &[
            ("request M-SEARCH", 3),
            ("orphan M-SEARCH", 7),
            ("request NOTIFY ssdp:alive", 12),
            ("request NOTIFY ssdp:byebye", 24),
            ("malformed", 0),
        ],
    );
}

/// tshark's `nbns.flags.opcode`, halved: each frame is there twice.
#[test]
fn nbns_messages_are_as_many_as_the_referee_counts() {
    check_told(
        "nbns/windows-plc-network.pcap",
        &[
            ("request name_query", 18),
            ("request name_registration", 12),
            ("fact hostname KW-VLIPC<20>", 4),
            ("fact hostname WORKGROUP", 0),
            ("damage duplicate", 30),
            ("malformed", 0),
        ],
    );
}

/// tshark's `nbns.flags.opcode`: 10 queries with one for the status, 42 registrations, 3 multi-homed ones and 5 releases asked,
/// 3 and 5 answered; two answers to a broadcast come in a flow of their own.
#[test]
fn nbns_answers_are_paired_and_name_their_nodes() {
    check_told(
        "nbns/samba.pcap",
        &[
            ("request name_query", 9),
            ("request status_query", 1),
            ("request name_registration", 42),
            ("request multihomed_registration", 3),
            ("request name_release", 5),
            ("response status_query", 1),
            ("response name_registration", 2),
            ("response multihomed_registration", 3),
            ("orphan name_query", 2),
            ("fact hostname PLANT", 0),
            ("malformed", 0),
        ],
    );
}

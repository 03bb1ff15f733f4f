//! Protocols of buildings, machines and substations: EtherNet/IP, BACnet, PROFINET and GOOSE.

use crate::counts::{Count, Counts};
use nullius_model::Protocol;

/// Verb, requests, answers (with or without a request that was seen).
type Row = (&'static str, u64, u64);

const ETHERNET_IP: &[(&str, &[Row])] = &[
    (
        "enip_cip_example.pcap",
        &[
            ("get_attribute_list", 543, 532),
            ("io_data", 398, 0),
            ("list_identity", 1, 1),
            ("multiple_service_packet", 41, 40),
            ("set_attribute_list", 1, 1),
        ],
    ),
    (
        "multiple_service_packet_cip.pcapng",
        &[("get_attribute_list", 11, 0), ("multiple_service_packet", 1, 0)],
    ),
    ("set_attribute_single_service_cip.pcapng", &[("set_attribute_single", 1, 0)]),
];

const BACNET: &[(&str, &[Row])] = &[
    (
        "bacnet_example.pcap",
        &[
            ("i_am", 210, 0),
            ("read_property", 1400, 1400),
            ("reinitialize_device", 120, 120),
            ("who_is", 7, 0),
        ],
    ),
    (
        "bacnet_services.pcap",
        &[
            ("atomic_read_file", 64, 64),
            ("atomic_write_file", 63, 63),
            ("device_communication_control", 4, 4),
            ("i_am", 206, 0),
            ("i_am_router_to_network", 3, 0),
            ("i_have", 3, 0),
            ("read_property", 193, 193),
            ("read_property_multiple", 32, 32),
            ("reinitialize_device", 4, 4),
            ("segment", 1, 0),
            ("segment_ack", 2, 0),
            ("time_synchronization", 1, 0),
            ("who_has", 4, 0),
            ("who_is", 8, 0),
            ("who_is_router_to_network", 1, 0),
            ("write_property", 9, 9),
        ],
    ),
    (
        "bacnet_segmented_data.pcap",
        &[
            ("i_am", 7, 0),
            ("i_have", 2, 0),
            ("read_property", 2, 2),
            ("segment", 2, 0),
            ("segment_ack", 2, 0),
            ("time_synchronization", 1, 0),
            ("who_has", 1, 0),
            ("who_is", 1, 0),
        ],
    ),
];

#[test]
fn bacnet_is_counted_as_tshark_and_zeek_count_it() {
    check(Protocol::Bacnet, "bacnet", BACNET);
}

const PROFINET_DCP: &[(&str, &[Row])] = &[
    ("ChangeIPUsingDCP.pcap", &[("identify", 1, 1), ("set", 1, 1)]),
    ("PROFINET-RT.pcap", &[("identify", 14, 0)]),
    ("profinet_rt.pcap", &[("alarm", 2, 0), ("identify", 9, 1), ("ptcp", 41, 0), ("rt_data", 102, 0)]),
];

#[test]
fn profinet_is_counted_as_tshark_counts_it() {
    check(Protocol::ProfinetDcp, "profinet-dcp", PROFINET_DCP);
}

const GOOSE: &[(&str, &[Row])] = &[
    ("GOOSE.pcap", &[("goose", 7, 0), ("goose_state_change", 1, 0)]),
    ("GOOSE_DEMO.pcap", &[("goose", 1, 0)]),
    ("Sample_File_GOOSE.pcap", &[("goose", 199, 0), ("goose_state_change", 252, 0)]),
];

#[test]
fn goose_is_counted_as_tshark_counts_it() {
    check(Protocol::Goose, "goose", GOOSE);
}

#[test]
fn ethernet_ip_is_counted_as_tshark_and_zeek_count_it() {
    check(Protocol::EthernetIp, "ethernet-ip", ETHERNET_IP);
}

fn check(protocol: Protocol, folder: &str, captures: &[(&str, &[Row])]) {
    for (capture, expected) in captures {
        let counts = Counts::of(&format!("{folder}/{capture}"));
        let only = |column: fn(&Row) -> Count<'static>| -> Vec<_> {
            expected.iter().map(column).filter(|(_, count)| *count > 0).collect()
        };
        assert_eq!(counts.asked(protocol), only(|row| (row.0, row.1)), "{capture}");
        assert_eq!(counts.answered(protocol), only(|row| (row.0, row.2)), "{capture}");
    }
}

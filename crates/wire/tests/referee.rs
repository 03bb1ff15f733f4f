//! How often each verb was said in a capture, against what other dissectors counted in it.
//!
//! The numbers were taken from tshark and, where there are such, from the logs the icsnpp parsers of Zeek are tested
//! with; the README beside each capture says which and explains every difference.

#![expect(clippy::unwrap_used, reason = "a broken fixture must fail the test")]

use nullius_capture::CaptureFile;
use nullius_model::{FlowInfo, MessageKind, Observation, Protocol, Seed, Seen, Sink};
use nullius_wire::{Dissector, Limits};
use std::collections::BTreeMap;
use std::path::Path;

/// Verb, requests, answers (with or without a request that was seen).
type Count = (&'static str, u64, u64);

const ETHERNET_IP: &[(&str, &[Count])] = &[
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

const BACNET: &[(&str, &[Count])] = &[
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

const PROFINET_DCP: &[(&str, &[Count])] = &[
    ("ChangeIPUsingDCP.pcap", &[("identify", 1, 1), ("set", 1, 1)]),
    ("PROFINET-RT.pcap", &[("identify", 14, 0)]),
    ("profinet_rt.pcap", &[("alarm", 2, 0), ("identify", 9, 1), ("ptcp", 41, 0), ("rt_data", 102, 0)]),
];

#[test]
fn profinet_is_counted_as_tshark_counts_it() {
    check(Protocol::ProfinetDcp, "profinet-dcp", PROFINET_DCP);
}

const GOOSE: &[(&str, &[Count])] = &[
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

fn check(protocol: Protocol, folder: &str, captures: &[(&str, &[Count])]) {
    for (capture, expected) in captures {
        let counted = Tally::of(protocol, &Path::new("tests/data").join(folder).join(capture));
        let expected = expected.iter().map(|(verb, asked, answered)| (*verb, (*asked, *answered))).collect();
        assert_eq!(counted.verbs, expected, "{capture}");
    }
}

/// Counts the messages of one protocol by verb.
#[derive(Debug)]
struct Tally {
    protocol: Protocol,
    verbs: BTreeMap<&'static str, (u64, u64)>,
}

impl Tally {
    fn of(protocol: Protocol, capture: &Path) -> Self {
        let mut tally = Self { protocol, verbs: BTreeMap::new() };
        let mut file = CaptureFile::open(capture).unwrap();
        let mut dissector = Dissector::new(Limits::default(), Seed::new(1));
        while let Some(frame) = file.next_frame().unwrap() {
            dissector.handle_frame(&frame, &mut tally);
        }
        dissector.finish(&mut tally);
        tally
    }
}

impl Sink for Tally {
    fn observe(&mut self, _: Seen, _: Option<&FlowInfo>, observation: Observation<'_>) {
        let Observation::Message(message) = observation else { return };
        if message.protocol != self.protocol {
            return;
        }
        let (asked, answered) = self.verbs.entry(message.symbol.verb).or_default();
        match message.kind {
            MessageKind::Request => *asked += 1,
            MessageKind::Response { .. } | MessageKind::Orphan { .. } => *answered += 1,
        }
    }
}

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

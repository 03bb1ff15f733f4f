//! Damaged, doubled and deceiving captures: no crash, no device twice, and the report says "partial" and why.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a broken fixture must fail the test")]
#![expect(clippy::cast_possible_truncation, reason = "pcap has words of 32 bits")]

mod frames;
#[path = "../support/mod.rs"]
mod support;

use frames::{Host, Record, dhcp, read, write};
use nullius_device::risk::evidence::Kind;
use nullius_eval::report::summary::Summary;
use nullius_eval::report::words::number;
use nullius_eval::{Evaluation, Learn};
use std::collections::BTreeSet;
use std::net::IpAddr;
use support::{PLANT, look_at, workspace};

/// Captures with many kinds of protocol in them.
const CAPTURES: [&str; 6] = [
    PLANT,
    "crates/wire/tests/data/mqtt/v5.pcap",
    "crates/wire/tests/data/s7comm/snap7.pcap",
    "crates/wire/tests/data/dns/onboarding.pcap",
    "crates/wire/tests/data/ethernet-ip/enip_cip_example.pcap",
    "crates/wire/tests/data/iec104/090813_diverse.pcap",
];

fn stem(capture: &str) -> String {
    capture.rsplit('/').next().unwrap().replace('.', "-")
}

fn look(name: &str, records: &[Record]) -> Evaluation {
    look_at(&write(name, records, 0), Learn::Everything)
}

/// Every device by its addresses on the link, or on the network where it has none.
fn devices(evaluation: &Evaluation) -> Vec<String> {
    let all = evaluation.picture.devices.iter();
    all.map(|view| {
        if view.device.macs.is_empty() {
            format!("{:?}", view.device.addresses.keys().collect::<Vec<_>>())
        } else {
            format!("{:?}", view.device.macs)
        }
    })
    .collect()
}

fn messages(evaluation: &Evaluation) -> Vec<(u64, usize)> {
    evaluation.picture.conversations.iter().map(|view| (view.messages(), view.alphabet.len())).collect()
}

/// The reasons of `damaged` that `whole` does not give.
fn new_reasons(whole: &Evaluation, damaged: &Evaluation) -> Vec<String> {
    let known: BTreeSet<String> = Summary::of(whole).partial.into_iter().collect();
    Summary::of(damaged).partial.into_iter().filter(|reason| !known.contains(reason)).collect()
}

#[test]
fn what_two_mirror_ports_give_twice_counts_once() {
    for capture in CAPTURES {
        let records = read(&workspace(capture));
        let whole = look(&format!("whole-{}", stem(capture)), &records);
        let copy = |routed| move |record: &Record| [record.clone(), record.again(Some(7), routed)];
        for (what, doubled) in [
            ("tagged", records.iter().flat_map(copy(false)).collect::<Vec<_>>()),
            ("routed", records.iter().flat_map(copy(true)).collect::<Vec<_>>()),
        ] {
            let damaged = look(&format!("{what}-{}", stem(capture)), &doubled);
            assert_eq!(devices(&damaged), devices(&whole), "{capture} {what}");
            assert_eq!(messages(&damaged), messages(&whole), "{capture} {what}");
            assert_eq!(damaged.picture.frames, whole.picture.frames, "{capture} {what}");
            let twice = damaged.picture.quality.count("duplicate") - whole.picture.quality.count("duplicate");
            assert_eq!(twice, records.len() as u64, "{capture} {what}");
            assert!(
                new_reasons(&whole, &damaged).iter().any(|why| why.contains("captured twice")),
                "{capture}"
            );
        }
    }
}

#[test]
fn a_snapshot_length_of_60_leaves_every_device_and_says_what_lacks() {
    for capture in CAPTURES {
        let records = read(&workspace(capture));
        let whole = look(&format!("uncut-{}", stem(capture)), &records);
        let cut: Vec<Record> = records.iter().map(|record| record.cut(60)).collect();
        let damaged = look(&format!("cut-{}", stem(capture)), &cut);
        assert_eq!(devices(&damaged), devices(&whole), "{capture}");
        let shortened = cut.iter().filter(|cut| (cut.bytes.len() as u32) < cut.wire_length).count() as u64;
        assert_eq!(damaged.picture.quality.count("cut-frame"), shortened, "{capture}");
        assert!(!damaged.picture.quality.is_whole(), "{capture}");
        let why = format!("{} frames cut short by the capture's snapshot length", number(shortened));
        let reasons = new_reasons(&whole, &damaged);
        assert!(reasons.iter().any(|reason| reason.starts_with(&why)), "{capture}: {reasons:?}");
    }
}

#[test]
fn a_wrong_checksum_loses_no_device_and_is_told() {
    for capture in ["crates/wire/tests/data/mqtt/v5.pcap", "crates/wire/tests/data/s7comm/snap7.pcap"] {
        let records = read(&workspace(capture));
        let whole = look(&format!("right-{}", stem(capture)), &records);
        let some = |(place, record): (usize, &Record)| {
            if place % 7 == 6 { record.corrupt() } else { record.clone() }
        };
        let wrong: Vec<Record> = records.iter().enumerate().map(some).collect();
        let damaged = look(&format!("wrong-{}", stem(capture)), &wrong);
        assert_eq!(devices(&damaged), devices(&whole), "{capture}");
        let reasons = new_reasons(&whole, &damaged);
        assert!(
            reasons.iter().any(|reason| reason.contains("checksums do not match")),
            "{capture}: {reasons:?}"
        );
    }
}

#[test]
fn a_capture_cut_off_in_its_last_packet_is_read_up_to_there() {
    for capture in CAPTURES {
        let records = read(&workspace(capture));
        let (_, before) = records.split_last().unwrap();
        let whole = look(&format!("without-last-{}", stem(capture)), before);
        for lacking in
            [1, records[records.len() - 1].bytes.len(), records[records.len() - 1].bytes.len() + 15]
        {
            let path = write(&format!("short-{}-{lacking}", stem(capture)), &records, lacking);
            let damaged = look_at(&path, Learn::Everything);
            assert_eq!(devices(&damaged), devices(&whole), "{capture}");
            assert_eq!(damaged.picture.frames, whole.picture.frames, "{capture}");
            let reasons = new_reasons(&whole, &damaged);
            assert!(reasons.iter().any(|reason| reason.contains(".pcap: ")), "{capture}: {reasons:?}");
        }
    }
}

const GATEWAY: Host = Host::new(1, [10, 0, 0, 1], 64);
const NOBODY: Host = Host::new(0, [0; 4], 64);
const EVERYONE: Host = Host::new(0, [255; 4], 64);

#[test]
fn a_device_that_gets_three_addresses_stays_one_device() {
    let mut records = vec![Record::new(0, GATEWAY.announces())];
    for (lease, last) in [(0, 20), (1, 21), (2, 35)] {
        let at = 1_000 + lease * 60_000;
        let sensor = Host::new(9, [10, 0, 0, last], 64);
        let transaction = 7 + lease as u32;
        records.extend([
            Record::new(at, NOBODY.from(9).says(EVERYONE, (68, 67), &dhcp(1, 9, transaction, [0; 4]))),
            Record::new(at + 5, GATEWAY.says(sensor, (67, 68), &dhcp(2, 9, transaction, sensor.ip))),
            Record::new(at + 10, NOBODY.from(9).says(EVERYONE, (68, 67), &dhcp(3, 9, transaction, [0; 4]))),
            Record::new(at + 15, GATEWAY.says(sensor, (67, 68), &dhcp(5, 9, transaction, sensor.ip))),
            Record::new(at + 20, sensor.announces()),
            Record::new(at + 30, sensor.says(GATEWAY, (5_000, 6_000), b"21.5")),
        ]);
    }
    let evaluation = look("leases", &records);
    let sensor = &evaluation.picture.devices[1];
    assert_eq!(evaluation.picture.devices.len(), 2, "{:?}", devices(&evaluation));
    let addresses: Vec<String> = sensor.device.addresses.keys().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.0.0.20", "10.0.0.21", "10.0.0.35"]);
    assert_eq!(sensor.name, "sensor");
    let proofs = sensor.device.addresses.values().map(|evidence| evidence.proofs.len());
    assert_eq!(proofs.collect::<Vec<_>>(), [2, 2, 2], "by lease and by ARP");
    let reports: Vec<u64> = evaluation
        .picture
        .conversations
        .iter()
        .filter(|view| view.unit.0 == Some(6_000))
        .map(|view| view.channel.as_ref().unwrap().from_client.frames)
        .collect();
    assert_eq!(reports, [3], "one conversation over all addresses");
    assert!(evaluation.picture.findings.iter().all(|finding| finding.kind != Kind::AddressConflict));
}

#[test]
fn an_address_that_moves_on_to_another_device_is_no_conflict() {
    let (first, second) = (Host::new(8, [10, 0, 0, 20], 64), Host::new(9, [10, 0, 0, 20], 64));
    let records = [
        Record::new(0, first.announces()),
        Record::new(10, first.says(GATEWAY, (5_000, 6_000), b"1")),
        Record::new(60_000, second.announces()),
        Record::new(60_010, second.says(GATEWAY, (5_000, 6_000), b"2")),
    ];
    let evaluation = look("moved", &records);
    assert_eq!(evaluation.picture.devices.len(), 2);
    assert!(evaluation.picture.findings.is_empty(), "{:?}", evaluation.picture.findings);
}

#[test]
fn what_lies_behind_a_router_is_not_the_router() {
    let camera = Host::new(5, [10, 0, 0, 5], 64);
    let beyond = Host::new(1, [10, 9, 0, 7], 63);
    let clouds = (1..=40).map(|last| Host::new(1, [203, 0, 113, last], 52));
    let mut records = vec![Record::new(0, GATEWAY.announces()), Record::new(1, camera.announces())];
    let mut exchange = |at, other: Host| {
        records.push(Record::new(at, camera.says(other, (5_000, 6_000), b"ask")));
        records.push(Record::new(at + 5, other.says(camera, (6_000, 5_000), b"answer")));
    };
    clouds.enumerate().for_each(|(place, cloud)| exchange(10 + 10 * place as u64, cloud));
    exchange(900, beyond);
    let evaluation = look("router", &records);
    let picture = &evaluation.picture;
    let told: Vec<(String, bool, bool)> = picture
        .devices
        .iter()
        .map(|view| (view.name.to_string(), view.device.is_router, view.device.behind.is_some()))
        .collect();
    let device = |name: &str, router, behind| (name.to_owned(), router, behind);
    assert_eq!(
        told,
        [device("10.0.0.1", true, false), device("10.0.0.5", false, false), device("10.9.0.7", false, true),]
    );
    assert_eq!(picture.devices[0].device.addresses.len(), 1, "a router has its own address only");
    assert_eq!(picture.internet.len(), 40);
    assert_eq!(Summary::of(&evaluation).to_internet, 40);
}

#[test]
fn a_host_behind_a_router_that_never_speaks_for_itself_is_still_behind_it() {
    let (camera, beyond) = (Host::new(5, [10, 0, 0, 5], 64), Host::new(1, [10, 9, 0, 7], 63));
    let records = [
        Record::new(0, camera.says(beyond, (5_000, 6_000), b"ask")),
        Record::new(5, beyond.says(camera, (6_000, 5_000), b"answer")),
    ];
    let evaluation = look("silent-router", &records);
    let told: Vec<(&str, bool, usize)> = evaluation
        .picture
        .devices
        .iter()
        .map(|view| (view.name.as_str(), view.device.is_router, view.device.macs.len()))
        .collect();
    assert_eq!(told, [("10.0.0.5", false, 1), ("10.9.0.7", false, 0), ("02:00:00:00:00:01", true, 1)]);
}

#[test]
fn an_address_used_by_two_devices_at_once_is_a_conflict_and_both_stay() {
    let (plc, spoofer) = (Host::new(8, [10, 0, 0, 20], 64), Host::new(9, [10, 0, 0, 20], 128));
    let mut records = vec![Record::new(0, GATEWAY.announces())];
    for round in 0..5 {
        let at = 10 + round * 1_000;
        records.push(Record::new(at, plc.says(GATEWAY, (5_000, 6_000), b"plc")));
        records.push(Record::new(at + 500, spoofer.announces()));
        records.push(Record::new(at + 510, spoofer.says(GATEWAY, (5_001, 6_000), b"spoof")));
    }
    let evaluation = look("spoof", &records);
    assert_eq!(evaluation.picture.devices.len(), 3);
    let conflicts: Vec<_> =
        evaluation.picture.findings.iter().filter(|finding| finding.kind == Kind::AddressConflict).collect();
    assert_eq!(conflicts.len(), 2, "one a device");
    let contested: IpAddr = [10, 0, 0, 20].into();
    for view in &evaluation.picture.devices[1..] {
        assert!(view.device.contested.contains_key(&contested), "{}", view.name);
    }
}

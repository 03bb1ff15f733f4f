//! What was denied, why, and who is told.

use crate::plant::{HELD, OPEN, Plant, actor, address, at, mac, name, port, port_of, proof};
use nullius_engine::{Act, Alarm, Command, Lifecycle, Protection};
use nullius_model::{Denial, DenialReason, Endpoint, Mac, Transport};
use std::net::IpAddr;

fn denial(reason: DenialReason, from: (Mac, IpAddr), to: &str, port: u16) -> Denial {
    Denial {
        reason,
        only_counted: false,
        port: Some(crate::plant::port(OPEN)),
        source: Endpoint { mac: from.0, ip: Some(from.1), port: 40_000 },
        destination: Endpoint { mac: mac(to), ip: Some(address(to)), port },
        transport: Transport::Tcp,
    }
}

fn records(plant: &Plant) -> Vec<String> {
    let denied = plant.records.iter().filter(|record| matches!(record.act, Act::Denied(_)));
    denied.map(|record| record.act.to_string()).collect()
}

#[test]
fn denials_of_a_kind_are_one_record_that_names_what_decided() {
    let mut plant = Plant::new();
    for (from, to, port) in
        [("vendor", "plc1", 22), ("vendor", "cam1", 22), ("cam1", "plc1", 9), ("guest", "plc1", 22)]
    {
        let one = denial(DenialReason::Policy, (mac(from), address(from)), to, port);
        for secs in 1..4 {
            plant.gateway.handle_denial(&one, 2, at(secs));
        }
    }
    plant.drain(at(4));
    assert_eq!(
        records(&plant),
        [
            "denied vendor -> plc1 tcp/22 (policy), 2 packets on port p-open: sender IA2 bound by the inventory; no policy permits it",
            "denied vendor -> cam1 tcp/22 (policy), 2 packets on port p-open: sender IA2 bound by the inventory; no policy permits it; \
             input `posture` is missing; \
             input `risk` is missing",
            "denied cam1 -> plc1 tcp/9 (policy), 2 packets on port p-open: sender IA2 bound by the inventory; \
             plc1 offers no service at tcp/9",
            "denied 10.0.0.16 -> plc1 tcp/22 (policy), 2 packets on port p-open: sender IA0 unknown; \
             no device is bound to 10.0.0.16",
        ]
    );
    let counts: Vec<_> = plant.gateway.denials().map(|summary| (summary.count, summary.last)).collect();
    assert_eq!(counts, [(6, at(3).uptime); 4]);
    plant.pass(700);
    assert_eq!(plant.gateway.denials().count(), 0);
    assert_eq!(records(&plant).iter().filter(|text| text.contains("6 packets")).count(), 4);
}

#[test]
fn a_denial_that_goes_on_is_told_again_when_its_sender_is_known_otherwise() {
    let mut plant = Plant::new();
    // it is a camera that no policy lets use another camera, and one that somebody copied the addresses of
    let mine = Denial { port: Some(port_of("cam1")), ..denial(DenialReason::Policy, of("cam1"), "cam2", 80) };
    let forged = denial(DenialReason::Spoof, of("cam1"), "cam2", 80);
    let denied = |plant: &mut Plant, secs: u64| {
        for _ in 0..100 {
            plant.gateway.handle_denial(&mine, 1, at(secs));
        }
        plant.drain(at(secs));
    };
    denied(&mut plant, 1);
    plant.prove(proof("cam1", Protection::Software, 300), 2).unwrap();
    denied(&mut plant, 3);
    plant.prove(proof("cam1", Protection::Software, 300), 4).unwrap();
    denied(&mut plant, 5);
    plant.gateway.handle_denial(&forged, 1, at(6));
    denied(&mut plant, 7);
    let revoke = Command::Revoke { device: name("cam1"), reason: "it scans".into() };
    plant.gateway.handle_command(revoke, &actor(), at(8)).unwrap();
    plant.gateway.handle_denial(&Denial { reason: DenialReason::Stranger, ..mine.clone() }, 1, at(9));
    plant.drain(at(9));
    let told: Vec<String> = records(&plant)
        .iter()
        .map(|text| {
            let (packets, rest) = text.split_once(", ").unwrap().1.split_once(" packets").unwrap();
            let sender = rest.split_once(": sender ").unwrap().1.split_once(';').unwrap().0;
            format!("{packets} {sender}")
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 IA2 bound by the inventory",
            "101 IA4 certificate, software key",
            "1 IA0 unknown",
            "301 IA1 doubted: seen in two places",
            "1 IA0 revoked"
        ]
    );
}

fn of(device: &str) -> (Mac, IpAddr) {
    (mac(device), address(device))
}

#[test]
fn a_forger_is_told_once_with_its_port_and_again_with_a_count_if_it_goes_on() {
    let mut plant = Plant::new();
    let sender = (mac("hmi"), address("hmi"));
    let forged = denial(DenialReason::Spoof, sender, "plc1", 502);
    let claim = denial(DenialReason::Resolution, sender, "plc1", 0);
    let told = |plant: &Plant| -> Vec<(bool, u64)> {
        let alarms = plant.alarms.iter().filter_map(|alarm| {
            if let Alarm::Spoof { port, packets, .. } = alarm {
                return Some((port, true, packets));
            }
            let Alarm::Resolution { port, packets, .. } = alarm else { return None };
            Some((port, false, packets))
        });
        alarms
            .filter(|(named, ..)| **named == port(OPEN))
            .map(|(_, spoof, packets)| (spoof, *packets))
            .collect()
    };
    for _ in 0..10_000 {
        plant.gateway.handle_denial(&forged, 2, at(3));
        plant.gateway.handle_denial(&claim, 1, at(3));
    }
    plant.drain(at(3));
    assert_eq!(told(&plant), [(true, 2), (false, 1)]);
    assert_eq!(plant.gateway.device(&name("hmi")).unwrap().lifecycle, Lifecycle::Conflict);
    let lines: Vec<String> = plant.alarms.iter().map(ToString::to_string).collect();
    for line in [
        "port p-open: 02:00:00:00:00:0a used an address that is not its own (10.0.0.10), in 2 packets",
        "port p-open: 02:00:00:00:00:0a claimed an address that is not its own, by ARP or neighbour discovery",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} in {lines:?}");
    }
    plant.pass(602);
    plant.gateway.handle_denial(&forged, 1, at(603));
    plant.drain(at(603));
    assert_eq!(told(&plant), [(true, 2), (false, 1), (true, 19_999)]);
}

#[test]
fn forgers_with_ever_new_addresses_are_told_of_slowly_and_hide_nobody() {
    let mut plant = Plant::new();
    for n in 0..10_000_u32 {
        let [_, b, c, d] = n.to_be_bytes();
        let sender = (Mac::new([6, 6, 6, b, c, d]), IpAddr::from([10, 9, c, d]));
        plant.gateway.handle_denial(&denial(DenialReason::Spoof, sender, "plc1", 502), 1, at(3));
    }
    plant.drain(at(3));
    assert!(plant.alarms.len() <= 16, "{}", plant.alarms.len());
    let claim = denial(DenialReason::Resolution, (mac("vendor"), address("hmi")), "plc1", 0);
    plant.gateway.handle_denial(&claim, 1, at(60));
    plant.drain(at(60));
    let Some(Alarm::Resolution { port: named, held_back, .. }) = plant.alarms.last() else {
        panic!("an alarm")
    };
    assert_eq!(*named, port(OPEN));
    assert!(*held_back > 9_000);
}

#[test]
fn a_question_for_somebody_out_of_reach_is_a_denial_and_no_alarm() {
    let mut plant = Plant::new();
    let mut question = denial(DenialReason::Policy, (mac("vendor"), address("vendor")), "plc1", 0);
    question.transport = Transport::Link(0x0806);
    question.port = Some(port_of("vendor"));
    plant.gateway.handle_denial(&question, 1, at(1));
    plant.drain(at(1));
    assert_eq!(plant.alarms, []);
    assert_eq!(
        records(&plant),
        ["denied vendor -> plc1 link/0x0806 (policy), 1 packets on port p-vendor: sender IA2 bound by the \
             inventory; it asks for somebody whom no policy lets it talk to"]
    );
}

#[test]
fn a_flood_of_denials_is_counted_and_leaves_no_trace() {
    let mut plant = Plant::new();
    for n in 0..5_000_u32 {
        let [_, b, c, d] = n.to_be_bytes();
        let mut one = denial(
            DenialReason::Stranger,
            (Mac::new([6, 6, 6, b, c, d]), IpAddr::from([10, b, c, d])),
            "plc1",
            502,
        );
        one.port = Some(port(HELD));
        plant.gateway.handle_denial(&one, 1, at(1));
    }
    let one = denial(DenialReason::Fragment, (mac("hist"), address("hist")), "plc1", 0);
    plant.gateway.handle_denial(&Denial { port: Some(port_of("hist")), ..one }, 1, at(1));
    plant.drain(at(1));
    assert_eq!(plant.gateway.denials().count(), 513);
    assert_eq!(plant.gateway.status().denials_rest, 5_000 - 512);
}

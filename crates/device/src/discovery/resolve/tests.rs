//! Routers, cards of one machine, contested addresses.

use crate::Picture;
use crate::testing::{cloud, flow, ip, mac, picture};
use nullius_model::{Attribute, Mac, Protocol};

/// Each device: hardware addresses, network addresses, whether it forwards, whether it lies behind a router.
fn told(picture: &Picture) -> Vec<String> {
    let device = |view: &crate::DeviceView| {
        let device = &view.device;
        let macs: Vec<String> = device.macs.iter().map(|mac| mac.to_string().split_off(15)).collect();
        let ips: Vec<String> = device.addresses.keys().map(ToString::to_string).collect();
        let marks = [(device.is_router, " router"), (device.behind.is_some(), " behind")];
        let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        format!("[{}] [{}]{marks}", macs.join(" "), ips.join(" "))
    };
    picture.devices.iter().map(device).collect()
}

#[test]
fn hop_limits_tell_a_router_from_what_lies_beyond_it() {
    for (hop_limit, expected) in [
        (64, "[01] [10.0.0.9]"),
        (128, "[01] [10.0.0.9]"),
        (30, "[01] [10.0.0.9]"),
        (60, "[01] [10.0.0.9]"),
        (63, "[] [10.0.0.9] behind"),
        (126, "[] [10.0.0.9] behind"),
    ] {
        let picture = picture(|site| site.sends(mac(1), ip(9), hop_limit, 1));
        assert_eq!(told(&picture)[0], expected, "{hop_limit}");
    }
}

#[test]
fn the_internet_behind_a_router_is_neither_devices_nor_the_routers() {
    let picture = picture(|site| {
        site.announces(mac(1), ip(1), 1);
        for (place, hop_limit) in [(1, 52), (2, 32), (3, 30), (4, 3), (5, 117)] {
            site.sends(mac(1), cloud(place), hop_limit, 2);
        }
        site.sends(mac(1), ip(99), 63, 3);
    });
    assert_eq!(told(&picture), ["[01] [10.0.0.1] router", "[] [10.0.0.99] behind"]);
    assert_eq!(picture.internet.len(), 5);
}

#[test]
fn a_plant_in_public_address_space_is_no_internet() {
    let picture = picture(|site| {
        site.sends(mac(1), cloud(1), 128, 1);
        site.sends(mac(2), cloud(2), 30, 1);
    });
    assert_eq!(told(&picture), ["[01] [203.0.113.1]", "[02] [203.0.113.2]"]);
    assert!(picture.internet.is_empty());
}

#[test]
fn cards_of_one_machine_are_one_device_and_a_copied_serial_is_another() {
    let other_maker = Mac::new([0, 4, 0x17, 0, 0, 7]);
    let serial = (Attribute::Serial, "AB-1234");
    let picture = picture(|site| {
        for (card, address) in [(mac(1), 1), (mac(2), 2), (other_maker, 3)] {
            site.announces(card, ip(address), 1);
            site.says(card, Some(ip(address)), serial, Protocol::Modbus);
        }
        for (machine, placeholder) in [(4, "00000000"), (5, "00000000")] {
            site.announces(mac(machine), ip(machine), 1);
            site.says(mac(machine), Some(ip(machine)), (Attribute::Serial, placeholder), Protocol::Modbus);
        }
        site.talks(&flow(5, 2, 502), Protocol::Modbus, true, 2);
    });
    assert_eq!(
        told(&picture),
        ["[01 02] [10.0.0.1 10.0.0.2]", "[07] [10.0.0.3]", "[04] [10.0.0.4]", "[05] [10.0.0.5]"]
    );
    let served = picture.conversations[0].server;
    assert_eq!(served, crate::Party::Device(0), "either card is the machine");
}

#[test]
fn an_address_is_contested_only_by_devices_that_use_it_at_the_same_time() {
    for (second_from, contested) in [(5, true), (11, false)] {
        let picture = picture(|site| {
            for (card, from, until) in [(1, 1, 10), (2, second_from, 20)] {
                site.sends(mac(card), ip(9), 64, from);
                site.sends(mac(card), ip(9), 64, until);
            }
            // What others say later about the address stretches nobody's use of it.
            site.says(Mac::NONE, Some(ip(9)), (Attribute::Hostname, "nine"), Protocol::Dns);
        });
        assert_eq!(told(&picture), ["[01] [10.0.0.9]", "[02] [10.0.0.9]"]);
        assert!(picture.devices.iter().all(|view| view.device.contested.contains_key(&ip(9)) == contested));
    }
}

#[test]
fn a_name_in_an_answer_makes_no_device_and_no_internet_host() {
    let picture = picture(|site| {
        site.announces(mac(1), ip(1), 1);
        for address in [ip(77), cloud(77)] {
            site.says(mac(1), Some(address), (Attribute::Hostname, "elsewhere"), Protocol::Dns);
        }
    });
    assert_eq!(told(&picture), ["[01] [10.0.0.1]"]);
    assert!(picture.internet.is_empty());
}

mod floods {
    use super::super::*;
    use nullius_model::{Fact, FrameNumber, Seed, Timestamp};

    fn seen(second: u64) -> Seen {
        Seen { frame: FrameNumber(second), at: Timestamp::from_secs(second) }
    }

    #[test]
    fn uses_that_overlap_are_found_and_uses_after_each_other_are_none() {
        let usage = |device, first, last| Use { first: seen(first), last: seen(last), device };
        assert_eq!(overlaps(vec![usage(0, 1, 2), usage(1, 3, 4), usage(2, 5, 6)]), []);
        let found = overlaps(vec![usage(2, 8, 9), usage(0, 1, 10), usage(1, 3, 4)]);
        let devices: BTreeSet<usize> = found.iter().map(|(device, _)| *device).collect();
        assert_eq!(devices, BTreeSet::from([0, 1, 2]));
        assert_eq!(found.first(), Some(&(0, seen(3))));
    }

    #[test]
    fn a_chain_of_shared_serial_numbers_ends_and_every_device_lies_somewhere() {
        let mut stations = Stations::new(1_000, 8, 10_000, Seed::new(1));
        for number in 0..100_u8 {
            let mac = Mac::new([2, 0, 0, 0, 1, number]);
            for serial in [number, number + 1] {
                let value = format!("serial-{serial}");
                let fact = Fact {
                    mac,
                    ip: None,
                    attribute: Attribute::Serial,
                    value: &value,
                    source: Protocol::Snmp,
                };
                stations.learn(&fact, seen(1));
            }
        }
        let roster = Roster::resolve(&stations);
        for (key, _) in stations.sorted() {
            let device = roster.device_of(key).and_then(|index| roster.devices.get(index)).unwrap();
            assert!(device.macs.contains(&key.mac()));
        }
        let macs: usize = roster.devices.iter().map(|device| device.macs.len()).sum();
        assert_eq!(macs, 100);
    }
}

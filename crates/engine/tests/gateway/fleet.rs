//! As many devices with keys as a gateway is built for, which all prove themselves in the same second.

use crate::plant::{Plant, at, inventory, name, of, port, settings};
use nullius_engine::{Act, IdentityAct, KeyHash, Now, PortSettings, Proof, Protection, Standing};
use nullius_model::{Mac, Rule, SmolStr, Terms, Uptime};
use nullius_policy::inventory::Device;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

const DEVICES: u16 = 2_000;
/// Devices that prove themselves in the same moment, of which the second has twenty.
const AT_ONCE: u16 = 100;
const LEASE: u64 = 300;

const POLICY: &str = r#"
@id("keyed") permit(principal in Group::"others", action == Action::"connect", resource == Service::"plc1/ssh")
when { context.ia >= 4 };
"#;

fn device(number: u16) -> Device {
    let [high, low] = number.to_be_bytes();
    let mut device = Device::new(name(&format!("d{number}")), SmolStr::new("iot"));
    device.groups.insert(SmolStr::new("others"));
    device.port = Some(port(&format!("q{number}")));
    device.mac = Some(Mac::new([2, 0, 0, 1, high, low]));
    device.addresses = BTreeSet::from([IpAddr::from([10, 1, high, low])]);
    device
}

fn proof(number: u16) -> Proof {
    let Device { name, port, mac, addresses, .. } = device(number);
    let mut key = [0; 32];
    key[..2].copy_from_slice(&number.to_be_bytes());
    Proof {
        device: name,
        key: KeyHash(key),
        serial: SmolStr::new("0a"),
        protection: Protection::Software,
        port: port.unwrap(),
        mac: mac.unwrap(),
        addresses,
        duration: Duration::from_secs(LEASE),
    }
}

fn fleet() -> Plant {
    let (mut inventory, mut settings) = (inventory(), settings("boot-1"));
    for device in (0..DEVICES).map(device) {
        settings.ports.insert(device.port.clone().unwrap(), PortSettings::default());
        inventory.devices.insert(device.name.clone(), device);
    }
    Plant::under(of(1, inventory, POLICY), settings, Standing::default(), at(0))
}

/// All of them within the second that begins then.
fn prove(plant: &mut Plant, secs: u64) {
    for tick in 0..DEVICES / AT_ONCE {
        let late = Duration::from_millis(u64::from(tick) * 50);
        let Now { uptime, wall } = at(secs);
        let now = Now { uptime: uptime.after(late), wall: wall.after(late) };
        for number in (0..AT_ONCE).map(|of_tick| tick * AT_ONCE + of_tick) {
            let ends = plant.gateway.handle_proof(proof(number), now).unwrap();
            assert_eq!(ends, now.uptime.after(Duration::from_secs(LEASE)), "{number}");
        }
        plant.gateway.handle_timeout(now);
        plant.drain(now);
    }
}

/// The ends of what is given for a key alone.
fn ends(plant: &Plant) -> Vec<Uptime> {
    let ends = plant.kernel.iter().filter(|(rule, _)| matches!(rule, Rule::Service { .. }));
    ends.filter_map(|(_, Terms { ends, .. })| *ends).collect()
}

fn lapsed(plant: &Plant) -> usize {
    let is_lapse = |act: &Act| matches!(act, Act::Identity { act: IdentityAct::Lapsed(_), .. });
    plant.records.iter().filter(|record| is_lapse(&record.act)).count()
}

#[test]
fn two_thousand_renewals_in_one_second_lose_no_lease() {
    // when they are asked, and when it is nearly too late
    for renewed in [LEASE / 2, LEASE - 1] {
        let mut plant = fleet();
        prove(&mut plant, 0);
        assert_eq!(ends(&plant).len(), usize::from(DEVICES));
        plant.pass(renewed);
        prove(&mut plant, renewed);
        plant.pass(renewed + LEASE - 1);
        assert!(ends(&plant).iter().all(|end| *end >= at(renewed + LEASE).uptime));
        assert_eq!((ends(&plant).len(), lapsed(&plant)), (usize::from(DEVICES), 0), "{renewed}");
        // nobody proves anything any more
        plant.pass(renewed + LEASE + 1);
        assert_eq!((ends(&plant).len(), lapsed(&plant)), (0, usize::from(DEVICES)), "{renewed}");
    }
}

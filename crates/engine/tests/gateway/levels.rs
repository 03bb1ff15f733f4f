//! Weak identity gets weak access: every level of assurance against every class of verbs, under the policy that
//! `docs/identity-levels.md` shows.

use crate::plant::{name, of, service};
use nullius_model::{Assurance, Channel, Mode, Protocol, SmolStr, VerbClass};
use nullius_policy::inventory::{Device, Group, Service, Zone, ZoneClass};
use nullius_policy::{Directory, Effect, Inputs, Inventory, Moment, Request};
use std::collections::{BTreeMap, BTreeSet};

const POLICY: &str = include_str!("graduated.cedar");

const LEVELS: [Assurance; 7] = [
    Assurance::Ia0,
    Assurance::Ia1,
    Assurance::Ia2,
    Assurance::Ia3,
    Assurance::Ia4,
    Assurance::Ia5,
    Assurance::Ia6,
];

/// The lowest level that may, by class; the six that a protocol of a plant tells apart, and what is like them.
const fn lowest(class: VerbClass) -> Assurance {
    match class {
        VerbClass::Discover | VerbClass::Connect | VerbClass::Read | VerbClass::Subscribe => Assurance::Ia1,
        VerbClass::Publish | VerbClass::Write | VerbClass::Command => Assurance::Ia3,
        VerbClass::Diagnose | VerbClass::Configure => Assurance::Ia4,
        VerbClass::Program | VerbClass::Firmware | VerbClass::Admin => Assurance::Ia5,
    }
}

const SERVICES: [(&str, Protocol, Channel); 3] = [
    ("modbus", Protocol::Modbus, Channel::Tcp(502)),
    ("mqtt", Protocol::Mqtt, Channel::Tcp(1883)),
    ("coap", Protocol::Coap, Channel::Udp(5683)),
];

fn inventory() -> Inventory {
    let zone = Zone { owner: SmolStr::new("us"), class: ZoneClass::Operations };
    let device = |text: &str, group: &str| {
        let mut device = Device::new(name(text), SmolStr::new("cell"));
        device.groups.insert(SmolStr::new(group));
        for (name, protocol, channel) in SERVICES {
            let name = SmolStr::new(name);
            device.services.insert(name.clone(), Service { name, protocol, channel });
        }
        device
    };
    let devices = [device("station", "stations"), device("machine", "machines")];
    Inventory {
        zones: BTreeMap::from([(SmolStr::new("cell"), zone)]),
        groups: ["stations", "machines"].map(|group| (SmolStr::new(group), Group::default())).into(),
        devices: devices.map(|device| (device.name.clone(), device)).into(),
        ..Inventory::default()
    }
}

#[test]
fn each_level_may_do_the_verbs_it_is_good_for_on_each_protocol_and_no_other() {
    let version = of(1, inventory(), POLICY);
    let directory = Directory::from_inventory(version.repository.inventory());
    let moment = Moment { mode: Mode::Normal, ..Moment::default() };
    let (mut judged, mut classes) = (0, BTreeSet::new());
    for (offered, protocol, _) in SERVICES {
        for verb in nullius_policy::verbs(protocol) {
            classes.insert(verb.class);
            for level in LEVELS {
                let request = Request {
                    subject: name("station"),
                    object: service("machine", offered),
                    verb: SmolStr::new(verb.name),
                    class: verb.class,
                    message: None,
                };
                let inputs = Inputs { assurance: level, ..Inputs::default() };
                let decision = version.policies.decide(&directory, &request, &inputs, &moment, &[]);
                let may = decision.effect == Effect::Allow;
                assert_eq!(may, level >= lowest(verb.class), "{protocol} {} {level}", verb.name);
                judged += 1;
            }
        }
    }
    assert!(judged >= 7 * 6 * 3 && classes.len() >= 6, "{judged} {classes:?}");
}

#[test]
fn the_page_shows_the_policy_that_is_tested() {
    let page = include_str!("../../../../docs/identity-levels.md");
    assert!(page.contains(POLICY.trim_end()), "docs/identity-levels.md shows another policy");
}

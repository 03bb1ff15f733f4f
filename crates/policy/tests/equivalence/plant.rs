//! A small plant, and what may be asked of it.

use crate::random::Random;
use nullius_model::{Assurance, Channel, DeviceName, Mode, Protocol, SmolStr};
use nullius_policy::inventory::{Device, Group, Inventory, Service, Zone, ZoneClass};
use nullius_policy::{
    Inputs, MessageFields, ModeChange, Moment, Permit, PolicyId, Posture, Request, ServiceId, Verbs, verbs,
};
use std::collections::BTreeSet;

pub(crate) const DEVICES: [&str; 6] = ["d0", "d1", "d2", "d3", "d4", "d5"];
pub(crate) const GROUPS: [&str; 5] = ["g0", "g1", "g2", "g3", "ghosts"];
pub(crate) const ZONES: [&str; 3] = ["z0", "z1", "z2"];
pub(crate) const SERVICES: [(&str, Protocol, Channel); 5] = [
    ("modbus", Protocol::Modbus, Channel::Tcp(502)),
    ("mqtt", Protocol::Mqtt, Channel::Tcp(1883)),
    ("coap", Protocol::Coap, Channel::Udp(5683)),
    ("http", Protocol::Http, Channel::Tcp(80)),
    ("ssh", Protocol::Ssh, Channel::Tcp(22)),
];

pub(crate) struct Plant {
    pub(crate) inventory: Inventory,
}

impl Plant {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut inventory = Inventory::default();
        for (name, class) in ZONES.iter().zip(ZoneClass::ALL) {
            inventory.zones.insert((*name).into(), Zone { owner: "o".into(), class: *class });
        }
        // Nested upwards, so that there is no cycle; what a device is in but nobody declares has no parents.
        for (place, name) in GROUPS.iter().take(4).enumerate() {
            let above = GROUPS.iter().take(4).skip(place + 1);
            let parents = above.filter(|_| random.one_in(2)).map(SmolStr::new).collect();
            inventory.groups.insert((*name).into(), Group { parents });
        }
        for name in DEVICES {
            let device = device(random, name);
            inventory.devices.insert(device.name.clone(), device);
        }
        Self { inventory }
    }

    pub(crate) fn device(&self, random: &mut Random) -> DeviceName {
        DeviceName::new(random.pick(&DEVICES)).unwrap()
    }

    pub(crate) fn service(&self, random: &mut Random) -> ServiceId {
        ServiceId { device: self.device(random), service: SERVICES[random.below(5)].0.into() }
    }

    pub(crate) fn request(&self, random: &mut Random) -> Request {
        let object = self.service(random);
        let protocol = self.inventory.service(&object).unwrap().protocol;
        let verb = verbs(protocol)[random.below(verbs(protocol).len())];
        let message = message(random, protocol);
        Request { subject: self.device(random), object, verb: verb.name.into(), class: verb.class, message }
    }

    pub(crate) fn permits(&self, random: &mut Random) -> Vec<Permit> {
        let permit = |random: &mut Random, number| Permit {
            id: PolicyId(smol_str::format_smolstr!("grant{number}")),
            subject: self.device(random),
            object: self.service(random),
            verbs: match random.below(2) {
                0 => Verbs::All,
                _ => {
                    Verbs::Classes((0..3).map(|_| verbs(Protocol::Modbus)[random.below(20)].class).collect())
                }
            },
            work_order: random.maybe(|random| random.pick(&["wo-1", "wo-2"]).into()),
            approvers: u8::try_from(random.below(4)).unwrap(),
        };
        (0..random.below(4)).map(|number| permit(random, number)).collect()
    }
}

fn device(random: &mut Random, name: &str) -> Device {
    let mut device = Device::new(DeviceName::new(name).unwrap(), random.pick(&ZONES).into());
    device.groups = some(random, &GROUPS);
    device.class = random.pick(&["controller", "hmi", ""]).into();
    device.tags = some(random, &["a", "b", "sis"]);
    device.vendor = random.maybe(|random| random.pick(&["acme", "a*me", "umbrella"]).into());
    for (name, protocol, channel) in SERVICES {
        device.services.insert(name.into(), Service { name: name.into(), protocol, channel });
    }
    device
}

fn some(random: &mut Random, from: &[&str]) -> BTreeSet<SmolStr> {
    from.iter().filter(|_| random.one_in(3)).map(SmolStr::new).collect()
}

pub(crate) fn inputs(random: &mut Random) -> Inputs {
    Inputs {
        assurance: Assurance::ALL[random.below(7)],
        posture: random.maybe(|random| Posture {
            good: !random.one_in(3),
            age: u32::try_from(random.below(2000)).unwrap(),
        }),
        risk: random.maybe(|random| u8::try_from(random.below(5)).unwrap()),
        conforms: random.maybe(|random| !random.one_in(3)),
    }
}

pub(crate) fn moment(random: &mut Random) -> Moment {
    Moment {
        mode: Mode::ALL[random.below(Mode::ALL.len())],
        minute: u16::try_from(random.below(1440)).unwrap(),
        weekday: u8::try_from(1 + random.below(7)).unwrap(),
        second: u8::try_from(random.below(60)).unwrap(),
        mode_change: random.maybe(mode_change),
    }
}

fn mode_change(random: &mut Random) -> ModeChange {
    let most = 10_usize.pow(u32::try_from(random.below(7)).unwrap());
    ModeChange {
        after: u32::try_from(1 + random.below(most)).unwrap(),
        mode: Mode::ALL[random.below(Mode::ALL.len())],
    }
}

pub(crate) fn message(random: &mut Random, protocol: Protocol) -> Option<MessageFields> {
    let number = |random: &mut Random| u32::try_from(random.below(6)).unwrap();
    let mut fields = MessageFields::default();
    #[expect(clippy::wildcard_enum_match_arm, reason = "nobody reads the messages of the rest")]
    match protocol {
        Protocol::Modbus => {
            fields.unit = random.maybe(number);
            fields.address = random.maybe(number);
            fields.quantity = random.maybe(number);
            fields.value_min = random.maybe(|random| i64::from(number(random)) - 3);
            fields.value_max = random.maybe(|random| i64::from(number(random)));
        }
        Protocol::Mqtt => {
            fields.topic = random.maybe(|random| random.pick(&["plant/a/temp", "plant/b", "*"]).into());
            fields.qos = random.maybe(|random| u8::try_from(random.below(3)).unwrap());
            fields.retain = random.maybe(|random| random.one_in(2));
            fields.size = random.maybe(|random| u64::from(number(random)));
        }
        Protocol::Coap | Protocol::Http => {
            fields.path = random.maybe(|random| random.pick(&["/a", "/a/b", ""]).into());
            fields.size = random.maybe(|random| u64::from(number(random)));
        }
        _ => return None,
    }
    random.maybe(|_| fields)
}

/// Inputs and moment `seconds` later.
pub(crate) fn later(inputs: Inputs, moment: Moment, seconds: u64) -> (Inputs, Moment) {
    let total = u64::from(moment.minute) * 60 + u64::from(moment.second) + seconds;
    let days = total / 86_400 + u64::from(moment.weekday) - 1;
    let posture = inputs
        .posture
        .map(|posture| Posture { age: posture.age + u32::try_from(seconds).unwrap(), ..posture });
    let come = moment.mode_change.filter(|change| u64::from(change.after) <= seconds);
    let moment = Moment {
        mode: come.map_or(moment.mode, |change| change.mode),
        mode_change: moment.mode_change.filter(|_| come.is_none()),
        minute: u16::try_from(total % 86_400 / 60).unwrap(),
        second: u8::try_from(total % 60).unwrap(),
        weekday: u8::try_from(days % 7 + 1).unwrap(),
    };
    (Inputs { posture, ..inputs }, moment)
}

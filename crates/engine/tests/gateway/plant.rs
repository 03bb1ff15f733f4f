//! A small plant: who is in it, what they may do, and a gateway that stands in it.

use nullius_engine::{
    Actor, Alarm, Applied, BootId, Command, Gateway, KeyHash, NoLease, Now, Order, Output, PolicyVersion,
    PortSettings, Proof, Protection, Record, Refusal, Reply, Settings, Standing, Strangers,
};
use nullius_model::{
    Channel, DeviceName, Epoch, Mac, Marker, Mode, PortName, Protocol, Rule, RuleSet, SmolStr, Terms,
    Timestamp, Uptime,
};
use nullius_policy::calendar::Schedule;
use nullius_policy::inventory::{Conduit, Device, Emergency, Group, Service, Window, Zone, ZoneClass};
use nullius_policy::{Inventory, Policies, PolicySource, Repository, ServiceId};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What is allowed in the plant.
pub(crate) const POLICIES: &str = r#"
@id("read") permit(principal in Group::"masters", action in Modbus::Action::"any read", resource in Group::"plcs");
@id("shell") permit(principal == Device::"hmi", action == Action::"connect", resource in Group::"plcs")
when { context.ia >= 2 };
@id("cams") permit(principal in Group::"masters", action == Action::"connect", resource in Group::"cams");
@id("sure") permit(principal == Device::"hist", action == Action::"connect", resource == Service::"cam1/ssh")
when { context.ia >= 2 };
@id("work") permit(principal == Device::"hist", action == Action::"connect", resource in Group::"plcs")
when { context.mode == "maintenance" };
@id("fresh") permit(principal == Device::"vendor", action == Action::"connect", resource == Service::"cam1/ssh")
when { context has posture && context.posture.good && context.posture.age <= 60 };
@id("hours") permit(principal == Device::"hist", action == Action::"connect", resource == Service::"hmi/ssh")
when { context.time.minute >= 480 && context.time.minute < 1020 };
@id("keyed") permit(principal == Device::"cam1", action == Action::"connect", resource in Group::"plcs")
when { context.ia >= 4 };
@id("hard") permit(principal == Device::"cam1", action == Action::"connect", resource == Service::"hist/ssh")
when { context.ia >= 5 };
@id("vouched") permit(principal == Device::"cam1", action == Action::"connect", resource == Service::"hmi/ssh")
when { context.ia >= 3 };
@id("risky") forbid(principal, action, resource) when { context has risk && context.risk >= 3 };
"#;

/// What is allowed beside it where there is a calendar.
pub(crate) const RESCUE: &str = r#"
@id("rescue") permit(principal == Device::"vendor", action == Action::"connect", resource in Group::"plcs")
when { context.mode == "emergency" };
"#;

/// Its devices: name, zone, group, port where one is declared. `cam2` and `guest` declare neither port nor address.
pub(crate) const DEVICES: [(&str, &str, &str, bool); 8] = [
    ("hmi", "ops", "masters", true),
    ("hist", "ops", "masters", true),
    ("plc1", "cell", "plcs", true),
    ("plc2", "cell", "plcs", true),
    ("cam1", "iot", "cams", true),
    ("cam2", "iot", "cams", false),
    ("guest", "iot", "cams", false),
    ("vendor", "remote", "others", true),
];

/// Ports beside those of the devices.
pub(crate) const OPEN: &str = "p-open";
pub(crate) const HELD: &str = "p-held";
pub(crate) const WATCHED: &str = "p-watched";

pub(crate) fn name(text: &str) -> DeviceName {
    DeviceName::new(text).expect("a device name")
}

pub(crate) fn port(text: &str) -> PortName {
    PortName::new(text).expect("a port name")
}

pub(crate) fn port_of(device: &str) -> PortName {
    port(&format!("p-{device}"))
}

pub(crate) fn number(device: &str) -> u8 {
    let position = DEVICES.iter().position(|(name, ..)| *name == device).expect("a device of the plant");
    u8::try_from(position).expect("few devices") + 10
}

pub(crate) fn mac(device: &str) -> Mac {
    Mac::new([2, 0, 0, 0, 0, number(device)])
}

pub(crate) fn address(device: &str) -> IpAddr {
    IpAddr::from([10, 0, 0, number(device)])
}

pub(crate) fn service(device: &str, service: &str) -> ServiceId {
    ServiceId { device: name(device), service: SmolStr::new(service) }
}

pub(crate) fn at(secs: u64) -> Now {
    // 2026-11-22 is a Sunday; its first second
    Now { uptime: Uptime::from_millis(secs * 1000), wall: Timestamp::from_secs(1_795_305_600 + secs) }
}

pub(crate) fn inventory() -> Inventory {
    let words = |words: &[&str]| words.iter().map(SmolStr::new).collect::<BTreeSet<_>>();
    let zone = |class| Zone { owner: SmolStr::new("somebody"), class };
    let conduit = |from: &str, to: &str| Conduit {
        from: SmolStr::new(from),
        to: SmolStr::new(to),
        owner: SmolStr::new("somebody"),
        protocols: BTreeSet::from([Protocol::Modbus, Protocol::Ssh]),
    };
    Inventory {
        zones: BTreeMap::from([
            (SmolStr::new("ops"), zone(ZoneClass::Operations)),
            (SmolStr::new("cell"), zone(ZoneClass::EssentialControl)),
            (SmolStr::new("iot"), zone(ZoneClass::NonCritical)),
            (SmolStr::new("remote"), zone(ZoneClass::RemoteAccess)),
        ]),
        conduits: vec![conduit("ops", "cell"), conduit("ops", "iot"), conduit("remote", "iot")],
        groups: words(&["masters", "plcs", "cams", "others"])
            .into_iter()
            .map(|group| (group, Group::default()))
            .collect(),
        devices: DEVICES
            .iter()
            .map(|declared| device(*declared))
            .map(|device| (device.name.clone(), device))
            .collect(),
        onboarding: BTreeSet::from([service("hist", "ssh")]),
        ..Inventory::default()
    }
}

/// The same with windows that overlap and emergencies. The clock of the plant begins at midnight of a Sunday.
pub(crate) fn inventory_with_calendar() -> Inventory {
    let zones = |zones: &[&str]| zones.iter().map(SmolStr::new).collect::<BTreeSet<_>>();
    let window = |start, minutes: u64, mode| Window {
        zones: zones(&["cell"]),
        schedule: Schedule::new(start, "UTC", Some("FREQ=DAILY"), Duration::from_secs(minutes * 60))
            .expect("a schedule"),
        mode,
    };
    let emergency = |named: &[&str], people| Emergency {
        zones: zones(named),
        length: Duration::from_secs(120),
        people,
        cooldown: Duration::from_secs(30),
    };
    Inventory {
        windows: BTreeMap::from([
            (SmolStr::new("service"), window("2026-11-20T00:05", 10, Mode::Maintenance)),
            (SmolStr::new("inner"), window("2026-11-20T00:08", 4, Mode::Changeover)),
        ]),
        emergencies: BTreeMap::from([
            (SmolStr::new("fire"), emergency(&["cell", "ops"], 1)),
            (SmolStr::new("leak"), emergency(&["cell"], 2)),
        ]),
        ..inventory()
    }
}

/// The plant with a calendar, compiled once.
pub(crate) fn with_calendar() -> PolicyVersion {
    static VERSION: OnceLock<PolicyVersion> = OnceLock::new();
    VERSION.get_or_init(|| calendar(1, inventory_with_calendar())).clone()
}

/// A calendar, and what it allows.
pub(crate) fn calendar(counter: u64, inventory: Inventory) -> PolicyVersion {
    of(counter, inventory, &[POLICIES, RESCUE].concat())
}

fn device((text, zone, group, declared): (&str, &str, &str, bool)) -> Device {
    let mut device = Device::new(name(text), SmolStr::new(zone));
    device.groups.insert(SmolStr::new(group));
    device.mac = Some(mac(text));
    for (name, protocol, channel) in
        [("modbus", Protocol::Modbus, Channel::Tcp(502)), ("ssh", Protocol::Ssh, Channel::Tcp(22))]
    {
        let name = SmolStr::new(name);
        device.services.insert(name.clone(), Service { name, protocol, channel });
    }
    if declared {
        device.port = Some(port_of(text));
        device.addresses = BTreeSet::from([address(text)]);
    }
    device
}

pub(crate) fn version(counter: u64, policies: &str) -> PolicyVersion {
    of(counter, inventory(), policies)
}

/// The plant's first policy, compiled once.
pub(crate) fn first() -> PolicyVersion {
    static FIRST: OnceLock<PolicyVersion> = OnceLock::new();
    FIRST.get_or_init(|| version(1, POLICIES)).clone()
}

pub(crate) fn of(counter: u64, inventory: Inventory, policies: &str) -> PolicyVersion {
    let source = PolicySource { file: "policies/plant.cedar".to_owned(), text: policies.to_owned() };
    let repository = Repository::new(inventory, vec![source]).expect("a repository");
    let policies = Policies::compile(&repository).expect("policies");
    PolicyVersion {
        marker: Marker { epoch: Epoch { term: 1, counter }, digest: [0; 16] },
        repository: Arc::new(repository),
        policies: Arc::new(policies),
    }
}

pub(crate) fn settings(boot: &str) -> Settings {
    let ports = DEVICES.iter().map(|(name, ..)| (port_of(name), PortSettings::default()));
    let port_with = |text, strangers| (port(text), PortSettings { strangers, ..PortSettings::default() });
    let others = [
        port_with(OPEN, Strangers::Onboard),
        port_with(HELD, Strangers::Hold),
        port_with(WATCHED, Strangers::Watch),
    ];
    Settings { boot: BootId(SmolStr::new(boot)), ports: ports.chain(others).collect(), ..Settings::default() }
}

pub(crate) fn actor() -> Actor {
    Actor(SmolStr::new("anna"))
}

/// A proof of `device`'s own key, which is its number, at its own place.
pub(crate) fn proof(device: &str, protection: Protection, secs: u64) -> Proof {
    Proof {
        device: name(device),
        key: KeyHash([number(device); 32]),
        serial: SmolStr::new("0a"),
        protection,
        port: port_of(device),
        mac: mac(device),
        addresses: BTreeSet::from([address(device)]),
        duration: Duration::from_secs(secs),
    }
}

/// A gateway with the kernel that it believes in: rules are what its outputs made of them.
#[derive(Debug)]
pub(crate) struct Plant {
    pub(crate) gateway: Gateway,
    pub(crate) kernel: RuleSet,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) records: Vec<Record>,
    pub(crate) saved: Standing,
    pub(crate) receipts: Vec<nullius_engine::Transcript>,
    pub(crate) changes: usize,
}

impl Plant {
    pub(crate) fn new() -> Self {
        Self::restarted(settings("boot-1"), Standing::default(), at(0))
    }

    /// The plant with a calendar.
    pub(crate) fn with_calendar(secs: u64) -> Self {
        Self::under(with_calendar(), settings("boot-1"), Standing::default(), at(secs))
    }

    pub(crate) fn restarted(settings: Settings, standing: Standing, now: Now) -> Self {
        Self::under(first(), settings, standing, now)
    }

    pub(crate) fn under(version: PolicyVersion, settings: Settings, standing: Standing, now: Now) -> Self {
        let mut plant = Self {
            gateway: Gateway::new(settings, standing.clone(), now),
            kernel: RuleSet::new(),
            alarms: Vec::new(),
            records: Vec::new(),
            saved: standing,
            receipts: Vec::new(),
            changes: 0,
        };
        plant.gateway.handle_policy(version, now);
        plant.drain(now);
        plant
    }

    /// Does what the gateway wants, as the program does.
    pub(crate) fn drain(&mut self, now: Now) {
        while let Some(output) = self.gateway.poll_output() {
            match output {
                Output::Enforce { generation, order, .. } => {
                    match order {
                        Order::Replace => self.kernel = self.gateway.rules().clone(),
                        Order::Change(change) => {
                            for rule in &change.remove {
                                assert!(self.kernel.remove(rule).is_some(), "{rule:?} was not there");
                            }
                            for (rule, terms) in change.add {
                                assert_eq!(self.kernel.insert(rule, terms), None);
                            }
                        }
                    }
                    self.changes += 1;
                    self.gateway.handle_applied(Applied { generation, error: None }, now);
                }
                Output::Save => {
                    let leases = std::mem::take(&mut self.saved.leases);
                    self.saved = Standing { leases, ..self.gateway.standing().clone() };
                }
                Output::Leased(device) => match self.gateway.standing().leases.get(&device) {
                    Some(lease) => drop(self.saved.leases.insert(device, lease.clone())),
                    None => drop(self.saved.leases.remove(&device)),
                },
                Output::Transcribed(id) => {
                    let transcripts = &self.gateway.standing().transcripts;
                    self.saved
                        .transcripts
                        .extend(transcripts.get(&id).map(|transcript| (id, transcript.clone())));
                }
                Output::Receipt(id, transcript) => {
                    self.saved.transcripts.remove(&id);
                    self.receipts.push(*transcript);
                }
                Output::Audit(record) => self.records.push(record),
                Output::Alarm(alarm) => self.alarms.push(alarm),
            }
        }
        assert_eq!(self.kernel, *self.gateway.rules());
        assert_eq!(self.saved, *self.gateway.standing());
    }

    pub(crate) fn tell(&mut self, command: Command, secs: u64) -> Result<Reply, Refusal> {
        let reply = self.gateway.handle_command(command, &actor(), at(secs));
        self.drain(at(secs));
        reply
    }

    pub(crate) fn prove(&mut self, proof: Proof, secs: u64) -> Result<Uptime, NoLease> {
        let leased = self.gateway.handle_proof(proof, at(secs));
        self.drain(at(secs));
        leased
    }

    pub(crate) fn see(&mut self, port: &PortName, mac: Mac, address: Option<IpAddr>, secs: u64) {
        self.gateway.handle_station(port, mac, address, at(secs));
        self.drain(at(secs));
    }

    pub(crate) fn link(&mut self, port: &PortName, up: bool, secs: u64) {
        self.gateway.handle_link(port, up, at(secs));
        self.drain(at(secs));
    }

    /// Lets time pass up to `secs`, stopping wherever the gateway wants to.
    pub(crate) fn pass(&mut self, secs: u64) {
        while let Some(due) = self.gateway.poll_timeout().filter(|due| *due <= at(secs).uptime) {
            let wall = at(0).wall.after(due.since_boot());
            let now = Now { uptime: due, wall };
            self.gateway.handle_timeout(now);
            self.drain(now);
        }
        self.gateway.handle_timeout(at(secs));
        self.drain(at(secs));
    }

    /// What the packet path does with a conversation from one device to a service of another.
    pub(crate) fn access(&self, client: &str, server: &str, port: u16) -> Option<Terms> {
        let (client, server) = (address(client), address(server));
        let path = nullius_model::Path::Bridged;
        self.kernel.get(&Rule::Service { client, server, channel: Channel::Tcp(port), path }).copied()
    }
}

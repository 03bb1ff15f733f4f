//! What people declare about a site: zones, conduits, groups, devices and their services.
//!
//! The types only; `repository` reads them from text.
//!
//! INVARIANT: a zone grants nothing. It says how large a failure may get and what happens when something fails.

use crate::calendar::Schedule;
use nullius_model::{Channel, DeviceName, Mac, Mode, PortName, Protocol, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// All that is declared about a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The site.
    pub site: Site,
    /// Zones by name.
    pub zones: BTreeMap<SmolStr, Zone>,
    /// Declared paths between zones.
    pub conduits: Vec<Conduit>,
    /// Groups by name. INVARIANT: no group is in itself, however far up.
    pub groups: BTreeMap<SmolStr, Group>,
    /// Devices by name.
    pub devices: BTreeMap<DeviceName, Device>,
    /// What strangers may reach.
    pub onboarding: BTreeSet<ServiceId>,
    /// Windows by name.
    pub windows: BTreeMap<SmolStr, Window>,
    /// What people may do when something is wrong, by name.
    pub emergencies: BTreeMap<SmolStr, Emergency>,
}

impl Inventory {
    /// The service of this id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.devices.get(&id.device)?.services.get(&id.service)
    }
}

/// The site as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// What people call it.
    pub name: SmolStr,
}

/// Devices that share a blast radius and a way to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Who answers for it.
    pub owner: SmolStr,
    /// What it is for.
    pub class: ZoneClass,
}

/// What a zone is for; decides what happens to access when the controller is away (domain §3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneClass {
    /// Z-S: protects people.
    Safety,
    /// Z-E: runs the process.
    EssentialControl,
    /// Z-O: operates and supervises it.
    Operations,
    /// Z-R: lets people in from outside.
    RemoteAccess,
    /// Z-N: may stop without harm.
    NonCritical,
    /// Z-Q: what is not trusted at all.
    #[default]
    Quarantine,
}

impl ZoneClass {
    /// Every class, in order.
    pub const ALL: &'static [Self] = &[
        Self::Safety,
        Self::EssentialControl,
        Self::Operations,
        Self::RemoteAccess,
        Self::NonCritical,
        Self::Quarantine,
    ];

    /// As inventory and policy write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::EssentialControl => "essential-control",
            Self::Operations => "operations",
            Self::RemoteAccess => "remote-access",
            Self::NonCritical => "non-critical",
            Self::Quarantine => "quarantine",
        }
    }
}

impl fmt::Display for ZoneClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A declared path from one zone to another. It allows nothing; it says that policies may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conduit {
    /// The zone whose devices ask.
    pub from: SmolStr,
    /// The zone whose devices are asked.
    pub to: SmolStr,
    /// Who answers for it.
    pub owner: SmolStr,
    /// What may be spoken.
    pub protocols: BTreeSet<Protocol>,
}

/// A time at which zones are in another mode than usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where.
    pub zones: BTreeSet<SmolStr>,
    /// When.
    pub schedule: Schedule,
    /// What the plant is doing meanwhile.
    pub mode: Mode,
}

/// What people on the site may set off when something is wrong, approved beforehand: its zones are in
/// [`Mode::Emergency`] for a while, and the policies say what that allows.
///
/// INVARIANT: none of its zones is of class [`ZoneClass::Safety`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// Where.
    pub zones: BTreeSet<SmolStr>,
    /// How long, from when it is set off.
    pub length: Duration,
    /// How many different people it takes: one or two.
    pub people: u8,
    /// How long after its end it cannot be armed again.
    pub cooldown: Duration,
}

/// A name for several devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Groups it is in.
    pub parents: BTreeSet<SmolStr>,
}

/// A device as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Unique on the site.
    pub name: DeviceName,
    /// Where it stands.
    pub zone: SmolStr,
    /// What it is counted among.
    pub groups: BTreeSet<SmolStr>,
    /// What kind of device it is: `controller`, `sensor`; empty where nobody said.
    pub class: SmolStr,
    /// Who made it, where somebody said.
    pub vendor: Option<SmolStr>,
    /// Free words.
    pub tags: BTreeSet<SmolStr>,
    /// The gateway it is plugged into, where a site has several; its port means nothing at any other.
    pub gateway: Option<SmolStr>,
    /// The port of the gateway it is plugged in; without one it is bound where it is first seen.
    pub port: Option<PortName>,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// Its network addresses.
    pub addresses: BTreeSet<IpAddr>,
    /// What it offers, by name.
    pub services: BTreeMap<SmolStr, Service>,
    /// What it sends that is not IP.
    pub frames: Vec<FrameFlow>,
}

impl Device {
    /// A device of this name and zone of which nothing else is known.
    pub fn new(name: DeviceName, zone: SmolStr) -> Self {
        Self {
            name,
            zone,
            groups: BTreeSet::new(),
            class: SmolStr::default(),
            vendor: None,
            tags: BTreeSet::new(),
            gateway: None,
            port: None,
            mac: None,
            addresses: BTreeSet::new(),
            services: BTreeMap::new(),
            frames: Vec::new(),
        }
    }
}

/// A listening endpoint of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Unique on its device.
    pub name: SmolStr,
    /// What is spoken there; decides which verbs there are.
    pub protocol: Protocol,
    /// What carries it.
    pub channel: Channel,
}

/// Frames that are not IP: GOOSE, PROFINET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameFlow {
    /// The receiver, often a group address.
    pub to: Mac,
    /// What is carried, from 0x0600 on.
    pub ethertype: u16,
    /// The first two bytes of the payload: APPID of GOOSE, frame identifier of PROFINET.
    pub application: u16,
}

/// A service on the site: `plc1/modbus`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId {
    /// Who offers it.
    pub device: DeviceName,
    /// Its name there: what a device name may hold.
    pub service: SmolStr,
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.device, self.service)
    }
}

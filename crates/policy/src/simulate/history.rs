//! Recorded conversations, as plain data, and whose they are by an inventory.

use crate::inventory::Inventory;
use crate::{MessageFields, ServiceId};
use nullius_model::{Channel, DeviceName, Mac, Protocol, SmolStr, Timestamp, VerbClass};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// What was recorded, and how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// When recording began.
    pub first: Timestamp,
    /// When it ended.
    pub last: Timestamp,
    /// Who with whom, by which protocol and unit.
    pub conversations: Vec<Recorded>,
}

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Who asks.
    pub client: Station,
    /// Who is asked.
    pub server: Station,
    /// What is spoken.
    pub protocol: Protocol,
    /// What carries it, where that was recorded.
    pub channel: Option<Channel>,
    /// The kinds of message.
    pub heard: Vec<Heard>,
}

/// One end of a conversation, by whatever is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Station {
    /// Its name in the inventory, where the record says it.
    pub name: Option<DeviceName>,
    /// Its network address.
    pub address: Option<IpAddr>,
    /// Its hardware address.
    pub mac: Option<Mac>,
}

/// One kind of message, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The protocol's verb, or `connect` where no messages are read.
    pub verb: SmolStr,
    /// Its class.
    pub class: VerbClass,
    /// What it said.
    pub message: MessageFields,
    /// What it was about, for people.
    pub about: SmolStr,
    /// How often.
    pub count: u64,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// The server sent it of its own accord: part of the answer to something else.
    pub unasked: bool,
}

/// The name, else an address.
impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.address, self.mac) {
            (Some(name), _, _) => name.fmt(f),
            (None, Some(address), _) => address.fmt(f),
            (None, None, Some(mac)) => mac.fmt(f),
            (None, None, None) => f.write_str("somebody"),
        }
    }
}

/// The devices of an inventory by what a record may call them.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    inventory: &'a Inventory,
    by_address: BTreeMap<IpAddr, &'a DeviceName>,
    by_mac: BTreeMap<Mac, &'a DeviceName>,
}

impl<'a> Known<'a> {
    pub(crate) fn of(inventory: &'a Inventory) -> Self {
        let devices = || inventory.devices.values();
        Self {
            inventory,
            by_address: devices()
                .flat_map(|device| device.addresses.iter().map(|address| (*address, &device.name)))
                .collect(),
            by_mac: devices().filter_map(|device| Some((device.mac?, &device.name))).collect(),
        }
    }

    /// Who asks whom for what, where the inventory knows it all.
    pub(crate) fn ends(&self, recorded: &Recorded) -> Option<(DeviceName, ServiceId)> {
        let client = self.device(&recorded.client)?;
        let server = self.device(&recorded.server)?;
        let services = &self.inventory.devices.get(server)?.services;
        let service = services.values().find(|service| match recorded.channel {
            Some(channel) => service.channel == channel,
            None => service.protocol == recorded.protocol,
        })?;
        Some((client.clone(), ServiceId { device: server.clone(), service: service.name.clone() }))
    }

    fn device(&self, station: &Station) -> Option<&'a DeviceName> {
        let by_name = || station.name.as_ref().and_then(|name| self.inventory.devices.get_key_value(name));
        let by_address = || station.address.and_then(|address| self.by_address.get(&address).copied());
        let by_mac = || station.mac.and_then(|mac| self.by_mac.get(&mac).copied());
        by_name().map(|(name, _)| name).or_else(by_address).or_else(by_mac)
    }
}

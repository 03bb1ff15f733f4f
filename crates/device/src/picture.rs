//! One look at everything seen: devices, conversations, findings, resolved and judged.

use crate::Quality;
use crate::behaviour::readiness::Readiness;
use crate::behaviour::symbol::SymbolRecord;
use crate::behaviour::table::{Channel, ChannelKey, Conversation, Tally};
use crate::discovery::attributes::{AttributeValue, weigh};
use crate::discovery::classify::{Classification, Traits, classify};
use crate::discovery::resolve::{Device, InternetHost, Roster};
use crate::discovery::stations::StationKey;
use crate::discovery::vendor;
use crate::risk::findings::{Finding, findings};
use crate::site::Site;
use nullius_model::{
    Attribute, Direction, Protocol, Seen, SmolStr, Symbol, Timestamp, Transport, Unit, is_on_site,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// Who took part in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A device, by its place in [`Picture::devices`].
    Device(usize),
    /// A host of the internet.
    Internet(IpAddr),
    /// A group of stations: broadcast or multicast.
    Group(StationKey),
    /// An address that was spoken to and never spoke.
    Silent(StationKey),
}

/// Everything a report needs.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Devices in the order of their lowest address.
    pub devices: Vec<DeviceView>,
    /// Hosts of the internet.
    pub internet: BTreeMap<IpAddr, InternetHost>,
    /// Conversations, by client, server, protocol and unit.
    pub conversations: Vec<ConversationView>,
    /// What should worry somebody, the worst first.
    pub findings: Vec<Finding>,
    /// What the capture lacks.
    pub quality: Quality,
    /// Frames read, duplicates not counted.
    pub frames: u64,
    /// Bytes these had on the wire.
    pub bytes: u64,
    /// First frame.
    pub first: Option<Seen>,
    /// Last frame.
    pub last: Seen,
    /// Where learning ended.
    pub learn_until: Option<Timestamp>,
}

/// A device as a person wants to see it.
#[derive(Clone, Debug)]
pub struct DeviceView {
    /// The evidence.
    pub device: Device,
    /// What to call it: its own name, or its lowest address.
    pub name: SmolStr,
    /// Who its hardware address was assigned to.
    pub vendor: Option<&'static str>,
    /// What it is said to be.
    pub attributes: Vec<AttributeValue>,
    /// What kind of device, and why.
    pub classification: Classification,
    /// What it does, in which protocols.
    pub roles: Vec<Role>,
}

/// A part a device plays in a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Role {
    /// The protocol.
    pub protocol: Protocol,
    /// It is asked; otherwise it asks.
    pub serves: bool,
    /// With how many others.
    pub peers: usize,
    /// Requests it got or sent.
    pub messages: u64,
}

impl Role {
    /// The field's own word: `master`, `slave`, `broker`, `client`, `server` …
    pub const fn name(&self) -> &'static str {
        match (self.protocol, self.serves) {
            (Protocol::Modbus | Protocol::Dnp3 | Protocol::Iec104, false) => "master",
            (Protocol::Modbus, true) => "slave",
            (Protocol::Dnp3 | Protocol::Iec104, true) => "outstation",
            (Protocol::EthernetIp, false) => "scanner",
            (Protocol::EthernetIp, true) => "adapter",
            (Protocol::Goose, false) => "publisher",
            (Protocol::Goose, true) => "subscriber",
            (Protocol::Mqtt, true) => "broker",
            (_, false) => "client",
            (_, true) => "server",
        }
    }
}

/// A conversation, its alphabet and whether that may be enforced.
#[derive(Clone, Debug)]
pub struct ConversationView {
    /// Who asks.
    pub client: Party,
    /// Who is asked.
    pub server: Party,
    /// In what protocol.
    pub protocol: Protocol,
    /// Which part of the server.
    pub unit: Unit,
    /// What is counted over all symbols; absent where a flow opened and nothing was said.
    pub tally: Option<Tally>,
    /// Every symbol with its record, in order.
    pub alphabet: Vec<(Direction, Symbol, SymbolRecord)>,
    /// What flowed, over all units of this client, server and protocol.
    pub channel: Option<Channel>,
    /// May it be enforced, as learned?
    pub readiness: Readiness,
    /// First message or frame.
    pub first: Seen,
    /// Last message or frame.
    pub last: Seen,
}

impl ConversationView {
    /// Requests, or messages nobody asked for.
    pub fn messages(&self) -> u64 {
        self.tally.map_or(0, |tally| tally.messages)
    }

    /// Symbols never seen while learning that came later, with their messages: what default deny would have blocked.
    pub fn outside(&self) -> impl Iterator<Item = &(Direction, Symbol, SymbolRecord)> {
        self.alphabet.iter().filter(|(_, _, record)| record.learned == 0 && record.count > 0)
    }

    /// Messages that default deny would have blocked.
    pub fn outside_messages(&self) -> u64 {
        self.outside().map(|(_, _, record)| record.count).sum()
    }
}

impl Site {
    /// Resolves and judges everything seen so far. `cycles` are those the plant is declared to have.
    pub fn picture(&self, cycles: &[Duration]) -> Picture {
        let mut roster = Roster::resolve(&self.stations);
        let until = self.learn_until.unwrap_or(self.last.at);
        let conversations = self.conversation_views(&roster, until, cycles);
        keep_contacted(&mut roster, &conversations);
        let devices = device_views(&roster, &conversations);
        let findings = findings(&self.evidence, &roster, &devices, &conversations);
        Picture {
            devices,
            internet: roster.internet,
            conversations,
            findings,
            quality: self.quality(),
            frames: self.frames,
            bytes: self.bytes,
            first: self.first,
            last: self.last,
            learn_until: self.learn_until,
        }
    }

    fn conversation_views(
        &self,
        roster: &Roster,
        until: Timestamp,
        cycles: &[Duration],
    ) -> Vec<ConversationView> {
        let channels = self.joined_channels(roster);
        let mut views: BTreeMap<_, Conversation> = BTreeMap::new();
        for (key, conversation) in self.behaviour.conversations() {
            let parties = (party(roster, key.client), party(roster, key.server), key.protocol, key.unit);
            views
                .entry(parties)
                .and_modify(|known| known.join(conversation))
                .or_insert_with(|| conversation.clone());
        }
        let spoken: BTreeSet<_> = views
            .keys()
            .map(|(client, server, protocol, unit)| (*client, *server, service(*protocol, *unit)))
            .collect();
        let silent = channels.iter().filter(|(key, _)| !spoken.contains(key)).map(
            |((client, server, service), channel)| {
                ConversationView::silent(*client, *server, *service, channel)
            },
        );
        let mut all: Vec<ConversationView> = views
            .into_iter()
            .map(|((client, server, protocol, unit), conversation)| {
                let channel = channels.get(&(client, server, service(protocol, unit)));
                ConversationView::new((client, server, protocol, unit), conversation, channel, until, cycles)
            })
            .chain(silent)
            .collect();
        all.sort_by_key(|view| (view.client, view.server, view.protocol, view.unit));
        all
    }

    /// Channels between parties. What is missing of a stream was filed under TCP on its port: it goes to the protocol
    /// that turned out to be spoken there.
    fn joined_channels(&self, roster: &Roster) -> BTreeMap<(Party, Party, Service), Channel> {
        let all = self.behaviour.channels();
        let spoken = spoken(&all);
        let mut joined: BTreeMap<(Party, Party, Service), Channel> = BTreeMap::new();
        for (key, channel) in &all {
            let mut key = **key;
            if key.protocol == Protocol::Tcp {
                key.protocol =
                    spoken.get(&(key.client, key.server, key.port)).copied().unwrap_or(key.protocol);
            }
            let parties = (
                party(roster, key.client),
                party(roster, key.server),
                service(key.protocol, port_unit(&key)),
            );
            joined
                .entry(parties)
                .and_modify(|known| known.join(channel))
                .or_insert_with(|| (*channel).clone());
        }
        joined
    }
}

/// What turned out to be spoken over TCP between two stations on a port.
fn spoken(channels: &[(&ChannelKey, &Channel)]) -> BTreeMap<(StationKey, StationKey, u16), Protocol> {
    let mut spoken = BTreeMap::new();
    for (key, _) in channels {
        if key.transport == Transport::Tcp && key.protocol != Protocol::Tcp {
            spoken.entry((key.client, key.server, key.port)).or_insert(key.protocol);
        }
    }
    spoken
}

/// A protocol, with the port for those that are only a port to us.
type Service = (Protocol, Unit);

const fn service(protocol: Protocol, unit: Unit) -> Service {
    if matches!(protocol, Protocol::Tcp | Protocol::Udp) { (protocol, unit) } else { (protocol, Unit::NONE) }
}

const fn port_unit(key: &ChannelKey) -> Unit {
    Unit::number(key.port as u32)
}

impl ConversationView {
    fn new(
        (client, server, protocol, unit): (Party, Party, Protocol, Unit),
        conversation: Conversation,
        channel: Option<&Channel>,
        until: Timestamp,
        cycles: &[Duration],
    ) -> Self {
        let readiness = Readiness::judge(&conversation, channel, until, cycles);
        let tally = conversation.tally;
        Self {
            client,
            server,
            protocol,
            unit,
            tally: Some(tally),
            alphabet: conversation.into_alphabet(),
            channel: channel.cloned(),
            readiness,
            first: tally.first,
            last: tally.last,
        }
    }

    fn silent(client: Party, server: Party, (protocol, unit): Service, channel: &Channel) -> Self {
        Self {
            client,
            server,
            protocol,
            unit,
            tally: None,
            alphabet: Vec::new(),
            channel: Some(channel.clone()),
            readiness: Readiness {
                doubts: vec![crate::behaviour::readiness::Doubt::NothingLearned],
                unseen_ppm: 1_000_000,
            },
            first: channel.first,
            last: channel.last,
        }
    }
}

/// A host that DNS merely named is none that somebody spoke with.
fn keep_contacted(roster: &mut Roster, conversations: &[ConversationView]) {
    let contacted: BTreeSet<Party> =
        conversations.iter().flat_map(|view| [view.client, view.server]).collect();
    roster.internet.retain(|ip, host| host.frames > 0 || contacted.contains(&Party::Internet(*ip)));
}

/// Who a station is.
pub(crate) fn party(roster: &Roster, key: StationKey) -> Party {
    let group_ip = key.ip().is_some_and(|ip| match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    });
    if key.mac().is_group() || group_ip {
        let mac = if key.ip().is_some() { nullius_model::Mac::NONE } else { key.mac() };
        return Party::Group(StationKey::new(mac, key.ip()));
    }
    match (roster.device_of(&key), key.ip()) {
        (Some(device), _) => Party::Device(device),
        (None, Some(ip)) if roster.internet.contains_key(&ip) || !is_on_site(ip) => Party::Internet(ip),
        (None, Some(ip)) => Party::Silent(StationKey::new(nullius_model::Mac::NONE, Some(ip))),
        (None, None) => Party::Silent(key),
    }
}

fn device_views(roster: &Roster, conversations: &[ConversationView]) -> Vec<DeviceView> {
    let mut of_device: BTreeMap<usize, Vec<&ConversationView>> = BTreeMap::new();
    for view in conversations {
        let ends: BTreeSet<Party> = [view.client, view.server].into();
        for end in ends {
            if let Party::Device(index) = end {
                of_device.entry(index).or_default().push(view);
            }
        }
    }
    let none = Vec::new();
    let view = |(index, device)| device_view(index, device, of_device.get(&index).unwrap_or(&none));
    roster.devices.iter().enumerate().map(view).collect()
}

fn device_view(index: usize, device: &Device, conversations: &[&ConversationView]) -> DeviceView {
    let attributes = weigh(&device.facts);
    let vendor = device.macs.iter().find_map(|mac| vendor::of(*mac));
    let roles = roles(Party::Device(index), conversations);
    let traits = Traits::of(Party::Device(index), device, vendor, &attributes, &roles, conversations);
    DeviceView {
        device: device.clone(),
        name: name(device, &attributes),
        vendor,
        classification: classify(&traits),
        attributes,
        roles,
    }
}

/// Its own name if it tells one, else its lowest address.
fn name(device: &Device, attributes: &[AttributeValue]) -> SmolStr {
    let own = attributes
        .iter()
        .find(|value| value.attribute == Attribute::Hostname)
        .map(|value| value.value.clone());
    let address = device.addresses.keys().next().map(|ip| SmolStr::new(ip.to_string()));
    let mac = device.macs.first().map(|mac| SmolStr::new(mac.to_string()));
    own.or(address).or(mac).unwrap_or_default()
}

fn roles(party: Party, conversations: &[&ConversationView]) -> Vec<Role> {
    let mut by_role: BTreeMap<(Protocol, bool), (BTreeSet<Party>, u64)> = BTreeMap::new();
    for view in conversations {
        let answered = view
            .channel
            .as_ref()
            .is_none_or(|channel| channel.answered > 0 || channel.from_server.payload > 0);
        for (end, other, serves) in [(view.client, view.server, false), (view.server, view.client, true)] {
            // Who is merely knocked at does not serve.
            if end == party && (answered || !serves) {
                let (peers, messages) = by_role.entry((view.protocol, serves)).or_default();
                peers.insert(other);
                *messages += view.messages();
            }
        }
    }
    let role = |((protocol, serves), (peers, messages)): (_, (BTreeSet<Party>, u64))| Role {
        protocol,
        serves,
        peers: peers.len(),
        messages,
    };
    let mut roles: Vec<Role> = by_role.into_iter().map(role).collect();
    roles.sort_by_key(|role| (std::cmp::Reverse(role.messages), role.protocol, role.serves));
    roles
}

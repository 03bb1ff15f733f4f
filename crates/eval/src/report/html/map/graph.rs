//! What the map shows: nodes, lines between them, and what has to be gathered so that it stays readable.
//!
//! It knows nothing of where anything is drawn.

use crate::report::html::page::{MAX_DEVICES, Page, class, device_id};
use crate::report::{summary, words};
use nullius_device::discovery::classify::Class;
use nullius_device::risk::findings::Severity;
use nullius_device::{ConversationView, DeviceView, Party};
use nullius_model::Protocol;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Devices of one column with a box of their own; more do not fit on a page.
const MAX_SINGLE: usize = 18;
/// Groups of one column; whoever lies in no network of these is gathered once more.
const MAX_NETWORKS: usize = 6;
/// Hosts of the internet with a box of their own.
const MAX_HOSTS: usize = 5;
/// Lines drawn. More are a black square.
const MAX_EDGES: usize = 100;

/// Where on the map a node belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Beyond the border, on top.
    Internet,
    /// Left: asks.
    Supervision,
    /// Middle: asked and asking.
    Service,
    /// Right: is asked.
    Field,
    /// Groups and addresses that never spoke, at the bottom.
    Nowhere,
}

/// What a node stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Host(IpAddr),
    OtherHosts,
    Device(usize),
    Network(Place, String),
    OtherDevices(Place),
    Groups,
    Silent,
}

/// A box.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) label: String,
    pub(super) detail: String,
    /// Where on the page it is told of.
    pub(super) anchor: Option<String>,
    /// The network it lies in, for columns.
    pub(super) network: String,
    /// A finding of high severity is about it.
    pub(super) alert: bool,
}

/// A line: all conversations of one family between two nodes, in one direction.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) client: usize,
    pub(super) server: usize,
    pub(super) family: Family,
    pub(super) conversations: u64,
    pub(super) messages: u64,
    pub(super) frames: u64,
    pub(super) blocked: u64,
    /// Something would have been blocked, or a finding of high severity is about it.
    pub(super) alert: bool,
    pub(super) crosses: bool,
    /// What is spoken.
    pub(super) services: BTreeSet<String>,
}

/// Everything drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// Devices without a box of their own.
    pub(super) grouped: u64,
    /// Lines not drawn.
    pub(super) left_out: u64,
}

/// Protocols that serve the same end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Process,
    Messaging,
    Web,
    Administration,
    Housekeeping,
    Other,
}

impl Family {
    pub(super) const ALL: [Self; 6] =
        [Self::Process, Self::Messaging, Self::Web, Self::Administration, Self::Housekeeping, Self::Other];

    const fn of(protocol: Protocol) -> Self {
        if protocol.is_industrial() {
            return Self::Process;
        }
        if matches!(protocol, Protocol::Mqtt | Protocol::Coap) {
            return Self::Messaging;
        }
        if matches!(protocol, Protocol::Http | Protocol::Tls | Protocol::Dtls) {
            return Self::Web;
        }
        if matches!(protocol, Protocol::Ssh | Protocol::Telnet | Protocol::Ftp | Protocol::Snmp) {
            return Self::Administration;
        }
        let unread = matches!(protocol, Protocol::Tcp | Protocol::Udp | Protocol::Ip(_) | Protocol::Link(_));
        let mail = matches!(protocol, Protocol::Imap | Protocol::Pop3 | Protocol::Smtp);
        if unread || mail { Self::Other } else { Self::Housekeeping }
    }

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Messaging => "messaging",
            Self::Web => "web",
            Self::Administration => "administration",
            Self::Housekeeping => "housekeeping",
            Self::Other => "other",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Process => "automation",
            Self::Messaging => "messaging",
            Self::Web => "web and TLS",
            Self::Administration => "administration",
            Self::Housekeeping => "names, addresses, time",
            Self::Other => "other",
        }
    }
}

impl Graph {
    pub(super) fn of(page: &Page<'_>) -> Self {
        let keys = Keys::of(page);
        let mut nodes: BTreeMap<(Place, Key), Node> = BTreeMap::new();
        let mut spoken: Vec<((Place, Key), (Place, Key), &ConversationView)> = Vec::new();
        for index in 0..page.picture.devices.len() {
            keys.admit(page, Party::Device(index), &mut nodes);
        }
        for view in &page.picture.conversations {
            let client = keys.admit(page, view.client, &mut nodes);
            let server = keys.admit(page, view.server, &mut nodes);
            spoken.push((client, server, view));
        }
        let places: BTreeMap<&(Place, Key), usize> =
            nodes.keys().enumerate().map(|(at, key)| (key, at)).collect();
        let alerts = alerting(page);
        let mut edges: BTreeMap<(usize, usize, Family), Edge> = BTreeMap::new();
        for (client, server, view) in &spoken {
            if let (Some(client), Some(server)) = (places.get(client), places.get(server)) {
                let key = (*client, *server, Family::of(view.protocol));
                edges.entry(key).or_insert_with(|| Edge::new(key)).add(view, &alerts);
            }
        }
        let mut edges: Vec<Edge> = edges.into_values().collect();
        // Calls to everybody are what a full map can do without first.
        let silent = nodes.keys().position(|(place, _)| *place == Place::Nowhere).unwrap_or(usize::MAX);
        edges.sort_by_key(|edge| {
            let said = (Reverse(edge.messages), Reverse(edge.frames));
            (edge.server >= silent, !edge.alert, said, edge.client, edge.server)
        });
        let left_out = edges.len().saturating_sub(MAX_EDGES) as u64;
        edges.truncate(MAX_EDGES);
        Self { nodes: nodes.into_values().collect(), edges, grouped: keys.grouped(), left_out }
    }
}

impl Edge {
    const fn new((client, server, family): (usize, usize, Family)) -> Self {
        Self {
            client,
            server,
            family,
            conversations: 0,
            messages: 0,
            frames: 0,
            blocked: 0,
            alert: false,
            crosses: false,
            services: BTreeSet::new(),
        }
    }

    fn add(&mut self, view: &ConversationView, alerts: &BTreeSet<(Party, Party, Protocol)>) {
        self.conversations += 1;
        self.messages += view.messages();
        self.frames += view
            .channel
            .as_ref()
            .map_or(0, |channel| channel.from_client.frames + channel.from_server.frames);
        self.blocked += view.outside_messages();
        self.alert |=
            view.outside_messages() > 0 || alerts.contains(&(view.client, view.server, view.protocol));
        self.crosses |= summary::crosses(view);
        self.services.insert(words::service(view.protocol, view.unit));
    }
}

/// Parties and protocols that a finding of high severity is about, in both directions.
fn alerting(page: &Page<'_>) -> BTreeSet<(Party, Party, Protocol)> {
    let high = page.picture.findings.iter().filter(|finding| finding.severity == Severity::High);
    let both = high.filter_map(|finding| Some((finding.subject, finding.peer?, finding.protocol)));
    both.flat_map(|(a, b, protocol)| [(a, b, protocol), (b, a, protocol)]).collect()
}

/// Which node each party goes to.
struct Keys {
    devices: Vec<(Place, Key)>,
    hosts: BTreeSet<IpAddr>,
    members: BTreeMap<(Place, Key), u64>,
}

impl Keys {
    fn of(page: &Page<'_>) -> Self {
        let devices = gather(page);
        let mut members = BTreeMap::new();
        for key in &devices {
            *members.entry(key.clone()).or_insert(0) += 1;
        }
        let mut hosts: Vec<_> = page.picture.internet.iter().collect();
        hosts.sort_by_key(|(ip, host)| (Reverse(host.frames), **ip));
        let most = if hosts.len() > MAX_HOSTS { MAX_HOSTS - 1 } else { MAX_HOSTS };
        let hosts = hosts.into_iter().take(most).map(|(ip, _)| *ip).collect();
        Self { devices, hosts, members }
    }

    fn grouped(&self) -> u64 {
        let groups = self.members.iter().filter(|((_, key), _)| !matches!(key, Key::Device(_)));
        groups.map(|(_, members)| members).sum()
    }

    fn key(&self, party: Party) -> (Place, Key) {
        match party {
            Party::Device(index) => self
                .devices
                .get(index)
                .cloned()
                .unwrap_or((Place::Service, Key::OtherDevices(Place::Service))),
            Party::Internet(ip) if self.hosts.contains(&ip) => (Place::Internet, Key::Host(ip)),
            Party::Internet(_) => (Place::Internet, Key::OtherHosts),
            Party::Group(_) => (Place::Nowhere, Key::Groups),
            Party::Silent(_) => (Place::Nowhere, Key::Silent),
        }
    }

    fn admit(&self, page: &Page<'_>, party: Party, nodes: &mut BTreeMap<(Place, Key), Node>) -> (Place, Key) {
        let key = self.key(party);
        if !nodes.contains_key(&key) {
            let members = self.members.get(&key).copied().unwrap_or(1);
            nodes.insert(key.clone(), node(page, &key, members));
        }
        key
    }
}

fn node(page: &Page<'_>, (place, key): &(Place, Key), members: u64) -> Node {
    let devices = || words::count(members, "device");
    let gathered =
        |label: String, detail: String| (label, detail, Some("devices".to_owned()), String::new(), false);
    let (label, detail, anchor, network, alert) = match key {
        Key::Device(index) => return device_node(page, *place, *index),
        Key::Network(_, network) => {
            let (label, detail, anchor, _, alert) = gathered(devices(), format!("in {network}"));
            (label, detail, anchor, network.clone(), alert)
        }
        Key::OtherDevices(_) => gathered(devices(), "in other networks".to_owned()),
        Key::Host(ip) => {
            let host = page.picture.internet.get(ip).and_then(|host| host.names.first());
            let label = host.map_or_else(|| ip.to_string(), |name| words::inert(name));
            let detail = if host.is_some() { ip.to_string() } else { "internet".to_owned() };
            (label, detail, Some("internet".to_owned()), String::new(), false)
        }
        Key::OtherHosts => (
            "Other hosts".to_owned(),
            "internet".to_owned(),
            Some("internet".to_owned()),
            String::new(),
            false,
        ),
        Key::Groups => {
            ("Everybody".to_owned(), "broadcast and multicast".to_owned(), None, String::new(), false)
        }
        Key::Silent => {
            ("Silent addresses".to_owned(), "never answered".to_owned(), None, String::new(), false)
        }
    };
    Node { place: *place, label, detail, anchor, network, alert }
}

fn device_node(page: &Page<'_>, place: Place, index: usize) -> Node {
    let device = page.picture.devices.get(index);
    let detail = |device: &DeviceView| {
        let kind = class(device);
        device.vendor.map_or_else(|| kind.to_owned(), |vendor| format!("{kind} · {vendor}"))
    };
    let about = page.findings_of(index);
    Node {
        place,
        label: words::party(page.picture, Party::Device(index)),
        detail: device.map(detail).unwrap_or_default(),
        anchor: Some(if index < MAX_DEVICES { device_id(index) } else { "devices".to_owned() }),
        network: device.map(network).unwrap_or_default(),
        alert: about
            .iter()
            .any(|finding| finding.severity == Severity::High && finding.subject == Party::Device(index)),
    }
}

/// A node for each device: its own where there is room, else one for its network.
fn gather(page: &Page<'_>) -> Vec<(Place, Key)> {
    let devices = &page.picture.devices;
    let mut columns: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (index, device) in devices.iter().enumerate() {
        columns.entry(place_of(device)).or_default().push(index);
    }
    let mut keys = vec![(Place::Service, Key::OtherDevices(Place::Service)); devices.len()];
    for (place, mut column) in columns {
        column.sort_by_cached_key(|index| (Reverse(importance(page, *index)), *index));
        let singles = if column.len() > MAX_SINGLE { MAX_SINGLE - MAX_NETWORKS } else { MAX_SINGLE };
        let mut networks = BTreeSet::new();
        for (rank, index) in column.into_iter().enumerate() {
            let network = devices.get(index).map(network).unwrap_or_default();
            let key = if rank < singles {
                Key::Device(index)
            } else if networks.contains(&network) || networks.len() + 1 < MAX_NETWORKS {
                networks.insert(network.clone());
                Key::Network(place, network)
            } else {
                Key::OtherDevices(place)
            };
            if let Some(slot) = keys.get_mut(index) {
                *slot = (place, key);
            }
        }
    }
    keys
}

/// Whoever has a finding or was blocked is shown before whoever says most.
fn importance(page: &Page<'_>, index: usize) -> (bool, u64, u64, u64) {
    let findings = page.findings_of(index);
    let high = findings.iter().any(|finding| finding.severity == Severity::High);
    let views = page.conversations_of(index);
    let blocked = views.iter().map(|(_, view)| view.outside_messages()).sum();
    let messages = views.iter().map(|(_, view)| view.messages()).sum();
    let frames = page.picture.devices.get(index).map_or(0, |device| device.device.frames);
    (high, blocked, messages, frames)
}

/// By what it is; where nobody knows, by whether it asks or is asked.
fn place_of(device: &DeviceView) -> Place {
    if let Some(class) = device.classification.class {
        return place_of_class(class);
    }
    let peers = |serves: bool| -> usize {
        device.roles.iter().filter(|role| role.serves == serves).map(|role| role.peers).sum()
    };
    match peers(false).cmp(&peers(true)) {
        std::cmp::Ordering::Greater => Place::Supervision,
        std::cmp::Ordering::Equal => Place::Service,
        std::cmp::Ordering::Less => Place::Field,
    }
}

const fn place_of_class(class: Class) -> Place {
    match class {
        Class::Supervisor
        | Class::Historian
        | Class::EngineeringStation
        | Class::Workstation
        | Class::Phone => Place::Supervision,
        Class::Broker | Class::Gateway | Class::Router | Class::Server | Class::Switch => Place::Service,
        Class::Appliance
        | Class::BuildingController
        | Class::Camera
        | Class::Controller
        | Class::Printer
        | Class::Sensor => Place::Field,
    }
}

/// The network an address most likely lies in: masks are not seen, so a /24 or a /64 is taken.
fn network(device: &DeviceView) -> String {
    match device.device.addresses.keys().next() {
        None => "no network address".to_owned(),
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

//! What the map shows: nodes, lines between them, and what has to be gathered so that it stays readable.
//!
//! It knows nothing of where anything is drawn.

use super::family::Family;
use super::gather::{Key, Place, Slot, gather, network};
use crate::report::html::page::{MAX_DEVICES, Page, class, device_id};
use crate::report::{summary, words};
use nullius_device::risk::findings::Severity;
use nullius_device::{ConversationView, DeviceView, Party};
use nullius_model::Protocol;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Hosts of the internet with a box of their own.
const MAX_HOSTS: usize = 5;
/// Lines drawn. More are a black square.
const MAX_EDGES: usize = 100;

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

impl Graph {
    pub(super) fn of(page: &Page<'_>) -> Self {
        let keys = Keys::of(page);
        let mut nodes: BTreeMap<Slot, Node> = BTreeMap::new();
        let mut spoken = Vec::new();
        for index in 0..page.picture.devices.len() {
            keys.admit(page, Party::Device(index), &mut nodes);
        }
        for view in &page.picture.conversations {
            let client = keys.admit(page, view.client, &mut nodes);
            let server = keys.admit(page, view.server, &mut nodes);
            spoken.push((client, server, view));
        }
        let places: BTreeMap<&Slot, usize> = nodes.keys().enumerate().map(|(at, key)| (key, at)).collect();
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
    devices: Vec<Slot>,
    hosts: BTreeSet<IpAddr>,
    members: BTreeMap<Slot, u64>,
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

    fn key(&self, party: Party) -> Slot {
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

    fn admit(&self, page: &Page<'_>, party: Party, nodes: &mut BTreeMap<Slot, Node>) -> Slot {
        let key = self.key(party);
        if !nodes.contains_key(&key) {
            let members = self.members.get(&key).copied().unwrap_or(1);
            nodes.insert(key.clone(), node(page, &key, members));
        }
        key
    }
}

fn node(page: &Page<'_>, (place, key): &Slot, members: u64) -> Node {
    let devices = || words::count(members, "device");
    let gathered =
        |label: String, detail: String| (label, detail, Some("devices".to_owned()), String::new(), false);
    let (label, detail, anchor, network, alert) = match key {
        Key::Device(index) => return device_node(page, *place, *index),
        Key::Network(_, network) => {
            let (label, detail, anchor, _, alert) = gathered(devices(), network.clone());
            (label, detail, anchor, network.clone(), alert)
        }
        Key::OtherDevices(_) => gathered(devices(), "in other networks".to_owned()),
        Key::Host(ip) => {
            let host = page.picture.internet.get(ip).and_then(|host| host.names.first());
            let label = host.map_or_else(|| ip.to_string(), |name| nullius_model::inert(name));
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

//! Devices and internet hosts, and what every party is called.

use super::{Moment, text};
use nullius_device::discovery::attributes::AttributeValue;
use nullius_device::discovery::classify::Reason;
use nullius_device::discovery::resolve;
use nullius_device::{DeviceView, Party, Picture, Role};
use serde::Serialize;
use std::net::IpAddr;

/// The identifier of each device: its lowest hardware address, or its lowest network address where it has none. It is
/// the same in every report that saw the device, whatever else was seen.
pub(super) struct Names {
    devices: Vec<String>,
}

impl Names {
    pub(super) fn of(picture: &Picture) -> Self {
        Self { devices: picture.devices.iter().map(identifier).collect() }
    }

    pub(super) fn party(&self, party: Party) -> String {
        match party {
            Party::Device(at) => self.device(at),
            Party::Internet(ip) => format!("internet:{ip}"),
            Party::Group(key) => {
                format!("group:{}", key.ip().map_or_else(|| key.mac().to_string(), |ip| ip.to_string()))
            }
            Party::Silent(key) => {
                format!("silent:{}", key.ip().map_or_else(|| key.mac().to_string(), |ip| ip.to_string()))
            }
        }
    }

    fn device(&self, at: usize) -> String {
        self.devices.get(at).cloned().unwrap_or_default()
    }
}

fn identifier(view: &DeviceView) -> String {
    let mac = view.device.macs.first().map(|mac| format!("device:{mac}"));
    let ip = || view.device.addresses.keys().next().map(|ip| format!("device:{ip}"));
    mac.or_else(ip).unwrap_or_default()
}

/// One device, however many addresses it has.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Device<'a> {
    /// `device:` with its lowest hardware address, or its lowest network address where it has none: what other parts
    /// of the report call it.
    id: String,
    /// What it calls itself, else its lowest address. A device's own text; proves nothing.
    name: &'a str,
    /// Hardware addresses; none where it lies behind a router.
    macs: Vec<String>,
    /// Network addresses, with their evidence.
    addresses: Vec<Address>,
    /// Whom its hardware address was assigned to.
    vendor: Option<&'a str>,
    class: Class<'a>,
    /// It forwards packets for others.
    router: bool,
    /// Hardware address of the router its frames came from.
    behind: Option<String>,
    roles: Vec<RoleOf>,
    attributes: Vec<Attribute<'a>>,
    /// Addresses another device uses at the same time.
    contested: Vec<Contested>,
    /// Frames it sent.
    frames: u64,
    /// Bytes it sent, link headers included.
    bytes: u64,
    first: Moment,
    last: Moment,
}

/// A network address and why it is taken for the device's.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Address {
    address: IpAddr,
    /// Who proved it: `arp`, `nd`, `dhcp-lease`. None: packets came from it that no router had forwarded.
    proofs: Vec<&'static str>,
    /// Frames sent from it.
    frames: u64,
    first: Moment,
    last: Moment,
}

/// What kind of device it is, and why.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Class<'a> {
    /// `controller`, `supervisor`, `camera` …; null where nothing speaks for one, or as much for another.
    name: Option<&'static str>,
    /// The evidence contradicts itself.
    ambiguous: bool,
    /// 0 to 100.
    #[cfg_attr(test, schemars(range(max = 100)))]
    confidence: u8,
    reasons: Vec<ReasonOf<'a>>,
}

/// One observation that counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Reason"))]
struct ReasonOf<'a> {
    /// The class it speaks for.
    class: &'static str,
    /// How much.
    points: u32,
    /// What was observed.
    why: &'a str,
}

/// A part the device plays in a protocol.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Role"))]
struct RoleOf {
    protocol: String,
    /// The field's own word: `master`, `slave`, `broker`, `client` …
    name: &'static str,
    /// It is asked; otherwise it asks.
    serves: bool,
    /// With how many others.
    peers: u64,
    /// Requests it sent or got.
    messages: u64,
}

/// What the device is said to be, and by whom.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Attribute<'a> {
    /// `hostname`, `firmware`, `serial` …
    attribute: &'static str,
    /// The claim that counts.
    value: &'a str,
    /// The protocol that carried it.
    source: String,
    /// `low`, `medium` or `high`.
    confidence: &'static str,
    /// First frame that carried it.
    seen: Moment,
    /// Another claim contradicts it.
    conflict: bool,
    /// Other claims; further values where an attribute may have many, contradictions where `conflict` is set.
    others: Vec<Claim<'a>>,
}

/// Another claim about the same attribute.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Claim<'a> {
    value: &'a str,
    source: String,
}

/// An address two devices use at once.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Contested {
    address: IpAddr,
    /// When both were first seen with it.
    since: Moment,
}

/// A host of the internet.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct InternetHost<'a> {
    /// `internet:` with its address: what other parts of the report call it.
    id: String,
    address: IpAddr,
    /// Names that DNS answers gave it.
    names: Vec<&'a str>,
    /// Frames that came from it.
    frames: u64,
}

impl<'a> Device<'a> {
    pub(super) fn of(at: usize, view: &'a DeviceView, names: &Names) -> Self {
        let device = &view.device;
        Self {
            id: names.device(at),
            name: text(&view.name),
            macs: device.macs.iter().map(ToString::to_string).collect(),
            addresses: device.addresses.iter().map(|(ip, evidence)| Address::of(*ip, evidence)).collect(),
            vendor: view.vendor,
            class: Class::of(view),
            router: device.is_router,
            behind: device.behind.map(|mac| mac.to_string()),
            roles: view.roles.iter().map(RoleOf::of).collect(),
            attributes: view.attributes.iter().map(Attribute::of).collect(),
            contested: device
                .contested
                .iter()
                .map(|(ip, since)| Contested { address: *ip, since: Moment::of(*since) })
                .collect(),
            frames: device.frames,
            bytes: device.bytes,
            first: Moment::of(device.first),
            last: Moment::of(device.last),
        }
    }
}

impl Address {
    fn of(address: IpAddr, evidence: &resolve::AddressEvidence) -> Self {
        Self {
            address,
            proofs: evidence.proofs.iter().map(|proof| proof.name()).collect(),
            frames: evidence.frames,
            first: Moment::of(evidence.first),
            last: Moment::of(evidence.last),
        }
    }
}

impl<'a> Class<'a> {
    fn of(view: &'a DeviceView) -> Self {
        let verdict = &view.classification;
        let reason = |Reason { class, points, why }: &'a Reason| ReasonOf {
            class: class.name(),
            points: *points,
            why: text(why),
        };
        Self {
            name: verdict.class.map(|class| class.name()),
            ambiguous: verdict.ambiguous,
            confidence: verdict.confidence,
            reasons: verdict.reasons.iter().map(reason).collect(),
        }
    }
}

impl RoleOf {
    fn of(role: &Role) -> Self {
        Self {
            protocol: role.protocol.to_string(),
            name: role.name(),
            serves: role.serves,
            peers: role.peers as u64,
            messages: role.messages,
        }
    }
}

impl<'a> Attribute<'a> {
    fn of(value: &'a AttributeValue) -> Self {
        let claim = |(value, source): &'a (_, nullius_model::Protocol)| -> Claim<'a> {
            let value: &'a nullius_model::SmolStr = value;
            Claim { value: text(value), source: source.to_string() }
        };
        Self {
            attribute: value.attribute.name(),
            value: text(&value.value),
            source: value.source.to_string(),
            confidence: value.confidence.name(),
            seen: Moment::of(value.seen),
            conflict: value.conflict,
            others: value.others.iter().map(claim).collect(),
        }
    }
}

impl<'a> InternetHost<'a> {
    pub(super) fn of(address: IpAddr, host: &'a resolve::InternetHost) -> Self {
        Self {
            id: format!("internet:{address}"),
            address,
            names: host.names.iter().map(|name| text(name)).collect(),
            frames: host.frames,
        }
    }
}

//! A `[[device]]` of the inventory, with its services and frames.

use super::document::{At, Fields};
use super::inventory::{Draft, Mention};
use super::words;
use crate::inventory::{Device, FrameFlow, Service};
use nullius_model::{Channel, DeviceName, Mac, PortName, SmolStr};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Most services, kinds of frame and addresses of one device: each is a rule for every peer.
const MAX_SERVICES: usize = 256;
const MAX_FRAMES: usize = 256;
const MAX_ADDRESSES: usize = 64;
/// Ethertypes begin here; below, the field is a length (IEEE 802.3).
const FIRST_ETHERTYPE: i64 = 0x0600;

/// What identifies a device on the wire, and whose it is already.
#[derive(Debug, Default)]
pub(super) struct Taken {
    macs: BTreeMap<Mac, DeviceName>,
    addresses: BTreeMap<IpAddr, DeviceName>,
}

pub(super) fn read<'s>(draft: &mut Draft<'s>, taken: &mut Taken, fields: Fields<'s, '_>) {
    let name = draft.name(&fields, "name");
    let zone = fields.text("zone");
    let zone = zone.map(|zone| {
        draft.mentions.push(Mention::Zone(zone));
        SmolStr::new(zone.value)
    });
    let groups = fields.texts("groups");
    draft.mentions.extend(groups.iter().copied().map(Mention::Group));
    let label = name.as_ref().and_then(|name| DeviceName::new(&name.value).ok());
    // a device without a usable name is still read, for what else is wrong with it
    let Some(owner) = label.clone().or_else(|| DeviceName::new("unnamed").ok()) else { return };
    let device = Device {
        class: draft.line(&fields, "class").unwrap_or_default(),
        vendor: draft.line(&fields, "vendor"),
        groups: groups.iter().map(|group| SmolStr::new(group.value)).collect(),
        tags: fields.texts("tags").iter().map(|tag| SmolStr::new(tag.value)).collect(),
        gateway: gateway(draft, &fields),
        port: port(draft, &fields),
        mac: own_mac(draft, taken, &fields, &owner),
        addresses: addresses(draft, taken, &fields, &owner),
        services: services(draft, &fields),
        frames: frames(draft, &fields),
        ..Device::new(owner, zone.unwrap_or_default())
    };
    let cycle = draft.span(&fields, "cycle");
    if let (Some(written), Some(label)) = (name, label) {
        let place = (SmolStr::new(draft.sink.file()), fields.offset());
        draft.places.devices.insert(label.clone(), place);
        if let Some(cycle) = cycle {
            draft.cycles.devices.insert(label.clone(), cycle);
        }
        if draft.inventory.devices.insert(label, device).is_some() {
            draft.declared_twice("device", &written);
        }
    }
    fields.finish();
}

fn gateway(draft: &Draft<'_>, fields: &Fields<'_, '_>) -> Option<SmolStr> {
    let text = fields.text("gateway")?;
    draft.name_of(text).map(|name| name.value)
}

fn port(draft: &Draft<'_>, fields: &Fields<'_, '_>) -> Option<PortName> {
    let text = fields.text("port")?;
    PortName::new(text.value)
        .map_err(|why| {
            let message = format!("`{}` is no port: {why}", text.value.escape_debug());
            draft.sink.error(
                text.offset,
                message,
                "name a network interface of the gateway, as `ip link` shows it",
            );
        })
        .ok()
}

fn own_mac(draft: &Draft<'_>, taken: &mut Taken, fields: &Fields<'_, '_>, owner: &DeviceName) -> Option<Mac> {
    let text = fields.text("mac")?;
    let Some(mac) = words::device_mac(text.value) else {
        let message = format!("`{}` is no hardware address of a device", text.value.escape_debug());
        draft.sink.error(text.offset, message, "write six octets: 02:00:00:00:00:11");
        return None;
    };
    if let Some(other) = taken.macs.insert(mac, owner.clone()) {
        let message = format!("the hardware address {mac} is already that of `{other}`");
        draft.sink.error(
            text.offset,
            message,
            "two devices told apart by nothing cannot both be bound: correct one",
        );
    }
    Some(mac)
}

fn addresses(
    draft: &Draft<'_>,
    taken: &mut Taken,
    fields: &Fields<'_, '_>,
    owner: &DeviceName,
) -> std::collections::BTreeSet<IpAddr> {
    let mut texts = fields.texts("addresses");
    if let Some(first_too_many) = texts.get(MAX_ADDRESSES) {
        let message = format!("more than {MAX_ADDRESSES} addresses");
        draft.sink.error(first_too_many.offset, message, "a router or a network is not one device");
        texts.truncate(MAX_ADDRESSES);
    }
    texts.into_iter().filter_map(|text| address(draft, taken, text, owner)).collect()
}

fn address(draft: &Draft<'_>, taken: &mut Taken, text: At<&str>, owner: &DeviceName) -> Option<IpAddr> {
    let address = text.value.parse::<IpAddr>().ok().filter(|ip| !ip.is_multicast() && !ip.is_unspecified());
    let Some(address) = address else {
        let message = format!("`{}` is no network address of a device", text.value.escape_debug());
        draft.sink.error(text.offset, message, "write one IPv4 or IPv6 address, without a prefix length");
        return None;
    };
    if let Some(other) = taken.addresses.insert(address, owner.clone()) {
        let message = format!("the address {address} is already that of `{other}`");
        draft.sink.error(text.offset, message, "give each device its own address");
    }
    Some(address)
}

fn services(draft: &Draft<'_>, fields: &Fields<'_, '_>) -> BTreeMap<SmolStr, Service> {
    let mut services = BTreeMap::new();
    let mut channels: BTreeMap<Channel, SmolStr> = BTreeMap::new();
    for fields in few(draft, fields, "service", MAX_SERVICES) {
        let name = fields.text("name");
        let name = fields.required("name", name);
        let protocol = fields.text("protocol");
        let protocol = fields.required("protocol", protocol).and_then(|protocol| draft.protocol(protocol));
        let channel = channel(draft, &fields);
        if let (Some(name), Some(protocol), Some(channel)) = (name, protocol, channel) {
            service(draft, &mut services, &mut channels, name, (protocol, channel));
        }
        fields.finish();
    }
    services
}

fn service(
    draft: &Draft<'_>,
    services: &mut BTreeMap<SmolStr, Service>,
    channels: &mut BTreeMap<Channel, SmolStr>,
    name: At<&str>,
    (protocol, channel): (nullius_model::Protocol, Channel),
) {
    if let Err(why) = DeviceName::new(name.value) {
        let message = format!("`{}` is no name: {why}", name.value.escape_debug());
        draft.sink.error(name.offset, message, "use letters, digits, `-`, `_` and `.`");
        return;
    }
    let text = SmolStr::new(name.value);
    if let Some(other) = channels.insert(channel, text.clone()) {
        let message = format!("{channel} already carries the service `{other}`");
        draft.sink.error(name.offset, message, "one endpoint is one service");
    }
    if services.insert(text.clone(), Service { name: text.clone(), protocol, channel }).is_some() {
        draft.declared_twice("service of this device", &At { value: text, offset: name.offset });
    }
}

fn channel(draft: &Draft<'_>, fields: &Fields<'_, '_>) -> Option<Channel> {
    let text = fields.text("channel");
    let text = fields.required("channel", text)?;
    let found = words::channel(text.value);
    if found.is_none() {
        let message = format!("`{}` carries no service", text.value.escape_debug());
        draft.sink.error(text.offset, message, "write tcp/PORT, udp/PORT or echo");
    }
    found
}

fn frames(draft: &Draft<'_>, fields: &Fields<'_, '_>) -> Vec<FrameFlow> {
    let mut frames = Vec::new();
    for fields in few(draft, fields, "frame", MAX_FRAMES) {
        let to = fields.text("to");
        let to = fields.required("to", to).and_then(|to| receiver(draft, to));
        let ethertype = fields.integer("ethertype", FIRST_ETHERTYPE..0x1_0000);
        let ethertype =
            fields.required("ethertype", ethertype).and_then(|found| u16::try_from(found.value).ok());
        let application = fields.integer("application", 0..0x1_0000);
        let application =
            fields.required("application", application).and_then(|found| u16::try_from(found.value).ok());
        if let (Some(to), Some(ethertype), Some(application)) = (to, ethertype, application) {
            frames.push(FrameFlow { to, ethertype, application });
        }
        fields.finish();
    }
    frames
}

fn receiver(draft: &Draft<'_>, text: At<&str>) -> Option<Mac> {
    let found = words::mac(text.value).filter(|mac| !mac.is_none());
    if found.is_none() {
        let message = format!("`{}` is no hardware address", text.value.escape_debug());
        draft.sink.error(text.offset, message, "write six octets: 01:0c:cd:01:00:01");
    }
    found
}

fn few<'s, 't>(
    draft: &Draft<'_>,
    fields: &Fields<'s, 't>,
    key: &'static str,
    limit: usize,
) -> Vec<Fields<'s, 't>> {
    let mut tables = fields.tables(key);
    if let Some(first_too_many) = tables.get(limit) {
        let message = format!("more than {limit} of these on one device");
        draft.sink.error(first_too_many.offset(), message, "split the device");
    }
    tables.truncate(limit);
    tables
}

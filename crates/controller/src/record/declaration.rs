//! What people declare of a device: the same fields as a `[[device]]` of an inventory, as rows, JSON and TOML have them.
//!
//! It does not know whether a value makes sense; the policy's reader does, which every text written here goes through.

use nullius_model::Mac;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use utoipa::ToSchema;

/// Largest declaration, in bytes of TOML: 256 services and 256 kinds of frame fit, and a whole bundle is no larger
/// than 8 MiB.
pub(crate) const MAX_DECLARATION: usize = 64 << 10;

/// What is declared of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declaration {
    /// Where it stands.
    pub(crate) zone: String,
    /// What kind of device it is: `controller`, `sensor`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) class: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vendor: Option<String>,
    /// What it is counted among.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) groups: BTreeSet<String>,
    /// Free words.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) tags: BTreeSet<String>,
    /// The gateway it is plugged in at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gateway: Option<String>,
    /// The port of the gateway; without one it is bound where it is first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<String>,
    /// Its hardware address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mac: Option<String>,
    /// Its network addresses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) addresses: BTreeSet<String>,
    /// How long history must be before it says something about the device: `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cycle: Option<String>,
    /// What it offers.
    #[serde(default, alias = "service", skip_serializing_if = "Vec::is_empty")]
    pub(crate) services: Vec<Service>,
    /// What it sends that is not IP.
    #[serde(default, alias = "frame", skip_serializing_if = "Vec::is_empty")]
    pub(crate) frames: Vec<Frame>,
}

/// A listening endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Unique on its device.
    pub(crate) name: String,
    /// What is spoken there.
    pub(crate) protocol: String,
    /// What carries it: `tcp/502`, `udp/5683`, `echo`.
    pub(crate) channel: String,
}

/// Frames that are not IP: GOOSE, PROFINET.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Frame {
    /// The receiver, often a group address.
    pub(crate) to: String,
    /// What is carried, from 0x0600 on.
    pub(crate) ethertype: u16,
    /// The first two bytes of the payload.
    pub(crate) application: u16,
}

impl Declaration {
    /// The same, spelt in the one way the record has it.
    #[must_use]
    pub(crate) fn canonical(mut self) -> Self {
        self.mac = self.mac.map(|mac| plain_mac(&mac));
        self.addresses = self.addresses.iter().map(|address| plain_address(address)).collect();
        for frame in &mut self.frames {
            frame.to = plain_mac(&frame.to);
        }
        self.services.sort();
        self.frames.sort();
        self
    }

    /// As the row has it.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What only one device of a site can have. No database holds every text: what is no address marks nothing.
    pub(crate) fn marks(&self) -> Vec<String> {
        let mac = self.mac.iter().map(|mac| format!("mac:{mac}"));
        let marks = mac.chain(self.addresses.iter().map(|address| format!("ip:{address}")));
        marks.filter(|mark| is_inert_text(mark)).collect()
    }

    /// As a `[[device]]` of an inventory. Every text is quoted, whatever is in it.
    pub(crate) fn toml(&self, name: &str) -> String {
        let mut text = String::from("[[device]]\n");
        put(&mut text, "name", Some(name));
        put(&mut text, "zone", Some(&self.zone));
        put(&mut text, "class", Some(self.class.as_str()).filter(|class| !class.is_empty()));
        put(&mut text, "vendor", self.vendor.as_deref());
        put_list(&mut text, "groups", &self.groups);
        put_list(&mut text, "tags", &self.tags);
        put(&mut text, "gateway", self.gateway.as_deref());
        put(&mut text, "port", self.port.as_deref());
        put(&mut text, "mac", self.mac.as_deref());
        put_list(&mut text, "addresses", &self.addresses);
        put(&mut text, "cycle", self.cycle.as_deref());
        for service in &self.services {
            text.push_str("[[device.service]]\n");
            put(&mut text, "name", Some(&service.name));
            put(&mut text, "protocol", Some(&service.protocol));
            put(&mut text, "channel", Some(&service.channel));
        }
        for frame in &self.frames {
            text.push_str("[[device.frame]]\n");
            put(&mut text, "to", Some(&frame.to));
            // writing to a text cannot fail
            let _ = writeln!(text, "ethertype = {}\napplication = {}", frame.ethertype, frame.application);
        }
        text
    }

    /// What it is found by, in lower case.
    pub(crate) fn search(&self, name: &str) -> String {
        let one =
            [Some(name), Some(&self.zone), Some(&self.class), self.vendor.as_deref(), self.mac.as_deref()];
        let words = one.into_iter().flatten().chain(self.groups.iter().map(String::as_str));
        let words = words.chain(self.tags.iter().map(String::as_str));
        let words = words.chain(self.addresses.iter().map(String::as_str));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase()
    }
}

/// Colons and small letters; what is no address stays as it is, for the reader to refuse.
fn plain_mac(text: &str) -> String {
    let octets: Vec<Option<u8>> =
        text.split([':', '-']).map(|octet| u8::from_str_radix(octet, 16).ok()).collect();
    let octets: Option<Vec<u8>> = octets.into_iter().collect();
    let octets: Option<[u8; 6]> = octets.and_then(|octets| octets.try_into().ok());
    octets.map_or_else(|| text.to_owned(), |octets| Mac::new(octets).to_string())
}

fn is_inert_text(text: &str) -> bool {
    text.chars().all(nullius_model::is_inert)
}

fn plain_address(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |address: std::net::IpAddr| address.to_string())
}

fn put(text: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = writeln!(text, "{key} = {}", quoted(value));
    }
}

fn put_list(text: &mut String, key: &str, values: &BTreeSet<String>) {
    if !values.is_empty() {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        let _ = writeln!(text, "{key} = [{}]", values.join(", "));
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-z]{0,9}", Just("\u{202e}\u{0}\"\\\n'''".to_owned())]
    }

    proptest! {
        #[test]
        fn whatever_a_field_holds_reads_back_from_toml_as_it_was(
            (name, zone, class, vendor) in (texts(), texts(), texts(), prop::option::of(texts())),
            tags in prop::collection::btree_set(texts(), 0..4),
            (service, mac) in (texts(), prop::option::of(texts())),
        ) {
            let services = vec![Service { name: service.clone(), protocol: zone.clone(), channel: class.clone() }];
            let frames = vec![Frame { to: service, ethertype: 0x88b8, application: 1 }];
            let written =
                Declaration { zone, class, vendor, tags, mac, services, frames, ..Declaration::default() }.canonical();
            let mut table: toml::Table = written.toml(&name).parse().unwrap();
            let device = table.remove("device").unwrap().as_array().unwrap()[0].clone();
            let mut device = device.as_table().unwrap().clone();
            let read = device.remove("name").unwrap();
            prop_assert_eq!(read.as_str(), Some(name.as_str()));
            prop_assert_eq!(Declaration::deserialize(toml::Value::Table(device)).unwrap().canonical(), written);
        }
    }

    #[test]
    fn one_address_has_one_spelling() {
        let spelt = |mac: &str, address: &str| {
            let addresses = BTreeSet::from([address.to_owned()]);
            Declaration { mac: Some(mac.to_owned()), addresses, ..Declaration::default() }.canonical().marks()
        };
        assert_eq!(spelt("02-00-00-00-00-1A", "FE80::0:1"), ["mac:02:00:00:00:00:1a", "ip:fe80::1"]);
        assert_eq!(spelt("x", "y"), ["mac:x", "ip:y"]);
    }
}

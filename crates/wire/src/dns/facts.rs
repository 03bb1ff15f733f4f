//! Who is who, by what DNS, mDNS and LLMNR responses say.
//!
//! A record proves nothing: whoever answers may name anyone. So a name goes to the address in the record, and to the
//! sender only where the record carries the sender's own address.

use super::name::{Name, is, joined};
use super::observe::service_type;
use super::parser::{Data, Message, Question, Record, record_type};
use crate::context::Context;
use crate::reader::Reader;
use crate::text;
use nullius_model::{Attribute, Direction, Mac, Protocol, SmolStr};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most records of one response that facts are taken from.
const MAX_RECORDS: usize = 16;
/// Most strings of one TXT record that are looked at.
const MAX_STRINGS: usize = 64;
/// Most claims remembered as told on one flow. When it is full, all are forgotten and may be told again.
const MAX_TOLD: usize = 256;

/// TXT keys that say what a thing is, in lower case: DNS-SD device-info, AirPlay, HomeKit, Cast and printers.
const TXT_KEYS: [(&str, Attribute); 15] = [
    ("am", Attribute::Model),
    ("md", Attribute::Model),
    ("model", Attribute::Model),
    ("ty", Attribute::Model),
    ("usb_mdl", Attribute::Model),
    ("manufacturer", Attribute::Vendor),
    ("usb_mfg", Attribute::Vendor),
    ("vendor", Attribute::Vendor),
    ("firmware", Attribute::Firmware),
    ("fv", Attribute::Firmware),
    ("fw", Attribute::Firmware),
    ("fwversion", Attribute::Firmware),
    ("serial", Attribute::Serial),
    ("serialnumber", Attribute::Serial),
    ("sn", Attribute::Serial),
];

/// What was told on a flow: hosts repeat their announcements for as long as they live.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeSet<(Direction, Option<IpAddr>, Attribute, SmolStr)>);

/// What one remembered claim costs: its entry and a name of some length.
const TOLD: usize = 192;

impl Told {
    /// Bytes kept.
    pub(super) fn held_bytes(&self) -> usize {
        self.0.len() * TOLD
    }

    fn is_new(
        &mut self,
        direction: Direction,
        ip: Option<IpAddr>,
        attribute: Attribute,
        value: &str,
    ) -> bool {
        if self.0.len() >= MAX_TOLD {
            self.0.clear();
        }
        self.0.insert((direction, ip, attribute, SmolStr::new(value)))
    }
}

/// Takes the facts of one response.
pub(super) struct Facts<'f, 's> {
    pub(super) protocol: Protocol,
    pub(super) told: &'f mut Told,
    pub(super) context: &'f mut Context<'s>,
}

impl Facts<'_, '_> {
    /// Of a server's answer: which name an address was asked for by. Behind aliases (CNAME) it is the name asked for,
    /// not that of some content network's machine.
    pub(super) fn of_answer(&mut self, message: &Message<'_>) {
        let asked = match message.questions.as_slice() {
            [Question { name, kind: record_type::A | record_type::AAAA }] => Some(name),
            _ => None,
        };
        for Record { name, data } in message.answers.iter().take(MAX_RECORDS) {
            match data {
                Data::Address(ip) => self.name_address(*ip, asked.unwrap_or(name)),
                Data::Pointer(target) => self.name_reverse(name, target),
                Data::Service | Data::Text(_) => {}
            }
        }
    }

    /// Of a host's own announcement (mDNS) or answer (LLMNR).
    pub(super) fn of_host(&mut self, message: &Message<'_>) {
        let sender = self.context.sender().ip;
        let records = || message.answers.iter().chain(&message.additional).take(MAX_RECORDS);
        let is_own = sender.is_none_or(|sender| speaks_for_itself(records(), sender));
        for Record { name, data } in records() {
            match data {
                Data::Address(ip) => {
                    if is_own {
                        self.tell(None, Attribute::Hostname, &host_name(name));
                    }
                    self.name_address(*ip, name);
                }
                Data::Pointer(target) => self.name_reverse(name, target),
                Data::Service | Data::Text(_) => {}
            }
            if is_own && self.protocol == Protocol::Mdns {
                self.service(name, data);
            }
        }
    }

    fn service(&mut self, name: &Name<'_>, data: &Data<'_>) {
        let Some(mut service) = service_type(name.labels()) else { return };
        if let (Data::Pointer(target), [b"_dns-sd", b"_udp", ..]) = (data, service) {
            let Some(listed) = service_type(target.labels()) else { return };
            service = listed;
        }
        let without_domain = service.get(..2).unwrap_or(service);
        self.tell(None, Attribute::Service, &joined(without_domain).to_ascii_lowercase());
        if let Data::Text(strings) = data {
            self.properties(strings);
        }
    }

    /// `key=value` strings of a TXT record (RFC 6763 §6).
    fn properties(&mut self, strings: &[u8]) {
        let mut reader = Reader::new(strings);
        for _ in 0..MAX_STRINGS {
            let Some(string) = reader.u8().and_then(|length| reader.take(usize::from(length))).ok() else {
                return;
            };
            let Some(equals) = string.iter().position(|byte| *byte == b'=') else { continue };
            let (key, value) = string.split_at(equals);
            let known = TXT_KEYS.iter().find(|(known, _)| is(key, known));
            if let (Some((_, attribute)), Some(value)) = (known, value.get(1..)) {
                self.tell(None, *attribute, &text::utf8(value));
            }
        }
    }

    fn name_address(&mut self, ip: IpAddr, name: &Name<'_>) {
        if !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast()) {
            let about = Some(ip).filter(|ip| self.context.sender().ip != Some(*ip));
            self.tell(about, Attribute::Hostname, &host_name(name));
        }
    }

    fn name_reverse(&mut self, name: &Name<'_>, target: &Name<'_>) {
        if let Some(ip) = reverse_address(name.labels()) {
            self.name_address(ip, target);
        }
    }

    /// About the address, or else about the sender.
    fn tell(&mut self, ip: Option<IpAddr>, attribute: Attribute, value: &str) {
        if !self.told.is_new(self.context.direction, ip, attribute, value) {
            return;
        }
        match ip {
            Some(_) => self.context.fact_about(Mac::NONE, ip, self.protocol, attribute, value),
            None => self.context.fact(self.protocol, attribute, value),
        }
    }
}

/// In lower case: resolvers play with it, hosts do not keep to one, and DNS knows none.
fn host_name(name: &Name<'_>) -> String {
    joined(name.labels()).to_ascii_lowercase()
}

/// The records carry the sender's address, or none of its family. A reflector or a sleep proxy that speaks for others
/// carries theirs.
fn speaks_for_itself<'r>(records: impl Iterator<Item = &'r Record<'r>>, sender: IpAddr) -> bool {
    let mut of_family = records.filter_map(|record| match record.data {
        Data::Address(ip) if ip.is_ipv4() == sender.is_ipv4() => Some(ip),
        Data::Address(_) | Data::Pointer(_) | Data::Service | Data::Text(_) => None,
    });
    let Some(first) = of_family.next() else { return true };
    first == sender || of_family.any(|ip| ip == sender)
}

/// The address that `4.3.2.1.in-addr.arpa` or a name of 32 nibbles under `ip6.arpa` stands for.
fn reverse_address(labels: &[&[u8]]) -> Option<IpAddr> {
    let [digits @ .., family, arpa] = labels else { return None };
    let digits = digits.iter().rev().map(|label| std::str::from_utf8(label).ok());
    if !is(arpa, "arpa") {
        None
    } else if is(family, "in-addr") {
        let octets: Option<Vec<u8>> = digits.map(|digit| digit?.parse().ok()).collect();
        Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(octets?).ok()?)))
    } else if is(family, "ip6") {
        let nibbles: Option<Vec<u8>> =
            digits.map(|digit| u8::from_str_radix(digit?, 16).ok().filter(|nibble| *nibble < 16)).collect();
        let nibbles = <[u8; 32]>::try_from(nibbles?).ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(
            nibbles.iter().fold(0_u128, |ip, nibble| ip << 4 | u128::from(*nibble)),
        )))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reverse_name_is_an_address_only_when_it_is_whole() {
        let address = |name: &str| reverse_address(&name.split('.').map(str::as_bytes).collect::<Vec<_>>());
        assert_eq!(address("9.2.0.10.IN-ADDR.arpa"), Some([10, 0, 2, 9].into()));
        let v6 = format!("1.{}0.8.e.f.ip6.arpa", "0.".repeat(27));
        assert_eq!(address(&v6), Some("fe80::1".parse().unwrap()));
        for name in
            ["2.0.10.in-addr.arpa", "256.2.0.10.in-addr.arpa", "x.ip6.arpa", "9.2.0.10.in-addr.local", "arpa"]
        {
            assert_eq!(address(name), None, "{name}");
        }
    }
}

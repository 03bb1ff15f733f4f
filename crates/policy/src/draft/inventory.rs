//! The inventory a draft implies: its zones, its devices by what identifies them, the services they were asked for.

use super::document::{End, Member, Rule, RulesFile, ZonesFile};
use super::services::{self, Implied};
use crate::reading::words;
use nullius_model::{DeviceName, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;

/// Who is who in a draft.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// By every address and hardware address a rule may call them.
    names: BTreeMap<String, DeviceName>,
    zones: BTreeMap<DeviceName, String>,
    services: BTreeMap<DeviceName, BTreeMap<SmolStr, Implied>>,
    /// Protocols from zone to zone.
    conduits: BTreeMap<(String, String), BTreeSet<&'static str>>,
}

impl Site {
    pub(super) fn of(zones: &ZonesFile, rules: &RulesFile) -> Self {
        let mut site = Self::default();
        for (zone, member) in
            zones.zones.iter().flat_map(|zone| zone.members.iter().map(move |member| (zone, member)))
        {
            if let Some(name) = site.free_name(member) {
                site.zones.insert(name.clone(), zone.id.clone());
                let marks = member.addresses.iter().chain(&member.macs);
                site.names.extend(marks.map(|mark| (mark.clone(), name.clone())));
            }
        }
        for rule in &rules.allow {
            site.notice(rule);
        }
        site
    }

    /// The device at one end of a conversation, where it is one of the site.
    pub(super) fn device(&self, end: &End) -> Option<&DeviceName> {
        (end.kind == "device").then(|| self.names.get(&end.name)).flatten()
    }

    pub(super) fn inventory(&self, zones: &ZonesFile) -> String {
        let mut text = String::from("format = 1\n\n[site]\nname = \"site\"\n");
        for zone in zones.zones.iter().filter(|zone| DeviceName::new(&zone.id).is_ok()) {
            let (id, class) = (&zone.id, class(&zone.id));
            let why = zone.why.escape_debug();
            put(
                &mut text,
                format_args!(
                    "\n# {why}\n# Say who answers for it: owner = \"…\"\n[[zone]]\nname = \"{id}\"\nclass = \"{class}\"\n"
                ),
            );
        }
        for ((from, to), protocols) in &self.conduits {
            let protocols: Vec<String> = protocols.iter().map(|name| format!("\"{name}\"")).collect();
            let protocols = protocols.join(", ");
            put(
                &mut text,
                format_args!("\n[[conduit]]\nfrom = \"{from}\"\nto = \"{to}\"\nprotocols = [{protocols}]\n"),
            );
        }
        for zone in &zones.zones {
            for member in &zone.members {
                self.put_device(&mut text, &zone.id, member);
            }
        }
        text
    }

    fn put_device(&self, text: &mut String, zone: &str, member: &Member) {
        let Some(name) = marks(member).find_map(|mark| self.names.get(mark)) else { return };
        put(text, format_args!("\n# {}\n[[device]]\nname = \"{name}\"\n", member.why.escape_debug()));
        if DeviceName::new(zone).is_ok() {
            put(text, format_args!("zone = \"{zone}\"\n"));
        }
        if let Some(mac) = member.macs.iter().find_map(|mac| words::device_mac(mac)) {
            put(text, format_args!("mac = \"{mac}\"\n"));
        }
        let addresses: BTreeSet<IpAddr> =
            member.addresses.iter().filter_map(|text| text.parse().ok()).collect();
        let addresses: Vec<String> = addresses.iter().map(|address| format!("\"{address}\"")).collect();
        put(text, format_args!("addresses = [{}]\n", addresses.join(", ")));
        for Implied { name, protocol, channel } in
            self.services.get(name).into_iter().flat_map(BTreeMap::values)
        {
            put(
                text,
                format_args!(
                    "[[device.service]]\nname = \"{name}\"\nprotocol = \"{protocol}\"\nchannel = \"{channel}\"\n"
                ),
            );
        }
    }

    /// What it calls itself, where that is a name and nobody has it; else its lowest address.
    fn free_name(&self, member: &Member) -> Option<DeviceName> {
        let taken: BTreeSet<&DeviceName> = self.names.values().collect();
        let candidates = std::iter::once(member.name.as_str()).chain(marks(member));
        candidates
            .filter_map(|text| DeviceName::new(&text.replace(':', "-")).ok())
            .find(|name| !taken.contains(name))
    }

    fn notice(&mut self, rule: &Rule) {
        let (Some(client), Some(server)) = (self.device(&rule.subject), self.device(&rule.object)) else {
            return;
        };
        let (client, server, Some(implied)) = (client.clone(), server.clone(), services::of(rule)) else {
            return;
        };
        if let (Some(from), Some(to)) = (self.zones.get(&client), self.zones.get(&server))
            && from != to
        {
            self.conduits.entry((from.clone(), to.clone())).or_default().insert(implied.protocol.name());
        }
        self.services.entry(server).or_default().insert(implied.name.clone(), implied);
    }
}

fn marks(member: &Member) -> impl Iterator<Item = &str> {
    member.addresses.iter().chain(&member.macs).map(String::as_str)
}

/// A first guess from what the zone is for, as its id says; a person corrects it.
fn class(zone: &str) -> &'static str {
    match zone.rsplit_once('-').map_or(zone, |(function, _)| function) {
        "control" => "essential-control",
        "supervision" | "services" | "network" => "operations",
        "field" | "people" => "non-critical",
        _ => "quarantine",
    }
}

/// Writing to a text cannot fail.
pub(super) fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}

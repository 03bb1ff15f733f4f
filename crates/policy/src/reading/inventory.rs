//! `inventory.toml`: the site, its zones, conduits, groups and devices, and what strangers may reach; and
//! `inventory/*.toml`, which hold more of its devices and nothing else.
//!
//! Knows no other file. Whatever is wrong is told and passed over, so that one reading finds all of it; the inventory
//! counts only where nothing was told.

use super::device;
use super::document::{self, At, Fields, Sink};
use super::window;
use super::words;
use crate::ServiceId;
use crate::inventory::{Conduit, Group, Inventory, Site, Zone, ZoneClass};
use nullius_model::{DeviceName, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The version of the file this reads.
const FORMAT: i64 = 1;

/// Most zones, groups, conduits, and groups one thing is in: far above any plant, and what keeps a hostile inventory
/// from costing more than its bytes.
pub(super) const MAX_ZONES: usize = 4_096;
pub(super) const MAX_GROUPS: usize = 16_384;
pub(super) const MAX_CONDUITS: usize = 16_384;
/// Most windows and emergency profiles: each is asked for its next change whenever one of them changed.
pub(super) const MAX_WINDOWS: usize = 256;
pub(super) const MAX_EMERGENCIES: usize = 64;
/// Most devices of one site.
pub(super) const MAX_DEVICES: usize = 100_000;
/// Longest text that is no name: an owner, a vendor.
const MAX_TEXT: usize = 128;

/// Where things are declared, as offsets in their file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) zones: BTreeMap<SmolStr, usize>,
    /// In the order of the inventory's conduits.
    pub(crate) conduits: Vec<usize>,
    /// The file, and the offset there.
    pub(crate) devices: BTreeMap<DeviceName, (SmolStr, usize)>,
}

/// How long history must be before it says something about a device or a path, where somebody said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cycles {
    pub(crate) devices: BTreeMap<DeviceName, Duration>,
    pub(crate) conduits: BTreeMap<(SmolStr, SmolStr), Duration>,
}

/// A name somebody wrote that must be declared somewhere.
#[derive(Debug)]
pub(super) enum Mention<'s> {
    Zone(At<&'s str>),
    Group(At<&'s str>),
    Service(At<ServiceId>),
}

/// An inventory while it is being read.
#[derive(Debug)]
pub(super) struct Draft<'s> {
    pub(super) sink: &'s Sink<'s>,
    pub(super) inventory: Inventory,
    pub(super) places: Places,
    pub(super) cycles: Cycles,
    /// Of the file that is being read.
    pub(super) mentions: Vec<Mention<'s>>,
    /// Of files that were read, and where to tell what is wrong with them.
    pub(super) mentioned: Vec<(&'s Sink<'s>, Vec<Mention<'s>>)>,
    /// Where each group is declared.
    pub(super) groups: BTreeMap<SmolStr, usize>,
}

/// Reads the files, of which the first is `inventory.toml`; the problems are in their sinks.
pub(super) fn read(sinks: &[Sink<'_>]) -> (Inventory, Places, Cycles) {
    let tables: Vec<_> = sinks.iter().map(document::parse).collect();
    let mut files = sinks.iter().zip(&tables);
    let Some((sink, table)) = files.next() else { return Default::default() };
    let mut draft = Draft {
        sink,
        inventory: Inventory::default(),
        places: Places::default(),
        cycles: Cycles::default(),
        mentions: Vec::new(),
        mentioned: Vec::new(),
        groups: BTreeMap::new(),
    };
    let mut taken = device::Taken::default();
    draft.read(&mut taken, Fields::new(sink, table, "inventory", 0));
    for (sink, table) in files {
        draft.turn_to(sink);
        draft.read_devices(&mut taken, Fields::new(sink, table, "file of devices", 0));
    }
    draft.turn_to(sink);
    super::references::check(&draft);
    (draft.inventory, draft.places, draft.cycles)
}

impl<'s> Draft<'s> {
    /// From here on, what is wrong is wrong with another file.
    fn turn_to(&mut self, sink: &'s Sink<'s>) {
        let mentions = std::mem::take(&mut self.mentions);
        self.mentioned.push((self.sink, mentions));
        self.sink = sink;
    }

    fn read(&mut self, taken: &mut device::Taken, fields: Fields<'s, '_>) {
        let format = fields.integer("format", FORMAT..FORMAT + 1);
        fields.required("format", format);
        let site = fields.table("site");
        if let Some(site) = fields.required("site", site) {
            self.site(site);
        }
        for zone in self.few(fields.tables("zone"), MAX_ZONES) {
            self.zone(zone);
        }
        for conduit in self.few(fields.tables("conduit"), MAX_CONDUITS) {
            self.conduit(conduit);
        }
        for group in self.few(fields.tables("group"), MAX_GROUPS) {
            self.group(group);
        }
        self.devices(taken, &fields);
        for onboarding in self.few(fields.tables("onboarding"), MAX_DEVICES) {
            self.onboarding(onboarding);
        }
        for window in self.few(fields.tables("window"), MAX_WINDOWS) {
            window::read_window(self, window);
        }
        for emergency in self.few(fields.tables("emergency"), MAX_EMERGENCIES) {
            window::read_emergency(self, emergency);
        }
        fields.finish();
    }

    fn read_devices(&mut self, taken: &mut device::Taken, fields: Fields<'s, '_>) {
        let format = fields.integer("format", FORMAT..FORMAT + 1);
        fields.required("format", format);
        self.devices(taken, &fields);
        fields.finish();
    }

    fn devices(&mut self, taken: &mut device::Taken, fields: &Fields<'s, '_>) {
        let left = MAX_DEVICES.saturating_sub(self.inventory.devices.len());
        for device in self.few(fields.tables("device"), left) {
            device::read(self, taken, device);
        }
    }

    /// The first `limit` of them; more are refused.
    pub(super) fn few<'t>(&self, mut tables: Vec<Fields<'s, 't>>, limit: usize) -> Vec<Fields<'s, 't>> {
        if let Some(first_too_many) = tables.get(limit) {
            self.sink.error(first_too_many.offset(), format!("more than {limit} of these"), "split the site");
        }
        tables.truncate(limit);
        tables
    }

    fn site(&mut self, fields: Fields<'s, '_>) {
        let name = self.name(&fields, "name");
        self.inventory.site = Site { name: name.map(|name| name.value).unwrap_or_default() };
        fields.finish();
    }

    fn zone(&mut self, fields: Fields<'s, '_>) {
        let class = fields.text("class");
        let class = fields.required("class", class).and_then(|class| self.zone_class(class));
        let owner = self.line(&fields, "owner").unwrap_or_default();
        if let Some(name) = self.name(&fields, "name") {
            let zone = Zone { owner, class: class.unwrap_or_default() };
            self.places.zones.insert(name.value.clone(), fields.offset());
            if self.inventory.zones.insert(name.value.clone(), zone).is_some() {
                self.declared_twice("zone", &name);
            }
        }
        fields.finish();
    }

    fn zone_class(&self, class: At<&str>) -> Option<ZoneClass> {
        let found = ZoneClass::ALL.iter().copied().find(|known| known.name() == class.value);
        if found.is_none() {
            let names: Vec<&str> = ZoneClass::ALL.iter().map(|class| class.name()).collect();
            let message = format!("no class of zones is called `{}`", class.value.escape_debug());
            self.sink.error(class.offset, message, format!("the classes are: {}", names.join(", ")));
        }
        found
    }

    fn conduit(&mut self, fields: Fields<'s, '_>) {
        let [from, to] = ["from", "to"].map(|key| {
            let zone = fields.text(key);
            fields.required(key, zone)
        });
        self.mentions.extend([from, to].into_iter().flatten().map(Mention::Zone));
        let owner = self.line(&fields, "owner").unwrap_or_default();
        let protocols: BTreeSet<_> =
            fields.texts("protocols").into_iter().filter_map(|name| self.protocol(name)).collect();
        let cycle = self.span(&fields, "cycle");
        if let (Some(from), Some(to)) = (from, to) {
            let pair = [from, to].map(|zone| SmolStr::new(zone.value));
            let [from, to] = pair.clone();
            if self.inventory.conduits.iter().any(|known| [&known.from, &known.to] == [&from, &to]) {
                let message = format!("a second conduit from `{from}` to `{to}`");
                self.sink.error(fields.offset(), message, "put all its protocols into one");
            }
            if let Some(cycle) = cycle {
                self.cycles.conduits.insert(pair.into(), cycle);
            }
            self.inventory.conduits.push(Conduit { from, to, owner, protocols });
            self.places.conduits.push(fields.offset());
        }
        fields.finish();
    }

    fn group(&mut self, fields: Fields<'s, '_>) {
        let parents = fields.texts("in");
        self.mentions.extend(parents.iter().copied().map(Mention::Group));
        if let Some(name) = self.name(&fields, "name") {
            let parents = parents.iter().map(|parent| SmolStr::new(parent.value)).collect();
            self.groups.insert(name.value.clone(), fields.offset());
            if self.inventory.groups.insert(name.value.clone(), Group { parents }).is_some() {
                self.declared_twice("group", &name);
            }
        }
        fields.finish();
    }

    fn onboarding(&mut self, fields: Fields<'s, '_>) {
        let device = fields.text("device");
        let device = fields.required("device", device);
        let service = self.name(&fields, "service");
        if let (Some(device), Some(service)) = (device, service) {
            match DeviceName::new(device.value) {
                Ok(name) => {
                    let value = ServiceId { device: name, service: service.value };
                    self.inventory.onboarding.insert(value.clone());
                    self.mentions.push(Mention::Service(At { value, offset: device.offset }));
                }
                Err(why) => {
                    self.sink.error(device.offset, why.to_string(), "name a device of this inventory")
                }
            }
        }
        fields.finish();
    }

    /// A required name, of what a device name may hold: it stands in Cedar texts, in paths and in logs.
    pub(super) fn name(&self, fields: &Fields<'s, '_>, key: &'static str) -> Option<At<SmolStr>> {
        let name = fields.text(key);
        self.name_of(fields.required(key, name)?)
    }

    pub(super) fn name_of(&self, name: At<&str>) -> Option<At<SmolStr>> {
        match DeviceName::new(name.value) {
            Ok(_) => Some(At { value: SmolStr::new(name.value), offset: name.offset }),
            Err(why) => {
                let message = format!("`{}` is no name: {why}", name.value.escape_debug());
                self.sink.error(name.offset, message, "use letters, digits, `-`, `_` and `.`");
                None
            }
        }
    }

    /// One line of plain text.
    pub(super) fn line(&self, fields: &Fields<'s, '_>, key: &'static str) -> Option<SmolStr> {
        let text = fields.text(key)?;
        if text.value.len() > MAX_TEXT || text.value.chars().any(char::is_control) {
            let message = format!("`{key}` is not one line of at most {MAX_TEXT} bytes");
            self.sink.error(text.offset, message, "shorten it");
            return None;
        }
        Some(SmolStr::new(text.value.trim()))
    }

    pub(super) fn protocol(&self, name: At<&str>) -> Option<nullius_model::Protocol> {
        let found = words::protocol(name.value);
        if found.is_none() {
            let message = format!("no protocol is called `{}`", name.value.escape_debug());
            self.sink.error(name.offset, message, format!("the protocols are: {}", words::protocol_names()));
        }
        found
    }

    pub(super) fn span(&self, fields: &Fields<'s, '_>, key: &'static str) -> Option<Duration> {
        let text = fields.text(key)?;
        let found = words::span(text.value);
        if found.is_none() {
            let message = format!("`{}` is no span of time", text.value.escape_debug());
            self.sink.error(text.offset, message, "write a number and a unit: 90s, 15m, 24h, 7d");
        }
        found
    }

    pub(super) fn declared_twice(&self, what: &str, name: &At<SmolStr>) {
        let message = format!("a second {what} is called `{}`", name.value);
        self.sink.error(name.offset, message, "give each its own name");
    }
}

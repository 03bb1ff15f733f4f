//! What kind of device it is: rules that add up, with every reason kept.
//!
//! Each rule is one observation and the classes it speaks for. Nothing a device says can give it a privilege: a class
//! is for people, for grouping, and for noticing that the evidence contradicts itself.

use super::attributes::AttributeValue;
use super::resolve::Device;
use super::rules::{CLAIMS, DHCP_SYSTEMS, MAKERS};
use crate::picture::{ConversationView, Party, Role};
use nullius_model::{Attribute, Protocol};
use std::collections::BTreeSet;

/// What a device may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Programmable controller, remote terminal unit, protection relay.
    Controller,
    /// Operator panel or supervisory system: asks controllers and writes to them.
    Supervisor,
    /// Collects values and writes none.
    Historian,
    /// Programs controllers.
    EngineeringStation,
    /// Building automation controller.
    BuildingController,
    /// Camera.
    Camera,
    /// Sensor or actuator that reports to a broker or server.
    Sensor,
    /// Message broker.
    Broker,
    /// Bridge between a field network and IP.
    Gateway,
    /// Smart plug, bulb, kettle and the like.
    Appliance,
    /// Printer.
    Printer,
    /// Switch or access point.
    Switch,
    /// Router.
    Router,
    /// Computer of a person.
    Workstation,
    /// Phone or tablet.
    Phone,
    /// Computer that serves others.
    Server,
}

impl Class {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Controller => "controller",
            Self::Supervisor => "supervisor",
            Self::Historian => "historian",
            Self::EngineeringStation => "engineering-station",
            Self::BuildingController => "building-controller",
            Self::Camera => "camera",
            Self::Sensor => "sensor",
            Self::Broker => "broker",
            Self::Gateway => "gateway",
            Self::Appliance => "appliance",
            Self::Printer => "printer",
            Self::Switch => "switch",
            Self::Router => "router",
            Self::Workstation => "workstation",
            Self::Phone => "phone",
            Self::Server => "server",
        }
    }
}

/// The verdict and all that led to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classification {
    /// The class with most points; none where too little speaks, or as much speaks for another.
    pub class: Option<Class>,
    /// The evidence contradicts itself: two classes are about equally likely.
    pub ambiguous: bool,
    /// 0–100: the share of points that speak for the class, less where there are few.
    pub confidence: u8,
    /// Every observation that counted, with what it speaks for and how much.
    pub reasons: Vec<Reason>,
}

/// One observation that counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it speaks for.
    pub class: Class,
    /// How much, 1–10.
    pub points: u32,
    /// What was observed.
    pub why: String,
}

/// What of a device the rules look at.
#[derive(Debug)]
pub struct Traits<'a> {
    forwards_for: usize,
    vendor: Option<&'a str>,
    attributes: &'a [AttributeValue],
    roles: &'a [Role],
    writes: bool,
    programs: bool,
    /// Parties it asks for more than their names, in industrial protocols.
    asked: usize,
    scans_io: bool,
    tls_to_internet: bool,
}

impl<'a> Traits<'a> {
    pub(crate) fn of(
        party: Party,
        device: &Device,
        vendor: Option<&'a str>,
        attributes: &'a [AttributeValue],
        roles: &'a [Role],
        conversations: &[&ConversationView],
    ) -> Self {
        let asks = || conversations.iter().filter(|view| view.client == party);
        let sends = |class: fn(nullius_model::VerbClass) -> bool| {
            asks().any(|view| {
                view.protocol.is_industrial()
                    && view.alphabet.iter().any(|(_, symbol, _)| class(symbol.class))
            })
        };
        use nullius_model::VerbClass::{Command, Firmware, Program, Write};
        Self {
            forwards_for: if device.is_router { device.forwards_for.max(1) } else { 0 },
            vendor,
            attributes,
            roles,
            writes: sends(|class| matches!(class, Write | Command)),
            programs: sends(|class| matches!(class, Program | Firmware)),
            asked: asks()
                .filter(|view| asks_values(view))
                .map(|view| view.server)
                .collect::<BTreeSet<_>>()
                .len(),
            scans_io: asks().any(|view| {
                view.protocol == Protocol::EthernetIp
                    && view.alphabet.iter().any(|(_, symbol, _)| symbol.verb == "io_data")
            }),
            tls_to_internet: asks()
                .any(|view| view.protocol == Protocol::Tls && matches!(view.server, Party::Internet(_))),
        }
    }

    fn asks(&self, protocol: Protocol) -> bool {
        self.roles.iter().any(|role| role.protocol == protocol && !role.serves)
    }

    fn serves(&self, protocol: Protocol) -> bool {
        self.roles.iter().any(|role| role.protocol == protocol && role.serves)
    }

    fn industrial(&self, serves: bool) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(move |role| role.serves == serves && role.protocol.is_industrial())
    }

    /// The first claim about any of `attributes` that contains one of `words`.
    fn says(&self, attributes: &[Attribute], words: &[&str]) -> Option<String> {
        self.attributes.iter().filter(|value| attributes.contains(&value.attribute)).find_map(|value| {
            let claims = std::iter::once(&value.value).chain(value.others.iter().map(|(other, _)| other));
            let mut claims = claims.map(|claim| claim.to_ascii_lowercase());
            claims
                .find(|claim| words.iter().any(|word| claim.contains(word)))
                .map(|claim| format!("{} `{claim}`", value.attribute))
        })
    }

    /// It answers an industrial protocol, or its hardware address is of a maker of controllers.
    fn poses_as_controller(&self) -> bool {
        self.industrial(true).next().is_some()
            || MAKERS
                .iter()
                .any(|(words, class, _)| *class == Class::Controller && self.vendor_is(words).is_some())
    }

    /// The system whose DHCP client asks for these options, in any order.
    fn dhcp_system(&self) -> Option<&'static str> {
        let asked = self.attributes.iter().find(|value| value.attribute == Attribute::DhcpFingerprint)?;
        let asks = |option: &str| asked.value.split(',').any(|asked| asked == option);
        DHCP_SYSTEMS
            .iter()
            .find(|(_, options)| options.iter().all(|option| asks(option)))
            .map(|(system, _)| *system)
    }

    fn vendor_is(&self, words: &[&str]) -> Option<&'a str> {
        let vendor = self.vendor?;
        let lower = vendor.to_ascii_lowercase();
        words.iter().any(|word| lower.contains(word)).then_some(vendor)
    }
}

/// One server is asked for more than who it is. Searches go to everyone and make nobody a master.
fn asks_values(view: &ConversationView) -> bool {
    use nullius_model::VerbClass::{Connect, Discover, Publish};
    let is_idle = |class| matches!(class, Connect | Discover | Publish);
    view.protocol.is_industrial()
        && !matches!(view.server, Party::Group(_))
        && view.alphabet.iter().any(|(_, symbol, _)| !is_idle(symbol.class) || symbol.verb == "io_data")
}

/// Adds up what speaks for each class.
pub fn classify(traits: &Traits<'_>) -> Classification {
    let mut reasons = Vec::new();
    by_industrial_role(traits, &mut reasons);
    by_message_role(traits, &mut reasons);
    by_claims(traits, &mut reasons);
    by_dhcp(traits, &mut reasons);
    by_vendor(traits, &mut reasons);
    by_network(traits, &mut reasons);
    verdict(reasons)
}

type Reasons = Vec<Reason>;

fn add(reasons: &mut Reasons, class: Class, points: u32, why: impl Into<String>) {
    reasons.push(Reason { class, points, why: why.into() });
}

fn by_industrial_role(traits: &Traits<'_>, reasons: &mut Reasons) {
    for role in traits.industrial(true) {
        let class =
            if role.protocol == Protocol::Bacnet { Class::BuildingController } else { Class::Controller };
        // Everything on such a network answers searches, switches and panels too.
        let points = if role.protocol == Protocol::ProfinetDcp { 2 } else { 6 };
        add(reasons, class, points, format!("answers {} as {}", role.protocol, role.name()));
    }
    for role in traits.industrial(false).filter(|role| role.protocol == Protocol::Goose) {
        add(reasons, Class::Controller, 6, format!("publishes {}", role.protocol));
    }
    let peers = traits.asked;
    if peers == 0 {
        return;
    }
    if traits.scans_io {
        add(reasons, Class::Controller, 6, "exchanges cyclic input and output as scanner");
        return;
    }
    if traits.programs {
        add(reasons, Class::EngineeringStation, 9, "reads or changes control programs");
    }
    if traits.writes {
        add(reasons, Class::Supervisor, 6, format!("asks {peers} controllers and writes to them"));
    } else {
        add(reasons, Class::Historian, 5, format!("asks {peers} controllers and writes to none"));
        add(reasons, Class::Supervisor, 2, "asks controllers");
    }
}

fn by_message_role(traits: &Traits<'_>, reasons: &mut Reasons) {
    if traits.serves(Protocol::Mqtt) {
        add(reasons, Class::Broker, 8, "accepts MQTT");
    }
    if traits.asks(Protocol::Mqtt) {
        add(reasons, Class::Sensor, 5, "reports over MQTT");
    }
    if traits.serves(Protocol::Coap) {
        add(reasons, Class::Sensor, 6, "answers CoAP");
    }
}

fn by_claims(traits: &Traits<'_>, reasons: &mut Reasons) {
    for (attributes, words, class, points) in CLAIMS {
        if let Some(claim) = traits.says(attributes, words) {
            add(reasons, *class, *points, format!("says {claim}"));
        }
    }
}

fn by_dhcp(traits: &Traits<'_>, reasons: &mut Reasons) {
    if let Some(system) = traits.dhcp_system() {
        add(reasons, Class::Workstation, 4, format!("asks for the DHCP options that {system} asks for"));
    }
}

fn by_vendor(traits: &Traits<'_>, reasons: &mut Reasons) {
    for (words, class, points) in MAKERS {
        if let Some(vendor) = traits.vendor_is(words) {
            add(reasons, *class, *points, format!("hardware address of {vendor}"));
        }
    }
}

/// Addresses beyond a device that make it a router above all else.
const MANY_BEYOND: usize = 3;

fn by_network(traits: &Traits<'_>, reasons: &mut Reasons) {
    match traits.forwards_for {
        0 => {}
        // A phone behind a plug that is being set up, or a machine with two cards.
        few @ 1..MANY_BEYOND => {
            add(reasons, Class::Router, 5, format!("forwards packets for {few} other addresses"));
        }
        many => add(reasons, Class::Router, 8, format!("forwards packets for {many} other addresses")),
    }
    if traits.tls_to_internet {
        // Many things do; a controller has no business there.
        let points = if traits.poses_as_controller() { 6 } else { 1 };
        add(reasons, Class::Workstation, points, "opens TLS to the internet");
    }
    if traits.serves(Protocol::Dns) {
        add(reasons, Class::Router, 2, "answers DNS");
    }
    for protocol in
        [Protocol::Ssh, Protocol::Http, Protocol::Tls, Protocol::Smtp, Protocol::Imap, Protocol::Ntp]
    {
        if traits.serves(protocol) {
            add(reasons, Class::Server, 1, format!("answers {protocol}"));
        }
    }
}

/// Fewer points than this are no verdict: a manufacturer's name alone says what a device might be.
const MIN_POINTS: u32 = 4;

/// Most points win, unless another class has almost as many.
fn verdict(reasons: Reasons) -> Classification {
    let mut totals: std::collections::BTreeMap<Class, u32> = std::collections::BTreeMap::new();
    for reason in &reasons {
        *totals.entry(reason.class).or_default() += reason.points;
    }
    let mut ranked: Vec<(u32, Class)> = totals.iter().map(|(class, points)| (*points, *class)).collect();
    ranked.sort_by_key(|(points, class)| (std::cmp::Reverse(*points), *class));
    let Some(&(best, class)) = ranked.first() else {
        return Classification { reasons, ..Default::default() };
    };
    let second = ranked.get(1).map_or(0, |(points, _)| *points);
    let known = best >= MIN_POINTS;
    // Seven in ten of the best is a contradiction, not noise.
    let ambiguous = known && second * 10 >= best * 7;
    let all: u32 = ranked.iter().map(|(points, _)| *points).sum();
    // Eight points are one strong observation with something behind it; less is a guess.
    let confidence = best * 100 / all * best.min(8) / 8;
    Classification {
        class: (known && !ambiguous).then_some(class),
        ambiguous,
        confidence: u8::try_from(if ambiguous { confidence / 2 } else { confidence }).unwrap_or(100),
        reasons,
    }
}

#[cfg(test)]
mod tests;

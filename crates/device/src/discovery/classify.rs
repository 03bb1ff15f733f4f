//! What kind of device it is: rules that add up, with every reason kept.
//!
//! Each rule is one observation and the classes it speaks for. Nothing a device says can give it a privilege: a class
//! is for people, for grouping, and for noticing that the evidence contradicts itself.

use super::attributes::AttributeValue;
use super::resolve::Device;
use crate::picture::{ConversationView, Party, Role};
use nullius_model::{Attribute, Protocol};

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
    /// The class with most points; none where nothing speaks, or as much speaks for another.
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
    is_router: bool,
    vendor: Option<&'a str>,
    attributes: &'a [AttributeValue],
    roles: &'a [Role],
    writes: bool,
    programs: bool,
    talks_to_internet: bool,
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
            is_router: device.is_router,
            vendor,
            attributes,
            roles,
            writes: sends(|class| matches!(class, Write | Command)),
            programs: sends(|class| matches!(class, Program | Firmware)),
            talks_to_internet: asks().any(|view| matches!(view.server, Party::Internet(_))),
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

    fn vendor_is(&self, words: &[&str]) -> Option<&'a str> {
        let vendor = self.vendor?;
        let lower = vendor.to_ascii_lowercase();
        words.iter().any(|word| lower.contains(word)).then_some(vendor)
    }
}

/// Adds up what speaks for each class.
pub fn classify(traits: &Traits<'_>) -> Classification {
    let mut reasons = Vec::new();
    by_industrial_role(traits, &mut reasons);
    by_message_role(traits, &mut reasons);
    by_claims(traits, &mut reasons);
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
        add(reasons, class, 6, format!("answers {} as {}", role.protocol, role.name()));
    }
    for role in traits.industrial(false).filter(|role| role.protocol == Protocol::Goose) {
        add(reasons, Class::Controller, 6, format!("publishes {}", role.protocol));
    }
    let asked: Vec<&Role> =
        traits.industrial(false).filter(|role| role.protocol != Protocol::Goose).collect();
    let peers: usize = asked.iter().map(|role| role.peers).sum();
    if asked.is_empty() {
        return;
    }
    if traits.programs {
        add(reasons, Class::EngineeringStation, 9, "reads or changes control programs");
    }
    if traits.writes {
        add(reasons, Class::Supervisor, 6, format!("asks {peers} controllers and writes to them"));
    } else {
        add(reasons, Class::Historian, 4, format!("asks {peers} controllers and writes to none"));
        add(reasons, Class::Supervisor, 3, "asks controllers");
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

/// Words in what a device says of itself, and what they speak for.
const CLAIMS: &[(&[Attribute], &[&str], Class, u32)] = {
    use Attribute::{
        Capability, Description, DeviceRole, Hostname, Model, ProductCode, ServerSoftware, Service,
        UserAgent, VendorClass,
    };
    &[
        (&[Capability], &["router"], Class::Router, 5),
        (&[Capability], &["bridge", "switch"], Class::Switch, 6),
        (&[Capability], &["wlan", "access point"], Class::Switch, 5),
        (&[Capability], &["telephone", "phone"], Class::Phone, 6),
        (&[Service], &["_ipp", "_printer", "_pdl-datastream"], Class::Printer, 8),
        (&[Service, Model, Description], &["printer", "laserjet", "officejet"], Class::Printer, 5),
        (&[Service], &["_axis-video", "_rtsp", "networkvideo", "digitalsecuritycamera"], Class::Camera, 8),
        (
            &[Hostname, Model, Description, ServerSoftware, Service],
            &["camera", "ipcam", "webcam", "dcs-"],
            Class::Camera,
            6,
        ),
        (&[Service, Model], &["belkin", "wemo", "insight", "basicdevice"], Class::Appliance, 6),
        (
            &[Hostname, Model],
            &["plug", "kettle", "coffee", "bulb", "siren", "hs100", "hs110"],
            Class::Appliance,
            6,
        ),
        (
            &[Hostname, Model, ServerSoftware, Service],
            &["hue-bridge", "ipbridge", "philips hue", "homehub"],
            Class::Gateway,
            8,
        ),
        (&[VendorClass], &["msft"], Class::Workstation, 5),
        (&[VendorClass], &["android"], Class::Phone, 6),
        (&[UserAgent], &["windows nt", "macintosh", "x11; linux"], Class::Workstation, 5),
        (&[UserAgent, Hostname, Model], &["iphone", "ipad", "android"], Class::Phone, 6),
        (&[Service], &["_smb._tcp", "_afpovertcp", "_workstation", "_companion-link"], Class::Workstation, 3),
        (&[DeviceRole], &["io-controller", "io controller"], Class::Controller, 5),
        (
            &[DeviceRole, Description, Model],
            &["programmable logic controller", "plc", "simatic", "cpu 3", "controllogix", "m340"],
            Class::Controller,
            6,
        ),
        (&[DeviceRole], &["human-machine interface", "hmi"], Class::Supervisor, 6),
        (&[DeviceRole, Description, Model], &["communications adapter", "gateway"], Class::Gateway, 4),
        (&[DeviceRole], &["dhcp server"], Class::Router, 4),
        (&[ProductCode, Description], &["cisco ios", "catalyst"], Class::Switch, 5),
        (&[ServerSoftware], &["openssh", "apache", "nginx", "iis"], Class::Server, 2),
    ]
};

fn by_claims(traits: &Traits<'_>, reasons: &mut Reasons) {
    for (attributes, words, class, points) in CLAIMS {
        if let Some(claim) = traits.says(attributes, words) {
            add(reasons, *class, *points, format!("says {claim}"));
        }
    }
}

/// Makers of mostly one kind of device. A block address is cheap to fake: few points.
const MAKERS: &[(&[&str], Class, u32)] = &[
    (
        &[
            "elau",
            "siemens",
            "rockwell",
            "allen-bradley",
            "schneider",
            "modicon",
            "beckhoff",
            "wago",
            "phoenix contact",
            "omron",
            "b&r",
        ],
        Class::Controller,
        2,
    ),
    (&["schweitzer", "abb ", "ge multilin"], Class::Controller, 2),
    (&["axis communications", "hikvision", "dahua", "edimax"], Class::Camera, 2),
    (&["philips lighting", "signify"], Class::Gateway, 2),
    (&["belkin", "tp-link", "smarter", "espressif", "tuya"], Class::Appliance, 2),
    (&["hewlett packard", "dell", "intel corporate", "lenovo", "vmware"], Class::Workstation, 1),
    (&["brother industries", "canon", "seiko epson", "kyocera"], Class::Printer, 3),
    (&["cisco", "hirschmann", "moxa", "ubiquiti", "aruba"], Class::Switch, 2),
    (
        &["johnson controls", "honeywell", "tridium", "automated logic", "delta controls"],
        Class::BuildingController,
        2,
    ),
];

fn by_vendor(traits: &Traits<'_>, reasons: &mut Reasons) {
    for (words, class, points) in MAKERS {
        if let Some(vendor) = traits.vendor_is(words) {
            add(reasons, *class, *points, format!("hardware address of {vendor}"));
        }
    }
}

fn by_network(traits: &Traits<'_>, reasons: &mut Reasons) {
    if traits.is_router {
        add(reasons, Class::Router, 8, "forwards packets for other addresses");
    }
    if traits.talks_to_internet && traits.asks(Protocol::Tls) {
        add(reasons, Class::Workstation, 2, "opens TLS to the internet");
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
    // Seven in ten of the best is a contradiction, not noise.
    let ambiguous = second * 10 >= best * 7;
    let all: u32 = ranked.iter().map(|(points, _)| *points).sum();
    // Eight points are one strong observation with something behind it; less is a guess.
    let confidence = best * 100 / all * best.min(8) / 8;
    Classification {
        class: (!ambiguous).then_some(class),
        ambiguous,
        confidence: u8::try_from(if ambiguous { confidence / 2 } else { confidence }).unwrap_or(100),
        reasons,
    }
}

//! A small made-up site for tests: stations by number, messages in a line each.

use crate::{Config, Limits, Picture, Site};
use nullius_model::{
    Attribute, Binding, BindingSource, Direction, Endpoint, Fact, FlowId, FlowInfo, FlowUsage, FrameNumber,
    Mac, Message, MessageKind, Object, Observation, Protocol, Seed, Seen, Sink, Symbol, Timestamp, Transport,
    Unit, Usage, Values, VerbClass,
};
use std::net::{IpAddr, Ipv4Addr};

/// Frame `number`, one a second.
pub(crate) fn seen(number: u64) -> Seen {
    Seen { frame: FrameNumber(number), at: Timestamp::from_secs(1_000 + number) }
}

/// The hardware address of station `number`, of no manufacturer.
pub(crate) const fn mac(number: u8) -> Mac {
    Mac::new([2, 0, 0, 0, 0, number])
}

/// The network address of station `number` on the site.
pub(crate) const fn ip(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, number))
}

/// An address of the internet.
pub(crate) const fn cloud(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, number))
}

/// A flow of station `client` to station `server`.
pub(crate) fn flow(client: u8, server: u8, port: u16) -> FlowInfo {
    flow_to(client, Endpoint { mac: mac(server), ip: Some(ip(server)), port })
}

/// A flow of station `client` to any endpoint.
pub(crate) fn flow_to(client: u8, server: Endpoint) -> FlowInfo {
    FlowInfo {
        id: FlowId(u64::from(client) << 16 | u64::from(server.port)),
        transport: Transport::Tcp,
        client: Endpoint { mac: mac(client), ip: Some(ip(client)), port: 50_000 },
        server,
        vlan: None,
        opening_seen: true,
    }
}

/// A Modbus request about one register.
pub(crate) fn request(class: VerbClass, register: u32) -> Message<'static> {
    let verb = if class == VerbClass::Read { "read" } else { "change" };
    Message {
        protocol: Protocol::Modbus,
        unit: Unit::number(1),
        direction: Direction::FromClient,
        kind: MessageKind::Request,
        symbol: Symbol::new(class, verb).about(Object::range("register", register, 1)),
        values: Values::None,
    }
}

/// A site with everything learned and few symbols a conversation.
pub(crate) fn site() -> Site {
    Site::new(Config {
        limits: Limits::default(),
        seed: Seed::new(7),
        learn_until: None,
        follow_values: false,
    })
}

/// A picture of what `tell` tells a site.
pub(crate) fn picture(tell: impl FnOnce(&mut Site)) -> Picture {
    let mut site = site();
    tell(&mut site);
    site.picture(&[])
}

/// What tests tell a site.
impl Site {
    /// A frame was sent from an address, arriving with this hop limit.
    pub(crate) fn sends(&mut self, from: Mac, ip: IpAddr, hop_limit: u8, at: u64) {
        let ip = Some((ip, self::ip(250)));
        let frame = Observation::Frame { source: from, destination: mac(250), ip, hop_limit, length: 100 };
        self.observe(seen(at), None, frame);
    }

    /// A station says by ARP that an address is its own.
    pub(crate) fn announces(&mut self, mac: Mac, ip: IpAddr, at: u64) {
        let binding = Binding { mac, ip, source: BindingSource::Arp };
        self.observe(seen(at), None, Observation::Binding(binding));
    }

    /// Something is said about a station.
    pub(crate) fn says(
        &mut self,
        mac: Mac,
        ip: Option<IpAddr>,
        (attribute, value): (Attribute, &str),
        source: Protocol,
    ) {
        self.observe(seen(1), None, Observation::Fact(Fact { mac, ip, attribute, value, source }));
    }

    /// A flow opened, was used in one protocol, and was answered or not.
    pub(crate) fn talks(&mut self, flow: &FlowInfo, protocol: Protocol, answered: bool, at: u64) {
        let sent = Usage { frames: 1, bytes: 100, payload: 40 };
        let from_server = if answered { sent } else { Usage::default() };
        let (first, last) = (seen(at), seen(at));
        let usage = FlowUsage {
            protocol,
            from_client: sent,
            from_server,
            first,
            last,
            answered,
            refused: false,
            ended: true,
        };
        self.observe(seen(at), Some(flow), Observation::FlowUsage(usage));
    }

    /// A message is sent in a flow.
    pub(crate) fn asks(&mut self, flow: &FlowInfo, message: Message<'_>, at: u64) {
        self.observe(seen(at), Some(flow), Observation::Message(message));
    }
}

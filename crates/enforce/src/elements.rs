//! Rules as elements of sets, and back.
//!
//! Each rule has one element that it can be told from, and others that follow from it. INVARIANT: `rule` of a rule's
//! first element gives that rule again; what follows is never read as a rule.

use crate::field::Part;
use crate::set::Set;
use crate::skeleton::{ETHER_IP4, ETHER_IP6};
use nullius_model::{Channel, Mac, Path, PortName, Rule, Terms, Uptime, Verdict};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// What an element of a set is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Element {
    pub(crate) set: Set,
    pub(crate) key: Vec<u8>,
}

/// The elements of a rule: the first is its own, the others are shared with whatever rules they follow from as well.
/// None for a rule that says what is so without it: a denied service.
pub(crate) fn elements(rule: &Rule, terms: &Terms) -> Vec<Element> {
    let mut elements = unchecked(rule, terms);
    // a rule between an IPv4 and an IPv6 address speaks of no packet
    elements.retain(|element| key_bytes(element.set.shape().key) == element.key.len());
    elements
}

fn unchecked(rule: &Rule, terms: &Terms) -> Vec<Element> {
    match rule {
        Rule::Known(mac) => vec![Key::new().mac(*mac).of(Set::KnownMac)],
        Rule::Address { port, mac, address } => bound(port, *mac, *address),
        Rule::Service { client, server, channel, path: _ } => {
            service(*client, *server, *channel, terms).into_iter().collect()
        }
        Rule::Neighbours(one, other) => both_ways(*one, *other, Set::Neighbours4, Set::Neighbours6),
        Rule::Frame { port, source, destination, ethertype, application } => {
            let own = Key::new().port(port).mac(*source).mac(*destination);
            vec![own.number(*ethertype).number(*application).of(Set::Frame), station(port, *source)]
        }
        Rule::Shadow(address) => {
            vec![Key::new().ip(*address).of_either(*address, Set::Shadow4, Set::Shadow6)]
        }
        Rule::Observe(address) => {
            vec![Key::new().ip(*address).of_either(*address, Set::Observe4, Set::Observe6)]
        }
        Rule::ShadowPair(one, other) => both_ways(*one, *other, Set::ShadowPair4, Set::ShadowPair6),
        Rule::ObservePair(one, other) => both_ways(*one, *other, Set::ObservePair4, Set::ObservePair6),
        Rule::OnboardingPort(port) => vec![Key::new().port(port).of(Set::OnboardingPort)],
        Rule::WatchedPort(port) => vec![Key::new().port(port).of(Set::WatchedPort)],
        Rule::Onboarding { server, channel } => onboarding(*server, *channel),
    }
}

/// The port where a request for configuration may go out.
pub(crate) fn dhcp_port(port: &PortName) -> Element {
    Key::new().port(port).of(Set::DhcpPort)
}

/// Where the marker stands.
pub(crate) fn marker() -> Element {
    Element { set: Set::Marker, key: 1_u32.to_ne_bytes().to_vec() }
}

fn bound(port: &PortName, mac: Mac, address: IpAddr) -> Vec<Element> {
    vec![
        Key::new().port(port).mac(mac).ip(address).of_either(address, Set::Address4, Set::Address6),
        Key::new().port(port).framed(mac, address).ip(address).of_either(address, Set::Sender4, Set::Sender6),
        Key::new().ip(address).of_either(address, Set::Known4, Set::Known6),
        Key::new().port(port).ip(address).of_either(address, Set::Located4, Set::Located6),
        station(port, mac),
    ]
}

fn station(port: &PortName, mac: Mac) -> Element {
    Key::new().port(port).mac(mac).of(Set::Station)
}

fn service(client: IpAddr, server: IpAddr, channel: Channel, terms: &Terms) -> Option<Element> {
    let pair = Key::new().ip(client).ip(server);
    let (protocol, port) = match (channel, terms.verdict) {
        (_, Verdict::Deny) => return None,
        (Channel::Echo, Verdict::Accept) => return Some(pair.of_either(client, Set::Echo4, Set::Echo6)),
        // no message filter reads an echo: the element says that the rule is there, and no packet asks for it
        (Channel::Echo, Verdict::Divert) => (0, 0),
        (Channel::Tcp(port), Verdict::Accept | Verdict::Divert) => (TCP, port),
        (Channel::Udp(port), Verdict::Accept | Verdict::Divert) => (UDP, port),
    };
    let key = pair.protocol(protocol).number(port);
    Some(match (terms.verdict, terms.ends) {
        (Verdict::Divert, _) => key.of_either(client, Set::Divert4, Set::Divert6),
        (Verdict::Accept | Verdict::Deny, Some(_)) => key.of_either(client, Set::Lease4, Set::Lease6),
        (Verdict::Accept | Verdict::Deny, None) => key.of_either(client, Set::Service4, Set::Service6),
    })
}

fn both_ways(one: IpAddr, other: IpAddr, four: Set, six: Set) -> Vec<Element> {
    let mut elements: Vec<_> = [(one.min(other), one.max(other)), (one.max(other), one.min(other))]
        .map(|(from, to)| Key::new().ip(from).ip(to).of_either(from, four, six))
        .into();
    elements.dedup();
    elements
}

fn onboarding(server: IpAddr, channel: Channel) -> Vec<Element> {
    let (protocol, port) = match channel {
        Channel::Tcp(port) => (TCP, port),
        Channel::Udp(port) => (UDP, port),
        Channel::Echo => (0, 0),
    };
    let key = Key::new().ip(server).protocol(protocol).number(port);
    vec![
        key.of_either(server, Set::Onboarding4, Set::Onboarding6),
        Key::new().ip(server).of_either(server, Set::OnboardingHost4, Set::OnboardingHost6),
    ]
}

/// The rule that an element is the own element of; none for what follows from others, and for what no rule makes.
pub(crate) fn rule(element: &Element, path: Path) -> Option<(Rule, Verdict)> {
    let mut values = Values::new(element)?;
    let rule = match element.set {
        Set::KnownMac => Rule::Known(values.mac()?),
        Set::Address4 | Set::Address6 => {
            Rule::Address { port: values.port()?, mac: values.mac()?, address: values.ip()? }
        }
        Set::Service4 | Set::Service6 | Set::Lease4 | Set::Lease6 | Set::Divert4 | Set::Divert6 => {
            let [client, server] = [values.ip()?, values.ip()?];
            Rule::Service { client, server, channel: values.channel()?, path }
        }
        Set::Echo4 | Set::Echo6 => {
            let [client, server] = [values.ip()?, values.ip()?];
            Rule::Service { client, server, channel: Channel::Echo, path }
        }
        Set::Neighbours4 | Set::Neighbours6 => values.pair(Rule::Neighbours)?,
        Set::ShadowPair4 | Set::ShadowPair6 => values.pair(Rule::ShadowPair)?,
        Set::ObservePair4 | Set::ObservePair6 => values.pair(Rule::ObservePair)?,
        Set::Shadow4 | Set::Shadow6 => Rule::Shadow(values.ip()?),
        Set::Observe4 | Set::Observe6 => Rule::Observe(values.ip()?),
        Set::Frame => Rule::Frame {
            port: values.port()?,
            source: values.mac()?,
            destination: values.mac()?,
            ethertype: values.number()?,
            application: values.number()?,
        },
        Set::OnboardingPort => Rule::OnboardingPort(values.port()?),
        Set::WatchedPort => Rule::WatchedPort(values.port()?),
        Set::Onboarding4 | Set::Onboarding6 => {
            Rule::Onboarding { server: values.ip()?, channel: values.channel()? }
        }
        Set::Marker
        | Set::Station
        | Set::Sender4
        | Set::Sender6
        | Set::Known4
        | Set::Known6
        | Set::Located4
        | Set::Located6
        | Set::OnboardingHost4
        | Set::OnboardingHost6
        | Set::DhcpPort
        | Set::Reply4
        | Set::Reply6
        | Set::LogBudget => return None,
    };
    let verdict = match (&rule, element.set) {
        (Rule::Service { .. }, Set::Divert4 | Set::Divert6) => Verdict::Divert,
        (Rule::Service { .. }, _) => Verdict::Accept,
        _ => Verdict::default(),
    };
    Some((rule, verdict))
}

/// When a rule ends, as its elements do: only where rules may end.
pub(crate) fn ends(rule: &Rule, terms: &Terms) -> Option<Uptime> {
    match rule {
        Rule::Service { .. } | Rule::Neighbours(..) | Rule::Frame { .. } => terms.ends,
        Rule::Known(_)
        | Rule::Address { .. }
        | Rule::Shadow(_)
        | Rule::ShadowPair(..)
        | Rule::Observe(_)
        | Rule::ObservePair(..)
        | Rule::OnboardingPort(_)
        | Rule::WatchedPort(_)
        | Rule::Onboarding { .. } => None,
    }
}

/// Writes a key, part by part, each filled up to a register.
struct Key(Vec<u8>);

impl Key {
    fn new() -> Self {
        Self(Vec::with_capacity(48))
    }

    fn part(mut self, bytes: &[u8], part: Part) -> Self {
        let end = self.0.len().saturating_add(part.bytes());
        self.0.extend_from_slice(bytes);
        self.0.resize(end, 0);
        self
    }

    fn port(self, port: &PortName) -> Self {
        self.part(port.as_str().as_bytes(), Part::Port)
    }

    fn mac(self, mac: Mac) -> Self {
        self.part(&mac.octets(), Part::Mac)
    }

    /// A sender of packets of this generation, with no tag in front.
    fn framed(self, mac: Mac, ip: IpAddr) -> Self {
        let ether_type = if ip.is_ipv4() { ETHER_IP4 } else { ETHER_IP6 };
        self.part(&[&mac.octets(), ether_type].concat(), Part::MacAndType)
    }

    fn ip(self, ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => self.part(&ip.octets(), Part::Ip4),
            IpAddr::V6(ip) => self.part(&ip.octets(), Part::Ip6),
        }
    }

    fn protocol(self, protocol: u8) -> Self {
        self.part(&[protocol], Part::Protocol)
    }

    fn number(self, number: u16) -> Self {
        self.part(&number.to_be_bytes(), Part::Service)
    }

    /// A key of one part is as long as its value, in a set of its own as in the registers of the kernel.
    fn of(mut self, set: Set) -> Element {
        if let [only] = set.shape().key {
            self.0.truncate(only.value_bytes());
        }
        Element { set, key: self.0 }
    }

    fn of_either(self, ip: IpAddr, four: Set, six: Set) -> Element {
        let set = if ip.is_ipv4() { four } else { six };
        self.of(set)
    }
}

/// Reads a key, part by part.
struct Values<'a> {
    key: &'a [u8],
    parts: &'static [Part],
}

impl<'a> Values<'a> {
    fn new(element: &'a Element) -> Option<Self> {
        let parts = element.set.shape().key;
        (key_bytes(parts) == element.key.len()).then_some(Self { key: &element.key, parts })
    }

    fn part(&mut self) -> Option<(Part, &'a [u8])> {
        let (&part, rest) = self.parts.split_first()?;
        let (value, key) = self.key.split_at_checked(part.bytes().min(self.key.len()))?;
        (self.parts, self.key) = (rest, key);
        Some((part, value.get(..part.value_bytes())?))
    }

    fn port(&mut self) -> Option<PortName> {
        let (_, value) = self.part()?;
        PortName::new(crate::netlink::text(value)?).ok()
    }

    fn mac(&mut self) -> Option<Mac> {
        let (_, value) = self.part()?;
        value.try_into().ok().map(Mac::new)
    }

    fn ip(&mut self) -> Option<IpAddr> {
        match self.part()? {
            (Part::Ip4, value) => <[u8; 4]>::try_from(value).ok().map(|octets| Ipv4Addr::from(octets).into()),
            (_, value) => <[u8; 16]>::try_from(value).ok().map(|octets| Ipv6Addr::from(octets).into()),
        }
    }

    fn number(&mut self) -> Option<u16> {
        let (_, value) = self.part()?;
        crate::netlink::read_u16(value)
    }

    fn channel(&mut self) -> Option<Channel> {
        let (_, protocol) = self.part()?;
        match (protocol, self.number()?) {
            ([TCP], port) => Some(Channel::Tcp(port)),
            ([UDP], port) => Some(Channel::Udp(port)),
            ([0], 0) => Some(Channel::Echo),
            _ => None,
        }
    }

    /// Only the direction that begins with the smaller address is the rule's own.
    fn pair(&mut self, make: fn(IpAddr, IpAddr) -> Rule) -> Option<Rule> {
        let [one, other] = [self.ip()?, self.ip()?];
        (one <= other).then(|| make(one, other))
    }
}

/// Length of a key of these parts.
pub(crate) fn key_bytes(parts: &[Part]) -> usize {
    match parts {
        [only] => only.value_bytes(),
        parts => parts.iter().map(|part| part.bytes()).sum(),
    }
}

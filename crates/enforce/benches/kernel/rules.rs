//! Rules of a large site, made by counting.

use nullius_model::{BadName, Channel, Mac, Path, PortName, Rule, RuleSet, Terms};
use std::net::{IpAddr, Ipv4Addr};

/// How many services the site has.
pub(crate) const SERVICES: u32 = 100_000;

/// Client and server of service `number`: two networks beside the one that packets are sent in.
pub(crate) fn service(number: u32) -> Rule {
    let client = Ipv4Addr::from_bits(0x0a01_0000 + number % 50_000);
    let server = Ipv4Addr::from_bits(0x0a02_0000 + number / 2);
    let channel = Channel::Tcp(if number.is_multiple_of(2) { 502 } else { 4840 });
    Rule::Service { client: client.into(), server: server.into(), channel, path: Path::Bridged }
}

pub(crate) fn services() -> RuleSet {
    (0..SERVICES).map(|number| (service(number), Terms::ACCEPT)).collect()
}

pub(crate) fn hardware(number: u8) -> Mac {
    Mac::new([2, 0, 0, 0, 0, number])
}

pub(crate) fn address(number: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, number).into()
}

/// The two devices that send, and what the first may ask the second.
pub(crate) fn pair() -> Result<RuleSet, BadName> {
    let mut rules = RuleSet::new();
    for number in [1, 2] {
        let port = PortName::new(&format!("p{number}"))?;
        rules.insert(Rule::Known(hardware(number)), Terms::default());
        rules.insert(
            Rule::Address { port, mac: hardware(number), address: address(number) },
            Terms::default(),
        );
    }
    for channel in [Channel::Tcp(502), Channel::Udp(5683)] {
        let [client, server] = [1, 2].map(address);
        rules.insert(Rule::Service { client, server, channel, path: Path::Bridged }, Terms::ACCEPT);
    }
    Ok(rules)
}

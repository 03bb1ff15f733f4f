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

/// Two devices, what the first may ask the second, and what it may answer.
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
    for (client, server, channel) in
        [(1, 2, Channel::Tcp(502)), (1, 2, Channel::Udp(5683)), (2, 1, Channel::Tcp(102))]
    {
        let [client, server] = [client, server].map(address);
        rules.insert(Rule::Service { client, server, channel, path: Path::Bridged }, Terms::ACCEPT);
    }
    Ok(rules)
}

//! Which service of its server a drafted conversation uses.

use super::document::Rule;
use crate::reading::words;
use nullius_model::{Channel, Protocol, SmolStr};

/// A service as a draft implies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Implied {
    pub(super) name: SmolStr,
    pub(super) protocol: Protocol,
    pub(super) channel: Channel,
}

/// What `rule` is about; nothing for what is no service on TCP or UDP. A draft names the port only where it does not know
/// the protocol: for the others, it is the registered one.
pub(super) fn of(rule: &Rule) -> Option<Implied> {
    let protocol = words::protocol(&rule.protocol)?;
    let port = rule.port.and_then(|port| u16::try_from(port).ok());
    let channel = match (protocol, port) {
        (Protocol::Tcp, Some(port)) => Channel::Tcp(port),
        (Protocol::Udp, Some(port)) => Channel::Udp(port),
        (known, _) => registered(known)?,
    };
    let name = match channel {
        Channel::Tcp(port) if protocol == Protocol::Tcp => format!("tcp-{port}").into(),
        Channel::Udp(port) if protocol == Protocol::Udp => format!("udp-{port}").into(),
        Channel::Tcp(_) | Channel::Udp(_) | Channel::Echo => SmolStr::new_static(protocol.name()),
    };
    Some(Implied { name, protocol, channel })
}

/// Service names and ports as IANA registers them.
fn registered(protocol: Protocol) -> Option<Channel> {
    const CHANNELS: &[(Protocol, Channel)] = &[
        (Protocol::Bacnet, Channel::Udp(47_808)),
        (Protocol::Coap, Channel::Udp(5_683)),
        (Protocol::Dhcp, Channel::Udp(67)),
        (Protocol::Dhcpv6, Channel::Udp(547)),
        (Protocol::Dnp3, Channel::Tcp(20_000)),
        (Protocol::Dns, Channel::Udp(53)),
        (Protocol::Dtls, Channel::Udp(5_684)),
        (Protocol::EthernetIp, Channel::Tcp(44_818)),
        (Protocol::Ftp, Channel::Tcp(21)),
        (Protocol::Http, Channel::Tcp(80)),
        (Protocol::Icmp, Channel::Echo),
        (Protocol::Iec104, Channel::Tcp(2_404)),
        (Protocol::Imap, Channel::Tcp(143)),
        (Protocol::Modbus, Channel::Tcp(502)),
        (Protocol::Mqtt, Channel::Tcp(1_883)),
        (Protocol::Nbns, Channel::Udp(137)),
        (Protocol::Ntp, Channel::Udp(123)),
        (Protocol::OpcUa, Channel::Tcp(4_840)),
        (Protocol::Pop3, Channel::Tcp(110)),
        (Protocol::S7comm, Channel::Tcp(102)),
        (Protocol::Smtp, Channel::Tcp(25)),
        (Protocol::Snmp, Channel::Udp(161)),
        (Protocol::Ssh, Channel::Tcp(22)),
        (Protocol::Telnet, Channel::Tcp(23)),
        (Protocol::Tls, Channel::Tcp(443)),
    ];
    CHANNELS.iter().find(|(known, _)| *known == protocol).map(|(_, channel)| *channel)
}

//! Which parser reads what: the one table that a new protocol is entered in.

use crate::parser::{DatagramParser, Probe, StreamParser};
use crate::{
    bacnet, cdp, coap, dhcp, dhcpv6, dnp3, dns, dtls, ethernet_ip, ftp, goose, http, iec104, imap, lldp,
    modbus, mqtt, nbns, ntp, opcua, pop3, profinet_dcp, s7comm, smtp, snmp, ssdp, ssh, telnet, tls,
};
use nullius_model::{Direction, Protocol};

/// A protocol on TCP.
pub(crate) struct StreamEntry {
    pub(crate) protocol: Protocol,
    /// Ports it is asked on; the port makes it a candidate, the probe decides.
    pub(crate) ports: &'static [u16],
    /// Its first bytes are so distinct that it is recognised on any port.
    pub(crate) any_port: bool,
    pub(crate) probe: fn(Direction, &[u8]) -> Probe,
    pub(crate) start: fn() -> Box<dyn StreamParser>,
}

/// A protocol on UDP. Its parser itself says when a datagram is none of its own.
pub(crate) struct DatagramEntry {
    pub(crate) protocol: Protocol,
    pub(crate) ports: &'static [u16],
    pub(crate) start: fn() -> Box<dyn DatagramParser>,
}

/// A protocol directly on the link.
pub(crate) struct LinkEntry {
    pub(crate) protocol: Protocol,
    pub(crate) ethertype: u16,
    pub(crate) start: fn() -> Box<dyn DatagramParser>,
}

/// The ethertype under which we file Cisco's SNAP protocol 0x2000 (CDP): 802.2 frames have none of their own.
pub(crate) const CDP_SNAP: u16 = 0x2000;

/// Every protocol on TCP, in the order in which probes are tried.
pub(crate) const STREAMS: &[StreamEntry] = &[
    StreamEntry {
        protocol: Protocol::Modbus,
        ports: &[502],
        any_port: false,
        probe: modbus::probe,
        start: || Box::<modbus::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Mqtt,
        ports: &[1883],
        any_port: true,
        probe: mqtt::probe,
        start: || Box::<mqtt::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::S7comm,
        ports: &[102],
        any_port: false,
        probe: s7comm::probe,
        start: || Box::<s7comm::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::EthernetIp,
        ports: &[44818],
        any_port: false,
        probe: ethernet_ip::probe,
        start: || Box::<ethernet_ip::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Dnp3,
        ports: &[20000],
        any_port: true,
        probe: dnp3::probe,
        start: || Box::<dnp3::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::OpcUa,
        ports: &[4840],
        any_port: true,
        probe: opcua::probe,
        start: || Box::<opcua::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Iec104,
        ports: &[2404],
        any_port: false,
        probe: iec104::probe,
        start: || Box::<iec104::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Tls,
        ports: &[443, 8883, 802, 636, 993, 995, 465, 990, 8443, 4843, 5684],
        any_port: true,
        probe: tls::probe,
        start: || Box::<tls::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Ssh,
        ports: &[22],
        any_port: true,
        probe: ssh::probe,
        start: || Box::<ssh::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Http,
        ports: &[80, 8080, 8000, 8008, 8888],
        any_port: true,
        probe: http::probe,
        start: || Box::<http::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Ftp,
        ports: &[21],
        any_port: false,
        probe: ftp::probe,
        start: || Box::<ftp::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Telnet,
        ports: &[23],
        any_port: false,
        probe: telnet::probe,
        start: || Box::<telnet::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Smtp,
        ports: &[25, 587],
        any_port: false,
        probe: smtp::probe,
        start: || Box::<smtp::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Pop3,
        ports: &[110],
        any_port: false,
        probe: pop3::probe,
        start: || Box::<pop3::Session>::default(),
    },
    StreamEntry {
        protocol: Protocol::Imap,
        ports: &[143],
        any_port: false,
        probe: imap::probe,
        start: || Box::<imap::Session>::default(),
    },
];

/// Every protocol on UDP.
const DATAGRAMS: &[DatagramEntry] = &[
    DatagramEntry {
        protocol: Protocol::Bacnet,
        ports: &[47808],
        start: || Box::<bacnet::Session>::default(),
    },
    DatagramEntry { protocol: Protocol::Coap, ports: &[5683], start: || Box::<coap::Session>::default() },
    DatagramEntry {
        protocol: Protocol::Dnp3,
        ports: &[20000],
        start: || Box::<dnp3::DatagramSession>::default(),
    },
    DatagramEntry {
        protocol: Protocol::EthernetIp,
        ports: &[44818, 2222],
        start: || Box::<ethernet_ip::DatagramSession>::default(),
    },
    DatagramEntry { protocol: Protocol::Dhcp, ports: &[67, 68], start: || Box::<dhcp::Session>::default() },
    DatagramEntry {
        protocol: Protocol::Dhcpv6,
        ports: &[546, 547],
        start: || Box::<dhcpv6::Session>::default(),
    },
    DatagramEntry {
        protocol: Protocol::Dns,
        ports: &[53],
        start: || Box::new(dns::Session::new(Protocol::Dns)),
    },
    DatagramEntry {
        protocol: Protocol::Mdns,
        ports: &[5353],
        start: || Box::new(dns::Session::new(Protocol::Mdns)),
    },
    DatagramEntry {
        protocol: Protocol::Llmnr,
        ports: &[5355],
        start: || Box::new(dns::Session::new(Protocol::Llmnr)),
    },
    DatagramEntry { protocol: Protocol::Nbns, ports: &[137], start: || Box::<nbns::Session>::default() },
    DatagramEntry { protocol: Protocol::Ssdp, ports: &[1900], start: || Box::<ssdp::Session>::default() },
    DatagramEntry { protocol: Protocol::Ntp, ports: &[123], start: || Box::<ntp::Session>::default() },
    DatagramEntry { protocol: Protocol::Snmp, ports: &[161, 162], start: || Box::<snmp::Session>::default() },
    DatagramEntry {
        protocol: Protocol::Dtls,
        ports: &[4433, 5684],
        start: || Box::<dtls::Session>::default(),
    },
];

/// Whether a datagram begins a protocol.
type Begins = fn(&[u8]) -> bool;

/// Protocols on UDP whose first datagram is so distinct that they are recognised on any port.
const DATAGRAMS_ON_ANY_PORT: &[(Protocol, Begins)] = &[(Protocol::Dtls, dtls::begins_with_hello)];

/// Every protocol on the link that is read as one.
pub(crate) const LINKS: &[LinkEntry] = &[
    LinkEntry { protocol: Protocol::Lldp, ethertype: 0x88cc, start: || Box::<lldp::Session>::default() },
    LinkEntry { protocol: Protocol::Goose, ethertype: 0x88b8, start: || Box::<goose::Session>::default() },
    LinkEntry {
        protocol: Protocol::ProfinetDcp,
        ethertype: 0x8892,
        start: || Box::<profinet_dcp::Session>::default(),
    },
    LinkEntry { protocol: Protocol::Cdp, ethertype: CDP_SNAP, start: || Box::<cdp::Session>::default() },
];

/// Who reads a UDP flow: the protocol of either port, else the one that its first datagram begins unmistakably.
pub(crate) fn datagram_entry(ports: [u16; 2], payload: &[u8]) -> Option<&'static DatagramEntry> {
    let by_port = || DATAGRAMS.iter().find(|entry| ports.iter().any(|port| entry.ports.contains(port)));
    let by_content = || {
        let (protocol, _) = DATAGRAMS_ON_ANY_PORT.iter().find(|(_, begins)| begins(payload))?;
        DATAGRAMS.iter().find(|entry| entry.protocol == *protocol)
    };
    by_port().or_else(by_content)
}

/// The parser of a stream protocol, for fuzzing and for tests.
pub fn stream_parser(protocol: Protocol) -> Option<Box<dyn StreamParser>> {
    STREAMS.iter().find(|entry| entry.protocol == protocol).map(|entry| (entry.start)())
}

/// The parser of a datagram or link protocol, for fuzzing and for tests.
pub fn datagram_parser(protocol: Protocol) -> Option<Box<dyn DatagramParser>> {
    let on_udp = DATAGRAMS.iter().find(|entry| entry.protocol == protocol).map(|entry| (entry.start)());
    on_udp.or_else(|| LINKS.iter().find(|entry| entry.protocol == protocol).map(|entry| (entry.start)()))
}

/// Every protocol that has a stream parser.
pub fn stream_protocols() -> impl Iterator<Item = Protocol> {
    STREAMS.iter().map(|entry| entry.protocol)
}

/// Every protocol that has a datagram or link parser.
pub fn datagram_protocols() -> impl Iterator<Item = Protocol> {
    DATAGRAMS.iter().map(|entry| entry.protocol).chain(LINKS.iter().map(|entry| entry.protocol))
}

/// Some parser listens on this TCP port, so that the end that has it is the server.
pub(crate) fn is_tcp_service(port: u16) -> bool {
    STREAMS.iter().any(|entry| entry.ports.contains(&port))
}

/// Some parser listens on this UDP port.
pub(crate) fn is_udp_service(port: u16) -> bool {
    DATAGRAMS.iter().any(|entry| entry.ports.contains(&port))
}

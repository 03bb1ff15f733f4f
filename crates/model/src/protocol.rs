//! The protocols we can name.

use std::fmt;

/// A protocol a conversation is held in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// BACnet/IP (ASHRAE 135 Annex J).
    Bacnet,
    /// Cisco Discovery Protocol.
    Cdp,
    /// Constrained Application Protocol (RFC 7252).
    Coap,
    /// DHCP for IPv4 (RFC 2131).
    Dhcp,
    /// DHCP for IPv6 (RFC 8415).
    Dhcpv6,
    /// DNP3 (IEEE 1815).
    Dnp3,
    /// Domain Name System (RFC 1035).
    Dns,
    /// DTLS (RFC 9147, RFC 6347).
    Dtls,
    /// EtherNet/IP with CIP (ODVA).
    EthernetIp,
    /// File Transfer Protocol control channel (RFC 959).
    Ftp,
    /// GOOSE (IEC 61850-8-1).
    Goose,
    /// HTTP/1 (RFC 9112).
    Http,
    /// ICMP or ICMPv6.
    Icmp,
    /// IEC 60870-5-104.
    Iec104,
    /// Internet Message Access Protocol (RFC 9051).
    Imap,
    /// Link Layer Discovery Protocol (IEEE 802.1AB).
    Lldp,
    /// Link-Local Multicast Name Resolution (RFC 4795).
    Llmnr,
    /// Multicast DNS (RFC 6762).
    Mdns,
    /// Modbus/TCP.
    Modbus,
    /// MQTT 3.1, 3.1.1 and 5.
    Mqtt,
    /// NetBIOS Name Service (RFC 1002).
    Nbns,
    /// Network Time Protocol (RFC 5905).
    Ntp,
    /// OPC UA binary (IEC 62541-6).
    OpcUa,
    /// Post Office Protocol (RFC 1939).
    Pop3,
    /// PROFINET Discovery and Configuration Protocol (IEC 61158-6-10).
    ProfinetDcp,
    /// Siemens S7 communication over ISO-on-TCP (RFC 1006).
    S7comm,
    /// Simple Mail Transfer Protocol (RFC 5321).
    Smtp,
    /// Simple Network Management Protocol (RFC 3411 and before).
    Snmp,
    /// Secure Shell (RFC 4253).
    Ssh,
    /// Simple Service Discovery Protocol (UPnP).
    Ssdp,
    /// Telnet (RFC 854).
    Telnet,
    /// TLS (RFC 8446 and before).
    Tls,
    /// TCP whose payload we do not read.
    Tcp,
    /// UDP whose payload we do not read.
    Udp,
    /// Another protocol on IP, by its number.
    Ip(u8),
    /// Another protocol on the link, by its ethertype; 0 for 802.2 LLC.
    Link(u16),
}

impl Protocol {
    /// Lower-case name, as reports and the JSON schema print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bacnet => "bacnet",
            Self::Cdp => "cdp",
            Self::Coap => "coap",
            Self::Dhcp => "dhcp",
            Self::Dhcpv6 => "dhcpv6",
            Self::Dnp3 => "dnp3",
            Self::Dns => "dns",
            Self::Dtls => "dtls",
            Self::EthernetIp => "ethernet-ip",
            Self::Ftp => "ftp",
            Self::Goose => "goose",
            Self::Http => "http",
            Self::Icmp => "icmp",
            Self::Iec104 => "iec104",
            Self::Imap => "imap",
            Self::Lldp => "lldp",
            Self::Llmnr => "llmnr",
            Self::Mdns => "mdns",
            Self::Modbus => "modbus",
            Self::Mqtt => "mqtt",
            Self::Nbns => "nbns",
            Self::Ntp => "ntp",
            Self::OpcUa => "opcua",
            Self::Pop3 => "pop3",
            Self::ProfinetDcp => "profinet-dcp",
            Self::S7comm => "s7comm",
            Self::Smtp => "smtp",
            Self::Snmp => "snmp",
            Self::Ssh => "ssh",
            Self::Ssdp => "ssdp",
            Self::Telnet => "telnet",
            Self::Tls => "tls",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Ip(_) => "ip",
            Self::Link(_) => "link",
        }
    }

    /// Controls a physical process or reads one: the protocols of automation networks.
    pub const fn is_industrial(self) -> bool {
        matches!(
            self,
            Self::Bacnet
                | Self::Dnp3
                | Self::EthernetIp
                | Self::Goose
                | Self::Iec104
                | Self::Modbus
                | Self::OpcUa
                | Self::ProfinetDcp
                | Self::S7comm
        )
    }
}

/// The name, with the number for a protocol we cannot read: `ip/132`, `link/0x88b8`.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Ip(number) = self {
            write!(f, "ip/{number}")
        } else if let Self::Link(ethertype) = self {
            write!(f, "link/{ethertype:#06x}")
        } else {
            f.write_str(self.name())
        }
    }
}

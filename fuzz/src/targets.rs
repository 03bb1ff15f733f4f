//! The table of targets.

use crate::{Target, drive};
use nullius_model::Protocol;

/// Every target, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "capture-file", run: drive::capture_file },
    Target { name: "policy-repository", run: drive::repository },
    Target { name: "wire-bacnet", run: |bytes| drive::protocol(Protocol::Bacnet, bytes) },
    Target { name: "wire-cdp", run: |bytes| drive::protocol(Protocol::Cdp, bytes) },
    Target { name: "wire-coap", run: |bytes| drive::protocol(Protocol::Coap, bytes) },
    Target { name: "wire-dhcp", run: |bytes| drive::protocol(Protocol::Dhcp, bytes) },
    Target { name: "wire-dhcpv6", run: |bytes| drive::protocol(Protocol::Dhcpv6, bytes) },
    Target { name: "wire-dnp3", run: |bytes| drive::protocol(Protocol::Dnp3, bytes) },
    Target { name: "wire-dns", run: |bytes| drive::protocol(Protocol::Dns, bytes) },
    Target { name: "wire-dtls", run: |bytes| drive::protocol(Protocol::Dtls, bytes) },
    Target { name: "wire-ethernet-ip", run: |bytes| drive::protocol(Protocol::EthernetIp, bytes) },
    Target { name: "wire-frames", run: drive::frames },
    Target { name: "wire-ftp", run: |bytes| drive::protocol(Protocol::Ftp, bytes) },
    Target { name: "wire-goose", run: |bytes| drive::protocol(Protocol::Goose, bytes) },
    Target { name: "wire-http", run: |bytes| drive::protocol(Protocol::Http, bytes) },
    Target { name: "wire-iec104", run: |bytes| drive::protocol(Protocol::Iec104, bytes) },
    Target { name: "wire-imap", run: |bytes| drive::protocol(Protocol::Imap, bytes) },
    Target { name: "wire-lldp", run: |bytes| drive::protocol(Protocol::Lldp, bytes) },
    Target { name: "wire-llmnr", run: |bytes| drive::protocol(Protocol::Llmnr, bytes) },
    Target { name: "wire-mdns", run: |bytes| drive::protocol(Protocol::Mdns, bytes) },
    Target { name: "wire-modbus", run: |bytes| drive::protocol(Protocol::Modbus, bytes) },
    Target { name: "wire-mqtt", run: |bytes| drive::protocol(Protocol::Mqtt, bytes) },
    Target { name: "wire-nbns", run: |bytes| drive::protocol(Protocol::Nbns, bytes) },
    Target { name: "wire-ntp", run: |bytes| drive::protocol(Protocol::Ntp, bytes) },
    Target { name: "wire-opcua", run: |bytes| drive::protocol(Protocol::OpcUa, bytes) },
    Target { name: "wire-pop3", run: |bytes| drive::protocol(Protocol::Pop3, bytes) },
    Target { name: "wire-profinet-dcp", run: |bytes| drive::protocol(Protocol::ProfinetDcp, bytes) },
    Target { name: "wire-s7comm", run: |bytes| drive::protocol(Protocol::S7comm, bytes) },
    Target { name: "wire-smtp", run: |bytes| drive::protocol(Protocol::Smtp, bytes) },
    Target { name: "wire-snmp", run: |bytes| drive::protocol(Protocol::Snmp, bytes) },
    Target { name: "wire-ssdp", run: |bytes| drive::protocol(Protocol::Ssdp, bytes) },
    Target { name: "wire-ssh", run: |bytes| drive::protocol(Protocol::Ssh, bytes) },
    Target { name: "wire-telnet", run: |bytes| drive::protocol(Protocol::Telnet, bytes) },
    Target { name: "wire-tls", run: |bytes| drive::protocol(Protocol::Tls, bytes) },
];

//! Single values of an inventory: hardware addresses, channels, protocols, spans of time.

use nullius_model::{Channel, Mac, Protocol, VerbClass};
use std::time::Duration;

/// Every protocol a service can be declared to speak.
const PROTOCOLS: &[Protocol] = &[
    Protocol::Bacnet,
    Protocol::Coap,
    Protocol::Dhcp,
    Protocol::Dhcpv6,
    Protocol::Dnp3,
    Protocol::Dns,
    Protocol::Dtls,
    Protocol::EthernetIp,
    Protocol::Ftp,
    Protocol::Http,
    Protocol::Icmp,
    Protocol::Iec104,
    Protocol::Imap,
    Protocol::Llmnr,
    Protocol::Mdns,
    Protocol::Modbus,
    Protocol::Mqtt,
    Protocol::Nbns,
    Protocol::Ntp,
    Protocol::OpcUa,
    Protocol::Pop3,
    Protocol::S7comm,
    Protocol::Smtp,
    Protocol::Snmp,
    Protocol::Ssh,
    Protocol::Ssdp,
    Protocol::Telnet,
    Protocol::Tls,
    Protocol::Tcp,
    Protocol::Udp,
];

/// The protocol of this name.
pub(crate) fn protocol(text: &str) -> Option<Protocol> {
    PROTOCOLS.iter().copied().find(|protocol| protocol.name() == text)
}

/// The names [`protocol`] knows.
pub(crate) fn protocol_names() -> String {
    PROTOCOLS.iter().map(|protocol| protocol.name()).collect::<Vec<_>>().join(", ")
}

const CLASSES: &[VerbClass] = &[
    VerbClass::Discover,
    VerbClass::Connect,
    VerbClass::Read,
    VerbClass::Subscribe,
    VerbClass::Publish,
    VerbClass::Write,
    VerbClass::Command,
    VerbClass::Diagnose,
    VerbClass::Configure,
    VerbClass::Program,
    VerbClass::Firmware,
    VerbClass::Admin,
];

/// The class of verbs of this name.
pub(crate) fn verb_class(text: &str) -> Option<VerbClass> {
    CLASSES.iter().copied().find(|class| class.name() == text)
}

/// The names [`verb_class`] knows.
pub(crate) fn verb_class_names() -> String {
    CLASSES.iter().map(|class| class.name()).collect::<Vec<_>>().join(", ")
}

/// `tcp/502`, `udp/5683`, `echo`.
pub(crate) fn channel(text: &str) -> Option<Channel> {
    if text == "echo" {
        return Some(Channel::Echo);
    }
    let (carrier, port) = text.split_once('/')?;
    let port = plain_number(port).and_then(|port| u16::try_from(port).ok()).filter(|&port| port > 0)?;
    match carrier {
        "tcp" => Some(Channel::Tcp(port)),
        "udp" => Some(Channel::Udp(port)),
        _ => None,
    }
}

/// `02:00:00:00:00:11`: of one device, so neither a group nor nothing.
pub(crate) fn device_mac(text: &str) -> Option<Mac> {
    mac(text).filter(|mac| !mac.is_group() && !mac.is_none())
}

/// `01:0c:cd:01:00:01`.
pub(crate) fn mac(text: &str) -> Option<Mac> {
    let mut octets = [0; 6];
    let mut parts = text.split([':', '-']);
    for octet in &mut octets {
        let part = parts
            .next()
            .filter(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        *octet = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then(|| Mac::new(octets))
}

/// `90s`, `15m`, `24h`, `7d`.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number = plain_number(text.strip_suffix(unit)?)?;
    Some(Duration::from_secs(u64::from(number).checked_mul(seconds)?))
}

/// Digits and nothing else: `+5` and ` 5` are not what somebody meant to write.
fn plain_number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_back_as_it_prints_and_nothing_else_reads() {
        for text in ["tcp/502", "udp/5683", "echo"] {
            assert_eq!(channel(text).unwrap().to_string(), text);
        }
        for bad in ["", "tcp", "tcp/0", "tcp/65536", "tcp/+5", "TCP/5", "sctp/5", "udp/5/6"] {
            assert_eq!(channel(bad), None, "{bad}");
        }
        assert_eq!(device_mac("02-00-00-00-00-1A").unwrap().to_string(), "02:00:00:00:00:1a");
        for bad in ["", "02:00:00:00:00", "02:00:00:00:00:11:22", "2:0:0:0:0:1", "02:00:00:00:00:zz"] {
            assert_eq!(mac(bad), None, "{bad}");
        }
        for not_of_a_device in ["00:00:00:00:00:00", "01:0c:cd:01:00:01"] {
            assert!(mac(not_of_a_device).is_some() && device_mac(not_of_a_device).is_none());
        }
        assert_eq!(protocol("opcua"), Some(Protocol::OpcUa));
        assert_eq!(protocol("goose"), None, "frames are no service");
    }

    #[test]
    fn a_span_has_a_unit() {
        for (text, seconds) in
            [("90s", Some(90)), ("15m", Some(900)), ("7d", Some(604_800)), ("7", None), ("d", None)]
        {
            assert_eq!(span(text), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(span("-1s"), None);
        assert_eq!(span("9é"), None);
    }
}

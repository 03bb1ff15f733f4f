//! Link types that are not read, by the name people know them under (<https://www.tcpdump.org/linktypes.html>).

use std::fmt;

/// What can be read instead, for error messages.
pub(crate) const SUPPORTED: &str = "Ethernet, Linux cooked v1/v2, raw IP, BSD loopback";

/// A link type that `wire` cannot read, by its number in capture files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnsupportedLink(pub u32);

impl UnsupportedLink {
    /// The usual name, where the type is a common one.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            3 => "AX.25",
            6 => "IEEE 802.5 token ring",
            8 => "SLIP",
            9 | 50 | 166 => "PPP",
            10 => "FDDI",
            51 => "PPP over Ethernet session",
            104 => "Cisco HDLC",
            105 => "IEEE 802.11",
            107 => "frame relay",
            117 => "OpenBSD pflog",
            119 => "IEEE 802.11 with Prism header",
            122 => "IP over Fibre Channel",
            127 => "IEEE 802.11 radiotap",
            129 => "ARCNET",
            143 => "DOCSIS",
            147..=162 => "private use",
            163 => "IEEE 802.11 with AVS header",
            187 | 201 => "Bluetooth HCI",
            189 | 220 => "Linux USB",
            192 => "per-packet information",
            195 | 215 | 230 | 283 => "IEEE 802.15.4",
            227 => "CAN",
            239 => "Linux netfilter log",
            247 => "InfiniBand",
            249 => "USBPcap",
            251 | 256 => "Bluetooth Low Energy",
            252 => "Wireshark upper PDU",
            253 => "Linux netlink",
            266 => "macOS USB",
            272 => "nRF Sniffer for Bluetooth LE",
            _ => return None,
        })
    }
}

impl fmt::Display for UnsupportedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "link type {} ({name})", self.0),
            None => write!(f, "link type {}", self.0),
        }
    }
}

/// `link type 9 (PPP), link type 105 (IEEE 802.11)`.
pub(crate) fn listed(links: &[UnsupportedLink]) -> String {
    links.iter().map(UnsupportedLink::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_model::LinkType;

    #[test]
    fn no_link_type_is_both_named_unsupported_and_read() {
        for number in 0..=0xffff {
            let named = UnsupportedLink(number).name().is_some();
            assert!(!named || LinkType::from_number(number).is_err(), "{number}");
        }
    }
}

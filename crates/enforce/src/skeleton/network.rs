//! The two generations of IP, so that each chain is written once.

use super::{ETHER_IP4, ETHER_IP6};
use crate::field::Field;
use crate::line::Line;
use crate::set::Set;

/// Protocol numbers.
pub(crate) const TCP: &[u8] = &[6];
pub(crate) const UDP: &[u8] = &[17];

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    Four,
    Six,
}

/// What differs between IPv4 and IPv6.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    pub(crate) generation: Generation,
    /// Seen between two ports of a bridge, where the receiver's hardware address and port show.
    bridged: bool,
    /// Ends the names of its chains.
    pub(crate) suffix: &'static str,
    pub(crate) ether_type: &'static [u8],
    /// What a rule asks again, where frames are seen and where packets are.
    kind: (Field, &'static [u8]),
    packet_kind: (Field, &'static [u8]),
    pub(crate) protocol: Field,
    pub(crate) source: Field,
    pub(crate) destination: Field,
    pub(crate) icmp: &'static [u8],
    pub(crate) icmp_type: Field,
    pub(crate) echo_request: &'static [u8],
    pub(crate) echo_reply: &'static [u8],
    /// Where a client asks for its configuration from, and the server's side.
    pub(crate) dhcp_client: &'static [u8],
    pub(crate) dhcp_server: &'static [u8],
    /// The address of a sender that has none.
    pub(crate) unspecified: &'static [u8],
    pub(crate) sender: Set,
    pub(crate) known: Set,
    pub(crate) address: Set,
    pub(crate) located: Set,
    pub(crate) service: Set,
    pub(crate) lease: Set,
    pub(crate) divert: Set,
    pub(crate) echo: Set,
    pub(crate) reply: Set,
    pub(crate) shadow: Set,
    pub(crate) shadow_pair: Set,
    pub(crate) observe: Set,
    pub(crate) observe_pair: Set,
    pub(crate) onboarding: Set,
}

pub(crate) const FOUR: Network = Network {
    generation: Generation::Four,
    bridged: true,
    suffix: "4",
    ether_type: ETHER_IP4,
    kind: (Field::Protocol, ETHER_IP4),
    packet_kind: (Field::Generation, &[2]),
    protocol: Field::Ip4Protocol,
    source: Field::Ip4Source,
    destination: Field::Ip4Destination,
    icmp: &[1],
    icmp_type: Field::IcmpType,
    echo_request: &[8],
    echo_reply: &[0],
    dhcp_client: &[0, 68],
    dhcp_server: &[0, 67],
    unspecified: &[0; 4],
    sender: Set::Sender4,
    known: Set::Known4,
    address: Set::Address4,
    located: Set::Located4,
    service: Set::Service4,
    lease: Set::Lease4,
    divert: Set::Divert4,
    echo: Set::Echo4,
    reply: Set::Reply4,
    shadow: Set::Shadow4,
    shadow_pair: Set::ShadowPair4,
    observe: Set::Observe4,
    observe_pair: Set::ObservePair4,
    onboarding: Set::Onboarding4,
};

pub(crate) const SIX: Network = Network {
    generation: Generation::Six,
    bridged: true,
    suffix: "6",
    ether_type: ETHER_IP6,
    kind: (Field::Protocol, ETHER_IP6),
    packet_kind: (Field::Generation, &[10]),
    protocol: Field::Ip6NextHeader,
    source: Field::Ip6Source,
    destination: Field::Ip6Destination,
    icmp: &[58],
    icmp_type: Field::Icmp6Type,
    echo_request: &[128],
    echo_reply: &[129],
    dhcp_client: &[0x02, 0x22],
    dhcp_server: &[0x02, 0x23],
    unspecified: &[0; 16],
    sender: Set::Sender6,
    known: Set::Known6,
    address: Set::Address6,
    located: Set::Located6,
    service: Set::Service6,
    lease: Set::Lease6,
    divert: Set::Divert6,
    echo: Set::Echo6,
    reply: Set::Reply6,
    shadow: Set::Shadow6,
    shadow_pair: Set::ShadowPair6,
    observe: Set::Observe6,
    observe_pair: Set::ObservePair6,
    onboarding: Set::Onboarding6,
};

impl Network {
    /// A rule about packets of this generation, in a chain that only such packets get to. Asking again costs a few
    /// nanoseconds; without it `nft` cannot print the fields by name.
    pub(crate) fn line(&self) -> Line {
        let (field, value) = self.kind;
        Line::new().has(field, value)
    }

    /// What [`Self::line`] asks.
    pub(crate) const fn kind(&self) -> (Field, &'static [u8]) {
        self.kind
    }

    /// Frames that carry it: no tag in front, and none that a network card took off.
    pub(crate) fn frame(&self) -> Line {
        Line::new().has(Field::EtherType, self.ether_type)
    }

    /// The same in the table of a router, which sees packets and not their frames.
    pub(crate) fn routed(self) -> Self {
        Self { kind: self.packet_kind, bridged: false, ..self }
    }

    /// The same, of one transport protocol.
    pub(crate) fn over(&self, protocol: &[u8]) -> Line {
        self.line().has(self.protocol, protocol)
    }

    /// Packets whose receiver is bound to where they would leave, as far as this table sees it.
    pub(crate) fn bound_receiver(&self) -> Line {
        match self.bridged {
            true => {
                let receiver = [Field::OutPort, Field::EtherDestination, self.destination];
                self.line().among(&receiver, self.address.name())
            }
            false => self.line(),
        }
    }

    /// `name` of its chain of this generation.
    pub(crate) fn chain(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }
}

//! What the packet path let nobody through for.

use crate::{Endpoint, PortName, Transport};

/// Why a packet did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DenialReason {
    /// No policy allows the conversation.
    Policy,
    /// The conversation needs a verdict on each message, and nothing here can give one yet.
    Divert,
    /// The sender uses a hardware or network address that is bound elsewhere.
    Spoof,
    /// The sender is a stranger, and this is no onboarding service.
    Stranger,
    /// The receiver's address is not bound to the port and hardware address the frame would leave by.
    Receiver,
    /// An ARP or neighbour discovery message that claims, or asks, more than its sender may.
    Resolution,
    /// A fragment: it does not show its ports.
    Fragment,
    /// IPv4 options or IPv6 extension headers.
    Options,
    /// A frame that is neither IP nor ARP and that no rule names; tagged frames among them.
    Ethertype,
}

impl DenialReason {
    /// Every reason, in order.
    pub const ALL: &'static [Self] = &[
        Self::Policy,
        Self::Divert,
        Self::Spoof,
        Self::Stranger,
        Self::Receiver,
        Self::Resolution,
        Self::Fragment,
        Self::Options,
        Self::Ethertype,
    ];

    /// Lower-case name, as counters and reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Divert => "divert",
            Self::Spoof => "spoof",
            Self::Stranger => "stranger",
            Self::Receiver => "receiver",
            Self::Resolution => "resolution",
            Self::Fragment => "fragment",
            Self::Options => "options",
            Self::Ethertype => "ethertype",
        }
    }
}

/// One packet that was dropped, or would have been (stage shadow).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Denial {
    /// Why.
    pub reason: DenialReason,
    /// It passed: the stage is shadow.
    pub only_counted: bool,
    /// Where it came in.
    pub port: Option<PortName>,
    /// Who sent it, and from which port of its own (ICMP: 0).
    pub source: Endpoint,
    /// Whom it was for, and which port of theirs (ICMP: its type).
    pub destination: Endpoint,
    /// What carried it.
    pub transport: Transport,
}

//! The sets of a kernel table: what each holds, how large it may grow, and whether its elements end.
//!
//! INVARIANT: a set without timeouts has a fixed size and therefore the kernel's fixed hash table, which is what the
//! hot path looks up in; one with timeouts is looked up only where the fixed one missed.

use crate::field::Part;

/// Most services of one generation of IP. The kernel sets the whole table aside at once, 16 bytes an element. Beyond
/// it the kernel refuses the batch, and the rules before it stay.
const POLICY_ELEMENTS: u32 = 1 << 18;
/// Most elements of a set that holds one or two for each device, address or pair that resolves each other.
const SITE_ELEMENTS: u32 = 1 << 16;
/// Most elements of a set for exceptions: stages, frames that are not IP.
const FEW_ELEMENTS: u32 = 1 << 14;
/// Most conversations over UDP that may await an answer at once. An allowed client that invents source ports fills
/// this set; then new answers are refused until old entries end, and nothing else is let through.
const REPLY_ELEMENTS: u32 = 1 << 17;
/// Most ports a gateway has.
const PORT_ELEMENTS: u32 = 1 << 10;

/// How long a server may take to answer over UDP, in milliseconds.
pub(crate) const REPLY_MILLISECONDS: u64 = 30_000;
/// How long a silent port's log budget is remembered, in milliseconds.
pub(crate) const BUDGET_MILLISECONDS: u64 = 60_000;

const MAP_TIMEOUT: u32 = 0x10;
const EVALUATED: u32 = 0x20;

/// A set of the bridge's or the router's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Set {
    Marker,
    KnownMac,
    Station,
    Sender4,
    Sender6,
    Known4,
    Known6,
    Address4,
    Address6,
    Located4,
    Located6,
    Service4,
    Service6,
    Lease4,
    Lease6,
    Divert4,
    Divert6,
    Echo4,
    Echo6,
    Neighbours4,
    Neighbours6,
    Frame,
    Shadow4,
    Shadow6,
    ShadowPair4,
    ShadowPair6,
    Observe4,
    Observe6,
    ObservePair4,
    ObservePair6,
    OnboardingPort,
    WatchedPort,
    Onboarding4,
    Onboarding6,
    OnboardingHost4,
    OnboardingHost6,
    DhcpPort,
    Reply4,
    Reply6,
    LogBudget,
}

/// How a set behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [Part],
    pub(crate) size: u32,
    pub(crate) flags: u32,
}

const fn fixed(name: &'static str, key: &'static [Part], size: u32) -> Shape {
    Shape { name, key, size, flags: 0 }
}

const fn ending(name: &'static str, key: &'static [Part], size: u32) -> Shape {
    Shape { name, key, size, flags: MAP_TIMEOUT }
}

const fn learned(name: &'static str, key: &'static [Part], size: u32) -> Shape {
    Shape { name, key, size, flags: MAP_TIMEOUT | EVALUATED }
}

impl Set {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Marker,
        Self::KnownMac,
        Self::Station,
        Self::Sender4,
        Self::Sender6,
        Self::Known4,
        Self::Known6,
        Self::Address4,
        Self::Address6,
        Self::Located4,
        Self::Located6,
        Self::Service4,
        Self::Service6,
        Self::Lease4,
        Self::Lease6,
        Self::Divert4,
        Self::Divert6,
        Self::Echo4,
        Self::Echo6,
        Self::Neighbours4,
        Self::Neighbours6,
        Self::Frame,
        Self::Shadow4,
        Self::Shadow6,
        Self::ShadowPair4,
        Self::ShadowPair6,
        Self::Observe4,
        Self::Observe6,
        Self::ObservePair4,
        Self::ObservePair6,
        Self::OnboardingPort,
        Self::WatchedPort,
        Self::Onboarding4,
        Self::Onboarding6,
        Self::OnboardingHost4,
        Self::OnboardingHost6,
        Self::DhcpPort,
        Self::Reply4,
        Self::Reply6,
        Self::LogBudget,
    ];

    pub(crate) const fn name(self) -> &'static str {
        self.shape().name
    }

    /// Filled by the packet path itself, not by rules.
    pub(crate) const fn is_learned(self) -> bool {
        self.shape().flags & EVALUATED != 0
    }

    /// Its elements may end.
    pub(crate) const fn ends(self) -> bool {
        self.shape().flags & MAP_TIMEOUT != 0
    }

    pub(crate) const fn shape(self) -> Shape {
        use Part::{EtherType, Ip4, Ip6, Mac, MacAndType, Mark, Port, Protocol, Service};
        match self {
            Self::Marker => fixed("marker", &[Mark], 1),
            Self::KnownMac => fixed("known_mac", &[Mac], SITE_ELEMENTS),
            Self::Station => fixed("station", &[Port, Mac], SITE_ELEMENTS),
            Self::Sender4 => fixed("sender4", &[Port, MacAndType, Ip4], SITE_ELEMENTS),
            Self::Sender6 => fixed("sender6", &[Port, MacAndType, Ip6], SITE_ELEMENTS),
            Self::Known4 => fixed("known4", &[Ip4], SITE_ELEMENTS),
            Self::Known6 => fixed("known6", &[Ip6], SITE_ELEMENTS),
            Self::Address4 => fixed("address4", &[Port, Mac, Ip4], SITE_ELEMENTS),
            Self::Address6 => fixed("address6", &[Port, Mac, Ip6], SITE_ELEMENTS),
            Self::Located4 => fixed("located4", &[Port, Ip4], SITE_ELEMENTS),
            Self::Located6 => fixed("located6", &[Port, Ip6], SITE_ELEMENTS),
            Self::Service4 => fixed("service4", &[Ip4, Ip4, Protocol, Service], POLICY_ELEMENTS),
            Self::Service6 => fixed("service6", &[Ip6, Ip6, Protocol, Service], POLICY_ELEMENTS),
            Self::Lease4 => ending("lease4", &[Ip4, Ip4, Protocol, Service], SITE_ELEMENTS),
            Self::Lease6 => ending("lease6", &[Ip6, Ip6, Protocol, Service], SITE_ELEMENTS),
            Self::Divert4 => ending("divert4", &[Ip4, Ip4, Protocol, Service], POLICY_ELEMENTS),
            Self::Divert6 => ending("divert6", &[Ip6, Ip6, Protocol, Service], POLICY_ELEMENTS),
            Self::Echo4 => ending("echo4", &[Ip4, Ip4], SITE_ELEMENTS),
            Self::Echo6 => ending("echo6", &[Ip6, Ip6], SITE_ELEMENTS),
            Self::Neighbours4 => ending("neighbours4", &[Ip4, Ip4], 2 * SITE_ELEMENTS),
            Self::Neighbours6 => ending("neighbours6", &[Ip6, Ip6], 2 * SITE_ELEMENTS),
            Self::Frame => ending("frame", &[Port, Mac, Mac, EtherType, EtherType], FEW_ELEMENTS),
            Self::Shadow4 => fixed("shadow4", &[Ip4], FEW_ELEMENTS),
            Self::Shadow6 => fixed("shadow6", &[Ip6], FEW_ELEMENTS),
            Self::ShadowPair4 => fixed("shadow_pair4", &[Ip4, Ip4], FEW_ELEMENTS),
            Self::ShadowPair6 => fixed("shadow_pair6", &[Ip6, Ip6], FEW_ELEMENTS),
            Self::Observe4 => fixed("observe4", &[Ip4], FEW_ELEMENTS),
            Self::Observe6 => fixed("observe6", &[Ip6], FEW_ELEMENTS),
            Self::ObservePair4 => fixed("observe_pair4", &[Ip4, Ip4], FEW_ELEMENTS),
            Self::ObservePair6 => fixed("observe_pair6", &[Ip6, Ip6], FEW_ELEMENTS),
            Self::OnboardingPort => fixed("onboarding_port", &[Port], PORT_ELEMENTS),
            Self::WatchedPort => fixed("watched_port", &[Port], PORT_ELEMENTS),
            Self::Onboarding4 => fixed("onboarding4", &[Ip4, Protocol, Service], PORT_ELEMENTS),
            Self::Onboarding6 => fixed("onboarding6", &[Ip6, Protocol, Service], PORT_ELEMENTS),
            Self::OnboardingHost4 => fixed("onboarding_host4", &[Ip4], PORT_ELEMENTS),
            Self::OnboardingHost6 => fixed("onboarding_host6", &[Ip6], PORT_ELEMENTS),
            Self::DhcpPort => fixed("dhcp_port", &[Port], PORT_ELEMENTS),
            Self::Reply4 => learned("udp_reply4", &[Ip4, Ip4, Service, Service], REPLY_ELEMENTS),
            Self::Reply6 => learned("udp_reply6", &[Ip6, Ip6, Service, Service], REPLY_ELEMENTS),
            Self::LogBudget => learned("log_budget", &[Port], PORT_ELEMENTS),
        }
    }
}
